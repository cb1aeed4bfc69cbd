//! Options: the library's, as numbers.

use crate::border::{Result, bad_input};
use crate::versioned::Versioned;
use nabla_ransac::network::{LearnedEstimator, Unguided};
use nabla_ransac::ransac::EpipolarResidual;
use nabla_ransac::{Backend, ModelKind, Options, Sampler, Score};

/// What is estimated.
#[repr(C)]
pub enum nabla_model {
    /// Relative pose of two calibrated cameras, camera2_from_camera1 with a translation of length 1: 5 matches.
    Essential = 0,
    /// Epipolar geometry of two uncalibrated cameras: 7 matches.
    Fundamental = 1,
    /// Plane to plane, or rotation about the camera's centre: 4 matches.
    Homography = 2,
    /// camera_from_world of a calibrated camera: 3 matches of pixels to points in the world.
    Pose = 3,
    /// points2_from_points1, rotation and translation: 3 matches of 3-D points.
    Rigid = 4,
}

/// Where the work runs.
#[repr(C)]
pub enum nabla_backend {
    /// A real GPU where there is one, else the CPU.
    Auto = 0,
    /// Any adapter, software ones included.
    Gpu = 1,
    /// The CPU.
    Cpu = 2,
}

/// How minimal samples are drawn.
#[repr(C)]
pub enum nabla_sampler {
    /// Matches for an essential or fundamental matrix are ranked by the network that ships, unless they have weights; others go by
    /// weights and SNN ratios, where there are any.
    Auto = 0,
    /// Every match alike; no network.
    Uniform = 1,
    /// By the SNN ratios; no network.
    Ratio = 2,
    /// In proportion to the weights; no network.
    Weights = 3,
}

/// How models are scored.
#[repr(C)]
pub enum nabla_score {
    /// By the number of inliers.
    Ransac = 0,
    /// Truncated squares.
    Msac = 1,
    /// MAGSAC++.
    Magsacpp = 2,
}

/// How far a match is from an epipolar geometry.
#[repr(C)]
pub enum nabla_residual {
    /// First-order distance.
    Sampson = 0,
    /// Distances from epipolar lines; fundamental matrices only.
    Symmetric = 1,
}

/// Options of an estimator. Put the defaults in by nabla_options_init, then change what is to be otherwise.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nabla_options {
    /// sizeof(nabla_options); nabla_options_init sets it.
    pub struct_size: usize,
    /// Inlier threshold, pixels; for rigid transforms in the unit of the points.
    pub threshold_px: f64,
    /// Stop once a sample of the best model's inliers only was drawn with this probability.
    pub confidence: f64,
    /// Matches with a higher SNN ratio are scored but never sampled.
    pub sample_ratio_below: f64,
    /// Threads of the CPU over the problems of a batch; 0 takes one a core.
    pub threads: usize,
    /// Hypotheses drawn at least; 0 leaves it to the library.
    pub min_iterations: u32,
    /// Hypotheses drawn at most; 0 leaves it to the library. Equal to min_iterations, the number is fixed.
    pub max_iterations: u32,
    /// Inliers that a model has at least.
    pub min_inliers: u32,
    /// A nabla_backend.
    pub backend: i32,
    /// A nabla_sampler.
    pub sampler: i32,
    /// A nabla_score.
    pub score: i32,
    /// A nabla_residual.
    pub residual: i32,
    /// 1 if of the matches of one point to different ones at most one can be right, else 0.
    pub one_to_one: i32,
    /// 1 if scales and orientations of key points help to choose, where they are given, else 0.
    pub key_points: i32,
    /// 1 to refit on all matches with their weights, without sampling, else 0.
    pub use_all: i32,
    /// 1 to look for planes, second motions and what else the matches leave open, else 0.
    pub diagnose: i32,
    /// Whether weights, or else ratios, scale each match's part of the score: 1, 0, or -1 as suits the sampler.
    pub weigh_score: i32,
    /// Whether they scale its part of the refinement: 1, 0, or -1 as suits the sampler.
    pub weigh_refinement: i32,
    /// Whether the winner is refined by how far the neighbours of a match agree with it: 1, 0, or -1 as suits the sampler.
    pub coherent: i32,
}

/// A flag that is left to what suits the sampler.
const AS_SUITS: i32 = -1;

// SAFETY: numbers, the size first
unsafe impl Versioned for nabla_options {
    const NAME: &'static str = "nabla_options";
    const FIRST_SIZE: usize = size_of::<Self>();

    fn defaults() -> Self {
        let options = Options::default();
        Self {
            struct_size: size_of::<Self>(),
            threshold_px: options.threshold_px,
            confidence: options.confidence,
            sample_ratio_below: options.sample_ratio_below,
            threads: options.threads,
            min_iterations: 0,
            max_iterations: 0,
            min_inliers: options.min_inliers,
            backend: code(options.backend, &BACKENDS),
            sampler: code(options.sampler, &SAMPLERS),
            score: code(options.score, &SCORES),
            residual: code(options.residual, &RESIDUALS),
            one_to_one: options.one_to_one.into(),
            key_points: options.key_points.into(),
            use_all: options.use_all.into(),
            diagnose: options.diagnose.into(),
            weigh_score: AS_SUITS,
            weigh_refinement: AS_SUITS,
            coherent: AS_SUITS,
        }
    }
}

impl nabla_options {
    /// The estimator that is asked for.
    pub(crate) fn estimator(&self, kind: ModelKind) -> Result<LearnedEstimator> {
        let unguided = Unguided {
            weigh_score: as_suits("weigh_score", self.weigh_score)?,
            weigh_refinement: as_suits("weigh_refinement", self.weigh_refinement)?,
            coherent: as_suits("coherent", self.coherent)?,
        };
        Ok(LearnedEstimator::adjusted(self.library_options()?, kind, |options| unguided.adjust(options))?)
    }

    fn library_options(&self) -> Result<Options> {
        let given = |iterations| Some(iterations).filter(|&iterations| iterations > 0);
        let options = Options {
            threshold_px: self.threshold_px,
            confidence: self.confidence,
            sample_ratio_below: self.sample_ratio_below,
            threads: self.threads,
            min_inliers: self.min_inliers,
            backend: by_code("backend", self.backend, &BACKENDS)?,
            sampler: by_code("sampler", self.sampler, &SAMPLERS)?,
            score: by_code("score", self.score, &SCORES)?,
            residual: by_code("residual", self.residual, &RESIDUALS)?,
            one_to_one: flag("one_to_one", self.one_to_one)?,
            key_points: flag("key_points", self.key_points)?,
            use_all: flag("use_all", self.use_all)?,
            diagnose: flag("diagnose", self.diagnose)?,
            ..Options::default()
        };
        Ok(options.with_iterations(given(self.min_iterations), given(self.max_iterations)))
    }
}

/// The kind of model of a nabla_model.
pub(crate) fn model_kind(model: i32) -> Result<ModelKind> {
    by_code("model", model, &MODELS)
}

const MODELS: [(i32, ModelKind); 5] = [
    (nabla_model::Essential as i32, ModelKind::Essential),
    (nabla_model::Fundamental as i32, ModelKind::Fundamental),
    (nabla_model::Homography as i32, ModelKind::Homography),
    (nabla_model::Pose as i32, ModelKind::Pose),
    (nabla_model::Rigid as i32, ModelKind::Rigid),
];
const BACKENDS: [(i32, Backend); 3] = [
    (nabla_backend::Auto as i32, Backend::Auto),
    (nabla_backend::Gpu as i32, Backend::Gpu),
    (nabla_backend::Cpu as i32, Backend::Cpu),
];
const SAMPLERS: [(i32, Sampler); 4] = [
    (nabla_sampler::Auto as i32, Sampler::Auto),
    (nabla_sampler::Uniform as i32, Sampler::Uniform),
    (nabla_sampler::Ratio as i32, Sampler::Ratio),
    (nabla_sampler::Weights as i32, Sampler::Weights),
];
const SCORES: [(i32, Score); 3] = [
    (nabla_score::Ransac as i32, Score::Ransac),
    (nabla_score::Msac as i32, Score::Msac),
    (nabla_score::Magsacpp as i32, Score::Magsacpp),
];
const RESIDUALS: [(i32, EpipolarResidual); 2] = [
    (nabla_residual::Sampson as i32, EpipolarResidual::Sampson),
    (nabla_residual::Symmetric as i32, EpipolarResidual::Symmetric),
];

fn by_code<T: Copy>(name: &str, found: i32, codes: &[(i32, T)]) -> Result<T> {
    let value = codes.iter().find(|(code, _)| *code == found).map(|(_, value)| *value);
    let most = codes.len() - 1;
    value.ok_or_else(|| bad_input(format!("{name}: expected a nabla_{name}, 0 to {most}, but it is {found}")))
}

fn code<T: PartialEq>(value: T, codes: &[(i32, T)]) -> i32 {
    codes.iter().find(|(_, known)| *known == value).map_or(0, |(code, _)| *code)
}

fn flag(name: &str, found: i32) -> Result<bool> {
    match found {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(bad_input(format!("option {name}: expected 0 or 1, but it is {found}"))),
    }
}

fn as_suits(name: &str, found: i32) -> Result<Option<bool>> {
    match found {
        AS_SUITS => Ok(None),
        0 => Ok(Some(false)),
        1 => Ok(Some(true)),
        _ => Err(bad_input(format!("option {name}: expected 0, 1 or {AS_SUITS}, but it is {found}"))),
    }
}
