//! `nabla-ransac localise`: maps of scenes, and the cameras that took photographs in them.

mod build;
mod estimate;
mod eval;
mod frames;
mod swept;
#[cfg(feature = "train")]
mod train;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum LocaliseCommand {
    /// Make the map of a scene from photographs with their poses
    Train(Box<build::TrainArgs>),
    /// Localise photographs whose poses are known, and compare
    Eval(Box<eval::EvalArgs>),
    /// Localise one photograph
    Estimate(Box<estimate::EstimateArgs>),
}

pub(crate) fn run(command: &LocaliseCommand) -> anyhow::Result<()> {
    match command {
        LocaliseCommand::Train(arguments) => build::run(arguments),
        LocaliseCommand::Eval(arguments) => eval::run(arguments),
        LocaliseCommand::Estimate(arguments) => estimate::run(arguments),
    }
}
