//! The stages of the networks that rank matches.

pub mod annular_rings;
pub mod edge_features;
pub mod feature_neighbours;
pub mod find_neighbours;
pub mod graph_convolution;
pub mod linear_rows;
pub mod pool_neighbours;
pub mod predict_logits;
pub mod prepare_rows;
pub mod segment_norm;
