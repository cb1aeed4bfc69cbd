//! Readers of the formats users have. Each checks what it reads and says what was expected and what came.
//!
//! `docs/data-formats.md` describes the formats. Coordinates and per-match values go through as they are: NaN is found
//! by the estimator's own check.

mod array;
mod camera;
mod csv;
mod fields;
mod npz;
mod record;
mod safetensors;
mod scene;
pub mod synthetic;
mod synthetic_pairs;
mod write;

pub use camera::{CameraSet, parse_camera};
pub use record::PairRecord;
pub use scene::{Format, Scene};
pub use synthetic_pairs::{SyntheticOptions, SyntheticPairs};
pub use write::write_scene;
