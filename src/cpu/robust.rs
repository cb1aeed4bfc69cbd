//! From residuals to scores and weights: gains of the score, losses of the refinement.
//!
//! All take `t = r²/τ²`, the squared residual in units of the threshold.

use super::{real::Real, residual::Quotient};

/// A gain in 0..=1: 1 for a perfect match, 0 from the threshold on.
pub trait Gain: Copy {
    /// The gain at `t = r²/τ²`.
    fn gain<T: Real>(&self, t: Quotient<T>) -> T;
}

/// 1 within the threshold (Fischler and Bolles 1981).
#[derive(Clone, Copy)]
pub struct RansacGain;

impl Gain for RansacGain {
    #[inline(always)]
    fn gain<T: Real>(&self, t: Quotient<T>) -> T {
        if t.is_within() { T::ONE } else { T::ZERO }
    }
}

/// 1 − t within the threshold (Torr and Zisserman 2000).
#[derive(Clone, Copy)]
pub struct MsacGain;

impl Gain for MsacGain {
    #[inline(always)]
    fn gain<T: Real>(&self, t: Quotient<T>) -> T {
        if t.is_within() { T::ONE - t.value() } else { T::ZERO }
    }
}

/// Evaluates an expression with the gain of a score.
macro_rules! with_gain {
    ($score:expr, $magsac:expr, $residual:expr, |$gain:ident| $body:expr) => {{
        use $crate::cpu::robust::{MsacGain, RansacGain};
        match $score {
            $crate::geometry::Score::Ransac => {
                let $gain = RansacGain;
                $body
            }
            $crate::geometry::Score::Msac => {
                let $gain = MsacGain;
                $body
            }
            $crate::geometry::Score::Magsacpp => {
                let $gain = $residual.magsac($magsac);
                $body
            }
        }
    }};
}
pub(super) use with_gain;

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
    use crate::cpu::magsac::MagsacFit;
    use crate::geometry::ModelKind;

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
            let gain = |t: f32| gain.gain(Quotient::of(t));
            assert!((gain(0.0) - 1.0).abs() < 1e-5);
            assert_eq!(gain(1.0), 0.0);
            assert_eq!(gain(1e30), 0.0);
            assert_eq!(gain(f32::NAN), 0.0);
            assert!((1..100).all(|i| gain(i as f32 * 0.01) <= gain((i - 1) as f32 * 0.01)));
        }
        check(RansacGain);
        check(MsacGain);
        check(MagsacFit::new(ModelKind::Essential).short());
        check(MagsacFit::new(ModelKind::Rigid).short());
        check(MagsacFit::new(ModelKind::Pose).long());
    }
}
