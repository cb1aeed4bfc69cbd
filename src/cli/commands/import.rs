//! `nabla-ransac import`: what others made, geometries of a collection or weights that were trained in PyTorch.

use crate::ModelKind;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// Folder of geometries in Parquet files, as verify-shards writes them; or a PyTorch checkpoint, .pt, .pth, .net: of the CLNet family with --model, else of XFeat
    pub(super) source: PathBuf,
    /// COLMAP's database that the geometries are of
    #[arg(conflicts_with_all = ["model", "out"])]
    pub(super) database: Option<PathBuf>,
    /// Replace geometries that the database has
    #[arg(long, requires = "database")]
    pub(super) overwrite: bool,
    /// Print the summary as JSON
    #[arg(long, requires = "database")]
    pub(super) json: bool,
    /// The model that a checkpoint of the CLNet family was trained for: essential or fundamental
    #[arg(long, value_enum)]
    pub(super) model: Option<ModelKind>,
    /// The graph convolution that it was trained with; the published checkpoints have the collapsed one
    #[arg(long, value_enum, default_value = "collapsed")]
    pub(super) graph: Graph,
    /// File of weights to write
    #[arg(long, value_name = "FILE.safetensors", required_unless_present = "database")]
    pub(super) out: Option<PathBuf>,
    /// Store half-precision numbers
    #[arg(long, requires = "model")]
    pub(super) half: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Graph {
    Exact,
    Collapsed,
}

pub(crate) fn run(arguments: &ImportArgs) -> anyhow::Result<()> {
    match (&arguments.database, arguments.model, &arguments.out) {
        #[cfg(feature = "shards")]
        (Some(database), ..) => super::import_geometries::run(arguments, database),
        #[cfg(not(feature = "shards"))]
        (Some(_), ..) => super::missing::shards(),
        #[cfg(feature = "train")]
        (None, None, Some(out)) => super::import_checkpoint::run_xfeat(arguments, out),
        #[cfg(feature = "train")]
        (None, Some(model), Some(out)) => super::import_checkpoint::run(arguments, model, out),
        #[cfg(not(feature = "train"))]
        (None, _, Some(_)) => super::missing::training(),
        _ => anyhow::bail!("expected the database of the geometries, or --out for a checkpoint"),
    }
}
