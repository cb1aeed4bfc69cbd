//! `nabla-ransac import`: weights that others trained in PyTorch.

use crate::ModelKind;
use crate::cli::print;
use crate::network::{GraphConvolution, Storage};
use crate::train::import_pytorch;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// PyTorch checkpoint of the CLNet family: .pt, .pth, .net
    file: PathBuf,
    /// The model that it was trained for: essential or fundamental
    #[arg(long, value_enum)]
    model: ModelKind,
    /// The graph convolution that it was trained with; the published checkpoints have the collapsed one
    #[arg(long, value_enum, default_value = "collapsed")]
    graph: Graph,
    /// File of weights to write
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,
    /// Store half-precision numbers
    #[arg(long)]
    half: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Graph {
    Exact,
    Collapsed,
}

pub(crate) fn run(arguments: &ImportArgs) -> anyhow::Result<()> {
    let graph = match arguments.graph {
        Graph::Exact => GraphConvolution::Exact,
        Graph::Collapsed => GraphConvolution::Collapsed,
    };
    let weights = import_pytorch(&arguments.file, arguments.model, graph)?;
    weights.write(&arguments.out, if arguments.half { Storage::F16 } else { Storage::F32 })?;
    let numbers: usize = weights.tensors().values().map(|tensor| tensor.values.len()).sum();
    let config = weights.config();
    print(&format!(
        "{}: {numbers} weights of a CLNet with {} channels for {} matrices\n",
        arguments.out.display(),
        config.channels,
        config.model.name()
    ))
}
