//! Levenberg–Marquardt on a model's own manifold, minimising a robust loss of the residuals (Marquardt 1963; Triggs et al. 2000).

use super::{
    algebra::linear::solve_positive_definite,
    manifold::{EssentialManifold, FundamentalManifold, HomographyManifold, Manifold, PoseManifold},
    normalize_matches::{BLOCK, NormalizedMatches},
    residual::{Essential, Fundamental, Homography, ModelRows, Reprojection, Residual, Rigid, Sampson},
    robust::Loss,
};
use crate::geometry::ModelKind;
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

/// The matches near the initial model, in blocks.
struct Near {
    columns: [Vec<f64>; 6],
    weights: Vec<f64>,
    metric: [f64; 4],
}

impl Near {
    fn gather<R: Residual<f64>>(residual: &R, matches: &NormalizedMatches, reach: f64) -> Self {
        let limit = reach * reach;
        let at = |i: usize| std::array::from_fn(|k| matches.columns[k][i]);
        let near = |&i: &usize| matches.refinement_weights[i] > 0.0 && residual.residual_sq(at(i)) < limit;
        let indices: Vec<usize> = (0..matches.count).filter(near).collect();
        let padded = indices.len().next_multiple_of(BLOCK);
        let take = |column: &[f64], fill: f64| {
            let mut taken: Vec<f64> = indices.iter().map(|&i| column[i]).collect();
            taken.resize(padded, fill);
            taken
        };
        Self {
            columns: std::array::from_fn(|k| {
                if k < R::COORDINATES { take(&matches.columns[k], matches.columns[k][0]) } else { Vec::new() }
            }),
            weights: take(&matches.refinement_weights, 0.0),
            metric: matches.metric,
        }
    }
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

/// The residuals of a block of matches and their derivatives along the tangents.
trait ResidualRows {
    /// Residuals of a match.
    const DIMENSION: usize;
    /// Coordinates of a match.
    const COORDINATES: usize;
    /// Fills the residuals of each dimension; gives what [`ResidualRows::derivative`] needs.
    fn residuals(m: &ModelRows, metric: &[f64; 4], x: &[&[f64; BLOCK]; 6], residuals: &mut [[f64; BLOCK]; 3]) -> Terms;
    /// The derivatives of each dimension along the tangent `t`.
    fn derivative(t: &ModelRows, terms: &Terms, x: &[&[f64; BLOCK]; 6], derivatives: &mut [[f64; BLOCK]; 3]);
}

/// Per-match terms that all derivatives share; what each is, its [`ResidualRows`] says.
struct Terms {
    a: [f64; BLOCK],
    b: [f64; BLOCK],
    c: [[f64; BLOCK]; 4],
}

impl Terms {
    const EMPTY: Self = Self { a: [0.0; BLOCK], b: [0.0; BLOCK], c: [[0.0; BLOCK]; 4] };
}

/// Sampson error: r = C/√D, dr = (dC − C/D · ½dD)/√D. Terms: a = 1/√D, b = C/D, c = the weighted lines.
struct SampsonRows;

impl ResidualRows for SampsonRows {
    const DIMENSION: usize = 1;
    const COORDINATES: usize = 4;

    #[inline(always)]
    fn residuals(m: &ModelRows, metric: &[f64; 4], x: &[&[f64; BLOCK]; 6], residuals: &mut [[f64; BLOCK]; 3]) -> Terms {
        let m = m.map(|r| [r[0], r[1], r[2]]);
        let mut terms = Terms::EMPTY;
        for k in 0..BLOCK {
            let s = Sampson::new(&m, metric, [x[0][k], x[1][k], x[2][k], x[3][k]]);
            let inverse = 1.0 / (s.norms_sq[0] + s.norms_sq[1]);
            let root = inverse.sqrt();
            terms.a[k] = root;
            terms.b[k] = s.algebraic * inverse;
            residuals[0][k] = s.algebraic * root;
            for (term, line) in terms.c.iter_mut().zip(s.weighted_lines) {
                term[k] = line;
            }
        }
        terms
    }

    #[inline(always)]
    fn derivative(t: &ModelRows, terms: &Terms, x: &[&[f64; BLOCK]; 6], derivatives: &mut [[f64; BLOCK]; 3]) {
        for k in 0..BLOCK {
            let (x1, y1, x2, y2) = (x[0][k], x[1][k], x[2][k], x[3][k]);
            let u = t.map(|r| r[0] * x1 + r[1] * y1 + r[2]);
            let v = [0, 1].map(|j| t[0][j] * x2 + t[1][j] * y2 + t[2][j]);
            let d_algebraic = x2 * u[0] + y2 * u[1] + u[2];
            let c = &terms.c;
            let half_d_norm = c[0][k] * u[0] + c[1][k] * u[1] + c[2][k] * v[0] + c[3][k] * v[1];
            derivatives[0][k] = (d_algebraic - terms.b[k] * half_d_norm) * terms.a[k];
        }
    }
}

/// Transfer (`W` = 2) or reprojection error (`W` = 3 world coordinates): y = M X, r = (y₁₂/y₃ − x) / metric.
/// Terms: c = y₁/y₃, y₂/y₃, and 1/(y₃ metric) for both.
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
    fn residuals(m: &ModelRows, metric: &[f64; 4], x: &[&[f64; BLOCK]; 6], residuals: &mut [[f64; BLOCK]; 3]) -> Terms {
        let inverse_metric = [1.0 / metric[2], 1.0 / metric[3]];
        let mut terms = Terms::EMPTY;
        for k in 0..BLOCK {
            let inverse_depth = 1.0 / map_point::<W>(&m[2], x, k);
            for d in 0..2 {
                let image = map_point::<W>(&m[d], x, k) * inverse_depth;
                residuals[d][k] = (image - x[W + d][k]) * inverse_metric[d];
                terms.c[d][k] = image;
                terms.c[2 + d][k] = inverse_depth * inverse_metric[d];
            }
        }
        terms
    }

    #[inline(always)]
    fn derivative(t: &ModelRows, terms: &Terms, x: &[&[f64; BLOCK]; 6], derivatives: &mut [[f64; BLOCK]; 3]) {
        for k in 0..BLOCK {
            let d_depth = map_point::<W>(&t[2], x, k);
            for d in 0..2 {
                derivatives[d][k] = (map_point::<W>(&t[d], x, k) - terms.c[d][k] * d_depth) * terms.c[2 + d][k];
            }
        }
    }
}

/// Distance of 3-D points: r = (M X1 − X2) / metric. Terms: a = 1/metric.
struct RigidRows;

impl ResidualRows for RigidRows {
    const DIMENSION: usize = 3;
    const COORDINATES: usize = 6;

    #[inline(always)]
    fn residuals(m: &ModelRows, metric: &[f64; 4], x: &[&[f64; BLOCK]; 6], residuals: &mut [[f64; BLOCK]; 3]) -> Terms {
        let inverse_metric = 1.0 / metric[2];
        for k in 0..BLOCK {
            for d in 0..3 {
                residuals[d][k] = (map_point::<3>(&m[d], x, k) - x[3 + d][k]) * inverse_metric;
            }
        }
        Terms { a: [inverse_metric; BLOCK], ..Terms::EMPTY }
    }

    #[inline(always)]
    fn derivative(t: &ModelRows, terms: &Terms, x: &[&[f64; BLOCK]; 6], derivatives: &mut [[f64; BLOCK]; 3]) {
        for k in 0..BLOCK {
            for d in 0..3 {
                derivatives[d][k] = map_point::<3>(&t[d], x, k) * terms.a[k];
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
    let mut sums = NormalEquations { hessian: [[0.0; P]; P], gradient: [0.0; P], cost: 0.0 };
    let mut residuals = [[0.0; BLOCK]; 3];
    let mut derivatives = [[[0.0; BLOCK]; 3]; P];
    for (block, weights) in near.weights.as_chunks::<BLOCK>().0.iter().enumerate() {
        let column = |k: usize| if k < R::COORDINATES { &near.columns[k] } else { &near.weights };
        let x = [0, 1, 2, 3, 4, 5].map(|k| &column(k).as_chunks::<BLOCK>().0[block]);
        let terms = R::residuals(matrix, &near.metric, &x, &mut residuals);
        for (tangent, derivative) in tangents.iter().zip(&mut derivatives) {
            R::derivative(tangent, &terms, &x, derivative);
        }
        let weights = reweigh::<R>(&residuals, weights, loss, &mut sums.cost);
        for d in 0..R::DIMENSION {
            accumulate(&mut sums, &residuals[d], &derivatives, d, &weights);
        }
    }
    sums
}

/// Adds the block's cost; gives each match's weight in the least-squares step.
#[inline(always)]
fn reweigh<R: ResidualRows>(
    residuals: &[[f64; BLOCK]; 3],
    weights: &[f64; BLOCK],
    loss: Loss,
    cost: &mut f64,
) -> [f64; BLOCK] {
    let mut reweighted = [0.0; BLOCK];
    let mut costs = [0.0; BLOCK];
    for k in 0..BLOCK {
        let mut t = 0.0;
        for residual in residuals.iter().take(R::DIMENSION) {
            t += residual[k] * residual[k];
        }
        let (loss, weight) = loss.loss_and_weight(t);
        costs[k] = weights[k] * loss;
        reweighted[k] = weights[k] * weight;
    }
    *cost += sum(&costs);
    reweighted
}

#[inline(always)]
fn accumulate<const P: usize>(
    sums: &mut NormalEquations<P>,
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
        sums.gradient[i] += dot(&weighted, residual);
        for j in 0..=i {
            sums.hessian[i][j] += dot(&weighted, &derivatives[j][d]);
        }
    }
}

/// Sums in eight lanes, which vectorise.
#[inline(always)]
fn dot(a: &[f64; BLOCK], b: &[f64; BLOCK]) -> f64 {
    let mut lanes = [0.0; 8];
    for start in (0..BLOCK).step_by(8) {
        for lane in 0..8 {
            lanes[lane] += a[start + lane] * b[start + lane];
        }
    }
    lanes.iter().sum()
}

#[inline(always)]
fn sum(a: &[f64; BLOCK]) -> f64 {
    dot(a, &[1.0; BLOCK])
}
