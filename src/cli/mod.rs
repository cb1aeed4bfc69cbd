//! The subcommands: the only place that prints.

mod arguments;
mod commands;
mod interrupt;
mod plot;
mod progress;
mod report;
#[cfg(feature = "rerun")]
mod rerun;
mod sampling;
mod synthetic_views;
mod warnings;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

/// Exit status of an error while running; usage errors exit with clap's 2.
const FAILURE: u8 = 1;
/// Exit status after ctrl-c, as shells have it: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Robust estimation of two-view geometry, camera pose and rigid motion, on any GPU or without one.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Estimate one model from the matches of a file
    Estimate(Box<commands::estimate::EstimateArgs>),
    /// Estimate a model for every pair of some files and compare it with the truth
    Eval(Box<commands::eval::EvalArgs>),
    /// Rank the matches of one pair by a network: logit and probability of each
    Rank(Box<commands::rank::RankArgs>),
    /// Find the two-view geometry of every pair of a COLMAP database
    Verify(Box<commands::verify::VerifyArgs>),
    /// Write the pairs of a COLMAP database to a scene file, to evaluate and to train on
    Export(commands::export::ExportArgs),
    /// Find the two-view geometry of every pair in Parquet files, a part of them on each of several machines
    #[cfg(feature = "shards")]
    VerifyShards(Box<commands::verify_shards::VerifyShardsArgs>),
    /// Find the two-view geometry of every pair in Parquet files; only in a program built with --features shards
    #[cfg(not(feature = "shards"))]
    #[command(disable_help_flag = true)]
    VerifyShards(commands::missing::MissingArgs),
    /// Make maps of scenes, and find where photographs were taken in them
    #[command(subcommand)]
    Localise(commands::localise::LocaliseCommand),
    /// List the GPU adapters, their limits, and which one is taken
    Devices(commands::devices::DevicesArgs),
    /// Measure how fast the stages and the whole are on the chosen backend
    Bench(Box<commands::bench::BenchArgs>),
    /// Write random image pairs with known truth, to look at and to train on
    Synthesize(commands::synthesize::SynthesizeArgs),
    /// Write photographs of a random room with depth and known poses, to try localisation with
    SynthesizeRoom(commands::synthesize_room::SynthesizeRoomArgs),
    /// Train the network that ranks matches
    #[cfg(feature = "train")]
    Train(Box<commands::train::TrainArgs>),
    /// Put geometries from Parquet files into a COLMAP database, or turn a PyTorch checkpoint into weights
    Import(commands::import::ImportArgs),
    /// Train the network that ranks matches; only in a program built with --features train
    #[cfg(not(feature = "train"))]
    #[command(disable_help_flag = true)]
    Train(commands::missing::MissingArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Runs the command that the process was started with; its exit status.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry().with(log).with(log_filter()).init();
    #[cfg(any(feature = "hloc", feature = "shards"))]
    quieten_contained_panics();
    let done = match cli.command {
        Command::Estimate(arguments) => commands::estimate::run(&arguments),
        Command::Eval(arguments) => commands::eval::run(&arguments),
        Command::Rank(arguments) => commands::rank::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Export(arguments) => commands::export::run(&arguments),
        #[cfg(feature = "shards")]
        Command::VerifyShards(arguments) => commands::verify_shards::run(&arguments),
        #[cfg(not(feature = "shards"))]
        Command::VerifyShards(_) => commands::missing::shards(),
        Command::Localise(command) => commands::localise::run(&command),
        Command::Devices(arguments) => commands::devices::run(&arguments),
        Command::Bench(arguments) => commands::bench::run(&arguments),
        Command::Synthesize(arguments) => commands::synthesize::run(&arguments),
        Command::SynthesizeRoom(arguments) => commands::synthesize_room::run(&arguments),
        #[cfg(feature = "train")]
        Command::Train(arguments) => commands::train::run(&arguments),
        #[cfg(not(feature = "train"))]
        Command::Train(_) => commands::missing::training(),
        Command::Import(arguments) => commands::import::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nabla-ransac", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {}", format!("{error:#}").replace('\n', " ")));
            ExitCode::from(FAILURE)
        }
    }
}

/// What RUST_LOG asks for (`info`, or `nabla_ransac=debug,wgpu_core=warn`), otherwise errors.
fn log_filter() -> Targets {
    let asked = std::env::var("RUST_LOG").ok().and_then(|filter| filter.parse().ok());
    asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::ERROR))
}

/// What a reader of others' fails on becomes an error that is told in one line.
#[cfg(any(feature = "hloc", feature = "shards"))]
fn quieten_contained_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::collection::contained::is_contained() {
            tell(panic);
        }
    }));
}

/// Whoever read our output has closed it, as `head` does: nothing is wrong.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes to standard output; unlike `println!` without a panic when it is closed.
fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

/// Writes a line to standard error; unlike `eprintln!` without a panic when that is full.
fn complain(line: &str) {
    // nobody is left to be told
    drop(writeln!(io::stderr(), "{line}"));
}

/// Different errors that are told.
#[cfg(any(feature = "hloc", feature = "shards"))]
const TOLD: usize = 20;

/// Writes a line an error, of the first ones.
#[cfg(any(feature = "hloc", feature = "shards"))]
fn complain_of(errors: &[crate::Error]) {
    errors.iter().take(TOLD).for_each(|error| complain(&error.to_string()));
    if errors.len() > TOLD {
        complain(&format!("and {} more", errors.len() - TOLD));
    }
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    let text = if io::stdout().is_terminal() { serde_json::to_string_pretty(value)? } else { value.to_string() };
    print(&(text + "\n"))
}
