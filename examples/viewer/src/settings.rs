//! What the user may turn.

use clap::ValueEnum;
use nabla_ransac::network::guided;
use nabla_ransac::{ModelKind, Options, Sampler};

/// The models of two images.
pub(crate) const KINDS: [ModelKind; 3] = [ModelKind::Essential, ModelKind::Fundamental, ModelKind::Homography];

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sampling {
    /// Every match alike
    Uniform,
    /// Rather from the matches of low SNN ratio
    Ratio,
    /// By the probabilities that the shipped network predicts
    Network,
}

impl Sampling {
    pub(crate) const ALL: [Self; 3] = [Self::Uniform, Self::Ratio, Self::Network];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Ratio => "ratio",
            Self::Network => "network",
        }
    }

    /// What it takes.
    pub(crate) const fn needed(self) -> &'static str {
        match self {
            Self::Uniform => "matches",
            Self::Ratio => "a file with the SNN ratios of the matches",
            Self::Network => "--model essential or fundamental, for which a network ships",
        }
    }

    /// Whether there is what it takes.
    pub(crate) const fn serves(self, kind: ModelKind, has_ratios: bool) -> bool {
        match self {
            Self::Uniform => true,
            Self::Ratio => has_ratios,
            Self::Network => matches!(kind, ModelKind::Essential | ModelKind::Fundamental),
        }
    }

    /// The best that serves.
    pub(crate) fn best(kind: ModelKind, has_ratios: bool) -> Self {
        let serving = Self::ALL.into_iter().rev().find(|sampling| sampling.serves(kind, has_ratios));
        serving.unwrap_or(Self::Uniform)
    }
}

/// What shaders and buffers are made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) kind: ModelKind,
    pub(crate) sampling: Sampling,
    /// Hypotheses drawn at most.
    pub(crate) hypotheses: u32,
}

impl Plan {
    /// The library's options; a threshold is said with each pair.
    pub(crate) fn options(&self) -> Options {
        let options = Options::default().with_iterations(None, Some(self.hypotheses));
        match self.sampling {
            Sampling::Uniform => Options { sampler: Sampler::Uniform, ..options },
            Sampling::Ratio => Options { sampler: Sampler::Ratio, ..options },
            Sampling::Network => guided(options, self.kind),
        }
    }
}

/// What an estimate depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) plan: Plan,
    pub(crate) threshold_px: f64,
    /// Matches with a higher SNN ratio are left out.
    pub(crate) ratio_below: f32,
    /// Taken for both cameras where the file has none, pixels.
    pub(crate) assumed_focal_px: f64,
    pub(crate) seed: u32,
}

/// What is shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Display {
    /// The second motion in place of the first.
    pub(crate) second: bool,
    pub(crate) only_inliers: bool,
    /// Whether each frame estimates anew, from other samples.
    pub(crate) every_frame: bool,
}
