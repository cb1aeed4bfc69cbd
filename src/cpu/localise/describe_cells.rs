//! A descriptor of each cell: 4 × 4 bins of eight directions around it at three widths, as RootSIFT has them (Arandjelović and
//! Zisserman, CVPR 2012): each width by itself to a sum of 1, then the square root.
//!
//! Unlike a key point's it has neither scale nor orientation of its own: an image turned by 90° is another one.

use super::pool_gradients::{Histogram, lattice};
use crate::constants::{BIN_WIDTHS_PX, CELL_PX, DESCRIPTOR_COLUMNS, LATTICE_MARGIN, ORIENTATIONS};
use crate::geometry::CellGrid;

/// Bins along each side of a descriptor.
const SIDE: usize = 4;
/// What a bin counts by its place along a side: a Gaussian of half the descriptor's width, as SIFT has it.
const BY_PLACE: [f32; SIDE] = [0.754_839_6, 0.969_233_2, 0.969_233_2, 0.754_839_6];
/// What is added to the sum of a width's bins, by the square of it in pixels: an eighth of a grey level of 255 in every pixel keeps
/// what has no texture small.
const FLOOR: f32 = 1e-3;

/// Cell × [`DESCRIPTOR_COLUMNS`], of the pooled gradients of an image.
pub fn describe_cells(pooled: &[Histogram], grid: &CellGrid) -> Vec<f32> {
    let [columns, rows] = lattice(grid);
    let mut descriptors = Vec::with_capacity(grid.len() * DESCRIPTOR_COLUMNS as usize);
    for cell in 0..grid.len() {
        let place = [cell % grid.columns, cell / grid.columns].map(|place| place + LATTICE_MARGIN as usize);
        for (level, &width_px) in BIN_WIDTHS_PX.iter().enumerate() {
            let pooled = &pooled[level * columns * rows..][..columns * rows];
            let mut bins = [[0.0; ORIENTATIONS as usize]; SIDE * SIDE];
            for (bin, out) in bins.iter_mut().enumerate() {
                let [x, y] = [(place[0], bin % SIDE), (place[1], bin / SIDE)].map(|(p, b)| bin_place(p, b, width_px));
                let weight = BY_PLACE[bin / SIDE] * BY_PLACE[bin % SIDE];
                *out = pooled[y * columns + x].map(|value| weight * value);
            }
            let sums = bins.iter().fold([0.0; ORIENTATIONS as usize], |sums, bin| {
                std::array::from_fn(|direction| sums[direction] + bin[direction])
            });
            let sum = sums.iter().sum::<f32>() + FLOOR * (width_px * width_px) as f32;
            descriptors.extend(bins.as_flattened().iter().map(|value| (value / sum).sqrt()));
        }
    }
    descriptors
}

/// The place on the lattice of a descriptor's bin: (bin − 1.5) widths from the cell's.
const fn bin_place(cell: usize, bin: usize, width_px: u32) -> usize {
    let half_cell = if width_px == CELL_PX { CELL_PX as usize / 2 } else { 0 };
    // the lattice of the narrowest width is half a cell on
    (cell * CELL_PX as usize + bin * width_px as usize - 3 * width_px as usize / 2 - half_cell) / CELL_PX as usize
}

#[cfg(test)]
mod tests {
    use super::super::{orient_gradients::orient_gradients, pool_gradients::pool_gradients};
    use super::*;

    fn describe(values: &[f32], size_px: [u32; 2]) -> Vec<f32> {
        let grid = CellGrid::new(size_px);
        describe_cells(&pool_gradients(&orient_gradients(values, size_px[0] as usize), &grid), &grid)
    }

    fn texture(x: i64, y: i64) -> f32 {
        let (x, y) = (x as f32, y as f32);
        0.5 + 0.2 * (x * 0.31 + y * 0.17).sin() + 0.2 * (x * 0.11 - y * 0.43 + (x * 0.05).cos()).cos()
    }

    #[test]
    fn a_descriptor_moves_with_the_image_and_does_not_see_contrast() {
        let size = [240, 200];
        let image = |dx: i64, dy: i64, gain: f32| -> Vec<f32> {
            (0..240 * 200).map(|i| 0.1 + gain * texture(i % 240 + dx, i / 240 + dy)).collect()
        };
        let here = describe(&image(0, 0, 1.0), size);
        let moved = describe(&image(-16, 8, 0.6), size);
        let row = |d: &[f32], i: usize, j: usize| d[(j * 30 + i) * 384..][..384].to_vec();
        // cells whose window of 160 pixels is inside of both
        for (i, j) in [(12, 13), (15, 11), (17, 13)] {
            let [a, b] = [row(&here, i, j), row(&moved, i + 2, j - 1)];
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 3e-3), "{i} {j}");
            let norm: f32 = a.iter().map(|v| v * v).sum();
            assert!((2.5..=3.0).contains(&norm), "{norm}");
        }
    }

    #[test]
    fn bins_are_centred_on_their_cell() {
        // centres of bins in pixels, from the lattice's places
        for (level, width) in BIN_WIDTHS_PX.into_iter().enumerate() {
            let offset = if level == 0 { 4.0 } else { 0.0 };
            for bin in 0..SIDE {
                let place = bin_place(10, bin, width) as f64;
                let apart = (place - 10.0) * 8.0 + offset;
                assert!((apart - (bin as f64 - 1.5) * f64::from(width)).abs() < 1e-9, "{width} {bin}");
            }
        }
    }

    #[test]
    fn an_image_without_texture_has_descriptors_of_zero() {
        assert!(describe(&[0.5; 64 * 48], [64, 48]).iter().all(|&value| value.abs() < 0.05));
        assert_eq!(describe(&[0.5], [1, 1]).len(), 384);
    }
}
