//! What localisation has of its own: descriptors of an image's cells, what a map recalls at them, and the steps of convolutional
//! networks.

pub mod describe_cells;
pub mod enlarge_plane;
pub mod gather_patches;
pub mod mean_blocks;
pub mod orient_gradients;
pub mod place_points;
pub mod plane;
pub mod pool_gradients;
pub mod read_texture;
pub mod recall_points;
pub mod standardise;
