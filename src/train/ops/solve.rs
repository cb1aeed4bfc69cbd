//! Minimal solvers with gradients: samples → the model closest to the truth.

use super::backend::run;
use super::candidates::Candidates;
use super::closest_model::{ClosestModel, check_truth};
use super::kernel::Report;
use super::solver::Solver;
use super::spatial::kernel_layout;
use crate::{Error, Result};
use burn::tensor::Tensor;

/// The models of B samples.
#[derive(Clone, Debug)]
pub struct Solved {
    /// \[B, 12\]: three rows of four: [R | t], or a 3×3 matrix of norm 1 and zeros in the fourth column. Zeros where there is none.
    pub models: Tensor<2>,
    /// \[B\]: 1 where a model was found, else 0.
    pub valid: Tensor<1>,
    report: Report,
}

impl Solved {
    /// How many models had no usable gradient in the last backward pass: the gradient by their samples is 0. `None` before it,
    /// where no gradient was asked for, and when asked again. Waits for the device.
    pub fn degenerate(&self) -> Option<usize> {
        let usable = self.report.take()?;
        let models = self.valid.clone().into_data().iter::<f32>().filter(|valid| *valid > 0.0).count();
        Some(models.saturating_sub(usable))
    }
}

/// The essential matrix, as the motion [R | t] with |t| = 1 that has all five in front of both cameras, of each sample [B, 5,
/// 4] of normalised matches x1 y1 x2 y2; of up to ten the one closest to the truth. See [`solve`].
///
/// # Errors
/// Those of [`solve`].
pub fn solve_essential_5pt(points: Tensor<3>, truth: Tensor<2>) -> Result<Solved> {
    solve(Solver::Essential5pt, points, None, truth)
}

/// The fundamental matrix of each sample \[B, 7, 4\], of up to three the one closest to the truth. See [`solve`].
///
/// # Errors
/// Those of [`solve`].
pub fn solve_fundamental_7pt(points: Tensor<3>, truth: Tensor<2>) -> Result<Solved> {
    solve(Solver::Fundamental7pt, points, None, truth)
}

/// The fundamental matrix of each sample \[B, n, 4\] of n ≥ 8 matches, with weights \[B, n\] ≥ 0 of their squared residuals, or
/// all 1; the gradient reaches the weights too. See [`solve`].
///
/// # Errors
/// Those of [`solve`].
pub fn solve_fundamental_8pt(points: Tensor<3>, weights: Option<Tensor<2>>, truth: Tensor<2>) -> Result<Solved> {
    solve(Solver::Fundamental8pt, points, weights, truth)
}

/// The homography of each sample \[B, 4, 4\]. See [`solve`].
///
/// # Errors
/// Those of [`solve`].
pub fn solve_homography_4pt(points: Tensor<3>, truth: Tensor<2>) -> Result<Solved> {
    solve(Solver::Homography4pt, points, None, truth)
}

/// The pose camera_from_world of each sample \[B, 3, 5\] of X Y Z in the world and x y normalised; of up to four the one
/// closest to the truth. See [`solve`].
///
/// # Errors
/// Those of [`solve`].
pub fn solve_pose_p3p(points: Tensor<3>, truth: Tensor<2>) -> Result<Solved> {
    solve(Solver::PoseP3p, points, None, truth)
}

/// The rigid transform points2_from_points1 of each sample \[B, 3, 6\] of X1 Y1 Z1 X2 Y2 Z2. See [`solve`].
///
/// # Errors
/// Those of [`solve`].
pub fn solve_rigid_3pt(points: Tensor<3>, truth: Tensor<2>) -> Result<Solved> {
    solve(Solver::Rigid3pt, points, None, truth)
}

/// The model of each sample, \[B, m, d\] with B = pairs × hypotheses, that is closest to the pair's true model, \[pairs, 12\], up
/// to sign and scale (Frobenius norm).
///
/// The gradient by the coordinates, and by the weights where there are some, is that of the implicit function theorem at the
/// model found. Samples without a model and ill-conditioned ones have gradient 0 and are counted ([`Solved::degenerate`]).
///
/// # Errors
/// [`Error::LengthMismatch`] for the wrong number of coordinates, of matches a sample, or of weights, and for models that
/// have not twelve entries; [`Error::BadOption`] where the samples are no multiple of the pairs, or weights are given to a
/// solver that takes none.
pub fn solve(solver: Solver, points: Tensor<3>, weights: Option<Tensor<2>>, truth: Tensor<2>) -> Result<Solved> {
    let [samples, size, _] = points.dims();
    let hypotheses = check_truth([samples, 12], truth.dims())?;
    if !(solver == Solver::Fundamental8pt && size > 8) {
        check_length("matches of a sample", solver.sample_size(), size)?;
    }
    let candidates = Candidates { solver, samples, size };
    let device = points.device();
    let mut inputs = vec![kernel_layout(solver.kind(), points)?.into_dispatch()];
    if candidates.weighted() {
        let weights = weights.unwrap_or_else(|| Tensor::ones([samples, size], &device));
        check_length("weights", samples * size, weights.shape().num_elements())?;
        inputs.push(weights.into_dispatch());
    } else if weights.is_some() {
        let found = format!("{solver:?}");
        return Err(Error::BadOption { name: "weights", expected: "the eight-point solver", found });
    }
    let report = Report::default();
    let closest = ClosestModel { candidates, hypotheses, report: report.clone() };
    inputs.extend(run(candidates, inputs.clone())?);
    inputs.push(truth.into_dispatch());
    let mut solved = run(closest, inputs)?.into_iter();
    let (Some(models), Some(valid)) = (solved.next(), solved.next()) else {
        return Err(Error::Device("no models".into()));
    };
    Ok(Solved { models: Tensor::from_dispatch(models), valid: Tensor::from_dispatch(valid), report })
}

fn check_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(Error::LengthMismatch { what, expected, found }) }
}
