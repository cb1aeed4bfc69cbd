// The share of right matches at an SNN ratio of these bits: 1 / (1 + exp((ratio − 0.7) / 0.07)).
// Twin: src/cpu/search/weigh_matches/likelihood.rs, bit for bit.

fn share_of_right(bits: u32) -> Scaled {
    var ratio = scaled_of_bits(bits);
    if ((bits >> 31u) == 1u) {
        ratio = ZERO;
    }
    let is_beyond = ratio.exponent + 32 > i32(RATIO_WHOLE_BITS);
    let fixed = select(floor_in(-i32(RATIO_BITS), ratio), 1u << (RATIO_WHOLE_BITS + RATIO_BITS), is_beyond);
    // 2^−y of the distance from the middle of the curve
    let distance = max(fixed, RATIO_MIDDLE) - min(fixed, RATIO_MIDDLE);
    let odds = negative_power_of_2(multiply_high(distance << 5u, RATIO_SLOPE));
    let likelier = quotient(1u << 30u, (1u << 30u) + floor_in(-30, odds));
    if (fixed > RATIO_MIDDLE) {
        return times(likelier, odds);
    }
    return likelier;
}

// 2^−y of y ≥ 0 in units of 2^−24.
fn negative_power_of_2(y: u32) -> Scaled {
    let negative = ~y + 1u;
    let fraction = negative << 8u;
    return Scaled((1u << 31u) + (exp2_fraction(fraction) >> 1u), (bitcast<i32>(negative) >> 24u) - 31);
}

// 2^f − 1 for 0 ≤ f < 1, both in units of 2^−32.
fn exp2_fraction(f: u32) -> u32 {
    let fourth = EXP2_4 + multiply_high(f, EXP2_5);
    let third = EXP2_3 + multiply_high(f, fourth);
    let second = EXP2_2 + multiply_high(f, third);
    return multiply_high(f, EXP2_1 + multiply_high(f, second));
}
