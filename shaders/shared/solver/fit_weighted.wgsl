// Fits of samples of solver_params[1] weighted two-view matches: one invocation a sample, buffers of shared/solver/solver and the
// weights. The shader declares fit_model(first, count, slot), which writes one model or returns false.

@group(0) @binding(4) var<storage, read_write> weights: array<f32>;

fn match_at(i: u32) -> vec4<f32> {
    return points[i];
}

fn weight_at(i: u32) -> f32 {
    return weights[i];
}

fn run_hypothesis(hypothesis: u32) {
    let found = fit_model(solver_params[1] * hypothesis, solver_params[1], hypothesis);
    model_counts[hypothesis] = select(0u, 1u, found);
}
