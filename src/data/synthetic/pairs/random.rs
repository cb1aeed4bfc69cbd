//! Draws from the distributions of noise, all of scale 1.

use rand::{Rng, RngExt};
use std::f64::consts::TAU;

/// Of the exponential distribution.
pub(crate) fn exponential(rng: &mut impl Rng) -> f64 {
    let u: f64 = rng.random_range(0.0..1.0);
    -(1.0 - u).ln()
}

/// Of the Laplace distribution.
pub(crate) fn laplace(rng: &mut impl Rng) -> f64 {
    let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    sign * exponential(rng)
}

/// Of the normal distribution (Box and Muller 1958).
pub(in crate::data) fn normal(rng: &mut impl Rng) -> f64 {
    (2.0 * exponential(rng)).sqrt() * rng.random_range(0.0..TAU).cos()
}
