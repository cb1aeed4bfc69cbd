// MAGSAC++ (Barath et al., CVPR 2020) as the polynomial of its CPU twin in 2r/τ − 1; t = r²/τ².

fn gain(t: f32) -> f32 {
    let u = 2.0 * sqrt(min(t, 1.0)) - 1.0;
    let c0 = settings.magsac[0];
    let c1 = settings.magsac[1];
    let c2 = settings.magsac[2];
    var value = c2.z;
    value = value * u + c2.y;
    value = value * u + c2.x;
    value = value * u + c1.w;
    value = value * u + c1.z;
    value = value * u + c1.y;
    value = value * u + c1.x;
    value = value * u + c0.w;
    value = value * u + c0.z;
    value = value * u + c0.y;
    value = value * u + c0.x;
    return select(0.0, value, t < 1.0);
}
