// 1 within the threshold (Fischler and Bolles 1981); t = r²/τ².

fn gain(t: f32) -> f32 {
    return select(0.0, 1.0, t < 1.0);
}
