//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod buffers;
pub mod layout;
pub mod localise;
pub mod rank;
pub mod recover;
pub mod search;
pub mod solve;
mod stage;
mod texts;
mod variant;

pub use buffers::{Buffers, Capacity, HostBuffers, MatchArrays, Priors};
pub use stage::{Stage, Workgroups};
pub use texts::{LOCALISE_SHADERS, RANK_SHADERS, SOLVE_SHADERS, shader_texts, stage_texts};
pub use variant::Variant;
pub(crate) use variant::match_vectors;
