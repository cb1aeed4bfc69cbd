//! Readers of the formats users have, random scenes, and the data side of training. Each reader checks what it reads and
//! says what was expected and what came.
//!
//! `docs/data-formats.md` describes the formats. Coordinates and per-match values go through as they are: NaN is found
//! by the estimator's own check.

mod array;
pub mod augment;
mod camera;
mod csv;
mod fields;
mod labels;
mod loader;
mod npz;
mod pair_set;
mod record;
mod safetensors;
mod scene;
pub mod synthetic;
mod synthetic_pairs;
mod write;

pub use augment::Augmentation;
pub use camera::{CameraSet, parse_camera};
pub use labels::RIGHT_PX;
pub use loader::{Loader, LoaderOptions};
pub use pair_set::{PairSet, Skipped};
pub use record::PairRecord;
pub use scene::{Format, Scene};
pub use synthetic_pairs::{SyntheticOptions, SyntheticPairs};
pub use write::write_scene;
