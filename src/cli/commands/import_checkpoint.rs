//! Weights that others trained in PyTorch.

use super::import::{Graph, ImportArgs};
use crate::ModelKind;
use crate::cli::print;
use crate::network::{GraphConvolution, Storage};
use crate::train::{import_pytorch, import_xfeat};
use std::path::Path;

pub(super) fn run(arguments: &ImportArgs, model: ModelKind, out: &Path) -> anyhow::Result<()> {
    let graph = match arguments.graph {
        Graph::Exact => GraphConvolution::Exact,
        Graph::Collapsed => GraphConvolution::Collapsed,
    };
    let weights = import_pytorch(&arguments.source, model, graph)?;
    weights.write(out, if arguments.half { Storage::F16 } else { Storage::F32 })?;
    let numbers: usize = weights.tensors().values().map(|tensor| tensor.values.len()).sum();
    let config = weights.config();
    print(&format!(
        "{}: {numbers} weights of a CLNet with {} channels for {} matrices\n",
        out.display(),
        config.channels,
        config.model.name()
    ))
}

pub(super) fn run_xfeat(arguments: &ImportArgs, out: &Path) -> anyhow::Result<()> {
    let encoder = import_xfeat(&arguments.source)?;
    encoder.write(out)?;
    let tensors = encoder.network().map(|network| network.tensors().values().map(|tensor| tensor.values.len()).sum());
    print(&format!(
        "{}: {} weights of XFeat's backbone, an encoder of {} numbers a cell\n",
        out.display(),
        tensors.unwrap_or(0_usize),
        encoder.columns()
    ))
}
