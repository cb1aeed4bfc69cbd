// The squared residual of a match under a motion, in thresholds.
fn error_sq(motion: Motion, match_: Match, metric: vec4<f32>) -> f32 {
    return residual_sq(make_residual(rows_of(motion.rotation, motion.translation), metric), match_);
}
