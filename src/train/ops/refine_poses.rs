//! Poses refined on their inliers, with the gradient by the matches. Twin:
//! [`cpu::refine_poses`](crate::cpu::train::refine_poses).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Operand, Source, WORKGROUP, each_row, split_columns};
use super::packing::Packing;
use super::solver::model_rows;
use super::spatial::{kernel_layout, spatial_matches};
use crate::cpu::residual::{ModelRows, Reprojection, Residual, Rigid};
use crate::cpu::search::normalize_matches::NormalizedMatches;
use crate::cpu::train::refine_poses::{Adjoint, Frame, Refined as RefinedPose, fewest, refine_pose};
use crate::gpu::shader_part;
use crate::{Error, ModelKind, Result};
use burn::tensor::{Shape, Tensor};
use glam::DVec3;
use std::sync::Arc;

/// How poses are refined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refining {
    /// Fits to the inliers at most.
    pub max_rounds: u32,
}

impl Default for Refining {
    fn default() -> Self {
        Self { max_rounds: 100 }
    }
}

/// The refined poses of a batch, B = pairs × hypotheses.
#[derive(Clone, Debug)]
pub struct Refined {
    /// \[B, 12\]: the refined poses, and as they came in those that could not be refined.
    pub models: Tensor<2>,
    /// \[B\]: 1 where the pose was refined, else 0.
    pub valid: Tensor<1>,
    /// \[B\]: matches of the last set, which the pose is the best fit to; 0 where it was not refined.
    pub inliers: Tensor<1>,
    /// \[B\]: 1 where the pose has a gradient; 0 where it was not refined or its Hessian is ill-conditioned.
    pub usable: Tensor<1>,
}

impl Refined {
    /// How many poses were refined and yet have no usable gradient: that by their matches is 0. Waits for the device.
    pub fn degenerate(&self) -> usize {
        let count = |flags: &Tensor<1>| flags.clone().into_data().iter::<f32>().filter(|flag| *flag > 0.0).count();
        count(&self.valid).saturating_sub(count(&self.usable))
    }
}

/// Refines poses or rigid transforms \[B, 12\] on their inliers among the matches \[M, d\] of their pair, rows X Y Z x y or X1 Y1 Z1
/// X2 Y2 Z2.
///
/// A round takes the matches whose residual is below the pair's threshold, of poses those in front of the camera, and minimises
/// the sum of their squared residuals (reprojection, each axis in its threshold; distance). Rounds follow while the inliers grow in number. The
/// last set is fitted to rounding, by Newton's method. Fewer than four inliers (three of a rigid transform), and values that
/// are not finite, leave the pose as it is, with `valid` 0. For a rigid transform this is the closed form of Kabsch.
///
/// The gradient by the coordinates of those inliers, of both sides, is that of the implicit function theorem at the refined
/// pose with the whole Hessian of the loss; its incoming gradient, by the twelve entries, is taken to the six dimensions of
/// motions. The set counts as fixed. There is none by the poses that come in, for a minimum forgets where it was started from,
/// nor through those that are given back: `refined.models.mask_where(unrefined, models)` has that one. A Hessian of a
/// condition number above 1e6 (few inliers, nearly on a line) gives gradient 0, `usable` 0, and is counted
/// ([`Refined::degenerate`]).
///
/// Memory: O(M + 64 B).
///
/// # Errors
/// [`Error::BadOption`] for a kind without a 3-D point, without rounds, and where the models are no multiple of the pairs;
/// [`Error::LengthMismatch`] unless points have a row a match, with the coordinates of the kind, and models twelve entries.
pub fn refine_poses(
    kind: ModelKind,
    models: Tensor<2>,
    points: Tensor<2>,
    packing: &Packing,
    refining: &Refining,
) -> Result<Refined> {
    let [rows, entries] = models.dims();
    if !matches!(kind, ModelKind::Pose | ModelKind::Rigid) {
        return Err(Error::BadOption { name: "model", expected: "pose or rigid", found: kind.name().into() });
    }
    if refining.max_rounds == 0 {
        return Err(Error::BadOption { name: "max_rounds", expected: "at least 1", found: "0".into() });
    }
    packing.check_matches("points", points.dims()[0])?;
    if entries != 12 {
        return Err(Error::LengthMismatch { what: "entries of a model", expected: 12, found: entries });
    }
    let hypotheses = packing.hypotheses(rows)?;
    let kernel = RefinePoses { kind, packing: Arc::new(packing.clone()), hypotheses, rounds: refining.max_rounds };
    let inputs = vec![kernel_layout(kind, points)?.into_dispatch(), models.into_dispatch()];
    let mut refined = run(kernel, inputs)?.into_iter();
    let (Some(models), Some(flags)) = (refined.next(), refined.next()) else {
        return Err(Error::Device("no poses".into()));
    };
    let flags = Tensor::<2>::from_dispatch(flags);
    let [valid, inliers, usable] = [0, 1, 2].map(|k| flags.clone().narrow(1, k, 1).reshape([rows]));
    Ok(Refined { models: Tensor::from_dispatch(models), valid, inliers, usable })
}

/// Matches and poses → refined poses, their flags (refined, inliers, gradient usable), and what the gradient needs: the pose
/// that chose the inliers, their frame, the inverse of the Hessian.
#[derive(Clone, Debug)]
struct RefinePoses {
    kind: ModelKind,
    packing: Arc<Packing>,
    hypotheses: usize,
    rounds: u32,
}

/// Numbers of the last output.
const STATE: usize = 52;
const FLAGS: usize = 3;

impl RefinePoses {
    fn matches(&self, pair: usize, matches: &[f32]) -> NormalizedMatches {
        let rows = self.packing.rows(pair);
        let rows = spatial_matches(self.kind, &matches[8 * rows.start..8 * rows.end]);
        NormalizedMatches::of_rows(self.kind, &rows, self.packing.metric(pair))
    }

    fn launch_of(&self, source: Source, workgroups: u32) -> Launch {
        Launch::new(source, self.packing.params(self.hypotheses, &[self.rounds, fewest(self.kind)]), workgroups)
    }
}

/// Model, flags and state of a refined pose, one after the other.
fn write_refined(refined: &RefinedPose, out: &mut [f32]) {
    let RefinedPose { model, chosen_by, inliers, frame: Frame { centre, spread }, inverse } = refined;
    let flags = [1.0, f64::from(*inliers), f64::from(u8::from(inverse.is_some()))];
    let inverse = inverse.unwrap_or_default();
    let numbers = model.as_flattened().iter().chain(&flags).chain(chosen_by.as_flattened());
    let frame = [centre.x, centre.y, centre.z, *spread];
    for (out, number) in out.iter_mut().zip(numbers.chain(&frame).chain(inverse.as_flattened())) {
        *out = *number as f32;
    }
}

impl Kernel for RefinePoses {
    fn outputs(&self) -> Vec<Shape> {
        let rows = self.packing.pairs() * self.hypotheses;
        [12, FLAGS, STATE].map(|width| Shape::from([rows, width])).to_vec()
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [matches, models] = inputs else { return };
        let pairs: Vec<_> = (0..self.packing.pairs()).map(|pair| self.matches(pair, matches)).collect();
        let width = 12 + FLAGS + STATE;
        let mut rows = vec![0.0_f32; pairs.len() * self.hypotheses * width];
        each_row(&mut rows, width, |row, out| {
            let model = &models[12 * row..12 * row + 12];
            match refine_pose(&model_rows(model), &pairs[row / self.hypotheses], self.rounds) {
                Some(refined) => write_refined(&refined, out),
                None => out[..12].copy_from_slice(model),
            }
        });
        split_columns(&rows, &[12, FLAGS, STATE], outputs);
    }

    fn launch(&self) -> Launch {
        self.launch_of(source(self.kind), (self.packing.pairs() * self.hypotheses) as u32)
    }

    fn gradients(&self) -> Vec<Gradient> {
        let operands = vec![Operand::Input(0), Operand::Output(0), Operand::Output(1), Operand::Output(2)];
        vec![Gradient { kernel: Arc::new(RefinePosesBackward(self.clone())), operands, report: None }]
    }
}

/// Matches, refined poses, their flags and what was kept, and the gradient by the poses → that by the matches.
#[derive(Debug)]
struct RefinePosesBackward(RefinePoses);

/// A pose with a gradient to send on.
struct Sender {
    chosen_by: ModelRows,
    adjoint: Adjoint,
}

impl RefinePosesBackward {
    /// Of a pair, in their order.
    fn senders(&self, pair: usize, inputs: &[&[f32]]) -> Vec<Sender> {
        let [_, models, flags, states, by_models] = inputs else { return Vec::new() };
        let hypotheses = self.0.hypotheses;
        let sender = |row: usize| {
            let state = &states[STATE * row..STATE * (row + 1)];
            let frame =
                Frame { centre: DVec3::from_array([12, 13, 14].map(|k| state[k].into())), spread: state[15].into() };
            let inverse = std::array::from_fn(|i| std::array::from_fn(|k| f64::from(state[16 + 6 * i + k])));
            let [model, by_model] = [models, by_models].map(|rows| model_rows(&rows[12 * row..]));
            let adjoint = Adjoint::new(&model, &frame, &inverse, &by_model)?;
            Some(Sender { chosen_by: model_rows(state), adjoint })
        };
        let rows = pair * hypotheses..(pair + 1) * hypotheses;
        rows.filter(|row| flags[FLAGS * row + 2] > 0.0).filter_map(sender).collect()
    }

    fn send<R: Residual + Sync>(&self, pair: usize, inputs: &[&[f32]], out: &mut [f32]) {
        let metric = self.0.packing.metric(pair);
        let rows = self.0.packing.rows(pair);
        let matches = spatial_matches(self.0.kind, &inputs[0][8 * rows.start..8 * rows.end]);
        let senders = self.senders(pair, inputs);
        let residuals: Vec<R> = senders.iter().map(|sender| R::new(&sender.chosen_by, &metric)).collect();
        each_row(out, 8 * WORKGROUP as usize, |chunk, out| {
            let matches = &matches[chunk * WORKGROUP as usize..];
            for (out, &match_) in out.as_chunks_mut::<8>().0.iter_mut().zip(matches) {
                let sides = [0, 3].map(|k| DVec3::from_slice(&match_[k..]));
                let mut sums = [DVec3::ZERO; 2];
                for (Sender { adjoint, .. }, residual) in senders.iter().zip(&residuals) {
                    if residual.residual_sq(match_) < 1.0
                        && let Some([first, second]) = adjoint.by_match(self.0.kind, sides[0], sides[1], &metric)
                    {
                        sums = [sums[0] + first, sums[1] + second];
                    }
                }
                let [a, b] = sums.map(|sum| sum.as_vec3());
                *out = [a.x, a.y, a.z, 0.0, b.x, b.y, b.z, 0.0];
            }
        });
    }
}

impl Kernel for RefinePosesBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.packing.matches(), 8])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        for pair in 0..self.0.packing.pairs() {
            let rows = self.0.packing.rows(pair);
            let out = &mut outputs[0][8 * rows.start..8 * rows.end];
            match self.0.kind {
                ModelKind::Rigid => self.send::<Rigid>(pair, inputs, out),
                _ => self.send::<Reprojection>(pair, inputs, out),
            }
        }
    }

    fn launch(&self) -> Launch {
        self.0.launch_of(backward_source(self.0.kind), (self.0.packing.matches() as u32).div_ceil(WORKGROUP))
    }
}

/// What both shaders are made of: layouts, the residual, and what a match says about its point.
fn common_parts(kind: ModelKind) -> Vec<&'static str> {
    let mut parts = vec![
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/layout/match_spatial"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/layout/refined_state"),
    ];
    parts.extend(match kind {
        ModelKind::Pose => {
            [shader_part!("shared/residual/residual_pose"), shader_part!("shared/residual/point_terms_pose")]
        }
        _ => [shader_part!("shared/residual/residual_rigid"), shader_part!("shared/residual/point_terms_rigid")],
    });
    parts
}

/// A pose a workgroup.
pub(super) fn source(kind: ModelKind) -> Source {
    let mut parts = common_parts(kind);
    parts.extend([
        shader_part!("shared/algebra/workgroup_sum"),
        shader_part!("shared/algebra/outer"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/solver/rigid_motion"),
        shader_part!("shared/solver/pose_system"),
        shader_part!("shared/solver/implicit"),
        shader_part!("train/refine_poses"),
    ]);
    Source { name: "refine_poses", parts }
}

/// A match an invocation.
pub(super) fn backward_source(kind: ModelKind) -> Source {
    let mut parts = common_parts(kind);
    parts.extend([shader_part!("shared/solver/turn_gradient"), shader_part!("train/refine_poses_backward")]);
    Source { name: "refine_poses_backward", parts }
}
