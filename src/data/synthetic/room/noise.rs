//! Numbers without a pattern, by place: the same place always has the same one.

use glam::DVec2;

/// A number in 0..1 of a seed and a place on a grid.
pub(super) fn at_cell(seed: u64, x: i64, y: i64) -> f64 {
    let mut bits =
        seed ^ (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    // SplitMix64's finish (Steele, Lea and Flood 2014)
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Between the numbers of the four cells around a place, smooth, in 0..1.
fn smooth(seed: u64, place: DVec2) -> f64 {
    let cell = place.floor();
    let part = place - cell;
    let part = part * part * (3.0 - 2.0 * part);
    let [x, y] = cell.to_array().map(|side| side as i64);
    let row = |y| at_cell(seed, x, y) * (1.0 - part.x) + at_cell(seed, x + 1, y) * part.x;
    row(y) * (1.0 - part.y) + row(y + 1) * part.y
}

/// Noise of many scales, about within ±1: each of the octaves is half as large and counts for `persistence` of the one before.
pub(super) fn fractal(seed: u64, place: DVec2, octaves: u32, persistence: f64) -> f64 {
    let (mut sum, mut amplitude, mut place) = (0.0, 1.0, place);
    for octave in 0..octaves {
        sum += amplitude * (2.0 * smooth(seed.wrapping_add(u64::from(octave)), place) - 1.0);
        amplitude *= persistence;
        // off the grid of the coarser one
        place = place * 2.0 + 0.37;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_even_smooth_and_its_own_for_each_seed() {
        let numbers: Vec<f64> = (0..10_000).map(|i| at_cell(7, i % 100, i / 100)).collect();
        let mean = numbers.iter().sum::<f64>() / 1e4;
        assert!((mean - 0.5).abs() < 0.01 && numbers.iter().all(|x| (0.0..1.0).contains(x)), "{mean}");
        let place = DVec2::new(2.99999, -7.3);
        let step = fractal(1, place, 6, 0.6) - fractal(1, place + DVec2::X * 2e-5, 6, 0.6);
        assert!(step.abs() < 1e-2, "{step}");
        assert!((fractal(1, place, 1, 0.6) - fractal(2, place, 1, 0.6)).abs() > 1e-3);
    }
}
