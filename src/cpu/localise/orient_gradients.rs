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
    let at = |x: usize, y: usize| smoothed[y * width + x];
    let mut gradients = Vec::with_capacity(values.len());
    for y in 0..height {
        let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
        for x in 0..width {
            let along_x = 0.5 * (at((x + 1).min(width - 1), y) - at(x.saturating_sub(1), y));
            let along_y = 0.5 * (at(x, below) - at(x, above));
            gradients.push([along_x.hypot(along_y), direction(along_x, along_y)]);
        }
    }
    gradients
}

const fn grey(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

/// The angle in eighths of a turn, 0..8; 0 of no gradient.
fn direction(along_x: f32, along_y: f32) -> f32 {
    let eighths = along_y.atan2(along_x) * (ORIENTATIONS as f32 / std::f32::consts::TAU);
    // not rem_euclid: a tiny negative angle would come out as 8
    if eighths < 0.0 { (eighths + ORIENTATIONS as f32).min(ORIENTATIONS as f32 - 1e-6) } else { eighths }
}

fn smooth_rows(values: &[f32], width: usize) -> Vec<f32> {
    let mut smoothed = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width.max(1)) {
        let tap = |x: usize, k: usize| row[(x + k).saturating_sub(2).min(width - 1)];
        smoothed.extend((0..width).map(|x| (0..5).map(|k| SMOOTH[k] * tap(x, k)).sum::<f32>()));
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
