// What the losses over matches share. Twin: src/cpu/train/match_losses.rs. params of its own: the clamp, squared thresholds.

@group(0) @binding(3) var<storage, read> labels: array<f32>;

// The share of true inliers that no model explains, and of outliers that fit by chance.
const CHANCE: f32 = 0.01;
// Errors beyond this count as this, and have no gradient.
const FAR: f32 = 1e8;

fn clamp_sq() -> f32 {
    return bitcast<f32>(params[2]);
}

fn is_inlier(index: u32) -> bool {
    return labels[index] > 0.5;
}

// An error, or what counts for it where it is larger or not finite.
fn at_most(error: f32, most: f32) -> f32 {
    return select(most, min(error, most), is_moderate(error));
}

// −ln p of what a match is, with p = (1 − CHANCE) / (1 + t).
fn inlier_loss(error: f32, inlier: bool) -> f32 {
    let t = at_most(error, FAR);
    return select(log((1.0 + t) / (t + CHANCE)), log((1.0 + t) / (1.0 - CHANCE)), inlier);
}

// The weights of the two errors in the gradient, of those of the two losses.
fn error_weights(errors: vec2<f32>, inlier: bool, by_losses: vec2<f32>) -> vec2<f32> {
    let t = errors.x;
    let slope = select(1.0 / (1.0 + t) - 1.0 / (t + CHANCE), 1.0 / (1.0 + t), inlier);
    return vec2<f32>(
        select(0.0, by_losses.x * slope, is_moderate(t) && t < FAR),
        select(0.0, by_losses.y, inlier && is_moderate(errors.y) && errors.y < clamp_sq()),
    );
}

// The gradient of one match; zero where it has none.
fn match_gradient(errors: ErrorModel, index: u32, by_losses: vec2<f32>) -> ErrorGradient {
    let match_ = match_at(index);
    let weights = error_weights(match_errors(errors, match_), is_inlier(index), by_losses);
    if (all(weights == vec2<f32>(0.0))) {
        return ErrorGradient();
    }
    return usable_gradient(errors, match_, weights);
}
