// MAGSAC++ (Barath et al., CVPR 2020) as the polynomial of its CPU twin, src/cpu/magsac.rs; t = r²/τ².

fn gain(t: f32) -> f32 {
    let c0 = settings.magsac[0];
    let c1 = settings.magsac[1];
    let c2 = settings.magsac[2];
    let c3 = settings.magsac[3];
    let pole = c0.x;
    let u = 1.0 + 2.0 * pole - 2.0 * pole * (1.0 + pole) / (t + pole);
    var value = c3.z;
    value = value * u + c3.y;
    value = value * u + c3.x;
    value = value * u + c2.w;
    value = value * u + c2.z;
    value = value * u + c2.y;
    value = value * u + c2.x;
    value = value * u + c1.w;
    value = value * u + c1.z;
    value = value * u + c1.y;
    value = value * u + c1.x;
    value = value * u + c0.w;
    value = value * u + c0.z;
    value = value * u + c0.y;
    return select(0.0, value, t < 1.0);
}
