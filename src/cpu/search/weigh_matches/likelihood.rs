use crate::constants::{
    EXP2_1, EXP2_2, EXP2_3, EXP2_4, EXP2_5, RATIO_BITS, RATIO_MIDDLE, RATIO_SLOPE, RATIO_WHOLE_BITS,
};
use crate::cpu::{scaled::Scaled, search::sample_minimal::multiply_high};

/// The share of right matches at an SNN ratio: the logistic curve 1 / (1 + exp((ratio − 0.7) / 0.07)), fitted to the 480,000
/// matches of five training scenes; from a ratio of 4 on as there.
pub fn share_of_right(ratio: f32) -> Scaled {
    let ratio = if ratio > 0.0 { Scaled::of(ratio) } else { Scaled::ZERO };
    let unit = -RATIO_BITS.cast_signed();
    let end = RATIO_WHOLE_BITS.cast_signed();
    let ratio = if ratio.exponent + 32 > end { 1 << (end - unit) } else { ratio.floor(unit) };
    // 2^−y of the distance from the middle of the curve
    let odds = negative_power_of_2(multiply_high(ratio.abs_diff(RATIO_MIDDLE) << 5, RATIO_SLOPE));
    let likelier = Scaled::quotient(1 << 30, (1 << 30) + odds.floor(-30));
    if ratio > RATIO_MIDDLE { likelier.times(odds) } else { likelier }
}

/// 2^−y of y ≥ 0 in units of 2^−24.
fn negative_power_of_2(y: u32) -> Scaled {
    let negative = y.wrapping_neg();
    let fraction = negative << 8;
    Scaled { mantissa: (1 << 31) + (exp2_fraction(fraction) >> 1), exponent: (negative.cast_signed() >> 24) - 31 }
}

/// 2^f − 1 for 0 ≤ f < 1, both in units of 2^−32, to 2e-7.
fn exp2_fraction(f: u32) -> u32 {
    let polynomial = [EXP2_4, EXP2_3, EXP2_2, EXP2_1];
    let sum = polynomial.into_iter().fold(EXP2_5, |sum, coefficient| coefficient + multiply_high(f, sum));
    multiply_high(f, sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_logistic_and_falls_everywhere() {
        let mut before = Scaled::ONE.to_f32();
        for k in -10..3000 {
            let ratio = k as f32 / 1000.0;
            let found = share_of_right(ratio).to_f32();
            let expected = 1.0 / (1.0 + ((f64::from(ratio.max(0.0)) - 0.7) / 0.07).exp());
            assert!((f64::from(found) / expected - 1.0).abs() < 3e-5, "{ratio}: {found} {expected}");
            assert!(found <= before, "{ratio}");
            before = found;
        }
        assert_eq!(share_of_right(1e30), share_of_right(4.0));
        assert!(share_of_right(1e30).to_f32() > 1e-21);
    }
}
