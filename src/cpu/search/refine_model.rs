//! Levenberg–Marquardt on a model's own manifold, minimising a robust loss of the residuals (Marquardt 1963; Triggs et al. 2000).

use super::{
    manifold::{EssentialManifold, FundamentalManifold, HomographyManifold, Manifold, PoseManifold},
    normalize_matches::{BLOCK, NormalizedMatches},
};
use crate::geometry::ModelKind;
use crate::{
    algebra::linear::solve_positive_definite,
    cpu::{
        residual::{Essential, Fundamental, Homography, ModelRows, Reprojection, Residual, Rigid, Sampson},
        robust::Loss,
    },
};
use multiversion::multiversion;

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
            minimise::<EssentialManifold, SampsonRows, 5>(model, &near, refinement)
        }
        ModelKind::Fundamental => {
            let near = Near::gather(&Fundamental::new(model, &matches.metric), matches, refinement.reach);
            minimise::<FundamentalManifold, SampsonRows, 7>(model, &near, refinement)
        }
        ModelKind::Homography => {
            let near = Near::gather(&Homography::new(model, &matches.metric), matches, refinement.reach);
            minimise::<HomographyManifold, ImageRows<2>, 8>(model, &near, refinement)
        }
        ModelKind::Pose => {
            let near = Near::gather(&Reprojection::new(model, &matches.metric), matches, refinement.reach);
            minimise::<PoseManifold, ImageRows<3>, 6>(model, &near, refinement)
        }
        ModelKind::Rigid => {
            let near = Near::gather(&Rigid::new(model, &matches.metric), matches, refinement.reach);
            minimise::<PoseManifold, RigidRows, 6>(model, &near, refinement)
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
            normal_equations::<ImageRows<3>, 6>(model, &tangents, &near, Loss::Squared).hessian
        }
        ModelKind::Rigid => {
            let near = alike(Near::gather(&Rigid::new(model, &matches.metric), matches, 1.0));
            normal_equations::<RigidRows, 6>(model, &tangents, &near, Loss::Squared).hessian
        }
        _ => [[0.0; 6]; 6],
    }
}

/// The matches near the initial model, in blocks.
struct Near {
    columns: [Vec<f64>; 6],
    weights: Vec<f64>,
    metric: [f64; 4],
}

impl Near {
    fn gather<R: Residual<f64>>(residual: &R, matches: &NormalizedMatches, reach: f64) -> Self {
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
fn near_indices<R: Residual<f64>>(residual: &R, matches: &NormalizedMatches, limit: f64) -> Vec<u32> {
    let mut indices = vec![0; matches.refinement_weights.len()];
    let mut count = 0;
    for (block, weights) in matches.refinement_weights.as_chunks::<BLOCK>().0.iter().enumerate() {
        let column = |k: usize| if k < R::COORDINATES { &matches.columns[k] } else { &matches.refinement_weights };
        let x = [0, 1, 2, 3, 4, 5].map(|k| &column(k).as_chunks::<BLOCK>().0[block]);
        let mut near = [false; BLOCK];
        for k in 0..BLOCK {
            let residual_sq = residual.residual_sq([x[0][k], x[1][k], x[2][k], x[3][k], x[4][k], x[5][k]]);
            near[k] = (weights[k] > 0.0) & (residual_sq < limit);
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

fn minimise<M: Manifold<P>, R: ResidualRows, const P: usize>(
    model: &ModelRows,
    near: &Near,
    refinement: &Refinement,
) -> ModelRows {
    let equations =
        |model: &ModelRows| normal_equations::<R, P>(&M::matrix(model), &M::tangents(model), near, refinement.loss);
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

/// The residuals of a block of matches and their derivatives along the tangents, `[dimension][match]` each.
trait ResidualRows {
    /// Residuals of a match.
    const DIMENSION: usize;
    /// Coordinates of a match.
    const COORDINATES: usize;
    /// Fills both for the matrix M of a model and its tangents.
    fn linearise<const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &[&[f64; BLOCK]; 6],
        residuals: &mut [[f64; BLOCK]; 3],
        derivatives: &mut [[[f64; BLOCK]; 3]; P],
    );
}

/// Sampson error: r = C/√D, dr = (dC − C/D · ½dD)/√D = Σ G_ij dM_ij.
struct SampsonRows;

impl ResidualRows for SampsonRows {
    const DIMENSION: usize = 1;
    const COORDINATES: usize = 4;

    #[inline(always)]
    fn linearise<const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &[&[f64; BLOCK]; 6],
        residuals: &mut [[f64; BLOCK]; 3],
        derivatives: &mut [[[f64; BLOCK]; 3]; P],
    ) {
        let m = m.map(|r| [r[0], r[1], r[2]]);
        for k in 0..BLOCK {
            let [x1, y1, x2, y2] = [x[0][k], x[1][k], x[2][k], x[3][k]];
            let s = Sampson::new(&m, metric, [x1, y1, x2, y2]);
            let inverse = 1.0 / (s.norms_sq[0] + s.norms_sq[1]);
            let root = inverse.sqrt();
            residuals[0][k] = s.algebraic * root;
            let share = s.algebraic * inverse;
            let [a, b, c, d] = s.weighted_lines;
            // dC = x2ᵀ dM x1, ½dD = (a, b)·(dM x1)₁₂ + (c, d)·(dMᵀ x2)₁₂
            let (x2, y2) = (x2 * root, y2 * root);
            let (u, v) = (x2 - share * a * root, y2 - share * b * root);
            let (c, d) = (share * c, share * d);
            let gradient = [
                [u * x1 - x2 * c, u * y1 - x2 * d, u],
                [v * x1 - y2 * c, v * y1 - y2 * d, v],
                [root * (x1 - c), root * (y1 - d), root],
            ];
            for p in 0..P {
                let mut sum = 0.0;
                for i in 0..3 {
                    for j in 0..3 {
                        sum += gradient[i][j] * tangents[p][i][j];
                    }
                }
                derivatives[p][0][k] = sum;
            }
        }
    }
}

/// Transfer (`W` = 2) or reprojection error (`W` = 3 world coordinates): y = M X, r = (y₁₂/y₃ − x) / metric.
struct ImageRows<const W: usize>;

/// Row · X of the point at the head of a match: (x, y, 1) of an image, (X, Y, Z, 1) of the world.
#[inline(always)]
fn map_point<const W: usize>(row: &[f64; 4], x: &[&[f64; BLOCK]; 6], k: usize) -> f64 {
    if W == 2 {
        row[0] * x[0][k] + row[1] * x[1][k] + row[2]
    } else {
        row[0] * x[0][k] + row[1] * x[1][k] + row[2] * x[2][k] + row[3]
    }
}

impl<const W: usize> ResidualRows for ImageRows<W> {
    const DIMENSION: usize = 2;
    const COORDINATES: usize = W + 2;

    #[inline(always)]
    fn linearise<const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &[&[f64; BLOCK]; 6],
        residuals: &mut [[f64; BLOCK]; 3],
        derivatives: &mut [[[f64; BLOCK]; 3]; P],
    ) {
        let inverse_metric = [1.0 / metric[2], 1.0 / metric[3]];
        for k in 0..BLOCK {
            let inverse_depth = 1.0 / map_point::<W>(&m[2], x, k);
            let image = [0, 1].map(|d| map_point::<W>(&m[d], x, k) * inverse_depth);
            for d in 0..2 {
                residuals[d][k] = (image[d] - x[W + d][k]) * inverse_metric[d];
            }
            for p in 0..P {
                let d_depth = map_point::<W>(&tangents[p][2], x, k);
                for d in 0..2 {
                    let d_image = map_point::<W>(&tangents[p][d], x, k) - image[d] * d_depth;
                    derivatives[p][d][k] = d_image * inverse_depth * inverse_metric[d];
                }
            }
        }
    }
}

/// Distance of 3-D points: r = (M X1 − X2) / metric.
struct RigidRows;

impl ResidualRows for RigidRows {
    const DIMENSION: usize = 3;
    const COORDINATES: usize = 6;

    #[inline(always)]
    fn linearise<const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &[&[f64; BLOCK]; 6],
        residuals: &mut [[f64; BLOCK]; 3],
        derivatives: &mut [[[f64; BLOCK]; 3]; P],
    ) {
        let inverse_metric = 1.0 / metric[2];
        for k in 0..BLOCK {
            for d in 0..3 {
                residuals[d][k] = (map_point::<3>(&m[d], x, k) - x[3 + d][k]) * inverse_metric;
                for p in 0..P {
                    derivatives[p][d][k] = map_point::<3>(&tangents[p][d], x, k) * inverse_metric;
                }
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn normal_equations<R: ResidualRows, const P: usize>(
    matrix: &ModelRows,
    tangents: &[ModelRows; P],
    near: &Near,
    loss: Loss,
) -> NormalEquations<P> {
    let mut sums = LaneSums { hessian: [[[0.0; LANES]; P]; P], gradient: [[0.0; LANES]; P], cost: [0.0; LANES] };
    let mut residuals = [[0.0; BLOCK]; 3];
    let mut derivatives = [[[0.0; BLOCK]; 3]; P];
    for (block, weights) in near.weights.as_chunks::<BLOCK>().0.iter().enumerate() {
        let column = |k: usize| if k < R::COORDINATES { &near.columns[k] } else { &near.weights };
        let x = [0, 1, 2, 3, 4, 5].map(|k| &column(k).as_chunks::<BLOCK>().0[block]);
        R::linearise(matrix, tangents, &near.metric, &x, &mut residuals, &mut derivatives);
        let weights = reweigh::<R>(&residuals, weights, loss, &mut sums.cost);
        for d in 0..R::DIMENSION {
            accumulate(&mut sums, &residuals[d], &derivatives, d, &weights);
        }
    }
    let total = |lanes: &[f64; LANES]| lanes.iter().sum();
    NormalEquations {
        hessian: sums.hessian.each_ref().map(|row| row.each_ref().map(total)),
        gradient: sums.gradient.each_ref().map(total),
        cost: total(&sums.cost),
    }
}

/// Partial sums are kept in as many lanes.
const LANES: usize = 8;

/// [`NormalEquations`] in partial sums.
struct LaneSums<const P: usize> {
    hessian: [[[f64; LANES]; P]; P],
    gradient: [[f64; LANES]; P],
    cost: [f64; LANES],
}

/// Adds the block's cost; gives each match's weight in the least-squares step.
#[inline(always)]
fn reweigh<R: ResidualRows>(
    residuals: &[[f64; BLOCK]; 3],
    weights: &[f64; BLOCK],
    loss: Loss,
    cost: &mut [f64; LANES],
) -> [f64; BLOCK] {
    let mut t = [0.0; BLOCK];
    for residual in residuals.iter().take(R::DIMENSION) {
        for k in 0..BLOCK {
            t[k] += residual[k] * residual[k];
        }
    }
    let mut losses = [0.0; BLOCK];
    let mut reweighted = [0.0; BLOCK];
    let mut fill = |loss: Loss| {
        for k in 0..BLOCK {
            let (loss, weight) = loss.loss_and_weight(t[k]);
            losses[k] = loss;
            reweighted[k] = weights[k] * weight;
        }
    };
    // a loop for each loss: with the choice inside, it would not vectorise
    match loss {
        Loss::Truncated => fill(Loss::Truncated),
        Loss::Cauchy(scale) => fill(Loss::Cauchy(scale)),
        Loss::Squared => fill(Loss::Squared),
    }
    add_products(cost, weights, &losses);
    reweighted
}

#[inline(always)]
fn accumulate<const P: usize>(
    sums: &mut LaneSums<P>,
    residual: &[f64; BLOCK],
    derivatives: &[[[f64; BLOCK]; 3]; P],
    d: usize,
    weights: &[f64; BLOCK],
) {
    for i in 0..P {
        let mut weighted = [0.0; BLOCK];
        for k in 0..BLOCK {
            weighted[k] = weights[k] * derivatives[i][d][k];
        }
        add_products(&mut sums.gradient[i], &weighted, residual);
        for j in 0..=i {
            add_products(&mut sums.hessian[i][j], &weighted, &derivatives[j][d]);
        }
    }
}

/// Adds the products of two blocks, lane by lane.
#[inline(always)]
fn add_products(sums: &mut [f64; LANES], a: &[f64; BLOCK], b: &[f64; BLOCK]) {
    let mut lanes = *sums;
    for start in (0..BLOCK).step_by(LANES) {
        for lane in 0..LANES {
            lanes[lane] += a[start + lane] * b[start + lane];
        }
    }
    *sums = lanes;
}
