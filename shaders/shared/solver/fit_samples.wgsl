// Fits of samples of SAMPLE_SIZE two-view matches, all of weight 1: one invocation a sample, buffers of shared/solver. The
// shader declares fit_model(first, count, slot), which writes one model or returns false.

fn match_at(i: u32) -> vec4<f32> {
    return points[i];
}

fn weight_at(i: u32) -> f32 {
    return 1.0;
}

fn run_hypothesis(hypothesis: u32) {
    let found = fit_model(SAMPLE_SIZE * hypothesis, SAMPLE_SIZE, hypothesis);
    model_counts[hypothesis] = select(0u, 1u, found);
}
