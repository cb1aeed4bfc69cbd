//! Training: the network as a Burn module, and the custom-gradient operations that let its gradient pass through sampling and
//! minimal solvers.

mod adam;
mod batch;
mod batch_norm;
mod candidates;
mod checkpoint;
mod clnet;
mod end_to_end;
mod example;
mod footprint;
mod import;
mod initialisation;
mod message_passing;
mod network;
pub mod network_ops;
pub mod ops;
mod options;
mod parameters;
mod trainer;
mod validation;

pub use batch::PackedFeatures;
pub use end_to_end::{EndToEnd, Objective, SamplerGradient};
pub use example::Example;
pub use footprint::Memory;
pub use import::import_pytorch;
pub use initialisation::{InitialisationLoss, MatchTruth};
pub use network::Network;
pub use options::{OptimizerOptions, TrainOptions};
pub use trainer::{BAD_BATCH, CHECKPOINT, Ending, Event, StepReport, Trainer, WEIGHTS};
pub use validation::Validation;
