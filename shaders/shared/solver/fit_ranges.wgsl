// Fits of any number of weighted matches: one invocation a fit, buffers of shared/solver/solver and the two here. The shader
// declares fit_model(first, count, slot), which writes one model or returns false.

/// One a match, at least 0.
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
/// The first match of each fit, and how many.
@group(0) @binding(5) var<storage, read_write> ranges: array<vec2<u32>>;

fn match_at(i: u32) -> vec4<f32> {
    return points[i];
}

fn weight_at(i: u32) -> f32 {
    return weights[i];
}

fn run_hypothesis(fit: u32) {
    let found = fit_model(ranges[fit].x, ranges[fit].y, fit);
    model_counts[fit] = select(0u, 1u, found);
}
