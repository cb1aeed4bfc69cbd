//! Numbers of at least 0 of any size, in integers alone, so that every machine has the same bits of them. Twin:
//! `shaders/shared/algebra/scaled.wgsl`.

use super::search::sample_minimal::multiply_high;

/// mantissa · 2^exponent; the mantissa of every number but 0 has its highest bit set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// Its 32 bits.
    pub mantissa: u32,
    /// That of its lowest bit.
    pub exponent: i32,
}

impl Scaled {
    /// 0, whose exponent is below that of all others, and of all their products.
    pub const ZERO: Self = Self { mantissa: 0, exponent: -(1 << 20) };
    /// 1.
    pub const ONE: Self = Self { mantissa: 1 << 31, exponent: -31 };

    /// mantissa · 2^exponent of any mantissa.
    pub const fn new(mantissa: u32, exponent: i32) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        let shift = mantissa.leading_zeros();
        Self { mantissa: mantissa << shift, exponent: exponent - shift.cast_signed() }
    }

    /// The size of a finite number, exactly.
    pub const fn of(x: f32) -> Self {
        let (fraction, exponent) = (x.to_bits() & 0x7f_ffff, (x.to_bits() >> 23 & 0xff).cast_signed());
        // subnormal numbers have no bit that goes without saying
        if exponent == 0 { Self::new(fraction, -149) } else { Self::new(fraction | 0x80_0000, exponent - 150) }
    }

    /// The quotient of two integers above 0; of equal ones exactly 1.
    pub const fn quotient(a: u32, b: u32) -> Self {
        let shifts = [a.leading_zeros(), b.leading_zeros()];
        // both in 2^30..2^31, so that the quotient has 32 bits
        let [a, b] = [(a << shifts[0]) >> 1, (b << shifts[1]) >> 1];
        let quotient = ((a as u64) << 31) / b as u64;
        Self::new(quotient as u32, shifts[1].cast_signed() - shifts[0].cast_signed() - 31)
    }

    /// The product, rounded down to 31 bits at least.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        let (high, exponent) = (multiply_high(self.mantissa, other.mantissa), self.exponent + other.exponent + 32);
        let is_normal = high >> 31 == 1;
        Self {
            mantissa: if is_normal { high } else { high << 1 },
            exponent: if is_normal { exponent } else { exponent - 1 },
        }
    }

    /// The square.
    #[must_use]
    pub const fn squared(self) -> Self {
        self.times(self)
    }

    /// The cube.
    #[must_use]
    pub const fn cubed(self) -> Self {
        self.squared().times(self)
    }

    /// How often 2^unit goes into it, of numbers below 2^(unit + 31).
    pub const fn floor(self, unit: i32) -> u32 {
        let shift = unit - self.exponent;
        if shift < 32 { self.mantissa >> shift } else { 0 }
    }

    /// The same; at least 1 for every number but 0.
    pub const fn fixed(self, unit: i32) -> u32 {
        let floor = self.floor(unit);
        if self.mantissa > 0 && floor == 0 { 1 } else { floor }
    }

    /// Rounded down to single precision; at least its smallest normal number, but for 0.
    pub const fn to_f32(self) -> f32 {
        if self.mantissa == 0 {
            return 0.0;
        }
        let exponent = self.exponent + 158;
        let exponent = if exponent < 1 { 1 } else { exponent.cast_unsigned() };
        f32::from_bits(exponent << 23 | (self.mantissa >> 8 & 0x7f_ffff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_single_precision_come_back_as_they_were() {
        for x in [1.0, 0.1, 3.0e38, f32::MIN_POSITIVE, 7.25, 1e-20] {
            assert_eq!(Scaled::of(x).to_f32(), x);
            assert_eq!(Scaled::of(x).times(Scaled::ONE), Scaled::of(x));
        }
        assert_eq!([Scaled::of(0.0), Scaled::of(-0.0)], [Scaled::ZERO; 2]);
        assert_eq!(Scaled::of(f32::from_bits(1)), Scaled { mantissa: 1 << 31, exponent: -180 });
        assert_eq!(Scaled::ONE, Scaled::of(1.0));
    }

    #[test]
    fn products_and_quotients_are_those_of_real_numbers() {
        let value = |x: Scaled| f64::from(x.mantissa) * 2f64.powi(x.exponent);
        for (a, b) in [(1, 3), (3, 1), (1, 1 << 31), (1 << 31, 1), (12_345, 678), (0x7fff_ffff, 0x4000_0000)] {
            let quotient = Scaled::quotient(a, b);
            let expected = f64::from(a) / f64::from(b);
            assert!((value(quotient) / expected - 1.0).abs() < 1e-9 && quotient.mantissa >> 31 == 1, "{a} {b}");
            assert!((value(quotient.cubed()) / expected.powi(3) - 1.0).abs() < 4e-9, "{a} {b}");
            assert_eq!(Scaled::quotient(a, a), Scaled::ONE);
        }
        assert_eq!(Scaled::ONE.cubed(), Scaled::ONE);
        assert_eq!(Scaled::ONE.times(Scaled::ZERO).mantissa, 0);
    }

    #[test]
    fn nothing_above_0_becomes_0() {
        let tiny = Scaled::of(f32::MIN_POSITIVE).cubed();
        assert_eq!([tiny.floor(-20), tiny.fixed(-20), Scaled::ZERO.fixed(-20)], [0, 1, 0]);
        assert_eq!([tiny.to_f32(), Scaled::ZERO.to_f32()], [f32::MIN_POSITIVE, 0.0]);
        assert_eq!([Scaled::of(0.75).fixed(-20), Scaled::of(2.5).floor(0)], [3 << 18, 2]);
    }
}
