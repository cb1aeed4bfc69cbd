//! Poses refined on their inliers, and the gradient of that by the matches.
//!
//! As in DSAC* (Brachmann and Rother, TPAMI 2021) a pose is fitted to its inliers anew for as long as these grow in number. At
//! the end F = Σ ½ |r|² of the last set is at a minimum: F_θ(θ, p) = 0 with θ six local coordinates of the motion. By the implicit
//! function theorem ∂θ/∂p = −F_θθ⁻¹ F_θp, so with H λ = ∂L/∂θ, H = F_θθ the whole Hessian, ∂L/∂p = −λᵀ F_θp. The set
//! counts as fixed. DSAC* itself has JᵀJ of the residuals' norms for H.

pub use super::pose_system::Frame;
use super::pose_system::{Moved, PointLoss, Reprojected, System, system_of};
use crate::algebra::linear::{invert, solve_positive_definite};
use crate::cpu::residual::{ModelRows, Reprojection, Residual, Rigid};
use crate::cpu::search::{
    normalize_matches::{NormalizedMatches, pose_of, rows_of_pose},
    refine_model::Near,
};
use crate::cpu::solve::implicit::turn_gradient;
use crate::geometry::{ModelKind, Pose};
use glam::{DMat3, DVec3};

/// Refined poses whose Hessian has a larger condition number ‖H‖‖H⁻¹‖ (Frobenius norms; turns about the centre of the inliers,
/// shifts in units of their spread) have no usable gradient. H is nearly JᵀJ, so that J may have a condition of a thousand: in
/// single precision more cannot be inverted to a few percent.
pub const MAX_CONDITION: f64 = 1e6;

/// Steps of a round at most.
const STEPS: usize = 8;
/// The relative fall of the loss that ends a round's steps: another round may follow, and Newton's method does.
const SETTLED: f64 = 1e-3;
const FIRST_DAMPING: f64 = 1e-4;
const MOST_DAMPING: f64 = 1e4;
/// Steps of Newton's method at most, and the step, in radians or spreads, after which the next is below rounding.
const LAST_STEPS: usize = 12;
const LAST_STEP: f64 = 1e-7;

/// A pose at the minimum of the loss of its inliers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refined {
    /// The pose.
    pub model: ModelRows,
    /// The pose whose inliers it was fitted to, rounded to single precision.
    pub chosen_by: ModelRows,
    /// How many these are.
    pub inliers: u32,
    /// What its local coordinates are measured in.
    pub frame: Frame,
    /// H⁻¹; `None` where H is [ill-conditioned](MAX_CONDITION) or not positive definite, or Newton's method did not end.
    pub inverse: Option<[[f64; 6]; 6]>,
}

/// Fewest inliers of a refinement.
pub const fn fewest(kind: ModelKind) -> u32 {
    if matches!(kind, ModelKind::Rigid) { 3 } else { 4 }
}

/// The pose or rigid transform refined in so many rounds at most; `None` where fewer than [`fewest`] matches are within the
/// threshold, and for values that are not finite.
pub fn refine_pose(model: &ModelRows, matches: &NormalizedMatches, max_rounds: u32) -> Option<Refined> {
    match matches.kind {
        ModelKind::Rigid => refine::<Rigid, Moved>(model, matches, max_rounds),
        ModelKind::Pose => refine::<Reprojection, Reprojected>(model, matches, max_rounds),
        _ => None,
    }
}

fn refine<R: Residual, P: PointLoss>(model: &ModelRows, matches: &NormalizedMatches, rounds: u32) -> Option<Refined> {
    if matches.count == 0 {
        return None;
    }
    let mut pose = orthonormal(&pose_of(model));
    let mut inliers = fewest(matches.kind) - 1;
    let mut last = None;
    for _ in 0..rounds {
        let chosen_by = single_precision(&rows_of_pose(&pose));
        let near = Near::gather(&R::new(&chosen_by, &matches.metric), matches, 1.0);
        let count = near.weights.iter().filter(|w| **w > 0.0).count() as u32;
        if count <= inliers {
            break;
        }
        inliers = count;
        let frame = Frame::of(&near);
        pose = descend::<P>(pose, &frame, &near);
        last = Some((chosen_by, near, frame));
    }
    let (chosen_by, near, frame) = last?;
    let (pose, inverse) = minimise::<P>(pose, &frame, &near);
    let model = rows_of_pose(&pose);
    let is_finite = model.iter().flatten().all(|x| x.is_finite());
    is_finite.then_some(Refined { model, chosen_by, inliers, frame, inverse })
}

/// Each round selects by a pose in single precision, which is kept: so the gradient finds the same inliers.
fn single_precision(model: &ModelRows) -> ModelRows {
    model.map(|row| row.map(|x| f64::from(x as f32)))
}

/// With the rotation nearest to hand (Gram–Schmidt): what comes in is rounded.
fn orthonormal(pose: &Pose) -> Pose {
    let x = pose.rotation.x_axis.normalize();
    let y = (pose.rotation.y_axis - x * x.dot(pose.rotation.y_axis)).normalize();
    Pose { rotation: DMat3::from_cols(x, y, x.cross(y)), translation: pose.translation }
}

/// Levenberg–Marquardt steps while they are worth it.
fn descend<P: PointLoss>(mut pose: Pose, frame: &Frame, near: &Near) -> Pose {
    let mut current = system_of::<P>(&pose, frame, near, false);
    let mut damping = FIRST_DAMPING;
    for _ in 0..STEPS {
        let Some(step) = step_of(&current, damping) else { break };
        let candidate = frame.retract(&pose, &step);
        let next = system_of::<P>(&candidate, frame, near, false);
        if next.loss < current.loss {
            let settled = next.loss > (1.0 - SETTLED) * current.loss;
            (pose, current) = (candidate, next);
            damping *= 0.1;
            if settled {
                break;
            }
        } else {
            damping *= 100.0;
            // no step of any length to speak of goes down; false for NaN
            if damping > MOST_DAMPING || next.loss < (1.0 + SETTLED) * current.loss {
                break;
            }
        }
    }
    pose
}

fn step_of(system: &System, damping: f64) -> Option<[f64; 6]> {
    let mut hessian = system.hessian;
    for (k, row) in hessian.iter_mut().enumerate() {
        row[k] *= 1.0 + damping;
    }
    solve_positive_definite(&hessian, &system.gradient.map(|g| -g))
}

/// Newton's method with the whole Hessian, and the inverse of that at its end if it can be used.
fn minimise<P: PointLoss>(mut pose: Pose, frame: &Frame, near: &Near) -> (Pose, Option<[[f64; 6]; 6]>) {
    let mut current = system_of::<P>(&pose, frame, near, true);
    for _ in 0..LAST_STEPS {
        let Some(step) = step_of(&current, 0.0) else { return (pose, None) };
        let candidate = frame.retract(&pose, &step);
        if step.iter().map(|x| x * x).sum::<f64>() < LAST_STEP * LAST_STEP {
            return (candidate, well_conditioned_inverse(&current.hessian));
        }
        let next = system_of::<P>(&candidate, frame, near, true);
        // written so that NaN fails it too; near the minimum the loss changes by rounding alone
        let goes_down = next.loss <= current.loss * (1.0 + 1e-12);
        if !goes_down {
            break;
        }
        (pose, current) = (candidate, next);
    }
    (pose, None)
}

fn well_conditioned_inverse(hessian: &[[f64; 6]; 6]) -> Option<[[f64; 6]; 6]> {
    let inverse = invert(*hessian)?;
    let norm = |m: &[[f64; 6]; 6]| m.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
    (norm(hessian) * norm(&inverse) <= MAX_CONDITION).then_some(inverse)
}

/// What sends the gradient by a refined pose on to its matches.
#[derive(Clone, Copy, Debug)]
pub struct Adjoint {
    pose: Pose,
    frame: Frame,
    /// λ, the turn and the shift (in units of length).
    turn: DVec3,
    shift: DVec3,
}

impl Adjoint {
    /// λ of H λ = ∂L/∂θ, from ∂L/∂`[R | t]`; `None` where a value is not finite.
    pub fn new(model: &ModelRows, frame: &Frame, inverse: &[[f64; 6]; 6], model_gradient: &ModelRows) -> Option<Self> {
        let (pose, gradient) = (pose_of(model), pose_of(model_gradient));
        let from_centre = pose.translation - pose.transform(frame.centre);
        let turn = turn_gradient(&pose.rotation, &gradient.rotation) + from_centre.cross(gradient.translation);
        let shift = gradient.translation * frame.spread;
        let by_theta = [turn.x, turn.y, turn.z, shift.x, shift.y, shift.z];
        let lambda = inverse.map(|row| row.iter().zip(by_theta).map(|(a, b)| a * b).sum::<f64>());
        let turn = DVec3::from_slice(&lambda);
        let shift = DVec3::from_slice(&lambda[3..]) * frame.spread;
        (turn.is_finite() && shift.is_finite()).then_some(Self { pose, frame: *frame, turn, shift })
    }

    /// The gradient by the two sides of a match that the pose was fitted to; `None` where a value is not finite.
    pub fn by_match(&self, kind: ModelKind, side1: DVec3, side2: DVec3, metric: &[f64; 4]) -> Option<[DVec3; 2]> {
        let inverse = [1.0 / metric[2], 1.0 / metric[3]];
        let [by_first, by_second] = match kind {
            ModelKind::Rigid => self.by_sides::<Moved>(side1, side2, inverse),
            _ => self.by_sides::<Reprojected>(side1, side2, inverse),
        };
        (by_first.is_finite() && by_second.is_finite()).then_some([by_first, by_second])
    }

    /// With v = λ_ω × (y − c) + λ_τ, how λ moves the point: λᵀ F_θX = (A v + s × λ_ω)ᵀ R.
    fn by_sides<P: PointLoss>(&self, side1: DVec3, side2: DVec3, inverse: [f64; 2]) -> [DVec3; 2] {
        let from_centre = self.pose.rotation * (side1 - self.frame.centre);
        let y = from_centre + self.pose.transform(self.frame.centre);
        let terms = P::terms(y.to_array(), side2.to_array(), inverse, 1.0);
        let [xx, xy, xz, yy, yz, zz] = terms.curvature;
        let curvature = DMat3::from_cols_array(&[xx, xy, xz, xy, yy, yz, xz, yz, zz]);
        let v = self.turn.cross(from_centre) + self.shift;
        let by_point = curvature * v + DVec3::from_array(terms.slope).cross(self.turn);
        [-(self.pose.rotation.transpose() * by_point), P::by_other(y, v, inverse)]
    }
}
