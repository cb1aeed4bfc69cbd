//! The numbers that residuals and gains are computed in: f32 for scoring, f64 for refinement, each plain or fused.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// f32 or f64.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Rounds an f64.
    fn of(value: f64) -> Self;
    /// As an f64.
    fn value(self) -> f64;
    /// self · factor + addend.
    fn multiply_add(self, factor: Self, addend: Self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
}

/// A number whose [`Real::multiply_add`] is one instruction: for code that is dispatched to processors that have it. On
/// others it is a call, so the compiler never fuses by itself.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Fused<T>(T);

macro_rules! operators {
    ($($operator:ident, $method:ident;)+) => {$(
        impl<T: $operator<Output = T>> $operator for Fused<T> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        }
    )+};
}

operators! {
    Add, add;
    Sub, sub;
    Mul, mul;
    Div, div;
}

impl<T: Neg<Output = T>> Neg for Fused<T> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

macro_rules! real {
    ($($float:ty),+) => {$(
        impl Real for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn value(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn multiply_add(self, factor: Self, addend: Self) -> Self {
                self * factor + addend
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }
        }

        impl Real for Fused<$float> {
            const ZERO: Self = Self(0.0);
            const ONE: Self = Self(1.0);

            #[inline(always)]
            fn of(value: f64) -> Self {
                Self(value as $float)
            }

            #[inline(always)]
            fn value(self) -> f64 {
                self.0.into()
            }

            #[inline(always)]
            fn multiply_add(self, factor: Self, addend: Self) -> Self {
                Self(self.0.mul_add(factor.0, addend.0))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.sqrt())
            }
        }
    )+};
}

real!(f32, f64);
