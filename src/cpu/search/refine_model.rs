//! Levenberg–Marquardt on a model's own manifold, minimising a robust loss of the residuals (Marquardt 1963; Triggs et al. 2000).

use super::{
    derivatives::{Derivatives, ImageError, Linear, RigidError, SampsonError},
    manifold::{EssentialManifold, FundamentalManifold, HomographyManifold, Manifold, PoseManifold},
    normalize_matches::{BLOCK, NormalizedMatches},
};
use crate::geometry::ModelKind;
use crate::{
    algebra::linear::solve_positive_definite,
    cpu::{
        real::Real,
        residual::{Essential, Fundamental, Homography, ModelRows, Reprojection, Residual, Rigid},
        robust::Loss,
    },
};
use multiversion::{multiversion, target::match_target};

/// What a refinement minimises, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Refinement {
    /// The loss of each match.
    pub loss: Loss,
    /// Steps tried at most.
    pub max_iterations: u32,
    /// Matches with a residual of more thresholds than this under the initial model take no part.
    pub reach: f64,
}

/// The smallest relative fall of the cost that is worth another step.
const WORTHWHILE: f64 = 1e-6;
const FIRST_DAMPING: f64 = 1e-3;
const DAMPING_RANGE: (f64, f64) = (1e-9, 1e6);

/// The model at a local minimum of the loss near the given one.
pub fn refine_model(model: &ModelRows, matches: &NormalizedMatches, refinement: &Refinement) -> ModelRows {
    match matches.kind {
        ModelKind::Essential => {
            let near = Near::gather(&Essential::new(model, &matches.metric), matches, refinement.reach);
            minimise::<EssentialManifold, SampsonError, 5>(model, &near, refinement)
        }
        ModelKind::Fundamental => {
            let near = Near::gather(&Fundamental::new(model, &matches.metric), matches, refinement.reach);
            minimise::<FundamentalManifold, SampsonError, 7>(model, &near, refinement)
        }
        ModelKind::Homography => {
            let near = Near::gather(&Homography::new(model, &matches.metric), matches, refinement.reach);
            minimise::<HomographyManifold, ImageError<2>, 8>(model, &near, refinement)
        }
        ModelKind::Pose => {
            let near = Near::gather(&Reprojection::new(model, &matches.metric), matches, refinement.reach);
            minimise::<PoseManifold, ImageError<3>, 6>(model, &near, refinement)
        }
        ModelKind::Rigid => {
            let near = Near::gather(&Rigid::new(model, &matches.metric), matches, refinement.reach);
            minimise::<PoseManifold, RigidError, 6>(model, &near, refinement)
        }
    }
}

/// JᵀJ of the residuals, in thresholds, of the inliers of a pose or a rigid transform, whatever their weights; the lower
/// triangle, zero for other kinds. The local coordinates are those of [`PoseManifold`]: rotation first, then translation.
pub(crate) fn information(model: &ModelRows, matches: &NormalizedMatches) -> [[f64; 6]; 6] {
    let alike =
        |near: Near| Near { weights: near.weights.iter().map(|w| f64::from(u8::from(*w > 0.0))).collect(), ..near };
    let tangents = PoseManifold::tangents(model);
    match matches.kind {
        ModelKind::Pose => {
            let near = alike(Near::gather(&Reprojection::new(model, &matches.metric), matches, 1.0));
            normal_equations::<ImageError<3>, 6>(model, &tangents, &near, Loss::Squared).hessian
        }
        ModelKind::Rigid => {
            let near = alike(Near::gather(&Rigid::new(model, &matches.metric), matches, 1.0));
            normal_equations::<RigidError, 6>(model, &tangents, &near, Loss::Squared).hessian
        }
        _ => [[0.0; 6]; 6],
    }
}

/// A homography after one Gauss–Newton step by the squared transfer errors of matches; `None` where these do not determine it.
pub(crate) fn step_homography(model: &ModelRows, near: &Near) -> Option<ModelRows> {
    let tangents = HomographyManifold::tangents(model);
    let equations = normal_equations::<ImageError<2>, 8>(model, &tangents, near, Loss::Squared);
    damped_step(&equations, 0.0).map(|step| HomographyManifold::retract(model, &step))
}

/// The matches near the initial model, in blocks.
pub(crate) struct Near {
    pub(crate) columns: [Vec<f64>; 6],
    /// 0 in the padding.
    pub(crate) weights: Vec<f64>,
    pub(crate) metric: [f64; 4],
}

impl Near {
    /// Those with a residual of less than `reach` thresholds.
    pub(crate) fn gather<R: Residual>(residual: &R, matches: &NormalizedMatches, reach: f64) -> Self {
        let indices = near_indices(residual, matches, reach * reach);
        let padded = indices.len().next_multiple_of(BLOCK);
        let first = indices.first().map_or(0, |&i| i as usize);
        let take = |column: &[f64], fill: f64| {
            let mut taken = Vec::with_capacity(padded);
            taken.extend(indices.iter().map(|&i| column[i as usize]));
            taken.resize(padded, fill);
            taken
        };
        Self {
            columns: std::array::from_fn(|k| {
                if k < R::COORDINATES { take(&matches.columns[k], matches.columns[k][first]) } else { Vec::new() }
            }),
            weights: take(&matches.refinement_weights, 0.0),
            metric: matches.metric,
        }
    }
}

/// The matches of positive weight with a squared residual below a limit.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn near_indices<R: Residual>(residual: &R, matches: &NormalizedMatches, limit: f64) -> Vec<u32> {
    match_target! {
        "x86_64+avx2+fma" => indices_below::<crate::cpu::real::Fused<f64>, R>(residual, matches, limit),
        _ => indices_below::<f64, R>(residual, matches, limit),
    }
}

#[inline(always)]
fn indices_below<T: Real, R: Residual>(residual: &R, matches: &NormalizedMatches, limit: f64) -> Vec<u32> {
    let mut indices = vec![0; matches.refinement_weights.len()];
    let mut count = 0;
    for (block, weights) in matches.refinement_weights.as_chunks::<BLOCK>().0.iter().enumerate() {
        let column = |k: usize| if k < R::COORDINATES { &matches.columns[k] } else { &matches.refinement_weights };
        let x = [0, 1, 2, 3, 4, 5].map(|k| &column(k).as_chunks::<BLOCK>().0[block]);
        let mut near = [false; BLOCK];
        for k in 0..BLOCK {
            let x = |c: usize| T::of(x[c][k]);
            let residual_sq = residual.residual_sq([x(0), x(1), x(2), x(3), x(4), x(5)]);
            near[k] = (weights[k] > 0.0) & (residual_sq < T::of(limit));
        }
        // every index is written, and the place moves on behind those that stay: there is no branch to mispredict
        for (k, near) in near.into_iter().enumerate() {
            indices[count] = (block * BLOCK + k) as u32;
            count += usize::from(near);
        }
    }
    indices.truncate(count);
    indices
}

/// JᵀJ, Jᵀr and the cost, all weighted.
struct NormalEquations<const P: usize> {
    hessian: [[f64; P]; P],
    gradient: [f64; P],
    cost: f64,
}

fn minimise<M: Manifold<P>, D: Derivatives, const P: usize>(
    model: &ModelRows,
    near: &Near,
    refinement: &Refinement,
) -> ModelRows {
    let equations =
        |model: &ModelRows| normal_equations::<D, P>(&M::matrix(model), &M::tangents(model), near, refinement.loss);
    let mut model = *model;
    let mut current = equations(&model);
    let mut damping = FIRST_DAMPING;
    for _ in 0..refinement.max_iterations {
        let Some(step) = damped_step(&current, damping) else { break };
        let candidate = M::retract(&model, &step);
        let next = equations(&candidate);
        if next.cost < current.cost {
            let settled = current.cost - next.cost < WORTHWHILE * current.cost;
            (model, current) = (candidate, next);
            damping = (damping * 0.1).max(DAMPING_RANGE.0);
            if settled {
                break;
            }
        } else {
            damping *= 10.0;
            // no step of any length to speak of goes down: this is the minimum
            if damping > DAMPING_RANGE.1 || next.cost - current.cost < WORTHWHILE * current.cost {
                break;
            }
        }
    }
    model
}

fn damped_step<const P: usize>(equations: &NormalEquations<P>, damping: f64) -> Option<[f64; P]> {
    let mut hessian = equations.hessian;
    for (k, row) in hessian.iter_mut().enumerate() {
        row[k] += damping * row[k] + 1e-12;
    }
    solve_positive_definite(&hessian, &equations.gradient.map(|g| -g))
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn normal_equations<D: Derivatives, const P: usize>(
    matrix: &ModelRows,
    tangents: &[ModelRows; P],
    near: &Near,
    loss: Loss,
) -> NormalEquations<P> {
    match_target! {
        "x86_64+avx2+fma" => sum_blocks::<crate::cpu::real::Fused<f64>, D, P>(matrix, tangents, near, loss),
        _ => sum_blocks::<f64, D, P>(matrix, tangents, near, loss),
    }
}

#[inline(always)]
fn sum_blocks<T: Real, D: Derivatives, const P: usize>(
    matrix: &ModelRows,
    tangents: &[ModelRows; P],
    near: &Near,
    loss: Loss,
) -> NormalEquations<P> {
    let zero = [T::ZERO; LANES];
    let mut sums = LaneSums { hessian: [[zero; P]; P], gradient: [zero; P], cost: zero };
    let mut linear = Linear::ZERO;
    for (block, weights) in near.weights.as_chunks::<BLOCK>().0.iter().enumerate() {
        let column = |k: usize| if k < D::COORDINATES { &near.columns[k] } else { &near.weights };
        let x = [0, 1, 2, 3, 4, 5].map(|k| &column(k).as_chunks::<BLOCK>().0[block]);
        D::linearise(matrix, tangents, &near.metric, &x, &mut linear);
        let weights = reweigh(&linear.residuals[..D::DIMENSION], weights, loss, &mut sums.cost);
        for d in 0..D::DIMENSION {
            accumulate(&mut sums, &linear, d, &weights);
        }
    }
    let total = |lanes: &[T; LANES]| lanes.iter().map(|lane| lane.value()).sum();
    NormalEquations {
        hessian: sums.hessian.each_ref().map(|row| row.each_ref().map(total)),
        gradient: sums.gradient.each_ref().map(total),
        cost: total(&sums.cost),
    }
}

/// Partial sums are kept in as many lanes.
const LANES: usize = 8;

/// [`NormalEquations`] in partial sums.
struct LaneSums<T, const P: usize> {
    hessian: [[[T; LANES]; P]; P],
    gradient: [[T; LANES]; P],
    cost: [T; LANES],
}

/// Adds the block's cost; gives each match's weight in the least-squares step.
#[inline(always)]
fn reweigh<T: Real>(residuals: &[[T; BLOCK]], weights: &[f64; BLOCK], loss: Loss, cost: &mut [T; LANES]) -> [T; BLOCK] {
    let mut t = [T::ZERO; BLOCK];
    for residual in residuals {
        for k in 0..BLOCK {
            t[k] = residual[k].multiply_add(residual[k], t[k]);
        }
    }
    let mut given = [T::ZERO; BLOCK];
    let mut losses = [T::ZERO; BLOCK];
    let mut reweighted = [T::ZERO; BLOCK];
    let mut fill = |loss: Loss| {
        for k in 0..BLOCK {
            let (loss, weight) = loss.loss_and_weight(t[k].value());
            given[k] = T::of(weights[k]);
            losses[k] = T::of(loss);
            reweighted[k] = given[k] * T::of(weight);
        }
    };
    // a loop for each loss: with the choice inside, it would not vectorise
    match loss {
        Loss::Truncated => fill(Loss::Truncated),
        Loss::Cauchy(scale) => fill(Loss::Cauchy(scale)),
        Loss::Squared => fill(Loss::Squared),
    }
    add_products(cost, &given, &losses);
    reweighted
}

#[inline(always)]
fn accumulate<T: Real, const P: usize>(
    sums: &mut LaneSums<T, P>,
    linear: &Linear<T, P>,
    d: usize,
    weights: &[T; BLOCK],
) {
    for i in 0..P {
        let mut weighted = [T::ZERO; BLOCK];
        for k in 0..BLOCK {
            weighted[k] = weights[k] * linear.derivatives[i][d][k];
        }
        add_products(&mut sums.gradient[i], &weighted, &linear.residuals[d]);
        for j in 0..=i {
            add_products(&mut sums.hessian[i][j], &weighted, &linear.derivatives[j][d]);
        }
    }
}

/// Adds the products of two blocks, lane by lane.
#[inline(always)]
fn add_products<T: Real>(sums: &mut [T; LANES], a: &[T; BLOCK], b: &[T; BLOCK]) {
    let mut lanes = *sums;
    for start in (0..BLOCK).step_by(LANES) {
        for lane in 0..LANES {
            lanes[lane] = a[start + lane].multiply_add(b[start + lane], lanes[lane]);
        }
    }
    *sums = lanes;
}
