//! Localisation: where in a known scene a photograph was taken.

mod cell_grid;
mod grey_image;

pub use cell_grid::{CELL_PX, CellGrid};
pub use grey_image::GreyImage;
