//! What localisation has of its own: descriptors of an image's cells, and what a map recalls at them.

pub mod describe_cells;
pub mod orient_gradients;
pub mod pool_gradients;
pub mod read_texture;
pub mod recall_points;
