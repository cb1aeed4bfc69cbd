//! The network that ranks matches: from what is known of each match to the logit of its being right.
//!
//! Each match has an input row ([`features`]) and edges to its nearest neighbours
//! ([`find_neighbours`](crate::cpu::rank::find_neighbours), [`edge_features`](crate::cpu::rank::edge_features)); the default
//! architecture passes messages along them and normalises over all matches of the pair ([`NetworkConfig`]). Independent of
//! training, and of all files but its weights.

mod clnet;
mod config;
mod error;
pub mod features;
mod gpu_ranker;
#[cfg(not(target_arch = "wasm32"))]
mod gpu_ranking;
mod guidance;
mod in_front;
mod initial;
mod input;
mod learned_estimator;
mod message_passing;
mod ranker;
mod shipped;
mod step;
mod steps;
pub(crate) mod tensor_file;
mod tensors;
mod weights;

pub use config::{Architecture, GraphConvolution, NetworkConfig};
pub use error::WeightsError;
pub use features::Features;
pub use gpu_ranker::GpuRanker;
#[cfg(feature = "cli")]
pub(crate) use gpu_ranking::GpuRanking;
pub use guidance::{Unguided, guided, guiding_weights};
pub use input::RankInput;
pub use learned_estimator::LearnedEstimator;
pub use ranker::Ranker;
pub use weights::{Storage, Tensor, Weights};
