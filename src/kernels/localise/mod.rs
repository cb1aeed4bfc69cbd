//! The stages of localisation; the product between descriptors and queries, and that of a convolution, is
//! [`linear_rows`](super::rank::linear_rows).

pub mod describe_cells;
pub mod enlarge_plane;
pub mod gather_patches;
pub mod mean_blocks;
pub mod orient_gradients;
pub mod place_points;
pub mod pool_gradients;
pub mod read_texture;
pub mod recall_points;
pub mod standardise;
