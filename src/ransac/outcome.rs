use super::{Options, stages::stopping::Chances};
use crate::geometry::{Model, Pose};
use glam::DMat3;

/// How far sums in single precision are off, relatively.
const ROUNDING: f64 = 1e-4;

/// What an estimation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The model with its score and mask; `None` when no sample gave one with as many inliers as a sample has matches, which is
    /// no error.
    pub estimate: Option<Estimate>,
    /// Hypotheses drawn.
    pub iterations: u32,
    /// The probability with which a sample of the estimate's inliers only was among them; 0 without an estimate.
    pub confidence: f64,
    /// Whether the hypotheses ended before the [`confidence`](super::Options::confidence) asked for was reached: a better model may
    /// have been missed.
    pub budget_spent: bool,
}

impl Outcome {
    /// An estimate with these chances of samples of its inliers only.
    pub(crate) fn new(
        estimate: Option<Estimate>,
        iterations: u32,
        chances: Option<Chances>,
        options: &Options,
    ) -> Self {
        let confidence = match (&estimate, chances) {
            (Some(_), Some(chances)) => chances.confidence(iterations),
            _ => 0.0,
        };
        Self { estimate, iterations, confidence, budget_spent: confidence < options.confidence }
    }

    /// An estimate with the logarithm, in single precision, of the chance that no sample of its inliers only was drawn.
    pub(crate) fn of_log_rest(estimate: Estimate, iterations: u32, log_rest: f32, options: &Options) -> Self {
        let log_rest = f64::from(log_rest);
        let asked_for = (1.0 - options.confidence).ln();
        // where the rounds ended because it was reached, rounding must not say otherwise
        let budget_spent = log_rest > asked_for + ROUNDING * asked_for.abs();
        Self { estimate: Some(estimate), iterations, confidence: -log_rest.exp_m1(), budget_spent }
    }
}

/// A model and what supports it.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The refined model.
    pub model: Model,
    /// Its score: the sum of the matches' gains, each times how well its key points agree where
    /// [`key_points`](super::Options::key_points) makes use of them.
    pub score: f64,
    /// One entry a match, of this very model: residual within the threshold and, where there is depth, in front.
    pub inliers: Vec<bool>,
    /// What the diagnosis saw, where [`diagnose`](super::Options::diagnose) is set.
    pub diagnosis: Diagnosis,
}

impl Estimate {
    /// How many matches are inliers.
    pub fn inlier_count(&self) -> usize {
        self.inliers.iter().filter(|&&inlier| inlier).count()
    }
}

/// Degeneracies and ambiguities of an estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// One homography explains most inliers: a planar scene, or no translation.
    pub planar: bool,
    /// A rotation alone explains most inliers: the translation is not determined.
    pub rotation_only: bool,
    /// The homography that explains the most inliers, pixels, with their number.
    pub homography: Option<(DMat3, usize)>,
    /// The best motion clearly different from the winner, with its score, which is at least half of the winner's and at most as
    /// high. None where the translation is not determined at all.
    pub second_motion: Option<(Pose, f64)>,
    /// The second motion explains the matches nearly as well, with 0.9 of the winner's score at least: either may be the right one.
    pub ambiguous: bool,
    /// The inliers of a pose or a rigid transform lie on one line, as far as the threshold can tell: how it is turned about that
    /// line is not determined.
    pub rotation_undetermined: bool,
}
