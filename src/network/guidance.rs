//! What the estimator makes of the probabilities: they guide the sampling, weigh the refinement, and for fundamental matrices
//! the score; and the winner is refined coherently. Chosen on scenes left out of the training.

use crate::cpu::rank::predict_logits::sigmoid;
use crate::{ModelKind, Options, Sampler};

/// Weights for [`Problem::weights`](crate::Problem::weights) of the logits of a pair's matches: their probabilities, always above
/// 0, so that a match that the network excludes is drawn where no other is left.
pub fn guiding_weights(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|&logit| sigmoid(logit).max(f32::MIN_POSITIVE)).collect()
}

/// The options with what goes with [`guiding_weights`].
pub fn guided(options: Options, kind: ModelKind) -> Options {
    let weigh_score = kind == ModelKind::Fundamental;
    Options { sampler: Sampler::Auto, weigh_refinement: true, weigh_score, coherent: true, ..options }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_excluded() {
        assert!(guiding_weights(&[3.0, -3.0, -1e4]).iter().all(|&weight| weight > 0.0));
    }
}
