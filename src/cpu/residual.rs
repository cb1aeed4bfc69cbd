//! Residuals of matches under a model, in units of the threshold, for f32 (scoring) and f64 (refinement) alike.
//!
//! Every coordinate is normalised; `metric` holds, for x1, y1, x2, y2, one threshold in normalised units, so that a
//! residual of 1 is one threshold in pixels although the two cameras differ.

use super::{magsac::MagsacFit, real::Real, robust::Gain};
use crate::geometry::ModelKind;

/// A model in normalised coordinates: the rows of `[R | t]`, or of a 3×3 matrix with 0 in the fourth column.
pub type ModelRows = [[f64; 4]; 3];

/// The squared residual of a match that the model puts behind a camera.
pub const BEHIND: f64 = 1e30;

/// A squared residual in units of the threshold before the division: what compares it with the threshold needs none, and
/// what divides anyway needs no second one.
#[derive(Clone, Copy, Debug)]
pub struct Quotient<T> {
    /// What is divided; [`BEHIND`] for a match behind a camera.
    pub dividend: T,
    /// By what; not negative.
    pub divisor: T,
}

impl<T: Real> Quotient<T> {
    /// Of a number.
    #[inline(always)]
    pub const fn of(value: T) -> Self {
        Self { dividend: value, divisor: T::ONE }
    }

    /// The number.
    #[inline(always)]
    pub fn value(self) -> T {
        self.dividend / self.divisor
    }

    /// Whether the residual is below the threshold; not so where it is not defined.
    #[inline(always)]
    pub fn is_within(self) -> bool {
        self.dividend < self.divisor
    }
}

// Rows are written out below: the closure of `map` may stay a call, which the loop around it would not vectorise, and which
// would not be compiled for the processor that the loop is dispatched to.

#[inline(always)]
fn row_of<T: Real>(row: [f64; 3]) -> [T; 3] {
    [T::of(row[0]), T::of(row[1]), T::of(row[2])]
}

/// Three rows in the type that is computed in.
#[inline(always)]
pub(super) fn rows_of<T: Real>(rows: &[[f64; 3]; 3]) -> [[T; 3]; 3] {
    [row_of(rows[0]), row_of(rows[1]), row_of(rows[2])]
}

#[inline(always)]
fn dot3<T: Real>(a: [T; 3], b: [T; 3]) -> T {
    a[0].multiply_add(b[0], a[1].multiply_add(b[1], a[2] * b[2]))
}

/// a · (x, y, 1).
#[inline(always)]
fn dot_image<T: Real>(a: [T; 3], [x, y]: [T; 2]) -> T {
    a[0].multiply_add(x, a[1].multiply_add(y, a[2]))
}

/// Maps the point (x, y, 1) by three rows.
#[inline(always)]
fn map_image<T: Real>(rows: &[[T; 3]; 3], x: [T; 2]) -> [T; 3] {
    [dot_image(rows[0], x), dot_image(rows[1], x), dot_image(rows[2], x)]
}

/// [R | t] · (x, y, z, 1).
#[inline(always)]
pub fn transform<T: Real>(model: &ModelRows, [x, y, z]: [T; 3]) -> [T; 3] {
    let row = |k: usize| {
        let [a, b, c, d] = model[k];
        T::of(a).multiply_add(x, T::of(b).multiply_add(y, T::of(c).multiply_add(z, T::of(d))))
    };
    [row(0), row(1), row(2)]
}

/// The first three columns of a model.
pub(super) fn matrix_of(model: &ModelRows) -> [[f64; 3]; 3] {
    model.map(|r| [r[0], r[1], r[2]])
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
        let line2 = map_image(m, [x1, y1]);
        let a = dot_image([m[0][0], m[1][0], m[2][0]], [x2, y2]);
        let b = dot_image([m[0][1], m[1][1], m[2][1]], [x2, y2]);
        let weighted_lines = [
            line2[0] * (metric[2] * metric[2]),
            line2[1] * (metric[3] * metric[3]),
            a * (metric[0] * metric[0]),
            b * (metric[1] * metric[1]),
        ];
        let [u, v, s, t] = weighted_lines;
        Self {
            algebraic: dot_image(line2, [x2, y2]),
            norms_sq: [line2[0].multiply_add(u, line2[1] * v), a.multiply_add(s, b * t)],
            weighted_lines,
        }
    }

    /// The squared error.
    #[inline(always)]
    pub fn error_sq(&self) -> Quotient<T> {
        Quotient { dividend: self.algebraic * self.algebraic, divisor: self.norms_sq[0] + self.norms_sq[1] }
    }
}

/// What maps a match to its squared residual under one model.
pub trait Residual: Sized {
    /// Coordinates of a match.
    const COORDINATES: usize;
    /// For the model, and the metric of the pair.
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self;
    /// The squared residual in units of the threshold; of the coordinates that the model's matches have.
    fn quotient<T: Real>(&self, x: [T; 6]) -> Quotient<T>;
    /// The same, divided; [`BEHIND`] exactly for a match behind a camera.
    #[inline(always)]
    fn residual_sq<T: Real>(&self, x: [T; 6]) -> T {
        let quotient = self.quotient(x);
        if quotient.dividend == T::of(BEHIND) { quotient.dividend } else { quotient.value() }
    }
    /// A lower bound of the residual by which to count the matches within the threshold first, where that takes much less than the
    /// gains.
    fn relaxed(&self) -> Option<&impl Residual> {
        None::<&Self>
    }
    /// The MAGSAC++ gain of such residuals, of what was fitted to their degrees of freedom.
    fn magsac(&self, fit: &MagsacFit) -> impl Gain {
        fit.short()
    }
}

/// `E = [t]× R`, row-major, of the rows of a motion.
pub fn essential_rows(model: &ModelRows) -> [[f64; 3]; 3] {
    let [rx, ry, rz] = model.map(|r| [r[0], r[1], r[2]]);
    let [tx, ty, tz] = model.map(|r| r[3]);
    let row = |a: f64, p: [f64; 3], b: f64, q: [f64; 3]| std::array::from_fn(|k| a * p[k] - b * q[k]);
    [row(ty, rz, tz, ry), row(tz, rx, tx, rz), row(tx, ry, ty, rx)]
}

/// Sampson error of a motion; a match behind a camera is far.
pub struct Essential {
    epipolar: Fundamental,
    rotation: [[f64; 3]; 3],
    translation: [f64; 3],
}

impl Residual for Essential {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self {
            epipolar: Fundamental { matrix: essential_rows(model), metric: *metric },
            rotation: matrix_of(model),
            translation: model.map(|r| r[3]),
        }
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, x: [T; 6]) -> Quotient<T> {
        let error_sq = self.epipolar.quotient(x);
        // the depths' signs, as in solve_essential_5pt::is_in_front
        let [x1, y1, x2, y2, ..] = x;
        let a = map_image(&rows_of(&self.rotation), [x1, y1]);
        let b = [x2, y2];
        let t = row_of(self.translation);
        let (ab, ta, tb) = (dot_image(a, b), dot3(t, a), dot_image(t, b));
        let bb = dot_image([x2, y2, T::ONE], b);
        let in_front = (tb * ab > ta * bb) & (tb * dot3(a, a) > ab * ta);
        if in_front { error_sq } else { Quotient { dividend: T::of(BEHIND), ..error_sq } }
    }

    fn relaxed(&self) -> Option<&impl Residual> {
        Some(&self.epipolar)
    }
}

/// Sampson error of a fundamental matrix.
pub struct Fundamental {
    matrix: [[f64; 3]; 3],
    metric: [f64; 4],
}

impl Fundamental {
    #[inline(always)]
    fn sampson<T: Real>(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> Sampson<T> {
        let m = self.metric;
        let metric = [T::of(m[0]), T::of(m[1]), T::of(m[2]), T::of(m[3])];
        Sampson::new(&rows_of(&self.matrix), &metric, [x1, y1, x2, y2])
    }
}

impl Residual for Fundamental {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { matrix: matrix_of(model), metric: *metric }
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, x: [T; 6]) -> Quotient<T> {
        self.sampson(x).error_sq()
    }
}

/// Symmetric epipolar distance, the mean of the two squared point-to-line distances, of a fundamental matrix.
pub struct SymmetricEpipolar(Fundamental);

impl Residual for SymmetricEpipolar {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self(Fundamental::new(model, metric))
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, x: [T; 6]) -> Quotient<T> {
        let Sampson { algebraic, norms_sq: [n2, n1], .. } = self.0.sampson(x);
        Quotient { dividend: T::of(0.5) * algebraic * algebraic * (n1 + n2), divisor: n1 * n2 }
    }
}

/// A point (x, y) in an image compared with `y = rows · X`: transfer error of a homography (X = (x1, y1, 1)), reprojection error of a pose.
#[inline(always)]
fn image_error_sq<T: Real>(y: [T; 3], x: [T; 2], inverse_metric: [f64; 2]) -> Quotient<T> {
    let error = |k: usize| (-x[k]).multiply_add(y[2], y[k]) * T::of(inverse_metric[k]);
    let (dx, dy) = (error(0), error(1));
    let dividend = dx.multiply_add(dx, dy * dy);
    Quotient { dividend: if y[2] > T::ZERO { dividend } else { T::of(BEHIND) }, divisor: y[2] * y[2] }
}

/// What turns normalised units of image 2 into thresholds.
fn inverse_metric(metric: &[f64; 4]) -> [f64; 2] {
    [1.0 / metric[2], 1.0 / metric[3]]
}

/// Transfer error of a homography in image 2; a point that it maps beyond the line at infinity is far.
pub struct Homography {
    matrix: [[f64; 3]; 3],
    inverse_metric: [f64; 2],
}

impl Residual for Homography {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { matrix: matrix_of(model), inverse_metric: inverse_metric(metric) }
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> Quotient<T> {
        image_error_sq(map_image(&rows_of(&self.matrix), [x1, y1]), [x2, y2], self.inverse_metric)
    }
}

/// First-order distance of a match to the nearest one that a homography maps exactly, with noise in both images (Sampson error;
/// Hartley and Zisserman 2004, eq. 4.13): dᵀ (I + J Jᵀ)⁻¹ d of the transfer error d and its derivative J by the point in image
/// 1. A point that is mapped beyond the line at infinity is far.
pub struct SampsonTransfer {
    matrix: [[f64; 3]; 3],
    inverse_metric: [f64; 2],
    /// Thresholds of image 1 (columns: x1, y1) in those of image 2 (rows).
    unit_ratios: [[f64; 2]; 2],
}

impl Residual for SampsonTransfer {
    const COORDINATES: usize = 4;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        let [x1, y1, x2, y2] = *metric;
        Self {
            matrix: matrix_of(model),
            inverse_metric: inverse_metric(metric),
            unit_ratios: [[x1 / x2, y1 / x2], [x1 / y2, y1 / y2]],
        }
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, [x1, y1, x2, y2, ..]: [T; 6]) -> Quotient<T> {
        let rows: [[T; 3]; 3] = rows_of(&self.matrix);
        let [a, b, depth] = map_image(&rows, [x1, y1]);
        let inverse_depth = T::ONE / depth;
        let mapped = [a * inverse_depth, b * inverse_depth];
        let d = |i: usize, x: T| (mapped[i] - x) * T::of(self.inverse_metric[i]);
        let (dx, dy) = (d(0, x2), d(1, y2));
        let j =
            |i: usize, k: usize| (rows[i][k] - mapped[i] * rows[2][k]) * inverse_depth * T::of(self.unit_ratios[i][k]);
        let (j, k) = ([j(0, 0), j(0, 1)], [j(1, 0), j(1, 1)]);
        let dot = |a: [T; 2], b: [T; 2]| a[0] * b[0] + a[1] * b[1];
        let (xx, xy, yy) = (T::ONE + dot(j, j), dot(j, k), T::ONE + dot(k, k));
        let squares = dx * (dx * yy - dy * xy) + dy * (dy * xx - dx * xy);
        let dividend = if depth > T::ZERO { squares } else { T::of(BEHIND) };
        Quotient { dividend, divisor: xx * yy - xy * xy }
    }
}

/// Reprojection error of an absolute pose; a point behind the camera is far.
pub struct Reprojection {
    model: ModelRows,
    inverse_metric: [f64; 2],
}

impl Residual for Reprojection {
    const COORDINATES: usize = 5;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { model: *model, inverse_metric: inverse_metric(metric) }
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, [world_x, world_y, world_z, x, y, _]: [T; 6]) -> Quotient<T> {
        image_error_sq(transform(&self.model, [world_x, world_y, world_z]), [x, y], self.inverse_metric)
    }

    /// Itself: to count the matches within the threshold takes no division, and no polynomial of many terms.
    fn relaxed(&self) -> Option<&impl Residual> {
        Some(self)
    }

    fn magsac(&self, fit: &MagsacFit) -> impl Gain {
        fit.long()
    }
}

/// Distance of a 3-D point to the transformed other one.
pub struct Rigid {
    model: ModelRows,
    inverse_metric: f64,
}

impl Residual for Rigid {
    const COORDINATES: usize = 6;

    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { model: *model, inverse_metric: 1.0 / metric[2] }
    }

    #[inline(always)]
    fn quotient<T: Real>(&self, [x1, y1, z1, x2, y2, z2]: [T; 6]) -> Quotient<T> {
        let y = transform(&self.model, [x1, y1, z1]);
        let scale = T::of(self.inverse_metric);
        let d = [(y[0] - x2) * scale, (y[1] - y2) * scale, (y[2] - z2) * scale];
        Quotient::of(dot3(d, d))
    }
}

/// Evaluates an expression with the residual of a model, whatever its kind.
macro_rules! with_residual {
    ($kind:expr, $epipolar:expr, ($model:expr, $metric:expr), |$residual:ident| $body:expr) => {{
        use $crate::cpu::residual::{
            Essential, Fundamental, Homography, Reprojection, Residual, Rigid, SymmetricEpipolar,
        };
        use $crate::geometry::{EpipolarResidual, ModelKind};
        match ($kind, $epipolar) {
            (ModelKind::Essential, _) => {
                let $residual = &Essential::new($model, $metric);
                $body
            }
            (ModelKind::Fundamental, EpipolarResidual::Sampson) => {
                let $residual = &Fundamental::new($model, $metric);
                $body
            }
            (ModelKind::Fundamental, EpipolarResidual::Symmetric) => {
                let $residual = &SymmetricEpipolar::new($model, $metric);
                $body
            }
            (ModelKind::Homography, _) => {
                let $residual = &Homography::new($model, $metric);
                $body
            }
            (ModelKind::Pose, _) => {
                let $residual = &Reprojection::new($model, $metric);
                $body
            }
            (ModelKind::Rigid, _) => {
                let $residual = &Rigid::new($model, $metric);
                $body
            }
        }
    }};
}
pub(super) use with_residual;

/// Coordinates of one match of a kind.
pub const fn coordinates(kind: ModelKind) -> usize {
    match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => 4,
        ModelKind::Pose => 5,
        ModelKind::Rigid => 6,
    }
}
