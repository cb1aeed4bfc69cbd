//! The neighbourhoods of a plane's pixels, so that a convolution is a product of rows and a matrix.
//!
//! A neighbourhood of 3 × 3 pixels is a row of 9 × channels numbers, row by row; beyond the borders there are zeros.

use super::plane::Plane;
use crate::constants::PATCH_PX;

/// The neighbourhoods of every `stride`-th pixel of the row `stride · row`.
pub fn gather_patches(plane: &Plane, stride: usize, row: usize, patches: &mut Vec<f32>) {
    let size = plane.size;
    patches.clear();
    patches.resize(size.every(stride).columns * PATCH_PX * PATCH_PX * size.channels, 0.0);
    let run = PATCH_PX * size.channels;
    for (column, patch) in patches.chunks_exact_mut(PATCH_PX * run).enumerate() {
        let middle = column * stride;
        let (first, last) = (middle.saturating_sub(1), (middle + 1).min(size.columns - 1));
        // where the border cuts the neighbourhood off
        let skipped = (first + 1 - middle) * size.channels;
        for (down, patch) in patch.chunks_exact_mut(run).enumerate() {
            let Some(y) = (row * stride + down).checked_sub(1).filter(|&y| y < size.rows) else { continue };
            let start = (y * size.columns + first) * size.channels;
            let values = &plane.values[start..][..(last + 1 - first) * size.channels];
            patch[skipped..][..values.len()].copy_from_slice(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plane::PlaneSize;
    use super::*;

    #[test]
    fn neighbourhoods_are_those_of_the_definition() {
        for (columns, rows, channels, stride) in [(5, 4, 2, 1), (5, 4, 2, 2), (1, 1, 3, 2), (6, 3, 1, 2), (2, 7, 4, 1)]
        {
            let size = PlaneSize { columns, rows, channels };
            let plane = Plane { size, values: (1..=size.len()).map(|i| i as f32).collect() };
            let mut patches = Vec::new();
            for row in 0..rows.div_ceil(stride) {
                gather_patches(&plane, stride, row, &mut patches);
                assert_eq!(patches.len(), columns.div_ceil(stride) * 9 * channels);
                for (at, &found) in patches.iter().enumerate() {
                    let [column, down, right, channel] =
                        [at / (9 * channels), at / (3 * channels) % 3, at / channels % 3, at % channels];
                    let place = [(column * stride + right).checked_sub(1), (row * stride + down).checked_sub(1)];
                    let expected = match place {
                        [Some(x), Some(y)] if x < columns && y < rows => plane.pixel(x, y)[channel],
                        _ => 0.0,
                    };
                    assert_eq!(found, expected);
                }
            }
        }
    }
}
