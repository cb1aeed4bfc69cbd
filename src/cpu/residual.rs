//! Residuals of matches under a model, in units of the threshold, for f32 (scoring) and f64 (refinement) alike.
//!
//! Every coordinate is normalised; `metric` holds, for x1, y1, x2, y2, one threshold in normalised units, so that a
//! residual of 1 is one threshold in pixels although the two cameras differ.

use crate::geometry::ModelKind;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A model in normalised coordinates: the rows of `[R | t]`, or of a 3×3 matrix with 0 in the fourth column.
pub type ModelRows = [[f64; 4]; 3];

/// f32 or f64.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The residual of a match that the model puts behind a camera.
    const BEHIND: Self;
    /// Rounds an f64.
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const BEHIND: Self = 1e30;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const BEHIND: Self = 1e30;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
}

#[inline(always)]
fn dot3<T: Real>(a: &[T; 3], b: [T; 3]) -> T {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Maps the point (x, y, z, w) by three rows.
#[inline(always)]
pub fn transform<T: Real>(rows: &[[T; 4]; 3], x: T, y: T, z: T, w: T) -> [T; 3] {
    rows.map(|r| r[0] * x + r[1] * y + r[2] * z + r[3] * w)
}

/// The parts of the Sampson error of a match (Hartley and Zisserman 2004, eq. 11.9).
#[derive(Clone, Copy)]
pub struct Sampson<T> {
    /// x2ᵀ M x1.
    pub algebraic: T,
    /// |(M x1)₁₂|² + |(Mᵀ x2)₁₂|² in the metric: two norms, of line 2 and of line 1.
    pub norms_sq: [T; 2],
    /// (M x1)₁₂ and (Mᵀ x2)₁₂, each times the squared metric: half the gradient of the norms.
    pub weighted_lines: [T; 4],
}

impl<T: Real> Sampson<T> {
    /// Of the match (x1, y1, x2, y2) and the matrix M, row-major.
    #[inline(always)]
    pub fn new(m: &[[T; 3]; 3], metric: &[T; 4], [x1, y1, x2, y2]: [T; 4]) -> Self {
        let line2 = m.map(|row| row[0] * x1 + row[1] * y1 + row[2]);
        let a = m[0][0] * x2 + m[1][0] * y2 + m[2][0];
        let b = m[0][1] * x2 + m[1][1] * y2 + m[2][1];
        let weighted_lines = [
            line2[0] * metric[2] * metric[2],
            line2[1] * metric[3] * metric[3],
            a * metric[0] * metric[0],
            b * metric[1] * metric[1],
        ];
        Self {
            algebraic: x2 * line2[0] + y2 * line2[1] + line2[2],
            norms_sq: [
                line2[0] * weighted_lines[0] + line2[1] * weighted_lines[1],
                a * weighted_lines[2] + b * weighted_lines[3],
            ],
            weighted_lines,
        }
    }
}

/// What maps a match to its squared residual under one model.
pub trait Residual<T: Real> {
    /// Coordinates of a match.
    const COORDINATES: usize;
    /// For the model, and the metric of the pair.
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self;
    /// The squared residual in units of the threshold; of the coordinates that the model's matches have.
    fn residual_sq(&self, x: [T; 6]) -> T;
}

fn rows_of<T: Real>(model: &ModelRows) -> [[T; 4]; 3] {
    model.map(|row| row.map(T::of))
}

/// `E = [t]× R`, row-major, of the rows of a motion.
pub fn essential_rows(model: &ModelRows) -> [[f64; 3]; 3] {
    let [rx, ry, rz] = model.map(|r| [r[0], r[1], r[2]]);
    let [tx, ty, tz] = model.map(|r| r[3]);
    let row = |a: f64, p: [f64; 3], b: f64, q: [f64; 3]| std::array::from_fn(|k| a * p[k] - b * q[k]);
    [row(ty, rz, tz, ry), row(tz, rx, tx, rz), row(tx, ry, ty, rx)]
}

/// Sampson error of a motion; a match behind a camera has [`Real::BEHIND`].
pub struct Essential<T> {
    matrix: [[T; 3]; 3],
    motion: [[T; 4]; 3],
    metric: [T; 4],
}

impl<T: Real> Residual<T> for Essential<T> {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self {
            matrix: essential_rows(model).map(|row| row.map(T::of)),
            motion: rows_of(model),
            metric: metric.map(T::of),
        }
    }

    #[inline(always)]
    fn residual_sq(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> T {
        let s = Sampson::new(&self.matrix, &self.metric, [x1, y1, x2, y2]);
        let r = s.algebraic * s.algebraic / (s.norms_sq[0] + s.norms_sq[1]);
        // the depths' signs, as in solve_essential_5pt::is_in_front
        let a = transform(&self.motion, x1, y1, T::ONE, T::ZERO);
        let t = self.motion.map(|row| row[3]);
        let b = [x2, y2, T::ONE];
        let (ab, ta, tb) = (dot3(&a, b), dot3(&t, a), dot3(&t, b));
        let in_front = (tb * ab > ta * dot3(&b, b)) & (tb * dot3(&a, a) > ab * ta);
        if in_front { r } else { T::BEHIND }
    }
}

/// Sampson error of a fundamental matrix.
pub struct Fundamental<T> {
    matrix: [[T; 3]; 3],
    metric: [T; 4],
}

impl<T: Real> Residual<T> for Fundamental<T> {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { matrix: rows_of(model).map(|r: [T; 4]| [r[0], r[1], r[2]]), metric: metric.map(T::of) }
    }

    #[inline(always)]
    fn residual_sq(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> T {
        let s = Sampson::new(&self.matrix, &self.metric, [x1, y1, x2, y2]);
        s.algebraic * s.algebraic / (s.norms_sq[0] + s.norms_sq[1])
    }
}

/// Symmetric epipolar distance, the mean of the two squared point-to-line distances, of a fundamental matrix.
pub struct SymmetricEpipolar<T>(Fundamental<T>);

impl<T: Real> Residual<T> for SymmetricEpipolar<T> {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self(Fundamental::new(model, metric))
    }

    #[inline(always)]
    fn residual_sq(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> T {
        let s = Sampson::new(&self.0.matrix, &self.0.metric, [x1, y1, x2, y2]);
        let [n2, n1] = s.norms_sq;
        T::of(0.5) * s.algebraic * s.algebraic * (n1 + n2) / (n1 * n2)
    }
}

/// A point (x, y) in an image compared with `y = rows · X`: transfer error of a homography (X = (x1, y1, 1)), reprojection error of a pose.
#[inline(always)]
fn image_residual_sq<T: Real>(y: [T; 3], x: [T; 2], inverse_metric: [T; 2]) -> T {
    let inverse_depth = T::ONE / y[2];
    let dx = (y[0] * inverse_depth - x[0]) * inverse_metric[0];
    let dy = (y[1] * inverse_depth - x[1]) * inverse_metric[1];
    if y[2] > T::ZERO { dx * dx + dy * dy } else { T::BEHIND }
}

/// Transfer error of a homography in image 2; a point that it maps beyond the line at infinity has [`Real::BEHIND`].
pub struct Homography<T> {
    rows: [[T; 4]; 3],
    inverse_metric: [T; 2],
}

impl<T: Real> Residual<T> for Homography<T> {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { rows: rows_of(model), inverse_metric: [T::of(1.0 / metric[2]), T::of(1.0 / metric[3])] }
    }

    #[inline(always)]
    fn residual_sq(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> T {
        image_residual_sq(transform(&self.rows, x1, y1, T::ONE, T::ZERO), [x2, y2], self.inverse_metric)
    }
}

/// First-order distance of a match to the nearest one that a homography maps exactly, with noise in both images (Sampson error;
/// Hartley and Zisserman 2004, eq. 4.13): dᵀ (I + J Jᵀ)⁻¹ d of the transfer error d and its derivative J by the point in image
/// 1. A point that is mapped beyond the line at infinity has [`Real::BEHIND`].
pub struct SampsonTransfer<T> {
    rows: [[T; 4]; 3],
    inverse_metric: [T; 2],
    /// Thresholds of image 1 (columns: x1, y1) in those of image 2 (rows).
    unit_ratios: [[T; 2]; 2],
}

impl<T: Real> Residual<T> for SampsonTransfer<T> {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        let [x1, y1, x2, y2] = *metric;
        Self {
            rows: rows_of(model),
            inverse_metric: [1.0 / x2, 1.0 / y2].map(T::of),
            unit_ratios: [[x1 / x2, y1 / x2], [x1 / y2, y1 / y2]].map(|row| row.map(T::of)),
        }
    }

    #[inline(always)]
    fn residual_sq(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> T {
        let [a, b, depth] = transform(&self.rows, x1, y1, T::ONE, T::ZERO);
        let inverse_depth = T::ONE / depth;
        let mapped = [a * inverse_depth, b * inverse_depth];
        let d = [(mapped[0] - x2) * self.inverse_metric[0], (mapped[1] - y2) * self.inverse_metric[1]];
        let j = [0, 1].map(|i| {
            let derivative = |k: usize| (self.rows[i][k] - mapped[i] * self.rows[2][k]) * inverse_depth;
            [0, 1].map(|k| derivative(k) * self.unit_ratios[i][k])
        });
        let product = |i: usize, k: usize| j[i][0] * j[k][0] + j[i][1] * j[k][1];
        let (xx, xy, yy) = (T::ONE + product(0, 0), product(0, 1), T::ONE + product(1, 1));
        let squares = d[0] * (d[0] * yy - d[1] * xy) + d[1] * (d[1] * xx - d[0] * xy);
        if depth > T::ZERO { squares / (xx * yy - xy * xy) } else { T::BEHIND }
    }
}

/// Reprojection error of an absolute pose; a point behind the camera has [`Real::BEHIND`].
pub struct Reprojection<T>(Homography<T>);

impl<T: Real> Residual<T> for Reprojection<T> {
    const COORDINATES: usize = 5;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self(Homography::new(model, metric))
    }

    #[inline(always)]
    fn residual_sq(&self, [world_x, world_y, world_z, x, y, _]: [T; 6]) -> T {
        image_residual_sq(transform(&self.0.rows, world_x, world_y, world_z, T::ONE), [x, y], self.0.inverse_metric)
    }
}

/// Distance of a 3-D point to the transformed other one.
pub struct Rigid<T> {
    rows: [[T; 4]; 3],
    inverse_metric: T,
}

impl<T: Real> Residual<T> for Rigid<T> {
    const COORDINATES: usize = 6;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { rows: rows_of(model), inverse_metric: T::of(1.0 / metric[2]) }
    }

    #[inline(always)]
    fn residual_sq(&self, [x1, y1, z1, x2, y2, z2]: [T; 6]) -> T {
        let y = transform(&self.rows, x1, y1, z1, T::ONE);
        let d = [y[0] - x2, y[1] - y2, y[2] - z2].map(|d| d * self.inverse_metric);
        dot3(&d, d)
    }
}

/// Coordinates of one match of a kind.
pub const fn coordinates(kind: ModelKind) -> usize {
    match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => 4,
        ModelKind::Pose => 5,
        ModelKind::Rigid => 6,
    }
}
