//! Losses of a model over the matches of a pair, and their gradients by the model and by the matches; f64.
//!
//! Two errors of a match, both squared and in units of the threshold: `t` that says how likely it is an inlier, and `e` that
//! is to be small on the true inliers. For E and F, t is the Sampson error and e the mean of the two squared point-to-line
//! distances; for H both are the mean of the squared transfer errors in the two images, for a pose the squared reprojection
//! error, for a rigid transform the squared distance. Depth signs of E are not asked.
//!
//! A match is in the layout of kernels: x1 y1 x2 y2 0 0 0 0, or X Y Z 0 x y 0 0, or X1 Y1 Z1 0 X2 Y2 Z2 0.

use super::is_moderate;
use crate::ModelKind;
use crate::cpu::residual::{ModelRows, Sampson, essential_rows, transform};

/// The share of true inliers that no model explains, and of outliers that fit by chance: the loss stays finite.
pub const CHANCE: f64 = 0.01;
/// Errors beyond this count as this, and have no gradient.
pub const FAR: f64 = 1e8;

/// A match in the layout of kernels.
pub type Match = [f64; 8];

/// −ln p of what a match is, with p = (1 − [`CHANCE`]) / (1 + t) the probability that it is an inlier; and the derivative
/// by t.
pub fn inlier_loss(t: f64, is_inlier: bool) -> (f64, f64) {
    if is_inlier {
        ((1.0 + t).ln() - (1.0 - CHANCE).ln(), 1.0 / (1.0 + t))
    } else {
        (((1.0 + t) / (t + CHANCE)).ln(), 1.0 / (1.0 + t) - 1.0 / (t + CHANCE))
    }
}

/// Gradients of a weighted sum of the errors of one match.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorGradient {
    /// By the model, as it is inside the error.
    pub model: ModelRows,
    /// By the match.
    pub match_: Match,
}

/// The errors of matches under one model.
pub trait MatchErrors: Sized {
    /// Of a model's rows and the pair's thresholds.
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self;
    /// t and e; may not be finite.
    fn errors(&self, x: &Match) -> [f64; 2];
    /// The gradient of c₀ t + c₁ e.
    fn gradient(&self, x: &Match, weights: [f64; 2]) -> ErrorGradient;
    /// The gradient by the model's rows, of that by the model as it is inside the error.
    fn model_gradient(_model: &ModelRows, inside: &ModelRows) -> ModelRows {
        *inside
    }
}

/// Of a 3×3 matrix M with x2ᵀ M x1 = 0.
pub struct EpipolarErrors {
    matrix: [[f64; 3]; 3],
    metric: [f64; 4],
}

impl EpipolarErrors {
    fn parts(&self, x: &Match) -> Sampson<f64> {
        Sampson::new(&self.matrix, &self.metric, [x[0], x[1], x[2], x[3]])
    }
}

impl MatchErrors for EpipolarErrors {
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { matrix: model.map(|row| [row[0], row[1], row[2]]), metric: *metric }
    }

    #[inline(always)]
    fn errors(&self, x: &Match) -> [f64; 2] {
        let Sampson { algebraic, norms_sq: [n2, n1], .. } = self.parts(x);
        let a = algebraic * algebraic;
        [a / (n1 + n2), 0.5 * a * (n1 + n2) / (n1 * n2)]
    }

    #[inline(always)]
    fn gradient(&self, x: &Match, [by_t, by_e]: [f64; 2]) -> ErrorGradient {
        let Sampson { algebraic: a, norms_sq: [n2, n1], weighted_lines: [p2, q2, p1, q1] } = self.parts(x);
        let (sum, a_sq) = (n1 + n2, a * a);
        let by_a = a * (2.0 * by_t / sum + by_e * sum / (n1 * n2));
        // by the squared norms, twice
        let twice = |n: f64| -2.0 * by_t * a_sq / (sum * sum) - by_e * a_sq / (n * n);
        let (by_n1, by_n2) = (twice(n1), twice(n2));
        let [x1, y1, x2, y2, ..] = *x;
        let (h1, h2) = ([x1, y1, 1.0], [x2, y2, 1.0]);
        // d a = x2ᵀ dM x1, ½ d n2 = (p2, q2, 0)ᵀ dM x1, ½ d n1 = x2ᵀ dM (p1, q1, 0)
        let left = [by_a * x2 + by_n2 * p2, by_a * y2 + by_n2 * q2, by_a];
        let right = [by_n1 * p1, by_n1 * q1, 0.0];
        let mut model = ModelRows::default();
        for i in 0..3 {
            for k in 0..3 {
                model[i][k] = left[i] * h1[k] + h2[i] * right[k];
            }
        }
        let m = &self.matrix;
        let mut match_ = Match::default();
        for k in 0..2 {
            match_[k] = (0..3).map(|i| left[i] * m[i][k]).sum();
            let along = m[k][0] * (by_a * x1 + right[0]) + m[k][1] * (by_a * y1 + right[1]);
            match_[2 + k] = along + m[k][2] * by_a;
        }
        ErrorGradient { model, match_ }
    }
}

/// Of a motion [R | t]: those of its essential matrix.
pub struct MotionErrors(EpipolarErrors);

impl MatchErrors for MotionErrors {
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self(EpipolarErrors { matrix: essential_rows(model), metric: *metric })
    }

    #[inline(always)]
    fn errors(&self, x: &Match) -> [f64; 2] {
        self.0.errors(x)
    }

    #[inline(always)]
    fn gradient(&self, x: &Match, weights: [f64; 2]) -> ErrorGradient {
        self.0.gradient(x, weights)
    }

    /// E's rows are t_i₊₁ R_i₊₂ − t_i₊₂ R_i₊₁.
    fn model_gradient(model: &ModelRows, inside: &ModelRows) -> ModelRows {
        let mut rows = ModelRows::default();
        for i in 0..3 {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            for c in 0..3 {
                rows[k][c] += model[j][3] * inside[i][c];
                rows[j][c] -= model[k][3] * inside[i][c];
                rows[j][3] += model[k][c] * inside[i][c];
                rows[k][3] -= model[j][c] * inside[i][c];
            }
        }
        rows
    }
}

/// The squared error of an image point, and its gradient by the point (u, v, w) before the division.
fn image_error([u, v, w]: [f64; 3], x: [f64; 2], inverse_metric: [f64; 2]) -> (f64, [f64; 3], [f64; 2]) {
    if w.is_nan() || w <= 0.0 {
        return (f64::INFINITY, [0.0; 3], [0.0; 2]);
    }
    let d = [(u / w - x[0]) * inverse_metric[0], (v / w - x[1]) * inverse_metric[1]];
    let by_projected = [2.0 * d[0] * inverse_metric[0], 2.0 * d[1] * inverse_metric[1]];
    let by_w = -(by_projected[0] * u + by_projected[1] * v) / (w * w);
    (d[0] * d[0] + d[1] * d[1], [by_projected[0] / w, by_projected[1] / w, by_w], by_projected.map(|g| -g))
}

/// Of a homography: the mean of the squared transfer errors from image 1 to 2 by H, and back by its inverse.
pub struct TransferErrors {
    matrix: [[f64; 3]; 3],
    /// adj H = det H · H⁻¹, with the sign of H⁻¹.
    inverse: [[f64; 3]; 3],
    sign: f64,
    inverse_metric: [f64; 4],
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn multiply(m: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn transposed(m: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|i| std::array::from_fn(|k| m[k][i]))
}

impl TransferErrors {
    fn parts(&self, x: &Match) -> [(f64, [f64; 3], [f64; 2]); 2] {
        let i = self.inverse_metric;
        [
            image_error(multiply(&self.matrix, [x[0], x[1], 1.0]), [x[2], x[3]], [i[2], i[3]]),
            image_error(multiply(&self.inverse, [x[2], x[3], 1.0]), [x[0], x[1]], [i[0], i[1]]),
        ]
    }
}

impl MatchErrors for TransferErrors {
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        let matrix: [[f64; 3]; 3] = model.map(|row| [row[0], row[1], row[2]]);
        let [a, b, c] = matrix;
        let cofactors = [cross(b, c), cross(c, a), cross(a, b)];
        let determinant: f64 = (0..3).map(|k| a[k] * cofactors[0][k]).sum();
        let sign = determinant.signum();
        let inverse = transposed(&cofactors).map(|row| row.map(|x| x * sign));
        Self { matrix, inverse, sign, inverse_metric: metric.map(|m| 1.0 / m) }
    }

    #[inline(always)]
    fn errors(&self, x: &Match) -> [f64; 2] {
        let [there, back] = self.parts(x);
        [0.5 * (there.0 + back.0); 2]
    }

    #[inline(always)]
    fn gradient(&self, x: &Match, weights: [f64; 2]) -> ErrorGradient {
        let scale = 0.5 * (weights[0] + weights[1]);
        let [there, back] = self.parts(x);
        let (by_there, by_back) = (there.1.map(|g| g * scale), back.1.map(|g| g * scale));
        let (h1, h2) = ([x[0], x[1], 1.0], [x[2], x[3], 1.0]);
        // by the cofactors, whose transpose maps back; each row of them is the cross product of the other two of H
        let by_cofactors = h2.map(|h| by_back.map(|g| self.sign * g * h));
        let mut model = ModelRows::default();
        for i in 0..3 {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let through_k = cross(self.matrix[j], by_cofactors[k]);
            let through_j = cross(by_cofactors[j], self.matrix[k]);
            for c in 0..3 {
                model[i][c] = by_there[i] * h1[c] + through_k[c] + through_j[c];
            }
        }
        let to_first = multiply(&transposed(&self.matrix), by_there);
        let to_second = multiply(&transposed(&self.inverse), by_back);
        let mut match_ = Match::default();
        for k in 0..2 {
            match_[k] = to_first[k] + scale * back.2[k];
            match_[2 + k] = to_second[k] + scale * there.2[k];
        }
        ErrorGradient { model, match_ }
    }
}

/// Of an absolute pose: the squared reprojection error.
pub struct ReprojectionErrors {
    rows: ModelRows,
    inverse_metric: [f64; 2],
}

impl MatchErrors for ReprojectionErrors {
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { rows: *model, inverse_metric: [1.0 / metric[2], 1.0 / metric[3]] }
    }

    #[inline(always)]
    fn errors(&self, x: &Match) -> [f64; 2] {
        [image_error(transform(&self.rows, [x[0], x[1], x[2]]), [x[4], x[5]], self.inverse_metric).0; 2]
    }

    #[inline(always)]
    fn gradient(&self, x: &Match, weights: [f64; 2]) -> ErrorGradient {
        let scale = weights[0] + weights[1];
        let camera = transform(&self.rows, [x[0], x[1], x[2]]);
        let (_, by_camera, by_image) = image_error(camera, [x[4], x[5]], self.inverse_metric);
        let mut gradient = through_motion(&self.rows, x, by_camera.map(|g| g * scale));
        gradient.match_[4] = scale * by_image[0];
        gradient.match_[5] = scale * by_image[1];
        gradient
    }
}

/// Of y = R x + t with x the first three of the match: the gradients by the rows and by x, of that by y.
fn through_motion(rows: &ModelRows, x: &Match, by_y: [f64; 3]) -> ErrorGradient {
    let mut gradient = ErrorGradient { model: by_y.map(|g| [g * x[0], g * x[1], g * x[2], g]), ..Default::default() };
    for k in 0..3 {
        gradient.match_[k] = (0..3).map(|i| by_y[i] * rows[i][k]).sum();
    }
    gradient
}

/// Of a rigid transform: the squared distance to the other point.
pub struct RigidErrors {
    rows: ModelRows,
    inverse_metric: f64,
}

impl RigidErrors {
    fn difference(&self, x: &Match) -> [f64; 3] {
        let y = transform(&self.rows, [x[0], x[1], x[2]]);
        std::array::from_fn(|k| (y[k] - x[4 + k]) * self.inverse_metric)
    }
}

impl MatchErrors for RigidErrors {
    fn new(model: &ModelRows, metric: &[f64; 4]) -> Self {
        Self { rows: *model, inverse_metric: 1.0 / metric[2] }
    }

    #[inline(always)]
    fn errors(&self, x: &Match) -> [f64; 2] {
        [self.difference(x).iter().map(|d| d * d).sum(); 2]
    }

    #[inline(always)]
    fn gradient(&self, x: &Match, weights: [f64; 2]) -> ErrorGradient {
        let scale = 2.0 * (weights[0] + weights[1]) * self.inverse_metric;
        let by_y = self.difference(x).map(|d| scale * d);
        let mut gradient = through_motion(&self.rows, x, by_y);
        for k in 0..3 {
            gradient.match_[4 + k] = -by_y[k];
        }
        gradient
    }
}

/// The matches of a pair with what is true of them.
#[derive(Clone, Copy, Debug)]
pub struct LabelledMatches<'a> {
    /// In the layout of kernels, so many numbers a match.
    pub matches: &'a [f32],
    /// 4 or 8.
    pub width: usize,
    /// 1 for a true inlier, else 0.
    pub labels: &'a [f32],
    /// One threshold in the unit of each coordinate.
    pub metric: [f64; 4],
    /// The error e of a true inlier counts at most so much; squared thresholds.
    pub clamp: f64,
}

impl LabelledMatches<'_> {
    /// The matches in f64, and whether they are true inliers.
    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = (Match, bool)> + '_ {
        let wide = |row: &[f32]| std::array::from_fn(|k| row.get(k).map_or(0.0, |&x| f64::from(x)));
        self.matches.chunks(self.width).zip(self.labels).map(move |(row, &label)| (wide(row), label > 0.5))
    }

    /// 1 / matches and 1 / true inliers.
    fn shares(&self) -> [f64; 2] {
        let inliers = self.labels.iter().filter(|&&label| label > 0.5).count();
        [self.labels.len(), inliers].map(|count| 1.0 / count.max(1) as f64)
    }

    /// The weights of t and e in the gradient, of those of the two losses.
    fn error_weights(&self, [t, e]: [f64; 2], is_inlier: bool, by_losses: [f64; 2]) -> [f64; 2] {
        let by_t = if t < FAR { by_losses[0] * inlier_loss(t, is_inlier).1 } else { 0.0 };
        let by_e = if is_inlier && e < self.clamp { by_losses[1] } else { 0.0 };
        [by_t, by_e]
    }
}

/// The two losses of a model: the mean over the matches of [`inlier_loss`], and the mean over the true inliers of
/// min(e, clamp).
pub fn match_losses<M: MatchErrors>(model: &ModelRows, pair: &LabelledMatches<'_>) -> [f64; 2] {
    let errors = M::new(model, &pair.metric);
    let mut sums = [0.0; 2];
    for (x, is_inlier) in pair.iter() {
        let [t, e] = errors.errors(&x);
        // comparisons with NaN are false
        sums[0] += inlier_loss(if t < FAR { t } else { FAR }, is_inlier).0;
        sums[1] += if is_inlier { if e < pair.clamp { e } else { pair.clamp } } else { 0.0 };
    }
    let shares = pair.shares();
    [sums[0] * shares[0], sums[1] * shares[1]]
}

/// The gradient of the losses by the model's rows, of that by the losses.
pub fn match_losses_backward<M: MatchErrors>(
    model: &ModelRows,
    pair: &LabelledMatches<'_>,
    by_losses: [f64; 2],
) -> ModelRows {
    let usable = |rows: &ModelRows| rows.iter().flatten().all(|g| is_moderate(*g));
    // matches whose gradient is not finite are rare: they are looked for where the sum is not
    let mut sum = ModelRows::default();
    each_gradient::<M>(model, pair, by_losses, |_, gradient| {
        add(sum.as_flattened_mut(), gradient.model.as_flattened());
    });
    if !usable(&sum) {
        sum = ModelRows::default();
        each_gradient::<M>(model, pair, by_losses, |_, gradient| {
            if usable(&gradient.model) {
                add(sum.as_flattened_mut(), gradient.model.as_flattened());
            }
        });
    }
    let gradient = M::model_gradient(model, &sum);
    // of a model that is not finite
    if usable(&gradient) { gradient } else { ModelRows::default() }
}

/// Adds the gradient of the losses of one model by the matches to `sums`, as wide as the matches.
pub fn match_losses_points_backward<M: MatchErrors>(
    model: &ModelRows,
    pair: &LabelledMatches<'_>,
    by_losses: [f64; 2],
    sums: &mut [f64],
) {
    let width = pair.width;
    each_gradient::<M>(model, pair, by_losses, |i, gradient| {
        if gradient.match_.iter().all(|g| is_moderate(*g)) {
            add(&mut sums[i * width..(i + 1) * width], &gradient.match_[..width]);
        }
    });
}

#[inline(always)]
fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Of each match that has one the gradient.
#[inline(always)]
fn each_gradient<M: MatchErrors>(
    model: &ModelRows,
    pair: &LabelledMatches<'_>,
    by_losses: [f64; 2],
    mut body: impl FnMut(usize, &ErrorGradient),
) {
    let errors = M::new(model, &pair.metric);
    let shares = pair.shares();
    let by_losses = [by_losses[0] * shares[0], by_losses[1] * shares[1]];
    for (i, (x, is_inlier)) in pair.iter().enumerate() {
        let weights = pair.error_weights(errors.errors(&x), is_inlier, by_losses);
        if weights != [0.0; 2] {
            body(i, &errors.gradient(&x, weights));
        }
    }
}

/// Calls a generic function with the errors of a kind.
macro_rules! with_errors {
    ($kind:expr, $function:ident ( $($argument:expr),* $(,)? )) => {{
        use $crate::cpu::train::match_losses::{
            EpipolarErrors, MotionErrors, ReprojectionErrors, RigidErrors, TransferErrors,
        };
        match $kind {
            ModelKind::Essential => $function::<MotionErrors>($($argument),*),
            ModelKind::Fundamental => $function::<EpipolarErrors>($($argument),*),
            ModelKind::Homography => $function::<TransferErrors>($($argument),*),
            ModelKind::Pose => $function::<ReprojectionErrors>($($argument),*),
            ModelKind::Rigid => $function::<RigidErrors>($($argument),*),
        }
    }};
}
pub(super) use with_errors;

/// [`match_losses`] for a kind of model.
pub fn losses_of(kind: ModelKind, model: &ModelRows, pair: &LabelledMatches<'_>) -> [f64; 2] {
    with_errors!(kind, match_losses(model, pair))
}

/// [`match_losses_backward`] for a kind of model.
pub fn losses_backward_of(
    kind: ModelKind,
    model: &ModelRows,
    pair: &LabelledMatches<'_>,
    by_losses: [f64; 2],
) -> ModelRows {
    with_errors!(kind, match_losses_backward(model, pair, by_losses))
}

/// [`match_losses_points_backward`] for a kind of model.
pub fn losses_points_backward_of(
    kind: ModelKind,
    model: &ModelRows,
    pair: &LabelledMatches<'_>,
    by_losses: [f64; 2],
    sums: &mut [f64],
) {
    with_errors!(kind, match_losses_points_backward(model, pair, by_losses, sums));
}
