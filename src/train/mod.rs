//! Training: the network as a Burn module, and the custom-gradient operations that let its gradient pass through sampling and
//! minimal solvers.

mod adam;
mod batch;
mod checkpoint;
mod example;
mod initial_weights;
mod initialisation;
mod network;
pub mod network_ops;
mod options;
mod pair_set;
mod trainer;
mod validation;

pub use batch::PackedFeatures;
pub use example::{Example, INLIER_PX};
pub use initial_weights::initial_weights;
pub use initialisation::{InitialisationLoss, MatchTruth};
pub use network::Network;
pub use options::{OptimizerOptions, TrainOptions};
pub use pair_set::PairSet;
pub use trainer::{CHECKPOINT, Ending, Event, StepReport, Trainer, WEIGHTS};
pub use validation::Validation;
