// Grey of an image that may hold anything: what is beyond 0..1 is brought there, and what is no number is black.

fn grey_level(value: f32) -> f32 {
    let finite = (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
    return select(0.0, clamp(value, 0.0, 1.0), finite);
}
