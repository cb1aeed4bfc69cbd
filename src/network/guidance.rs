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

/// Options that [`guided`] decides on, where the caller does instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unguided {
    /// [`Options::weigh_score`].
    pub weigh_score: Option<bool>,
    /// [`Options::weigh_refinement`].
    pub weigh_refinement: Option<bool>,
    /// [`Options::coherent`].
    pub coherent: Option<bool>,
}

impl Unguided {
    /// Puts what is given in its place.
    pub fn adjust(self, options: &mut Options) {
        options.weigh_score = self.weigh_score.unwrap_or(options.weigh_score);
        options.weigh_refinement = self.weigh_refinement.unwrap_or(options.weigh_refinement);
        options.coherent = self.coherent.unwrap_or(options.coherent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_excluded() {
        assert!(guiding_weights(&[3.0, -3.0, -1e4]).iter().all(|&weight| weight > 0.0));
    }
}
