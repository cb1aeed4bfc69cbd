// (cos, −sin) of the angle from one direction to another, degrees, by polynomials to 1e-7: how exact those of WGSL are is left
// open.
fn turn_between(from_deg: f32, to_deg: f32) -> vec2<f32> {
    let turn = (to_deg - 360.0 * round(to_deg / 360.0)) - (from_deg - 360.0 * round(from_deg / 360.0));
    let quarters = round(turn / 90.0);
    let x = (turn - 90.0 * quarters) * 0.017453292519943295;
    let xx = x * x;
    let cosine = 1.0 + xx * (-0.5 + xx * (0.041666667 + xx * (-0.0013888889 + xx * 2.4801587e-5)));
    let sine = x * (1.0 + xx * (-0.16666667 + xx * (0.0083333333 + xx * (-1.9841270e-4 + xx * 2.7557319e-6))));
    let quarter = bitcast<u32>(i32(quarters)) & 3u;
    let turned = select(vec2<f32>(cosine, sine), vec2<f32>(-sine, cosine), (quarter & 1u) == 1u);
    let unit = select(turned, -turned, quarter >= 2u);
    return vec2<f32>(unit.x, -unit.y);
}
