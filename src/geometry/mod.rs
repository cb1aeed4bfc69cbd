//! Cameras, matches, models and how accurate they are. Independent of GPUs, files and sampling.

pub mod accuracy;
mod bulk;
mod camera;
mod camera_model;
mod cell_grid;
mod consensus;
mod intrinsics;
mod matches;
mod model;
mod pose;
pub mod ranking;
mod sharing;
mod triangulation;

pub(crate) use bulk::{Bounds, Bulk};
pub use camera::Camera;
pub use camera_model::CameraModel;
pub use cell_grid::CellGrid;
pub use consensus::{EpipolarResidual, Score};
pub use intrinsics::Intrinsics;
#[cfg(feature = "data")]
pub(crate) use matches::pick;
pub use matches::{Matches, MatchesView};
pub use model::{Model, ModelKind};
pub use pose::{Pose, cross_matrix};
pub(crate) use sharing::Sharing;
pub use triangulation::triangulate;
