//! Real roots of polynomials by Sturm sequences, isolated by bisection and polished by Newton steps.

use super::Solutions;

/// Width, relative to the root's size, to which bisection narrows two roots before it takes them for one.
const DOUBLE_ROOT_WIDTH: f64 = 1e-11;

/// The real roots of `Σ c[k] z^k`, of degree `N` (`N + 1 = M` coefficients, lowest first), in ascending order.
///
/// A double root is given once. A vanishing leading coefficient or a coefficient that is not finite gives none.
#[inline(always)]
pub fn real_roots<const M: usize, const N: usize>(coefficients: &[f64; M]) -> Solutions<f64, N> {
    const { assert!(M == N + 1) };
    let mut roots = Solutions::new(0.0);
    let Some((chain, monic)) = SturmChain::<N>::new(coefficients) else { return roots };
    let bound = root_bound(&monic);
    let mut stack = [Interval::default(); 64];
    stack[0] = Interval { low: -bound, high: bound, above_low: chain.signs(-bound), above_high: chain.signs(bound) };
    let mut depth = 1;
    while depth > 0 {
        depth -= 1;
        let interval = stack[depth];
        let count = interval.above_low.saturating_sub(interval.above_high);
        let middle = 0.5 * (interval.low + interval.high);
        let narrow = interval.high - interval.low < DOUBLE_ROOT_WIDTH * (1.0 + middle.abs());
        if count == 1 || (count > 1 && (narrow || depth + 2 > stack.len())) {
            roots.push(polish(&monic, interval.low, interval.high));
        } else if count > 1 {
            let above_middle = chain.signs(middle);
            stack[depth] = Interval { low: middle, above_low: above_middle, ..interval };
            stack[depth + 1] = Interval { high: middle, above_high: above_middle, ..interval };
            depth += 2;
        }
    }
    roots
}

#[derive(Clone, Copy, Default)]
struct Interval {
    low: f64,
    high: f64,
    above_low: u32,
    above_high: u32,
}

/// A Sturm chain of degree `N` by its quotients: `p[i] = (slope z + offset) p[i+1] − scale p[i+2]`, so that the whole chain is
/// evaluated in O(N).
struct SturmChain<const N: usize> {
    quotients: [[f64; 3]; N],
    last: f64,
    length: usize,
}

impl<const N: usize> SturmChain<N> {
    #[inline(always)]
    fn new<const M: usize>(coefficients: &[f64; M]) -> Option<(Self, [f64; M])> {
        let inverse = 1.0 / coefficients[N];
        let monic: [f64; M] = std::array::from_fn(|k| coefficients[k] * inverse);
        if !monic.iter().all(|c| c.is_finite()) {
            return None;
        }
        let mut upper = monic;
        let mut lower = [0.0; M];
        for k in 1..=N {
            lower[k - 1] = monic[k] * k as f64 / N as f64;
        }
        let mut chain = Self { quotients: [[0.0; 3]; N], last: 1.0, length: N };
        // upper has degree d, lower has degree d − 1 and both are scaled to a leading coefficient of ±1
        for step in 0..N - 1 {
            let d = N - step;
            let slope = upper[d] / lower[d - 1];
            let offset = (upper[d - 1] - slope * lower[d - 2]) / lower[d - 1];
            let mut remainder = [0.0; M];
            let mut size = 0.0f64;
            for k in 0..d - 1 {
                let below = if k > 0 { lower[k - 1] } else { 0.0 };
                remainder[k] = slope * below + offset * lower[k] - upper[k];
                size = size.max(remainder[k].abs());
            }
            let lead = remainder[d - 2].abs();
            if lead <= 1e-14 * size || lead == 0.0 {
                chain.quotients[step] = [slope, offset, 0.0];
                chain.last = lower[d - 1];
                chain.length = step + 1;
                // a common factor or a drop of degree: the chain ends here; the count is that of the distinct roots so far
                return Some((chain, monic));
            }
            chain.quotients[step] = [slope, offset, lead];
            let scale = 1.0 / lead;
            upper = lower;
            lower = std::array::from_fn(|k| remainder[k] * scale);
        }
        chain.quotients[N - 1] = [upper[1], upper[0], 0.0];
        chain.last = lower[0];
        Some((chain, monic))
    }

    /// The number of sign changes along the chain at `z`.
    #[inline(always)]
    fn signs(&self, z: f64) -> u32 {
        let start = self.length - 1;
        let mut below = self.last;
        let [slope, offset, _] = self.quotients[start];
        let mut value = if start == N - 1 { slope * z + offset } else { (slope * z + offset) * below };
        let mut changes = u32::from((value < 0.0) != (below < 0.0));
        for i in (0..start).rev() {
            let [slope, offset, scale] = self.quotients[i];
            let above = (slope * z + offset) * value - scale * below;
            below = value;
            value = above;
            changes += u32::from((value < 0.0) != (below < 0.0));
        }
        changes
    }
}

/// Fujiwara's bound on the size of the roots of a monic polynomial, without the roots' powers being exact:
/// 2 max |c[N−k]|^(1/k).
#[inline(always)]
fn root_bound<const M: usize>(monic: &[f64; M]) -> f64 {
    let mut bound = 0.0f64;
    for k in 1..M {
        let size = monic[M - 1 - k].abs();
        // the k-th root only where it can matter: x ≤ bound^k
        if size > bound.powi(k as i32) {
            bound = size.powf(1.0 / k as f64);
        }
    }
    2.0 * bound + 1e-9
}

/// The root in an interval with one sign change, by Newton steps kept inside by bisection.
#[inline(always)]
fn polish<const M: usize>(monic: &[f64; M], mut low: f64, mut high: f64) -> f64 {
    let (at_low, _) = evaluate(monic, low);
    let mut z = 0.5 * (low + high);
    for _ in 0..60 {
        let (value, slope) = evaluate(monic, z);
        if (value < 0.0) == (at_low < 0.0) {
            low = z;
        } else {
            high = z;
        }
        let newton = z - value / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        let moved = (next - z).abs();
        z = next;
        if moved <= 1e-14 * (1e-3 + z.abs()) {
            break;
        }
    }
    z
}

#[inline(always)]
fn evaluate<const M: usize>(c: &[f64; M], z: f64) -> (f64, f64) {
    let mut value = c[M - 1];
    let mut slope = 0.0;
    for k in (0..M - 1).rev() {
        slope = slope * z + value;
        value = value * z + c[k];
    }
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_roots(roots: &[f64], complex: &[(f64, f64)]) -> [f64; 11] {
        let mut c = [0.0; 11];
        c[0] = 1.0;
        let mut multiply = |factor: [f64; 3]| {
            let old = c;
            for k in 0..11 {
                c[k] = (0..3).filter(|&j| j <= k).map(|j| factor[j] * old[k - j]).sum();
            }
        };
        roots.iter().for_each(|&r| multiply([-r, 1.0, 0.0]));
        complex.iter().for_each(|&(re, im)| multiply([re * re + im * im, -2.0 * re, 1.0]));
        c
    }

    #[test]
    fn finds_the_real_roots_between_the_complex_ones() {
        let truth = [-120.0, -3.5, -0.01, 0.02, 0.9, 7.0];
        let found = real_roots::<11, 10>(&from_roots(&truth, &[(0.5, 1.0), (-2.0, 0.3)]));
        assert_eq!(found.len(), truth.len());
        for (a, b) in found.iter().zip(truth) {
            assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{a} {b}");
        }
    }

    #[test]
    fn no_real_roots_and_bad_coefficients_give_none() {
        let complex = [(0.5, 1.0), (-2.0, 0.3), (1.0, 1.0), (0.0, 2.0), (3.0, 0.5)];
        assert!(real_roots::<11, 10>(&from_roots(&[], &complex)).is_empty());
        assert!(real_roots::<11, 10>(&[f64::NAN; 11]).is_empty());
        assert!(real_roots::<11, 10>(&[0.0; 11]).is_empty());
    }

    #[test]
    fn lower_degrees_work_too() {
        let found = real_roots::<4, 3>(&[-6.0, 11.0, -6.0, 1.0]);
        assert!(found.iter().zip([1.0, 2.0, 3.0]).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-12));
        assert_eq!(found.len(), 3);
    }
}
