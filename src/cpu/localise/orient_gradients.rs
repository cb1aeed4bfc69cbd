//! The gradient of a grey image at each pixel: its length, and its direction in eighths of a turn.
//!
//! The image is smoothed by the binomial filter 1 4 6 4 1 along both axes before; at its borders the outermost pixels go on. Grey goes
//! from 0 to 1; what is beyond is brought there, and what is no number is black.

use crate::constants::ORIENTATIONS;

/// The binomial filter of a standard deviation of 1 pixel.
const SMOOTH: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// (length, direction) of every pixel, the direction in 0..8, of an image of this width.
pub fn orient_gradients(values: &[f32], width: usize) -> Vec<[f32; 2]> {
    let height = values.len() / width.max(1);
    let values: Vec<f32> = values.iter().map(|&value| grey(value)).collect();
    let smoothed = smooth_columns(&smooth_rows(&values, width), width);
    let row = |y: usize| &smoothed[y * width..][..width];
    let (mut along_x, mut along_y) = (vec![0.0; width], vec![0.0; width]);
    let mut gradients = Vec::with_capacity(values.len());
    for y in 0..height {
        differences(row(y), &mut along_x);
        let beside = row(y.saturating_sub(1)).iter().zip(row((y + 1).min(height - 1)));
        along_y.iter_mut().zip(beside).for_each(|(out, (above, below))| *out = 0.5 * (below - above));
        gradients.extend(along_x.iter().zip(&along_y).map(|(&x, &y)| [(x * x + y * y).sqrt(), direction(x, y)]));
    }
    gradients
}

/// Half the difference of the values right and left of each.
fn differences(row: &[f32], out: &mut [f32]) {
    let last = row.len() - 1;
    for (middle, beside) in out[1..].iter_mut().zip(row.windows(3)) {
        *middle = 0.5 * (beside[2] - beside[0]);
    }
    out[0] = 0.5 * (row[1.min(last)] - row[0]);
    if last > 0 {
        out[last] = 0.5 * (row[last] - row[last - 1]);
    }
}

const fn grey(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

/// The angle in eighths of a turn, 0..8; 0 of no gradient. Without a branch, so that many are made at once.
fn direction(along_x: f32, along_y: f32) -> f32 {
    let choose = |condition: bool, yes: f32, no: f32| if condition { yes } else { no };
    let (x, y) = (along_x.abs(), along_y.abs());
    let steep = y > x;
    let (small, large) = (choose(steep, x, y), choose(steep, y, x));
    let first = arctangent(small / choose(large > 0.0, large, 1.0)) * (EIGHTHS / std::f32::consts::TAU);
    let quarter = choose(steep, EIGHTHS / 4.0 - first, first);
    let half = choose(along_x < 0.0, EIGHTHS / 2.0 - quarter, quarter);
    // a tiny negative angle would come out as 8
    choose(along_y < 0.0, (EIGHTHS - half).min(EIGHTHS - 1e-6), half)
}

const EIGHTHS: f32 = ORIENTATIONS as f32;

/// Of 0..=1, to 2e-8 (Abramowitz and Stegun, 4.4.49).
fn arctangent(x: f32) -> f32 {
    const TERMS: [f32; 8] = [
        0.002_866_225_7,
        -0.016_165_737,
        0.042_909_614,
        -0.075_289_64,
        0.106_562_64,
        -0.142_089,
        0.199_935_51,
        -0.333_331_45,
    ];
    let square = x * x;
    x * (1.0 + TERMS.iter().fold(0.0, |sum, term| (sum + term) * square))
}

fn smooth_rows(values: &[f32], width: usize) -> Vec<f32> {
    let mut smoothed = Vec::with_capacity(values.len());
    let mut padded = vec![0.0; width + 4];
    for row in values.chunks_exact(width.max(1)) {
        padded[..2].fill(row[0]);
        padded[2..][..width].copy_from_slice(row);
        padded[width + 2..].fill(row[width - 1]);
        smoothed.extend(padded.windows(5).map(|taps| (0..5).map(|k| SMOOTH[k] * taps[k]).sum::<f32>()));
    }
    smoothed
}

fn smooth_columns(values: &[f32], width: usize) -> Vec<f32> {
    let height = values.len() / width.max(1);
    let mut smoothed = vec![0.0; values.len()];
    for (y, out) in smoothed.chunks_exact_mut(width.max(1)).enumerate() {
        for (k, weight) in SMOOTH.iter().enumerate() {
            let row = &values[(y + k).saturating_sub(2).min(height - 1) * width..][..width];
            out.iter_mut().zip(row).for_each(|(out, value)| *out += weight * value);
        }
    }
    smoothed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_has_its_gradient_everywhere_but_at_the_borders() {
        for (slope, expected) in [([1.0, 0.0], 0.0), ([0.0, 1.0], 2.0), ([-1.0, 0.0], 4.0), ([1.0, -1.0], 7.0)] {
            let [width, height] = [17, 13];
            let value = |x: usize, y: usize| (slope[0] * x as f32 + slope[1] * y as f32) * 0.01 + 0.5;
            let values: Vec<f32> = (0..width * height).map(|at| value(at % width, at / width)).collect();
            let gradients = orient_gradients(&values, width);
            for y in 3..height - 3 {
                for x in 3..width - 3 {
                    let [length, direction] = gradients[y * width + x];
                    assert!((length - 0.01 * slope[0].hypot(slope[1])).abs() < 1e-5);
                    assert!((direction - expected).abs() < 1e-3, "{direction} {expected}");
                }
            }
        }
    }

    #[test]
    fn directions_stay_below_a_turn() {
        for (x, y) in [(1.0, -1e-30), (1.0, -f32::MIN_POSITIVE), (-1.0, -0.0), (0.0, 0.0), (1e-20, -1.0)] {
            assert!((0.0..8.0).contains(&direction(x, y)), "{x} {y}: {}", direction(x, y));
        }
        assert!(orient_gradients(&[0.3; 12], 4).iter().all(|&[length, _]| length < 1e-7));
    }
}
