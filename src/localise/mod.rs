//! Camera localisation: from an image to where its cells lie in a known scene, and to the camera's pose.
//!
//! Each cell of 8 × 8 pixels is described by the gradients around it, and the map of the scene recalls from that a point of the
//! scene, and how sure it is of it; the estimator makes a pose of those 2-D to 3-D matches. Independent of training, and of all
//! files but its maps.

mod build;
pub mod convolutional;
mod encoder;
mod frame_image;
mod gpu_localiser;
mod gpu_points;
mod grey_image;
mod localiser;
mod point_stages;
mod projection;
mod quality;
mod regressor;
mod remembered;
mod rgbd;
mod scene_map;
#[cfg(feature = "train")]
mod start;
mod sweep;

pub use crate::geometry::CellGrid;
pub use build::{MapBuilder, MapOptions};
pub use encoder::{Encoder, EncoderLayout, EncoderName, EncoderNetwork};
pub use frame_image::FrameImage;
pub use gpu_localiser::{FramePose, GpuLocaliser};
pub use grey_image::GreyImage;
#[cfg(feature = "train")]
pub(crate) use grey_image::bilinear;
pub use localiser::{Localisation, LocaliseOptions, Localiser, ScenePoints};
pub use quality::PoseCovariance;
#[cfg(feature = "cli")]
pub(crate) use scene_map::working_size_px;
pub use scene_map::{MapCamera, MapConfig, MapLayout, SceneMap};
#[cfg(feature = "cli")]
pub(crate) use sweep::sweep_depths_with;
pub use sweep::{SweepView, sweep_depths};
