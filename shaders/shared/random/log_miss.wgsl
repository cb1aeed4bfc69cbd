// ln(1 − chance) of a sample of inliers only, by their share and the squares of the shares; as `chance` of the twin of the rule,
// src/ransac/stages/stopping.rs.
fn log_miss(inliers: f32, share: f32, squares: f32) -> f32 {
    if (inliers + 0.5 < f32(settings.sample_size)) {
        return 0.0;
    }
    let drawn = squares / share;
    var chance = 1.0;
    for (var j = 0u; j < settings.sample_size; j++) {
        let gone = f32(j) * drawn;
        chance *= select(1.0, max((share - gone) / (1.0 - gone), 0.0), gone < 1.0);
    }
    // by its series where 1 − p would round
    return select(log(max(1.0 - chance, 1e-30)), -chance * (1.0 + 0.5 * chance), chance < 1e-3);
}
