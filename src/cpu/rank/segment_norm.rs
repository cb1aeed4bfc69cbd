//! Instance norm of rows, per pair and channel, with scale and shift: (x − mean) / √(variance + ε) · γ + β over the pair's
//! matches, the variance biased (Ulyanov et al., "Instance Normalization", 2016).

use multiversion::multiversion;

/// Added to the variance.
pub const EPSILON: f32 = 1e-5;

/// What becomes of the normalised rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Join {
    /// out = relu(norm).
    Relu = 0,
    /// out += relu(norm).
    AddRelu = 1,
    /// out = relu(norm + out).
    ReluSum = 2,
    /// out = norm.
    Plain = 3,
}

/// Channels at a time.
const LANES: usize = 16;
/// Sums of so many rows side by side, so that none waits for the one before.
const ROWS: usize = 4;

/// `out` from `rows`, both n × channels of one pair; scale and shift have one entry a channel.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub fn segment_norm(rows: &[f32], gamma: &[f32], beta: &[f32], join: Join, out: &mut [f32]) {
    // the choice outside of the loops
    match join {
        Join::Relu => norm(rows, gamma, beta, out, |normed, _| normed.max(0.0)),
        Join::AddRelu => norm(rows, gamma, beta, out, |normed, out| out + normed.max(0.0)),
        Join::ReluSum => norm(rows, gamma, beta, out, |normed, out| (normed + out).max(0.0)),
        Join::Plain => norm(rows, gamma, beta, out, |normed, _| normed),
    }
}

#[inline(always)]
fn norm(rows: &[f32], gamma: &[f32], beta: &[f32], out: &mut [f32], join: impl Fn(f32, f32) -> f32) {
    let channels = gamma.len();
    let full = channels - channels % LANES;
    (0..full).step_by(LANES).for_each(|start| norm_columns::<LANES>(rows, gamma, beta, start, out, &join));
    (full..channels).for_each(|start| norm_columns::<1>(rows, gamma, beta, start, out, &join));
}

/// The channels `start..start + WIDTH`.
#[inline(always)]
fn norm_columns<const WIDTH: usize>(
    rows: &[f32],
    gamma: &[f32],
    beta: &[f32],
    start: usize,
    out: &mut [f32],
    join: impl Fn(f32, f32) -> f32,
) {
    let channels = gamma.len();
    let count = (rows.len() / channels) as f32;
    let mean = column_sums::<WIDTH>(rows, channels, start, |x, _| x).map(|sum| sum / count);
    let squares = column_sums::<WIDTH>(rows, channels, start, |x, lane| (x - mean[lane]) * (x - mean[lane]));
    let scale: [f32; WIDTH] =
        std::array::from_fn(|lane| gamma[start + lane] / (squares[lane] / count + EPSILON).sqrt());
    let beta: [f32; WIDTH] = std::array::from_fn(|lane| beta[start + lane]);
    for (row, out) in rows.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
        let (row, out) = (&row[start..][..WIDTH], &mut out[start..][..WIDTH]);
        for lane in 0..WIDTH {
            out[lane] = join((row[lane] - mean[lane]) * scale[lane] + beta[lane], out[lane]);
        }
    }
}

/// The sums, over the rows, of what `term` makes of an entry and its lane.
#[inline(always)]
fn column_sums<const WIDTH: usize>(
    rows: &[f32],
    channels: usize,
    start: usize,
    term: impl Fn(f32, usize) -> f32,
) -> [f32; WIDTH] {
    let mut sums = [[0.0; WIDTH]; ROWS];
    for rows in rows.chunks(ROWS * channels) {
        for (row, sums) in rows.chunks_exact(channels).zip(&mut sums) {
            let row = &row[start..][..WIDTH];
            for lane in 0..WIDTH {
                sums[lane] += term(row[lane], lane);
            }
        }
    }
    std::array::from_fn(|lane| sums.iter().map(|sums| sums[lane]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normed_channels_have_the_scale_and_shift_asked_for() {
        let (count, channels) = (50, 3);
        let rows: Vec<f32> = (0..count * channels).map(|i| (i as f32 * 1.7).sin() * 9.0 + 100.0).collect();
        // a shift that relu does not touch
        let (gamma, beta) = ([1.0, 2.0, 0.5], [10.0, 20.0, 30.0]);
        let mut out = vec![0.0; rows.len()];
        segment_norm(&rows, &gamma, &beta, Join::Relu, &mut out);
        for c in 0..channels {
            let column: Vec<f32> = out.iter().skip(c).step_by(channels).copied().collect();
            let mean = column.iter().sum::<f32>() / count as f32;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count as f32;
            assert!((mean - beta[c]).abs() < 1e-4 && (variance.sqrt() - gamma[c]).abs() < 1e-4, "{mean} {variance}");
        }
        let mut plain = vec![0.0; rows.len()];
        segment_norm(&rows, &gamma, &[0.0; 3], Join::Plain, &mut plain);
        let shifted = plain.iter().zip(beta.iter().cycle()).map(|(norm, beta)| norm + beta);
        assert!(shifted.zip(&out).all(|(a, o)| (a - o).abs() < 1e-4));
        let mut added = vec![-15.0; rows.len()];
        segment_norm(&rows, &gamma, &beta, Join::ReluSum, &mut added);
        assert!(added.iter().zip(&out).all(|(a, o)| (a - (o - 15.0).max(0.0)).abs() < 1e-4));
        let mut added = vec![-15.0; rows.len()];
        segment_norm(&rows, &gamma, &beta, Join::AddRelu, &mut added);
        assert!(added.iter().zip(&out).all(|(a, o)| (a - (o - 15.0)).abs() < 1e-4));
    }

    #[test]
    fn a_single_row_and_equal_rows_give_the_shift() {
        for count in [1, 4] {
            let mut out = vec![0.0; 2 * count];
            segment_norm(&[3.0, -4.0].repeat(count), &[1.0, 1.0], &[0.25, 0.5], Join::Relu, &mut out);
            assert_eq!(out, [0.25, 0.5].repeat(count));
        }
    }
}
