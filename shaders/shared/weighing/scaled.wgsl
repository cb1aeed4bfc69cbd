// Numbers of at least 0 of any size, in integers alone, so that every machine has the same bits of them.
// Twin: src/cpu/scaled.rs.

// mantissa · 2^exponent; the mantissa of every number but 0 has its highest bit set.
struct Scaled {
    mantissa: u32,
    exponent: i32,
}

const ZERO = Scaled(0u, -(1i << 20u));
const ONE = Scaled(1u << 31u, -31i);

// mantissa · 2^exponent of any mantissa.
fn scaled(mantissa: u32, exponent: i32) -> Scaled {
    if (mantissa == 0u) {
        return ZERO;
    }
    let shift = countLeadingZeros(mantissa);
    return Scaled(mantissa << shift, exponent - i32(shift));
}

// The size of a finite number of these bits, exactly.
fn scaled_of_bits(bits: u32) -> Scaled {
    let fraction = bits & 0x7fffffu;
    let exponent = i32((bits >> 23u) & 0xffu);
    // subnormal numbers have no bit that goes without saying
    if (exponent == 0) {
        return scaled(fraction, -149);
    }
    return scaled(fraction | 0x800000u, exponent - 150);
}

// The quotient of two integers above 0, bit by bit; of equal ones exactly 1.
fn quotient(a: u32, b: u32) -> Scaled {
    let shift_a = countLeadingZeros(a);
    let shift_b = countLeadingZeros(b);
    var rest = (a << shift_a) >> 1u;
    let divisor = (b << shift_b) >> 1u;
    var digits = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
        let goes = rest >= divisor;
        digits = (digits << 1u) | select(0u, 1u, goes);
        rest = (rest - select(0u, divisor, goes)) << 1u;
    }
    return scaled(digits, i32(shift_b) - i32(shift_a) - 31);
}

// The product, rounded down to 31 bits at least.
fn times(a: Scaled, b: Scaled) -> Scaled {
    let high = multiply_high(a.mantissa, b.mantissa);
    let is_normal = (high >> 31u) == 1u;
    let exponent = a.exponent + b.exponent + 32;
    return Scaled(select(high << 1u, high, is_normal), select(exponent - 1, exponent, is_normal));
}

fn squared(x: Scaled) -> Scaled {
    return times(x, x);
}

fn cubed(x: Scaled) -> Scaled {
    return times(times(x, x), x);
}

// How often 2^unit goes into it, of numbers below 2^(unit + 31).
fn floor_in(unit: i32, x: Scaled) -> u32 {
    let shift = unit - x.exponent;
    return select(0u, x.mantissa >> u32(min(shift, 31)), shift < 32);
}

// The same; at least 1 for every number but 0.
fn fixed_in(unit: i32, x: Scaled) -> u32 {
    return max(floor_in(unit, x), min(x.mantissa, 1u));
}

// Rounded down to single precision; at least its smallest normal number, but for 0.
fn single(x: Scaled) -> f32 {
    let bits = (u32(max(x.exponent + 158, 1)) << 23u) | ((x.mantissa >> 8u) & 0x7fffffu);
    return bitcast<f32>(select(0u, bits, x.mantissa > 0u));
}

// Of so many numbers below 2 to this power the sum is below 2^32.
fn fixed_bits(count: u32) -> i32 {
    return 31 - i32(32u - countLeadingZeros(max(count, 1u) - 1u));
}
