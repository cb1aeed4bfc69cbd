//! The network that ranks matches: from what is known of each match to the logit of its being right.
//!
//! Each match has an input row ([`features`]) and edges to its nearest neighbours ([`neighbours`]); the default
//! architecture passes messages along them and normalises over all matches of the pair ([`NetworkConfig`]). Knows
//! nothing of files but its weights, and nothing of training.

mod config;
mod error;
pub mod features;
mod input;
pub mod neighbours;
mod tensors;
mod weights;

pub use config::{Architecture, GraphConvolution, NetworkConfig};
pub use error::WeightsError;
pub use features::Features;
pub use input::RankInput;
pub use weights::{Storage, Tensor, Weights};
