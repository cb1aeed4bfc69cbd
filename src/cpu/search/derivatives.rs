//! The residuals of the refinement and their derivatives along the tangents of a model's manifold.

use super::normalize_matches::BLOCK;
use crate::cpu::{
    real::Real,
    residual::{ModelRows, Sampson, matrix_of, rows_of},
};

/// The coordinates of a block of matches, column by column.
pub(super) type Columns<'a> = [&'a [f64; BLOCK]; 6];

/// Of a block of matches, `[dimension][match]` each.
pub(super) struct Linear<T, const P: usize> {
    pub(super) residuals: [[T; BLOCK]; 3],
    /// Along each tangent.
    pub(super) derivatives: [[[T; BLOCK]; 3]; P],
}

impl<T: Real, const P: usize> Linear<T, P> {
    pub(super) const ZERO: Self = Self { residuals: [[T::ZERO; BLOCK]; 3], derivatives: [[[T::ZERO; BLOCK]; 3]; P] };
}

/// A kind of residual.
pub(super) trait Derivatives {
    /// Residuals of a match.
    const DIMENSION: usize;
    /// Coordinates of a match.
    const COORDINATES: usize;
    /// Of the matrix M of a model and its tangents.
    fn linearise<T: Real, const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &Columns<'_>,
        linear: &mut Linear<T, P>,
    );
}

/// Sampson error: r = C/√D, dr = (dC − C/D · ½dD)/√D = Σ G_ij dM_ij.
pub(super) struct SampsonError;

impl Derivatives for SampsonError {
    const DIMENSION: usize = 1;
    const COORDINATES: usize = 4;

    #[inline(always)]
    fn linearise<T: Real, const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &Columns<'_>,
        linear: &mut Linear<T, P>,
    ) {
        let m: [[T; 3]; 3] = rows_of(&matrix_of(m));
        let metric = [T::of(metric[0]), T::of(metric[1]), T::of(metric[2]), T::of(metric[3])];
        for k in 0..BLOCK {
            let [x1, y1, x2, y2] = [T::of(x[0][k]), T::of(x[1][k]), T::of(x[2][k]), T::of(x[3][k])];
            let s = Sampson::new(&m, &metric, [x1, y1, x2, y2]);
            let inverse = T::ONE / (s.norms_sq[0] + s.norms_sq[1]);
            let root = inverse.sqrt();
            linear.residuals[0][k] = s.algebraic * root;
            let share = -s.algebraic * inverse;
            let [a, b, c, d] = s.weighted_lines;
            // dC = x2ᵀ dM x1, ½dD = (a, b)·(dM x1)₁₂ + (c, d)·(dMᵀ x2)₁₂
            let (x2, y2) = (x2 * root, y2 * root);
            let (u, v) = ((share * root).multiply_add(a, x2), (share * root).multiply_add(b, y2));
            let (c, d) = (share * c, share * d);
            let gradient = [
                [u.multiply_add(x1, x2 * c), u.multiply_add(y1, x2 * d), u],
                [v.multiply_add(x1, y2 * c), v.multiply_add(y1, y2 * d), v],
                [root * (x1 + c), root * (y1 + d), root],
            ];
            for p in 0..P {
                let mut sum = T::ZERO;
                for i in 0..3 {
                    for j in 0..3 {
                        sum = gradient[i][j].multiply_add(T::of(tangents[p][i][j]), sum);
                    }
                }
                linear.derivatives[p][0][k] = sum;
            }
        }
    }
}

/// Row · X of the point at the head of a match: (x, y, 1) of an image, (X, Y, Z, 1) of the world.
#[inline(always)]
fn map_point<T: Real, const W: usize>(row: &[f64; 4], x: &Columns<'_>, k: usize) -> T {
    let [a, b, c, d] = [T::of(row[0]), T::of(row[1]), T::of(row[2]), T::of(row[3])];
    let end = if W == 2 { c } else { c.multiply_add(T::of(x[2][k]), d) };
    a.multiply_add(T::of(x[0][k]), b.multiply_add(T::of(x[1][k]), end))
}

/// Transfer (`W` = 2) or reprojection error (`W` = 3 world coordinates): y = M X, r = (y₁₂/y₃ − x) / metric.
pub(super) struct ImageError<const W: usize>;

impl<const W: usize> Derivatives for ImageError<W> {
    const DIMENSION: usize = 2;
    const COORDINATES: usize = W + 2;

    #[inline(always)]
    fn linearise<T: Real, const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &Columns<'_>,
        linear: &mut Linear<T, P>,
    ) {
        let inverse_metric = [T::of(1.0 / metric[2]), T::of(1.0 / metric[3])];
        for k in 0..BLOCK {
            let map = |row: &[f64; 4]| map_point::<T, W>(row, x, k);
            let inverse_depth = T::ONE / map(&m[2]);
            let image = [map(&m[0]) * inverse_depth, map(&m[1]) * inverse_depth];
            for d in 0..2 {
                linear.residuals[d][k] = (image[d] - T::of(x[W + d][k])) * inverse_metric[d];
            }
            for p in 0..P {
                let d_depth = map(&tangents[p][2]);
                for d in 0..2 {
                    let d_image = (-image[d]).multiply_add(d_depth, map(&tangents[p][d]));
                    linear.derivatives[p][d][k] = d_image * (inverse_depth * inverse_metric[d]);
                }
            }
        }
    }
}

/// Distance of 3-D points: r = (M X1 − X2) / metric.
pub(super) struct RigidError;

impl Derivatives for RigidError {
    const DIMENSION: usize = 3;
    const COORDINATES: usize = 6;

    #[inline(always)]
    fn linearise<T: Real, const P: usize>(
        m: &ModelRows,
        tangents: &[ModelRows; P],
        metric: &[f64; 4],
        x: &Columns<'_>,
        linear: &mut Linear<T, P>,
    ) {
        let inverse_metric = T::of(1.0 / metric[2]);
        for k in 0..BLOCK {
            let map = |row: &[f64; 4]| map_point::<T, 3>(row, x, k);
            for d in 0..3 {
                linear.residuals[d][k] = (map(&m[d]) - T::of(x[3 + d][k])) * inverse_metric;
                for p in 0..P {
                    linear.derivatives[p][d][k] = map(&tangents[p][d]) * inverse_metric;
                }
            }
        }
    }
}
