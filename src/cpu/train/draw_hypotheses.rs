//! Hypotheses of camera localisation: samples are drawn until one agrees with its own model.
//!
//! DSAC* (Brachmann and Rother, TPAMI 2021) draws four cells, solves for the pose of three, lets the fourth choose among up
//! to four poses, and takes what reprojects all four within the threshold. Its 3-D twin draws three and aligns them.

use crate::ModelKind;
use crate::cpu::residual::{ModelRows, Reprojection, Residual, Rigid};
use crate::cpu::search::normalize_matches::rows_of_pose;
use crate::cpu::search::sample_minimal::{SampleSource, pcg4d, sample_minimal};
use crate::cpu::solve::{solve_pose_p3p::solve_pose_p3p, solve_rigid_3pt::solve_rigid_3pt};
use glam::DVec3;

/// Coordinates of a match: X Y Z x y 0 or X1 Y1 Z1 X2 Y2 Z2.
pub type SpatialMatch = [f64; 6];

/// What the words of a hypothesis depend on besides its place, and how many samples it may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// Of the whole training.
    pub seed: u64,
    /// Of the step in it.
    pub step: u32,
    /// Samples at most.
    pub tries: u32,
}

/// What became of a hypothesis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawn<const M: usize> {
    /// Its matches, by their place in the pair, and the model that they agree with.
    pub found: Option<([u32; M], ModelRows)>,
    /// Samples drawn, the last one that of the model.
    pub tries: u32,
}

/// Draws samples of `M` distinct matches of a pair until `fit` gives a model. Sample k of a hypothesis is sample k of the
/// estimator under a seed of its own.
pub fn draw_hypothesis<const M: usize>(
    source: &SampleSource,
    draws: &Draws,
    hypothesis: u32,
    fit: impl Fn(&[u32; M]) -> Option<ModelRows>,
) -> Drawn<M> {
    let [a, b, ..] = pcg4d([draws.seed as u32, (draws.seed >> 32) as u32, draws.step, hypothesis]);
    let seed = u64::from(a) | u64::from(b) << 32;
    for k in 0..draws.tries {
        let Some(sample) = sample_minimal(source, seed, k) else { continue };
        if let Some(model) = fit(&sample) {
            return Drawn { found: Some((sample, model)), tries: k + 1 };
        }
    }
    Drawn { found: None, tries: draws.tries }
}

/// Of the poses of the first three matches the one that reprojects the fourth best; all four lie in front of the camera,
/// less than a threshold of `metric` away.
pub fn fit_pose_of_four(matches: &[SpatialMatch; 4], metric: &[f64; 4]) -> Option<ModelRows> {
    let [a, b, c, fourth] = matches;
    let world = [a, b, c].map(|m| DVec3::from_slice(m));
    let image = [a, b, c].map(|m| glam::DVec2::new(m[3], m[4]));
    let error_sq = |model: &ModelRows, m: &SpatialMatch| Reprojection::new(model, metric).residual_sq(*m);
    let poses = solve_pose_p3p(&image, &world);
    let models = poses.iter().map(rows_of_pose);
    let (_, best) = models
        .map(|model| (error_sq(&model, fourth), model))
        .filter(|(error, _)| *error < 1.0)
        .min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    matches.iter().all(|m| error_sq(&best, m) < 1.0).then_some(best)
}

/// The motion of three matches that brings each less than a threshold of `metric` to the other.
pub fn fit_rigid_of_three(matches: &[SpatialMatch; 3], metric: &[f64; 4]) -> Option<ModelRows> {
    let side = |k: usize| matches.map(|m| DVec3::from_slice(&m[k..]));
    let model = rows_of_pose(&solve_rigid_3pt(&side(0), &side(3))?);
    let rigid = Rigid::new(&model, metric);
    matches.iter().all(|m| rigid.residual_sq(*m) < 1.0).then_some(model)
}

/// Matches of a sample: four of a pose, of which one chooses; `None` for kinds without a 3-D point.
pub const fn sample_size(kind: ModelKind) -> Option<usize> {
    match kind {
        ModelKind::Pose => Some(4),
        ModelKind::Rigid => Some(3),
        _ => None,
    }
}
