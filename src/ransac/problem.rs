use crate::geometry::{MatchesView, Model};

/// One problem of a batch: its matches, what is known of each match, and its seed.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The matches, and which model they are for.
    pub matches: MatchesView<'a>,
    /// SNN ratio of each match: lower is more likely right.
    pub ratios: Option<&'a [f32]>,
    /// Weight of each match, at least 0: for the sampler, and by option for the score and the refinement.
    pub weights: Option<&'a [f32]>,
    /// Key-point diameters in image 1 and 2, pixels, of two-view matches; 0 where they are not known.
    pub scales_px: Option<[&'a [f32]; 2]>,
    /// Key-point orientations in image 1 and 2, degrees, from x to y; with the scales they help to choose among the best models
    /// of an epipolar geometry. Not for detectors that do not measure them, whose key points are all of one orientation or scale.
    pub angles_deg: Option<[&'a [f32]; 2]>,
    /// Threshold of this pair, pixels, in place of the options' one.
    pub threshold_px: Option<f64>,
    /// The same seed gives the same samples, on every backend.
    pub seed: u64,
    /// What is expected, such as the model of the last frame, in the convention of [`Model`]: one more candidate of the first round, scored
    /// and refined with the others, after it was brought nearer: image points may have moved by some 20 thresholds since. Another model that explains more wins all the same; [`use_all`](super::Options::use_all) has no rounds.
    pub prior: Option<Model>,
}

impl<'a> Problem<'a> {
    /// A problem with nothing known but the matches, and seed 0.
    pub const fn new(matches: MatchesView<'a>) -> Self {
        Self {
            matches,
            ratios: None,
            weights: None,
            scales_px: None,
            angles_deg: None,
            threshold_px: None,
            seed: 0,
            prior: None,
        }
    }
}
