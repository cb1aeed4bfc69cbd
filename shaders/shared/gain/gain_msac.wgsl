// 1 − t within the threshold (Torr and Zisserman 2000); t = r²/τ².

fn gain(t: f32) -> f32 {
    return select(0.0, 1.0 - t, t < 1.0);
}
