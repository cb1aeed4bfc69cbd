use crate::constants::CELL_PX;
use glam::DVec2;

/// The cells of an image, for each of which a network says something.
///
/// There are `ceil(width / 8)` columns and `ceil(height / 8)` rows, so that the last ones may reach beyond the image. Cell (i, j) has its centre
/// at (8 i + 3.5, 8 j + 3.5), with that of the top-left pixel at (0, 0). Lists of cells are row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellGrid {
    /// Width and height of the image, pixels.
    pub size_px: [u32; 2],
    /// Cells in a row.
    pub columns: usize,
    /// Rows of cells.
    pub rows: usize,
}

impl CellGrid {
    /// The cells of an image of this width and height.
    pub const fn new(size_px: [u32; 2]) -> Self {
        let [width, height] = size_px;
        Self { size_px, columns: width.div_ceil(CELL_PX) as usize, rows: height.div_ceil(CELL_PX) as usize }
    }

    /// The number of cells.
    pub const fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Whether the image has no pixel.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pixel at the centre of the cell of an index.
    pub fn centre_px(&self, index: usize) -> DVec2 {
        let columns = self.columns.max(1);
        DVec2::new((index % columns) as f64, (index / columns) as f64) * f64::from(CELL_PX) + MIDDLE_PX
    }

    /// The centres of all cells.
    pub fn centres_px(&self) -> impl ExactSizeIterator<Item = DVec2> {
        let grid = *self;
        (0..grid.len()).map(move |index| grid.centre_px(index))
    }

    /// The index of the cell in which a pixel is; `None` outside of all cells.
    pub fn cell_of(&self, pixel: DVec2) -> Option<usize> {
        let place = ((pixel + 0.5) / f64::from(CELL_PX)).floor();
        let inside = place.cmpge(DVec2::ZERO).all() && place.x < self.columns as f64 && place.y < self.rows as f64;
        inside.then(|| place.y as usize * self.columns + place.x as usize)
    }
}

/// From the centre of a cell's top-left pixel to the cell's own.
const MIDDLE_PX: f64 = (CELL_PX - 1) as f64 / 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cover_the_image() {
        let grid = CellGrid::new([321, 240]);
        assert_eq!((grid.columns, grid.rows, grid.len()), (41, 30, 1230));
        let centres: Vec<DVec2> = grid.centres_px().collect();
        assert_eq!((centres[0], centres[42]), (DVec2::splat(3.5), DVec2::splat(11.5)));
        for (index, &centre) in centres.iter().enumerate() {
            assert_eq!(grid.cell_of(centre), Some(index));
            assert_eq!(grid.cell_of(centre - 4.0), Some(index));
        }
        assert_eq!(grid.cell_of(DVec2::new(-0.6, 3.0)), None);
        assert_eq!(grid.cell_of(DVec2::new(3.0, 239.5)), None);
        assert_eq!(grid.cell_of(DVec2::NAN), None);
        assert!(CellGrid::new([0, 3]).is_empty());
    }
}
