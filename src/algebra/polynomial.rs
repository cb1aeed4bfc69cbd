//! Real roots of polynomials by Sturm sequences, isolated by subdivision and polished by Newton steps.
//!
//! Sequences and polynomials are evaluated at several points together: each evaluation is one long chain of dependent
//! operations, so that eight take hardly longer than one.

use super::Solutions;

/// Width, relative to the root's size, to which subdivision narrows two roots before it takes them for one.
const DOUBLE_ROOT_WIDTH: f64 = 1e-11;
/// A Newton step this small, relative to the root's size, leaves an error of about its square.
const LAST_STEP: f64 = 1e-10;
/// Points at which a polynomial is evaluated together.
const LANES: usize = 8;
/// Tangents of equally spaced angles: the first points that separate the roots, which lie around ±1.
const TANGENTS: [f64; 16] = [
    -5.3495, -2.5813, -1.6151, -1.0969, -0.7552, -0.4979, -0.2845, -0.0927, 0.0927, 0.2845, 0.4979, 0.7552, 1.0969,
    1.6151, 2.5813, 5.3495,
];

/// The real roots of `Σ c[k] z^k`, of degree `N` (`N + 1 = M` coefficients, lowest first), in ascending order.
///
/// A double root is given once. A vanishing leading coefficient or a coefficient that is not finite gives none.
#[inline(always)]
pub fn real_roots<const M: usize, const N: usize>(coefficients: &[f64; M]) -> Solutions<f64, N> {
    const { assert!(M == N + 1) };
    let mut roots = Solutions::new(0.0);
    let Some((chain, monic)) = SturmChain::<N>::new(coefficients) else { return roots };
    for intervals in isolate(&chain, root_bound(&monic)).chunks(LANES) {
        let polished = polish(&monic, intervals);
        polished[..intervals.len()].iter().for_each(|&root| roots.push(root));
    }
    roots
}

/// An interval with the number of sign changes of a Sturm chain at both ends; it holds as many roots as they differ by.
#[derive(Clone, Copy, Default)]
struct Interval {
    low: f64,
    high: f64,
    changes_low: u32,
    changes_high: u32,
}

impl Interval {
    #[inline(always)]
    const fn roots(&self) -> u32 {
        self.changes_low.saturating_sub(self.changes_high)
    }

    #[inline(always)]
    fn is_narrow(&self) -> bool {
        self.high - self.low < DOUBLE_ROOT_WIDTH * (1.0 + self.low.abs())
    }
}

/// Ascending intervals within ±`bound`, each with one of the chain's roots.
#[inline(always)]
fn isolate<const N: usize>(chain: &SturmChain<N>, bound: f64) -> Solutions<Interval, N> {
    let mut isolated = Solutions::new(Interval::default());
    let mut stack = [Interval::default(); 32];
    let [changes_low, changes_high] = chain.changes([-bound, bound]);
    let whole = Interval { low: -bound, high: bound, changes_low, changes_high };
    let mut depth = split(chain, whole, TANGENTS.map(|z| z.clamp(-bound, bound)), &mut stack, 0);
    while depth > 0 {
        depth -= 1;
        let interval = stack[depth];
        if interval.roots() == 1 || interval.is_narrow() {
            isolated.push(interval);
        } else {
            let step = (interval.high - interval.low) / (LANES + 1) as f64;
            let points: [f64; LANES] = std::array::from_fn(|k| interval.low + step * (k + 1) as f64);
            depth = split(chain, interval, points, &mut stack, depth);
        }
    }
    isolated
}

/// Puts the parts between ascending points that hold roots on a stack of some depth, the lowest last; gives the new depth.
#[inline(always)]
fn split<const N: usize, const P: usize>(
    chain: &SturmChain<N>,
    whole: Interval,
    points: [f64; P],
    stack: &mut [Interval],
    mut depth: usize,
) -> usize {
    let changes = chain.changes(points);
    let mut rest = whole;
    for k in (0..=P).rev() {
        let part = if k > 0 { Interval { low: points[k - 1], changes_low: changes[k - 1], ..rest } } else { rest };
        if part.roots() > 0 && depth < stack.len() {
            stack[depth] = part;
            depth += 1;
        }
        rest = Interval { high: part.low, changes_high: part.changes_low, ..whole };
    }
    depth
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
        // upper has degree d, lower has degree d − 1 and both have a leading coefficient of ±1, its own inverse
        for step in 0..N - 1 {
            let d = N - step;
            let slope = upper[d] * lower[d - 1];
            let offset = (upper[d - 1] - slope * lower[d - 2]) * lower[d - 1];
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
            for k in 0..d - 2 {
                lower[k] = remainder[k] * scale;
            }
            lower[d - 2] = 1.0f64.copysign(remainder[d - 2]);
            lower[d - 1] = 0.0;
        }
        chain.quotients[N - 1] = [upper[1], upper[0], 0.0];
        chain.last = lower[0];
        Some((chain, monic))
    }

    /// The number of sign changes along the chain at each point.
    #[inline(always)]
    fn changes<const P: usize>(&self, z: [f64; P]) -> [u32; P] {
        let start = self.length - 1;
        let [slope, offset, _] = self.quotients[start];
        let factor = if start == N - 1 { 1.0 } else { self.last };
        let mut below = [self.last; P];
        let mut value = z.map(|z| (slope * z + offset) * factor);
        let mut changes = [0; P];
        for k in 0..P {
            changes[k] += differ(value[k], below[k]);
        }
        for i in (0..start).rev() {
            let [slope, offset, scale] = self.quotients[i];
            for k in 0..P {
                let above = (slope * z[k] + offset) * value[k] - scale * below[k];
                below[k] = value[k];
                value[k] = above;
                changes[k] += differ(value[k], below[k]);
            }
        }
        changes.map(|count| count as u32)
    }
}

/// 1 where two signs differ.
#[inline(always)]
const fn differ(a: f64, b: f64) -> u64 {
    (a.to_bits() ^ b.to_bits()) >> 63
}

/// At most four times Fujiwara's bound on the size of the roots of a monic polynomial, 2 max |c[N−k]|^(1/k), by the
/// exponents alone.
#[inline(always)]
fn root_bound<const M: usize>(monic: &[f64; M]) -> f64 {
    let mut exponent = -64;
    for k in 1..M {
        // |c| < 2^size
        let size = ((monic[M - 1 - k].to_bits() >> 52) & 0x7ff) as i32 - 1022;
        exponent = exponent.max(size.div_euclid(k as i32) + 1);
    }
    // below 2^1023, with the 2 of the bound
    f64::from_bits(u64::from((exponent.min(1021) + 1024).cast_unsigned()) << 52)
}

/// The roots in intervals that hold one each, at most [`LANES`], by Newton steps kept inside by bisection.
#[inline(always)]
fn polish<const M: usize>(monic: &[f64; M], intervals: &[Interval]) -> [f64; LANES] {
    let interval = |lane: usize| intervals[lane.min(intervals.len() - 1)];
    let mut low: [f64; LANES] = std::array::from_fn(|lane| interval(lane).low);
    let mut high: [f64; LANES] = std::array::from_fn(|lane| interval(lane).high);
    let (at_low, _) = evaluate(monic, &low);
    let mut z: [f64; LANES] = std::array::from_fn(|lane| 0.5 * (low[lane] + high[lane]));
    for _ in 0..60 {
        let (value, slope) = evaluate(monic, &z);
        let mut open = 0;
        for k in 0..LANES {
            let is_low = (value[k] < 0.0) == (at_low[k] < 0.0);
            low[k] = if is_low { z[k] } else { low[k] };
            high[k] = if is_low { high[k] } else { z[k] };
            let newton = z[k] - value[k] / slope[k];
            let inside = (newton >= low[k]) & (newton <= high[k]);
            let next = if inside { newton } else { 0.5 * (low[k] + high[k]) };
            let settled = inside & ((next - z[k]).abs() <= LAST_STEP * (1e-3 + z[k].abs()));
            open |= u64::from(!settled);
            z[k] = next;
        }
        if open == 0 {
            break;
        }
    }
    z
}

/// The values and the slopes of a polynomial at points.
#[inline(always)]
fn evaluate<const M: usize>(c: &[f64; M], z: &[f64; LANES]) -> ([f64; LANES], [f64; LANES]) {
    let mut value = [c[M - 1]; LANES];
    let mut slope = [0.0; LANES];
    for &coefficient in c[..M - 1].iter().rev() {
        for k in 0..LANES {
            slope[k] = slope[k] * z[k] + value[k];
            value[k] = value[k] * z[k] + coefficient;
        }
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
