//! From residuals to scores and weights: gains of the score, losses of the refinement.
//!
//! All take `t = r²/τ²`, the squared residual in units of the threshold.

use crate::geometry::ModelKind;

/// A gain in 0..=1: 1 for a perfect match, 0 from the threshold on.
pub trait Gain: Copy {
    /// The gain at `t = r²/τ²`.
    fn gain(&self, t: f32) -> f32;
}

/// 1 within the threshold (Fischler and Bolles 1981).
#[derive(Clone, Copy)]
pub struct RansacGain;

impl Gain for RansacGain {
    #[inline(always)]
    fn gain(&self, t: f32) -> f32 {
        if t < 1.0 { 1.0 } else { 0.0 }
    }
}

/// 1 − t within the threshold (Torr and Zisserman 2000).
#[derive(Clone, Copy)]
pub struct MsacGain;

impl Gain for MsacGain {
    #[inline(always)]
    fn gain(&self, t: f32) -> f32 {
        if t < 1.0 { 1.0 - t } else { 0.0 }
    }
}

/// Degree of the polynomial of [`MagsacGain`].
pub const MAGSAC_DEGREE: usize = 10;

/// MAGSAC++ (Barath et al., CVPR 2020): the loss marginalised over the noise scale up to σ = τ/k, scaled to 1 at r = 0 and 0
/// at the threshold. A polynomial in `2r/τ − 1` that is within 3e-5 of the closed form.
#[derive(Clone, Copy)]
pub struct MagsacGain {
    coefficients: [f32; MAGSAC_DEGREE + 1],
}

impl MagsacGain {
    /// For the degrees of freedom of a model's residuals: 4 for two views, 2 for reprojection, 3 for 3-D points.
    pub fn new(kind: ModelKind) -> Self {
        Self { coefficients: fit(|s| magsac_gain(degrees_of_freedom(kind), s * s)).map(|c| c as f32) }
    }

    /// Lowest first, of powers of `2r/τ − 1`; what the shader takes.
    pub const fn coefficients(&self) -> &[f32; MAGSAC_DEGREE + 1] {
        &self.coefficients
    }
}

impl Gain for MagsacGain {
    #[inline(always)]
    fn gain(&self, t: f32) -> f32 {
        let u = 2.0 * t.min(1.0).sqrt() - 1.0;
        let value = self.coefficients.iter().rev().fold(0.0, |sum, &c| sum * u + c);
        if t < 1.0 { value } else { 0.0 }
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
    let z = t * end;
    let loss = lower_gamma(a + 1.0, z) + z * (lower_gamma(a, end) - lower_gamma(a, z));
    1.0 - loss / lower_gamma(a + 1.0, end)
}

/// The lower incomplete gamma function by its series, z^s e^−z Σ zⁿ / (s (s+1) … (s+n)); for z up to about 10.
fn lower_gamma(s: f64, z: f64) -> f64 {
    let mut term = 1.0 / s;
    let mut sum = term;
    for n in 1..100 {
        term *= z / (s + f64::from(n));
        sum += term;
    }
    z.powf(s) * (-z).exp() * sum
}

/// The Chebyshev interpolant of `f` on 0..=1, as coefficients of powers of u = 2s − 1.
fn fit(f: impl Fn(f64) -> f64) -> [f64; MAGSAC_DEGREE + 1] {
    const N: usize = MAGSAC_DEGREE + 1;
    let angle = |k: usize| std::f64::consts::PI * (k as f64 + 0.5) / N as f64;
    let values: [f64; N] = std::array::from_fn(|k| f(0.5 * (angle(k).cos() + 1.0)));
    let mut powers = [0.0; N];
    // T_0 = 1, T_1 = u, T_j+1 = 2u T_j − T_j−1
    let (mut previous, mut current) = ([0.0; N], [0.0; N]);
    current[0] = 1.0;
    for j in 0..N {
        let sum: f64 = (0..N).map(|k| values[k] * (j as f64 * angle(k)).cos()).sum();
        let c = sum * if j == 0 { 1.0 } else { 2.0 } / N as f64;
        let factor = if j == 0 { 1.0 } else { 2.0 };
        let next = std::array::from_fn(|i| factor * if i > 0 { current[i - 1] } else { 0.0 } - previous[i]);
        for i in 0..N {
            powers[i] += c * current[i];
        }
        (previous, current) = (current, next);
    }
    powers
}

/// What the refinement minimises over the matches, for `t = r²/τ²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// min(t, 1): the refinement of the truncated score.
    Truncated,
    /// s² log(1 + t/s²), of scale s thresholds.
    Cauchy(f64),
    /// t: least squares.
    Squared,
}

impl Loss {
    /// The loss, and its derivative by t: the weight of iteratively reweighted least squares.
    #[inline(always)]
    pub fn loss_and_weight(self, t: f64) -> (f64, f64) {
        match self {
            Self::Truncated => {
                if t < 1.0 {
                    (t, 1.0)
                } else {
                    (1.0, 0.0)
                }
            }
            Self::Cauchy(scale) => {
                let s = scale * scale;
                let ratio = 1.0 + t * (1.0 / s);
                (s * ln(ratio), 1.0 / ratio)
            }
            Self::Squared => (t, 1.0),
        }
    }
}

/// The natural logarithm of a normal number, within a few units in the last place of 1; without calls or branches, so that
/// loops over it vectorise.
///
/// With x = 2^k m and m near 1: ln x = k ln 2 + 2 artanh((m − 1)/(m + 1)).
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    // the mantissa in √½..√2
    const HALF_ROOT: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let offset = x.to_bits().wrapping_sub(HALF_ROOT);
    let exponent = f64::from((offset.cast_signed() >> 52) as i32);
    let mantissa = f64::from_bits((offset & 0x000f_ffff_ffff_ffff) + HALF_ROOT);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    // written out: a loop in the loop would not vectorise
    let end = 1.0 / 13.0 + s2 * (1.0 / 15.0 + s2 * (1.0 / 17.0 + s2 * (1.0 / 19.0)));
    let series =
        1.0 + s2 * (1.0 / 3.0 + s2 * (1.0 / 5.0 + s2 * (1.0 / 7.0 + s2 * (1.0 / 9.0 + s2 * (1.0 / 11.0 + s2 * end)))));
    let value = exponent * std::f64::consts::LN_2 + 2.0 * s * series;
    if x < f64::INFINITY { value } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magsac_polynomial_is_within_its_stated_error() {
        for kind in ModelKind::ALL {
            let gain = MagsacGain::new(kind);
            for i in 0..=10_000 {
                let t = f64::from(i) / 10_000.0 * 0.999_999;
                let exact = magsac_gain(degrees_of_freedom(kind), t);
                assert!((f64::from(gain.gain(t as f32)) - exact).abs() < 3e-5, "{kind:?} {t}");
            }
        }
    }

    #[test]
    fn magsac_closed_form_has_the_published_constants() {
        // those of ν = 4, which go with k = 3.64
        let (end, sqrt_pi) = (0.5 * 3.64 * 3.64, std::f64::consts::PI.sqrt());
        assert!((0.5 * sqrt_pi - lower_gamma(1.5, end) - 0.003_657_26).abs() < 1e-8);
        assert!((lower_gamma(2.5, end) - 1.301_226_55).abs() < 1e-8);
    }

    #[test]
    fn logarithm_is_exact_to_rounding() {
        for i in -2000..2000 {
            let x = (f64::from(i) * 0.05).exp();
            assert!((ln(x) - x.ln()).abs() < 4e-16 * (1.0 + x.ln().abs()), "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(f64::NAN).is_nan());
    }

    #[test]
    fn gains_fall_from_one_to_zero() {
        fn check(gain: impl Gain) {
            assert!((gain.gain(0.0) - 1.0).abs() < 1e-4);
            assert_eq!(gain.gain(1.0), 0.0);
            assert_eq!(gain.gain(1e30), 0.0);
            assert_eq!(gain.gain(f32::NAN), 0.0);
            assert!((1..100).all(|i| gain.gain(i as f32 * 0.01) <= gain.gain((i - 1) as f32 * 0.01) + 1e-5));
        }
        check(RansacGain);
        check(MsacGain);
        ModelKind::ALL.into_iter().map(MagsacGain::new).for_each(check);
    }
}
