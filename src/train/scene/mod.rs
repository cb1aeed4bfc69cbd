//! Training the map of a scene.

mod augment;
mod checkpoint;
mod end_to_end;
mod network;
mod options;
mod point_loss;
mod trainer;
mod view;
mod watch;

pub use end_to_end::{EndToEndPose, PoseSelection};
pub use network::{ConvolutionalModule, MemoryNetwork, SceneInput, SceneNetwork};
pub use options::SceneOptions;
pub use trainer::{PoseReport, SceneData, SceneEnding, SceneStep, SceneTrainer};
pub use view::View;
