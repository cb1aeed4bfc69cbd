//! What the estimator makes of the probabilities: they guide the sampling, weigh the refinement, and for fundamental matrices
//! the score; and the winner is refined coherently. Chosen on scenes left out of the training. Drawing from the surest
//! matches first, as PROSAC does by ratio, gives worse models: the surest crowd together.

use crate::cpu::rank::predict_logits::sigmoid;
use crate::{ModelKind, Options, Sampler};

/// Up to so many hypotheses every sample has to be good; with more, what the network doubts deserves samples too.
const FEW_HYPOTHESES: u32 = 300;
const POWER_OF_FEW: f32 = 2.0;
const POWER_OF_MANY_ESSENTIAL: f32 = 0.5;
const POWER_OF_MANY_FUNDAMENTAL: f32 = 1.0;

/// Weights for [`Problem::weights`](crate::Problem::weights) of the logits of a pair's matches: powers of their probabilities,
/// always above 0, so that a match that the network excludes is drawn where no other is left. `hypotheses` are the most that
/// the estimator draws.
pub fn guiding_weights(logits: &[f32], kind: ModelKind, hypotheses: u32) -> Vec<f32> {
    let power = match kind {
        _ if hypotheses <= FEW_HYPOTHESES => POWER_OF_FEW,
        ModelKind::Fundamental => POWER_OF_MANY_FUNDAMENTAL,
        _ => POWER_OF_MANY_ESSENTIAL,
    };
    logits.iter().map(|&logit| sigmoid(logit).powf(power).max(f32::MIN_POSITIVE)).collect()
}

/// The options with what goes with [`guiding_weights`].
pub fn guided(options: Options, kind: ModelKind) -> Options {
    let weigh_score = kind == ModelKind::Fundamental;
    Options { sampler: Sampler::Weights, weigh_refinement: true, weigh_score, coherent: true, ..options }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_hypotheses_keep_to_what_is_sure_and_nothing_is_excluded() {
        let logits = [3.0, -3.0, -1e4];
        let share = |hypotheses| {
            let weights = guiding_weights(&logits, ModelKind::Essential, hypotheses);
            assert!(weights.iter().all(|&weight| weight > 0.0));
            weights[0] / weights[1]
        };
        assert!(share(20) > 50.0 * share(1000));
    }
}
