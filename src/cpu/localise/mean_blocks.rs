//! The means of a plane's blocks of 4 × 4 pixels.

use super::plane::Plane;
pub use crate::constants::BLOCK_PX;

/// A pixel a block; of those at the right and lower borders the mean is over what is there.
pub fn mean_blocks(plane: &Plane) -> Plane {
    let mut means = Plane::zeros(plane.size.every(BLOCK_PX));
    let size = means.size;
    for (block, mean) in means.values.chunks_exact_mut(size.channels).enumerate() {
        let [left, top] = [block % size.columns, block / size.columns].map(|place| place * BLOCK_PX);
        let (right, bottom) = ((left + BLOCK_PX).min(plane.size.columns), (top + BLOCK_PX).min(plane.size.rows));
        for (row, column) in (top..bottom).flat_map(|row| (left..right).map(move |column| (row, column))) {
            mean.iter_mut().zip(plane.pixel(column, row)).for_each(|(mean, x)| *mean += x);
        }
        let count = ((right - left) * (bottom - top)) as f32;
        mean.iter_mut().for_each(|mean| *mean /= count);
    }
    means
}

#[cfg(test)]
mod tests {
    use super::super::plane::PlaneSize;
    use super::*;

    #[test]
    fn blocks_at_the_border_are_means_of_what_is_there() {
        let size = PlaneSize { columns: 6, rows: 5, channels: 2 };
        let values = (0..size.len()).map(|i| if i % 2 == 0 { (i / 2 % 6) as f32 } else { (i / 12) as f32 }).collect();
        let means = mean_blocks(&Plane { size, values });
        assert_eq!(means.size, PlaneSize { columns: 2, rows: 2, channels: 2 });
        assert_eq!(means.values, [1.5, 1.5, 4.5, 1.5, 1.5, 4.0, 4.5, 4.0]);
    }
}
