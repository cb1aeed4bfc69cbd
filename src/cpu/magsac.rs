//! The gain of MAGSAC++ (Barath et al., CVPR 2020): the loss marginalised over the noise scale up to σ = τ/k, scaled to 1 at
//! r = 0 and 0 at the threshold.
//!
//! It is computed as a polynomial in u = 1 + 2p − 2p (1 + p) / (t + p), which runs from −1 to 1 as t = r²/τ² does from 0 to
//! 1, and stays within 3e-5 of the closed form. Near 0 the closed form is no power series in t: the pole at t = −p lets few
//! terms follow it without a square root.

use super::{real::Real, residual::Quotient, robust::Gain};
use crate::{constants::MAGSAC_VECTORS, geometry::ModelKind};

/// Terms that suffice for 3 and 4 degrees of freedom.
const SHORT: usize = 8;
/// Terms for 2, where the closed form begins with a power of 3/2.
const LONG: usize = 14;

/// What was fitted to the gain of some degrees of freedom.
#[derive(Clone, Copy)]
pub struct MagsacFit {
    pole: f32,
    /// Lowest first, of powers of u; 0 beyond the terms that the degrees of freedom need.
    coefficients: [f32; LONG],
}

impl MagsacFit {
    /// For the degrees of freedom of a model's residuals: 4 for two views, 2 for reprojection, 3 for 3-D points.
    pub fn new(kind: ModelKind) -> Self {
        let freedom = degrees_of_freedom(kind);
        // the poles with the least error
        match freedom {
            2 => Self::with_terms::<LONG>(freedom, 0.082),
            3 => Self::with_terms::<SHORT>(freedom, 3.3),
            _ => Self::with_terms::<SHORT>(freedom, 0.528),
        }
    }

    fn with_terms<const TERMS: usize>(freedom: u32, pole: f32) -> Self {
        let p = f64::from(pole);
        let t = |u: f64| 2.0 * p * (1.0 + p) / (1.0 + 2.0 * p - u) - p;
        let mut coefficients = [0.0; LONG];
        for (to, from) in coefficients.iter_mut().zip(interpolate::<TERMS>(|u| magsac_gain(freedom, t(u)))) {
            *to = from as f32;
        }
        Self { pole, coefficients }
    }

    /// The pole, then the coefficients: what the shader takes.
    pub fn vectors(&self) -> [[f32; 4]; MAGSAC_VECTORS] {
        let mut vectors = [[0.0; 4]; MAGSAC_VECTORS];
        let numbers = std::iter::once(self.pole).chain(self.coefficients);
        vectors.as_flattened_mut().iter_mut().zip(numbers).for_each(|(to, from)| *to = from);
        vectors
    }

    /// The gain for 3 or 4 degrees of freedom.
    pub fn short(&self) -> MagsacGain<SHORT> {
        self.gain()
    }

    /// The gain for any.
    pub fn long(&self) -> MagsacGain<LONG> {
        self.gain()
    }

    fn gain<const TERMS: usize>(&self) -> MagsacGain<TERMS> {
        MagsacGain { pole: self.pole.into(), coefficients: std::array::from_fn(|k| self.coefficients[k].into()) }
    }
}

/// The gain of so many terms.
#[derive(Clone, Copy)]
pub struct MagsacGain<const TERMS: usize> {
    pole: f64,
    coefficients: [f64; TERMS],
}

impl<const TERMS: usize> Gain for MagsacGain<TERMS> {
    #[inline(always)]
    fn gain<T: Real>(&self, t: Quotient<T>) -> T {
        let p = self.pole;
        let inverse = t.divisor / T::of(p).multiply_add(t.divisor, t.dividend);
        let u = T::of(-2.0 * p * (1.0 + p)).multiply_add(inverse, T::of(1.0 + 2.0 * p));
        let coefficients = self.coefficients.map(T::of);
        let value = coefficients.into_iter().rev().reduce(|sum, c| sum.multiply_add(u, c));
        if t.is_within() { value.unwrap_or(T::ZERO) } else { T::ZERO }
    }
}

/// Coordinates in which a match of a kind is measured with noise.
pub const fn degrees_of_freedom(kind: ModelKind) -> u32 {
    match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => 4,
        ModelKind::Pose => 2,
        ModelKind::Rigid => 3,
    }
}

/// The closed form, with a = (ν−1)/2, z = t z₁ and 2 z₁ the 99 % quantile of χ²_ν:
/// 1 − [γ(a+1, z) + z (Γ(a, z) − Γ(a, z₁))] / γ(a+1, z₁).
fn magsac_gain(degrees_of_freedom: u32, t: f64) -> f64 {
    let quantile = match degrees_of_freedom {
        2 => 9.210_340_37,
        3 => 11.344_866_73,
        _ => 13.276_704_14,
    };
    let a = 0.5 * (f64::from(degrees_of_freedom) - 1.0);
    let end = 0.5 * quantile;
    let z = t.clamp(0.0, 1.0) * end;
    let loss = lower_gamma(a + 1.0, z) + z * (lower_gamma(a, end) - lower_gamma(a, z));
    1.0 - loss / lower_gamma(a + 1.0, end)
}

/// The lower incomplete gamma function by its series, z^s e^−z Σ zⁿ / (s (s+1) … (s+n)); for z up to about 10.
fn lower_gamma(s: f64, z: f64) -> f64 {
    let mut term = 1.0 / s;
    let mut sum = term;
    for n in 1..100 {
        term *= z / (s + f64::from(n));
        if sum + term == sum {
            break;
        }
        sum += term;
    }
    z.powf(s) * (-z).exp() * sum
}

/// The interpolant of `f` at the extremes of the Chebyshev polynomial on −1..=1, both ends among them, as coefficients of
/// powers.
fn interpolate<const TERMS: usize>(f: impl Fn(f64) -> f64) -> [f64; TERMS] {
    let degree = TERMS - 1;
    let angle = |k: usize| std::f64::consts::PI * k as f64 / degree as f64;
    let halved_at_ends = |k: usize| if k == 0 || k == degree { 0.5 } else { 1.0 };
    let values: [f64; TERMS] = std::array::from_fn(|k| f(angle(k).cos()) * halved_at_ends(k));
    let mut powers = [0.0; TERMS];
    // T_0 = 1, T_1 = u, T_j+1 = 2u T_j − T_j−1
    let (mut previous, mut current) = ([0.0; TERMS], [0.0; TERMS]);
    current[0] = 1.0;
    for j in 0..TERMS {
        let sum: f64 = (0..TERMS).map(|k| values[k] * (j as f64 * angle(k)).cos()).sum();
        let c = 2.0 / degree as f64 * halved_at_ends(j) * sum;
        let factor = if j == 0 { 1.0 } else { 2.0 };
        let next = std::array::from_fn(|i| factor * if i > 0 { current[i - 1] } else { 0.0 } - previous[i]);
        for i in 0..TERMS {
            powers[i] += c * current[i];
        }
        (previous, current) = (current, next);
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomial_is_within_its_stated_error() {
        for kind in ModelKind::ALL {
            let fit = MagsacFit::new(kind);
            for i in 0..=10_000 {
                let t = f64::from(i) / 10_000.0 * 0.999_999;
                let exact = magsac_gain(degrees_of_freedom(kind), t);
                let mut found = vec![fit.long().gain(Quotient::of(t as f32))];
                if kind != ModelKind::Pose {
                    found.push(fit.short().gain(Quotient::of(t as f32)));
                }
                assert!(found.iter().all(|&gain| (f64::from(gain) - exact).abs() < 3e-5), "{kind:?} {t}");
            }
        }
    }

    #[test]
    fn closed_form_has_the_published_constants() {
        // those of ν = 4, which go with k = 3.64
        let (end, sqrt_pi) = (0.5 * 3.64 * 3.64, std::f64::consts::PI.sqrt());
        assert!((0.5 * sqrt_pi - lower_gamma(1.5, end) - 0.003_657_26).abs() < 1e-8);
        assert!((lower_gamma(2.5, end) - 1.301_226_55).abs() < 1e-8);
    }
}
