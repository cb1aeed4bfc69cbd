//! Histograms of gradient directions around the cells of an image, at three widths: the bins that descriptors are made of.
//!
//! A bin of width b takes the gradients of the 2b × 2b pixels around its centre, each by its length, by a triangle of half-width b
//! along both axes, and by how near its direction is to each of eight (as SIFT does; Lowe, IJCV 2004). Bins lie on a lattice with a
//! margin of six cells around the grid: at the centres of cells, those of the narrowest width half a cell right and down of them.

use crate::constants::{BIN_WIDTHS_PX, CELL_PX, LATTICE_MARGIN, ORIENTATIONS};
use crate::geometry::CellGrid;
use multiversion::multiversion;

/// One histogram.
pub type Histogram = [f32; ORIENTATIONS as usize];

/// Columns and rows of the lattice of bins.
pub const fn lattice(grid: &CellGrid) -> [usize; 2] {
    let margin = 2 * LATTICE_MARGIN as usize;
    [grid.columns + margin, grid.rows + margin]
}

/// Width × lattice row × lattice column of histograms, of the gradients of an image.
pub fn pool_gradients(gradients: &[[f32; 2]], grid: &CellGrid) -> Vec<Histogram> {
    let histograms: Vec<Histogram> = gradients.iter().map(|&gradient| histogram(gradient)).collect();
    BIN_WIDTHS_PX.iter().flat_map(|&width_px| pool(&histograms, grid, width_px)).collect()
}

/// The shares of one gradient: linear between the two nearest of eight directions.
fn histogram([length, direction]: [f32; 2]) -> Histogram {
    std::array::from_fn(|bin| {
        let apart = (direction - bin as f32).abs();
        length * (1.0 - apart.min(ORIENTATIONS as f32 - apart)).max(0.0)
    })
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn pool(histograms: &[Histogram], grid: &CellGrid, width_px: u32) -> Vec<Histogram> {
    let [width, height] = grid.size_px.map(|side| side as usize);
    let [columns, rows] = lattice(grid);
    let [across, down] = [taps(width_px, columns, width), taps(width_px, rows, height)];
    let zero = [0.0; ORIENTATIONS as usize];
    let mut narrowed = vec![zero; columns * height];
    for (y, out) in narrowed.chunks_exact_mut(columns).enumerate() {
        let row = &histograms[y * width..][..width];
        for (taps, out) in across.iter().zip(out) {
            for (weight, histogram) in taps.weights.iter().zip(&row[taps.first..]) {
                add(out, *weight, histogram);
            }
        }
    }
    let mut pooled = vec![zero; columns * rows];
    for (taps, out) in down.iter().zip(pooled.chunks_exact_mut(columns)) {
        for (weight, row) in taps.weights.iter().zip(narrowed.chunks_exact(columns).skip(taps.first)) {
            out.iter_mut().zip(row).for_each(|(out, histogram)| add(out, *weight, histogram));
        }
    }
    pooled
}

#[inline(always)]
fn add(sum: &mut Histogram, weight: f32, histogram: &Histogram) {
    for (sum, value) in sum.iter_mut().zip(histogram) {
        *sum += weight * value;
    }
}

/// The pixels of an axis that a bin takes, as far as they are in the image: of the pixel `first` and those after it.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// Those of each place of the lattice.
fn taps(width_px: u32, places: usize, pixels: usize) -> Vec<Taps> {
    (0..places)
        .map(|place| {
            let start = first_pixel(place, width_px);
            let end = (start + 2 * width_px as i32).clamp(0, pixels as i32);
            let first = start.clamp(0, end);
            let weight = |pixel: i32| {
                // from the centre, between the two pixels in the middle
                let apart = (pixel - start) as f32 + 0.5 - width_px as f32;
                1.0 - apart.abs() / width_px as f32
            };
            Taps { first: first as usize, weights: (first..end).map(weight).collect() }
        })
        .collect()
}

/// The first of the 2b pixels of a bin of width b at a place of the lattice: its centre is the middle of a cell (8 i + 3.5) or, of
/// the narrowest, half a cell on.
fn first_pixel(place: usize, width_px: u32) -> i32 {
    let cell = place as i32 - LATTICE_MARGIN as i32;
    let half_cell = if width_px == CELL_PX { CELL_PX as i32 / 2 } else { 0 };
    cell * CELL_PX as i32 + CELL_PX as i32 / 2 + half_cell - width_px as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_the_definition_says() {
        let grid = CellGrid::new([45, 26]);
        let gradients: Vec<[f32; 2]> =
            (0..45 * 26).map(|i| [(i as f32 * 0.7).sin().abs(), (i as f32 * 1.3) % 8.0]).collect();
        let pooled = pool_gradients(&gradients, &grid);
        let [columns, rows] = lattice(&grid);
        assert_eq!(pooled.len(), 3 * columns * rows);
        for (level, &width) in BIN_WIDTHS_PX.iter().enumerate() {
            let (width, offset) = (f64::from(width), if level == 0 { 4.0 } else { 0.0 });
            for place in (0..columns * rows).step_by(7) {
                let centre = [place % columns, place / columns].map(|p| (p as f64 - 6.0) * 8.0 + 3.5 + offset);
                let mut expected = [0.0_f64; 8];
                for (i, [length, direction]) in gradients.iter().enumerate() {
                    let weight = |axis: usize| {
                        let pixel = [i % 45, i / 45][axis] as f64;
                        (1.0 - (pixel - centre[axis]).abs() / width).max(0.0)
                    };
                    for (bin, sum) in expected.iter_mut().enumerate() {
                        let apart = (f64::from(*direction) - bin as f64).abs();
                        *sum += f64::from(*length) * weight(0) * weight(1) * (1.0 - apart.min(8.0 - apart)).max(0.0);
                    }
                }
                let found = &pooled[level * columns * rows + place];
                assert!(found.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-3 * (1.0 + b)));
            }
        }
    }
}
