//! The stages of localisation; the projection between descriptors and queries is [`linear_rows`](super::rank::linear_rows).

pub mod describe_cells;
pub mod orient_gradients;
pub mod pool_gradients;
pub mod read_texture;
pub mod recall_points;
