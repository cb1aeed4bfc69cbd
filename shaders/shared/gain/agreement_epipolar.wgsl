// How well a match's key points agree with an epipolar geometry, 0..=1. Twin: `FinalScore::agreement` of
// src/ransac/stages/final_score.rs.

// A contradiction that halves what a match counts, squared.
const HALVING_SQ: f32 = 0.25;

fn agreement(model: Residual, match_: Match, similarity: vec2<f32>) -> f32 {
    if (dot(similarity, similarity) == 0.0) {
        return 1.0;
    }
    // the normals of the lines in pixels, up to one factor
    let normals = weighted_lines(model, match_);
    let mapped = vec2<f32>(dot(vec2<f32>(similarity.x, -similarity.y), normals.zw), dot(similarity.yx, normals.zw));
    let product = HALVING_SQ * length(mapped) * length(normals.xy);
    let sum = mapped + normals.xy;
    return select(0.0, product / (product + dot(sum, sum)), product > 0.0);
}
