use crate::geometry::{EpipolarResidual, Score};
use crate::{Error, Result};

/// Where the work runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "formats", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Backend {
    /// A real GPU where there is one, else the CPU; never a software rasteriser.
    #[default]
    Auto,
    /// Any adapter, software ones included.
    Gpu,
    /// The CPU.
    Cpu,
}

/// How minimal samples are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "formats", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Sampler {
    /// Rather from the matches that weights and SNN ratios, where these are known, make out to be right: the first hypotheses by the
    /// cube of how likely each is, the later ones in turn from all alike and so, in case that misleads.
    #[default]
    Auto,
    /// Every match alike.
    Uniform,
    /// As `Auto`, by the ratios alone.
    Ratio,
    /// In proportion to the weights given, without replacement.
    Weights,
}

/// Options of the estimator.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "formats", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Options {
    /// Inlier threshold, pixels (for rigid transforms in the unit of the points). How much each inlier of a pose counts in its last
    /// refinement goes by their noise instead.
    pub threshold_px: f64,
    /// Hypotheses drawn at least.
    pub min_iterations: u32,
    /// Hypotheses drawn at most; with `min_iterations` equal to it the budget is fixed.
    pub max_iterations: u32,
    /// Stop once a sample of the best model's inliers only was drawn with this probability, by the sampler's own chances.
    pub confidence: f64,
    /// Inliers that a model has at least: none with fewer is an answer, and the search ends when one with so many would have been
    /// found with the confidence asked for.
    pub min_inliers: u32,
    /// How samples are drawn.
    pub sampler: Sampler,
    /// Matches with a higher SNN ratio are scored but never sampled; 1 samples from all.
    pub sample_ratio_below: f64,
    /// Matches of a point to different ones compete: of them at most one can be right, so they are sampled last and count
    /// little in the score and the refinement; of 3-D points those that have more partners than is usual in the set. Exact copies
    /// of a match count once.
    pub one_to_one: bool,
    /// How models are scored.
    pub score: Score,
    /// How far a match is from an epipolar geometry.
    pub residual: EpipolarResidual,
    /// Whether weights, or else ratios, scale each match's part of the score.
    pub weigh_score: bool,
    /// Whether weights, or else ratios, scale each match's part of the refinement.
    pub weigh_refinement: bool,
    /// Whether matches count for less in the choice among the best epipolar geometries whose key points contradict the model by
    /// their scales and orientations, where these are known.
    pub key_points: bool,
    /// Whether the winner is refined once more, each match weighed by how far its neighbours agree with it; essential and
    /// fundamental matrices only. Most worth where few hypotheses are drawn.
    pub coherent: bool,
    /// Refit on all matches with their weights, where there are any, without sampling.
    pub use_all: bool,
    /// Look for what the matches leave open: the homography that explains them, a second motion (which wins where it is the
    /// better one), an undetermined rotation.
    pub diagnose: bool,
    /// Where the work runs.
    pub backend: Backend,
    /// Threads of the CPU backend over the pairs of a batch; 0 takes one a core.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threshold_px: 1.0,
            min_iterations: 64,
            max_iterations: 10_000,
            confidence: 0.9999,
            min_inliers: 0,
            sampler: Sampler::default(),
            sample_ratio_below: 1.0,
            one_to_one: true,
            score: Score::default(),
            residual: EpipolarResidual::default(),
            weigh_score: false,
            weigh_refinement: false,
            key_points: true,
            coherent: false,
            use_all: false,
            diagnose: true,
            backend: Backend::default(),
            threads: 0,
        }
    }
}

impl Options {
    /// With these bounds of how many hypotheses are drawn, where they are given; one alone moves the other out of its way.
    pub fn with_iterations(mut self, at_least: Option<u32>, at_most: Option<u32>) -> Self {
        self.min_iterations = at_least.unwrap_or(self.min_iterations);
        self.max_iterations = at_most.unwrap_or(self.max_iterations);
        match (at_least, at_most) {
            (Some(least), None) => self.max_iterations = self.max_iterations.max(least),
            (None, Some(most)) => self.min_iterations = self.min_iterations.min(most),
            _ => {}
        }
        self
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::BadOption`] with the first option outside its range.
    pub fn check(&self) -> Result<()> {
        let bad =
            |name, expected, found: &dyn ToString| Err(Error::BadOption { name, expected, found: found.to_string() });
        check_threshold(self.threshold_px)?;
        if !(0.0..1.0).contains(&self.confidence) {
            return bad("confidence", "a number in 0..1", &self.confidence);
        }
        if self.max_iterations == 0 {
            return bad("max_iterations", "at least 1", &self.max_iterations);
        }
        if self.min_iterations > self.max_iterations {
            return bad("min_iterations", "at most max_iterations", &self.min_iterations);
        }
        if self.sample_ratio_below.is_nan() || self.sample_ratio_below <= 0.0 {
            return bad("sample_ratio_below", "a number above 0", &self.sample_ratio_below);
        }
        Ok(())
    }
}

/// Thresholds are divided by in single precision, on every backend.
pub(crate) fn check_threshold(threshold_px: f64) -> Result<()> {
    if (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&threshold_px) {
        return Ok(());
    }
    let expected = "a number above 0 that fits in single precision";
    Err(Error::BadOption { name: "threshold_px", expected, found: format!("{threshold_px:?}") })
}
