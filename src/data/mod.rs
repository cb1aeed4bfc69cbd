//! Readers of the formats users have, random scenes, and the data side of training. Each reader checks what it reads and
//! says what was expected and what came.
//!
//! `docs/data-formats.md` describes the formats. Coordinates and per-match values go through as they are: NaN is found
//! by the estimator's own check.

#[cfg(feature = "data")]
pub mod augment;
mod formats;
#[cfg(feature = "data")]
mod frames;
#[cfg(feature = "data")]
mod labels;
#[cfg(feature = "data")]
mod loader;
mod owned_problem;
#[cfg(feature = "data")]
mod pair_set;
#[cfg(feature = "data")]
mod reconstruction;
#[cfg(feature = "data")]
pub mod synthetic;

pub use crate::geometry::Intrinsics;
#[cfg(feature = "data")]
pub use augment::Augmentation;
pub use formats::camera::{CameraSet, parse_camera};
pub use formats::ply::write_ply;
pub use formats::record::PairRecord;
#[cfg(feature = "data")]
pub(crate) use formats::scene::read_bytes;
pub use formats::scene::{Format, Scene};
pub use formats::write::write_scene;
#[cfg(feature = "data")]
pub use frames::{DEPTH_LIMIT_M, Frame, FrameOptions, FrameSet, MAX_PIXELS, Split, Truth, read_grey, read_motion};
#[cfg(feature = "data")]
pub use labels::RIGHT_PX;
#[cfg(feature = "data")]
pub use loader::{Loader, LoaderOptions};
pub use owned_problem::OwnedProblem;
#[cfg(feature = "data")]
pub use pair_set::{PairSet, Skipped};
#[cfg(feature = "data")]
pub use reconstruction::{Reconstruction, ReconstructionFormat, RegisteredImage, SeenPoint, TOP_LEFT_PX};
#[cfg(feature = "data")]
pub use synthetic::pairs::{SyntheticOptions, SyntheticPairs};
