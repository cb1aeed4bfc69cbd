use crate::algebra::polynomial::real_roots;
use glam::{DMat2, DVec2};

/// Brown's distortion and its extensions, of all models that are no closed form: with `s = x² + y²`,
/// `x' = x N(s)/D(s) + 2 p1 x y + p2 (s + 2 x²) + sx s`, `y' = y N(s)/D(s) + 2 p2 x y + p1 (s + 2 y²) + sy s`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Polynomial {
    numerator: [f64; 5],
    denominator: [f64; 4],
    /// (p2, p1): what is added is `2 (t · v) v + s t`, the same as above.
    tangential: DVec2,
    prism: DVec2,
}

impl Polynomial {
    /// `1 + k1 s + k2 s² + k3 s³ + k4 s⁴`.
    pub(super) const fn radial([k1, k2, k3, k4]: [f64; 4]) -> Self {
        Self {
            numerator: [1.0, k1, k2, k3, k4],
            denominator: [1.0, 0.0, 0.0, 0.0],
            tangential: DVec2::ZERO,
            prism: DVec2::ZERO,
        }
    }

    /// With the denominator `1 + k1 s + k2 s² + k3 s³`.
    pub(super) const fn over(self, [k1, k2, k3]: [f64; 3]) -> Self {
        Self { denominator: [1.0, k1, k2, k3], ..self }
    }

    pub(super) const fn tangential(self, p1: f64, p2: f64) -> Self {
        Self { tangential: DVec2::new(p2, p1), ..self }
    }

    pub(super) const fn prism(self, sx: f64, sy: f64) -> Self {
        Self { prism: DVec2::new(sx, sy), ..self }
    }

    /// The distorted point, and the Jacobian.
    pub(super) fn distort(&self, v: DVec2) -> (DVec2, DMat2) {
        let s = v.length_squared();
        let (n, n_slope) = evaluate(&self.numerator, s);
        let (d, d_slope) = evaluate(&self.denominator, s);
        let factor = n / d;
        let factor_slope = (n_slope - factor * d_slope) / d;
        let t = self.tangential;
        let along = 2.0 * t.dot(v);
        let distorted = v * (factor + along) + (t + self.prism) * s;
        let jacobian = DMat2::from_diagonal(DVec2::splat(factor + along))
            + outer(v, v * (2.0 * factor_slope) + t * 2.0)
            + outer((t + self.prism) * 2.0, v);
        (distorted, jacobian)
    }

    /// The length from which on the radial part grows no more, or is infinite: the first root of its slope, whose numerator is
    /// `N D + 2 s (N' D − N D')`, or of its denominator.
    pub(super) fn limit(&self) -> f64 {
        let mut slope = [0.0; 8];
        for (i, n) in self.numerator.iter().enumerate() {
            for (j, d) in self.denominator.iter().enumerate() {
                slope[i + j] += n * d * (1.0 + 2.0 * i as f64 - 2.0 * j as f64);
            }
        }
        first_root::<8, 7>(slope).min(first_root::<4, 3>(self.denominator)).sqrt()
    }
}

/// A polynomial and its slope, coefficients lowest first.
fn evaluate(coefficients: &[f64], s: f64) -> (f64, f64) {
    coefficients.iter().rev().fold((0.0, 0.0), |(value, slope), c| (value * s + c, slope * s + value))
}

/// `a bᵀ`.
fn outer(a: DVec2, b: DVec2) -> DMat2 {
    DMat2::from_cols(a * b.x, a * b.y)
}

/// The smallest positive root of a polynomial that is 1 at 0, or infinity. Its inverse is the largest root with the coefficients
/// in the other order, of which the first, which must not vanish, is 1.
fn first_root<const M: usize, const N: usize>(mut coefficients: [f64; M]) -> f64 {
    coefficients.reverse();
    let largest = real_roots::<M, N>(&coefficients).iter().copied().fold(0.0, f64::max);
    1.0 / largest
}
