//! Hypotheses of camera localisation, each of a sample that agrees with its own model. Twin:
//! [`cpu::draw_hypotheses`](crate::cpu::train::draw_hypotheses).

use super::backend::run;
use super::gather_matches::GatherMatches;
use super::kernel::{Kernel, Launch, Source, WORKGROUP, each_row, split_columns};
use super::packing::Packing;
use super::solve::{Solved, solve};
use super::solver::Solver;
use super::spatial::{kernel_layout, spatial_matches};
use super::sum_weights::SumWeights;
use crate::constants;
use crate::cpu::search::sample_minimal::SampleSource;
use crate::cpu::train::draw_hypotheses::{
    Drawn, Draws, SpatialMatch, draw_hypothesis, fit_pose_of_four, fit_rigid_of_three, sample_size,
};
use crate::gpu::shader_part;
use crate::{Error, ModelKind, Result};
use burn::tensor::{Int, Shape, Tensor};
use std::sync::Arc;

/// How hypotheses are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Hypotheses a pair.
    pub hypotheses: usize,
    /// Samples that a hypothesis may try.
    pub tries: u32,
    /// Seed of the training.
    pub seed: u64,
    /// The step of the training: every step draws anew.
    pub step: u32,
    /// The place of the first of these pairs among those of the step, as in [`Sampling`](super::Sampling).
    pub first_pair: u32,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { hypotheses: 64, tries: 64, seed: 0, step: 0, first_pair: 0 }
    }
}

/// The hypotheses of a batch, B = pairs × hypotheses.
#[derive(Clone, Debug)]
pub struct Hypotheses {
    /// \[B, 4\] of poses, \[B, 3\] of rigid transforms: rows of the packed matches; −1 where there is no model. The model is that of
    /// the first three.
    pub indices: Tensor<2, Int>,
    /// \[B, 12\]: rows of \[R | t\]; zeros where there is none.
    pub models: Tensor<2>,
    /// \[B\]: 1 where a sample agreed with its model, else 0.
    pub valid: Tensor<1>,
    /// \[B\]: how many samples were drawn; 0 for a pair with fewer usable matches than a sample has.
    pub tries: Tensor<1>,
    solved: Solved,
}

impl Hypotheses {
    /// How many models had no usable gradient in the last backward pass, as [`Solved::degenerate`].
    pub fn degenerate(&self) -> Option<usize> {
        self.solved.degenerate()
    }
}

/// Draws hypotheses as DSAC* does (Brachmann and Rother, TPAMI 2021): \[M, d\] matches, rows X Y Z x y of poses or X1 Y1 Z1 X2 Y2
/// Z2 of rigid transforms.
///
/// A pose: four distinct matches, the poses of the first three by P3P, of up to four the one that reprojects the fourth best. It is
/// a hypothesis if all four lie in front of the camera and reproject within the pair's threshold. A rigid transform: three
/// matches, the least-squares motion, all three within the threshold. Otherwise the next sample is tried, up to
/// [`Drawing::tries`]; if none agrees, `valid` is 0: the last one is never kept.
///
/// Matches are drawn by their share of `weights` \[M\] ≥ 0, or all alike; for logits pass their softmax in each pair. A match
/// of weight 0, or with a weight or a coordinate that is not finite, is never drawn. The same weights draw the same samples on
/// every backend.
///
/// The gradient of a model by the coordinates of its first three matches is that of the implicit function theorem at the root
/// found ([`solve`]); what was drawn, the choice of the root and the acceptance have none, nor have the weights (for one by the
/// weights see [`score_function_loss`](super::score_function_loss), with `indices`).
///
/// # Errors
/// [`Error::BadOption`] for a kind without a 3-D point, without hypotheses and without tries; [`Error::LengthMismatch`] unless points
/// and weights have a row a match of `packing`, and for the wrong number of coordinates.
pub fn draw_hypotheses(
    kind: ModelKind,
    points: Tensor<2>,
    weights: Option<Tensor<1>>,
    packing: &Packing,
    drawing: &Drawing,
) -> Result<Hypotheses> {
    let kernel = DrawHypotheses::new(kind, packing, drawing)?;
    let [count, coordinates] = points.dims();
    packing.check_matches("points", count)?;
    let weights = weights.unwrap_or_else(|| Tensor::ones([count], &points.device()));
    packing.check_matches("weights", weights.dims()[0])?;
    let matches = kernel_layout(kind, points.clone())?.into_dispatch();
    let mut inputs = vec![matches.clone()];
    inputs.extend(run(SumWeights(kernel.packing.clone()), vec![weights.into_dispatch(), matches])?);
    let rows = kernel.rows();
    let packing = kernel.packing.clone();
    let mut drawn = run(kernel, inputs)?.into_iter();
    let (Some(models), Some(indices), Some(tries)) = (drawn.next(), drawn.next(), drawn.next()) else {
        return Err(Error::Device("no hypotheses".into()));
    };
    let indices = Tensor::<2>::from_dispatch(indices);
    let gather = GatherMatches { packing, rows, size: 3, coordinates };
    let of_solver = indices.clone().narrow(1, 0, 3);
    let sample = run(gather, vec![points.into_dispatch(), of_solver.into_dispatch()])?.swap_remove(0);
    // solved once more, now with a gradient: the root that is closest to the one chosen is that one
    let solver = if kind == ModelKind::Pose { Solver::PoseP3p } else { Solver::Rigid3pt };
    let solved = solve(solver, Tensor::from_dispatch(sample), None, Tensor::from_dispatch(models))?;
    let (models, valid) = (solved.models.clone(), solved.valid.clone());
    Ok(Hypotheses { indices: indices.int(), models, valid, tries: Tensor::from_dispatch(tries), solved })
}

/// Matches, sums of their weights and how many can be drawn → models, indices, tries.
#[derive(Clone, Debug)]
struct DrawHypotheses {
    kind: ModelKind,
    packing: Arc<Packing>,
    hypotheses: usize,
    /// Matches of a sample.
    size: usize,
    draws: Draws,
    /// The hypothesis, among those of the step, that the first row is.
    first: u32,
}

impl DrawHypotheses {
    fn new(kind: ModelKind, packing: &Packing, drawing: &Drawing) -> Result<Self> {
        let Drawing { hypotheses, tries, seed, step, first_pair } = *drawing;
        let bad = |name, expected, found: String| Error::BadOption { name, expected, found };
        let Some(size) = sample_size(kind) else {
            return Err(bad("model", "pose or rigid", kind.name().into()));
        };
        if hypotheses == 0 {
            return Err(bad("hypotheses", "at least 1", "0".into()));
        }
        if tries == 0 {
            return Err(bad("tries", "at least 1", "0".into()));
        }
        let first = first_pair.wrapping_mul(hypotheses as u32);
        let draws = Draws { seed, step, tries };
        Ok(Self { kind, packing: Arc::new(packing.clone()), hypotheses, size, draws, first })
    }

    fn rows(&self) -> usize {
        self.packing.pairs() * self.hypotheses
    }

    /// Of the matches of the row's pair, and what they are drawn by.
    fn draw(&self, row: usize, source: &SampleSource, matches: &[SpatialMatch]) -> (Option<[u32; 4]>, [f32; 12], u32) {
        let metric = self.packing.metric(row / self.hypotheses);
        let hypothesis = self.first.wrapping_add(row as u32);
        let place = |i: u32| matches[i as usize];
        if self.kind == ModelKind::Pose {
            let fit = |sample: &[u32; 4]| fit_pose_of_four(&sample.map(place), &metric);
            flat(draw_hypothesis(source, &self.draws, hypothesis, fit))
        } else {
            let fit = |sample: &[u32; 3]| fit_rigid_of_three(&sample.map(place), &metric);
            flat(draw_hypothesis(source, &self.draws, hypothesis, fit))
        }
    }
}

/// Indices, model and tries of any kind.
fn flat<const M: usize>(drawn: Drawn<M>) -> (Option<[u32; 4]>, [f32; 12], u32) {
    let Some((sample, model)) = drawn.found else { return (None, [0.0; 12], drawn.tries) };
    let indices = std::array::from_fn(|k| sample.get(k).copied().unwrap_or_default());
    let entries = std::array::from_fn(|k| model[k / 4][k % 4] as f32);
    (Some(indices), entries, drawn.tries)
}

impl Kernel for DrawHypotheses {
    fn outputs(&self) -> Vec<Shape> {
        let rows = self.rows();
        vec![Shape::from([rows, 12]), Shape::from([rows, self.size]), Shape::from([rows])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [matches, sums, drawable] = inputs else { return };
        let pairs: Vec<_> = (0..self.packing.pairs())
            .map(|pair| {
                let rows = self.packing.rows(pair);
                let sums = sums[rows.clone()].iter().map(|sum| sum.to_bits()).collect();
                let matches = spatial_matches(self.kind, &matches[8 * rows.start..8 * rows.end]);
                let can_be_drawn = drawable[pair].to_bits() as usize >= self.size;
                can_be_drawn.then_some((SampleSource::Weighted(sums), matches, rows.start))
            })
            .collect();
        let width = 13 + self.size;
        let mut rows = vec![0.0_f32; self.rows() * width];
        each_row(&mut rows, width, |row, out| {
            out[12..12 + self.size].fill(-1.0);
            let Some((source, matches, start)) = &pairs[row / self.hypotheses] else { return };
            let (indices, model, tries) = self.draw(row, source, matches);
            out[..12].copy_from_slice(&model);
            for (out, index) in out[12..12 + self.size].iter_mut().zip(indices.iter().flatten()) {
                *out = (start + *index as usize) as f32;
            }
            out[12 + self.size] = tries as f32;
        });
        split_columns(&rows, &[12, self.size, 1], outputs);
    }

    fn launch(&self) -> Launch {
        let Draws { seed, step, tries } = self.draws;
        let own = [seed as u32, (seed >> 32) as u32, step, self.first, tries];
        let workgroups = (self.rows() as u32).div_ceil(WORKGROUP);
        Launch::new(source(self.kind), self.packing.params(self.hypotheses, &own), workgroups)
    }
}

/// The shader for poses or rigid transforms, a hypothesis an invocation.
pub(super) fn source(kind: ModelKind) -> Source {
    let mut parts = vec![
        constants::SEARCH,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/layout/match_spatial"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/random/random"),
        shader_part!("shared/solver/rigid_motion"),
        shader_part!("shared/solver/motion"),
        shader_part!("shared/solver/align_triangles"),
        shader_part!("shared/solver/motion_error"),
    ];
    parts.extend(match kind {
        ModelKind::Pose => vec![
            shader_part!("shared/algebra/matrix3"),
            shader_part!("shared/algebra/cubic_roots"),
            shader_part!("shared/solver/p3p"),
            shader_part!("shared/residual/residual_pose"),
            shader_part!("shared/solver/drawn_pose"),
        ],
        _ => vec![shader_part!("shared/residual/residual_rigid"), shader_part!("shared/solver/drawn_rigid")],
    });
    parts.push(shader_part!("train/draw_hypotheses"));
    Source { name: "draw_hypotheses", parts }
}
