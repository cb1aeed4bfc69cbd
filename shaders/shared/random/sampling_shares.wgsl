// The chance of samples of inliers only, from the pair's prefix sums. Twin: src/ransac/stages/stopping.rs.

// What a match weighs in both weightings of the sampler, as shares of all.
fn sampling_shares(pair: Pair, index: u32) -> vec2<f32> {
    if (settings.weigh_sampling == BY_NOTHING) {
        return vec2<f32>(1.0 / f32(pair.match_count));
    }
    let total = weight_sums[pair.match_start + pair.match_count - 1u];
    let before = select(vec2<u32>(), weight_sums[max(index, 1u) - 1u], index > pair.match_start);
    return vec2<f32>(weight_sums[index] - before) / vec2<f32>(max(total, vec2<u32>(1u)));
}

// ln(1 − chance) of the first hypotheses and of those after them, from the number of inliers that may be sampled, their shares and
// the squares of these in both weightings.
fn log_misses(inliers: f32, shares: vec2<f32>, squares: vec2<f32>) -> vec2<f32> {
    let first = log_miss(inliers, shares.x, squares.x);
    return vec2<f32>(first, 0.5 * (first + log_miss(inliers, shares.y, squares.y)));
}
