//! Readers of the formats users have, random scenes, and the data side of training. Each reader checks what it reads and
//! says what was expected and what came.
//!
//! `docs/data-formats.md` describes the formats. Coordinates and per-match values go through as they are: NaN is found
//! by the estimator's own check.

pub mod augment;
mod formats;
mod frames;
mod labels;
mod loader;
mod pair_set;
mod reconstruction;
pub mod synthetic;

pub use crate::geometry::Intrinsics;
pub use augment::Augmentation;
pub use formats::camera::{CameraSet, parse_camera};
pub use formats::ply::write_ply;
pub use formats::record::PairRecord;
pub(crate) use formats::scene::read_bytes;
pub use formats::scene::{Format, Scene};
pub use formats::write::write_scene;
pub use frames::{DEPTH_LIMIT_M, Frame, FrameOptions, FrameSet, MAX_PIXELS, Split, Truth, read_motion};
pub use labels::RIGHT_PX;
pub use loader::{Loader, LoaderOptions};
pub use pair_set::{PairSet, Skipped};
pub use reconstruction::{Reconstruction, ReconstructionFormat, RegisteredImage, SeenPoint, TOP_LEFT_PX};
pub use synthetic::pairs::{SyntheticOptions, SyntheticPairs};
