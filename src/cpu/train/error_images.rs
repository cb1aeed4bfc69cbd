//! The residuals of a pair's matches under a model, r = √t in thresholds with t the squared error of
//! [`match_losses`](super::match_losses), at most so large; and the gradient of what is made of them; f64.
//!
//! A point behind the camera, or beyond the most, has r at the most and no gradient. So has r = 0, where the distance has a
//! kink: there every direction is as good.

use super::is_moderate;
use super::match_losses::{ErrorGradient, Match, MatchErrors, with_errors};
use crate::ModelKind;
use crate::cpu::residual::ModelRows;

/// Residuals below this have no gradient, thresholds.
pub const TINY: f64 = 1e-12;

/// The matches of a pair, each at most so far from a model.
#[derive(Clone, Copy, Debug)]
pub struct BoundedMatches<'a> {
    /// In the layout of kernels.
    pub matches: &'a [Match],
    /// One threshold in the unit of each coordinate.
    pub metric: [f64; 4],
    /// Residuals are at most so large, thresholds.
    pub max_error: f64,
}

/// A residual, and its derivative by the squared error.
fn residual(t: f64, max_error: f64) -> (f64, f64) {
    // false for NaN
    if t < max_error * max_error {
        let r = t.max(0.0).sqrt();
        (r, if r > TINY { 0.5 / r } else { 0.0 })
    } else {
        (max_error, 0.0)
    }
}

fn is_finite(model: &ModelRows) -> bool {
    model.iter().flatten().all(|entry| entry.is_finite())
}

fn each_residual<M: MatchErrors>(
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    mut body: impl FnMut(usize, Option<f64>),
) {
    let errors = M::new(model, &pair.metric);
    let usable = is_finite(model);
    for (i, x) in pair.matches.iter().enumerate() {
        let is_known = usable && x.iter().all(|x| x.is_finite());
        body(i, is_known.then(|| residual(errors.errors(x)[0], pair.max_error).0));
    }
}

/// Calls `body` with the index and the residual of each match; `None` where the match or the model is not finite.
pub fn each_residual_of(
    kind: ModelKind,
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    body: impl FnMut(usize, Option<f64>),
) {
    with_errors!(kind, each_residual(model, pair, body));
}

fn each_gradient<M: MatchErrors>(
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    slope: impl Fn(usize, f64) -> f64,
    mut body: impl FnMut(usize, &ErrorGradient),
) {
    if !is_finite(model) {
        return;
    }
    let errors = M::new(model, &pair.metric);
    for (i, x) in pair.matches.iter().enumerate().filter(|(_, x)| x.iter().all(|x| x.is_finite())) {
        let (r, by_square) = residual(errors.errors(x)[0], pair.max_error);
        let weight = if by_square > 0.0 { slope(i, r) * by_square } else { 0.0 };
        if weight != 0.0 && is_moderate(weight) {
            let gradient = errors.gradient(x, [weight, 0.0]);
            if gradient.match_.iter().chain(gradient.model.as_flattened()).all(|g| is_moderate(*g)) {
                body(i, &gradient);
            }
        }
    }
}

fn by_model<M: MatchErrors>(
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    slope: impl Fn(usize, f64) -> f64,
) -> ModelRows {
    let mut inside = ModelRows::default();
    each_gradient::<M>(model, pair, slope, |_, gradient| {
        for (sum, g) in inside.as_flattened_mut().iter_mut().zip(gradient.model.as_flattened()) {
            *sum += g;
        }
    });
    let gradient = M::model_gradient(model, &inside);
    if gradient.as_flattened().iter().all(|g| is_moderate(*g)) { gradient } else { ModelRows::default() }
}

/// The gradient by the model's rows of Σ f(rᵢ), with `slope` the derivative of the term of each match at its residual.
pub fn residuals_backward_of(
    kind: ModelKind,
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    slope: impl Fn(usize, f64) -> f64,
) -> ModelRows {
    with_errors!(kind, by_model(model, pair, slope))
}

fn by_points<M: MatchErrors>(
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    slope: impl Fn(usize, f64) -> f64,
    sums: &mut [Match],
) {
    each_gradient::<M>(model, pair, slope, |i, gradient| {
        for (sum, g) in sums[i].iter_mut().zip(&gradient.match_) {
            *sum += g;
        }
    });
}

/// Adds the gradient of the same by the matches.
pub fn residuals_points_backward_of(
    kind: ModelKind,
    model: &ModelRows,
    pair: &BoundedMatches<'_>,
    slope: impl Fn(usize, f64) -> f64,
    sums: &mut [Match],
) {
    with_errors!(kind, by_points(model, pair, slope, sums));
}
