//! Training: the network as a Burn module, and the custom-gradient operations that let its gradient pass through sampling and
//! minimal solvers.

mod adam;
mod batch;
mod checkpoint;
mod example;
mod footprint;
pub mod networks;
mod objectives;
pub mod ops;
mod options;
pub mod scene;
mod trainer;

pub use batch::PackedFeatures;
pub use example::Example;
pub use footprint::Memory;
pub use networks::import::import_pytorch;
pub use networks::import_xfeat::import_xfeat;
pub use networks::network::Network;
pub use networks::score_network::ScoreNetwork;
pub use objectives::end_to_end::{EndToEnd, Objective, SamplerGradient};
pub use objectives::initialisation::{InitialisationLoss, MatchTruth};
pub use objectives::validation::Validation;
pub use options::{OptimizerOptions, TrainOptions};
pub use trainer::{BAD_BATCH, CHECKPOINT, Ending, Event, StepReport, Trainer, WEIGHTS};
