//! Checkpoints that others trained in PyTorch, for networks of the CLNet family (∇-RANSAC, ARS-MAGSAC).
//!
//! What is read, C channels (128 as published), after any common prefix such as `ds_0.` or `module.weights_init.ds_0.`:
//!
//! | name | shape |
//! |---|---|
//! | `conv.0`, `conv.1` | (C, 7, 1, 1) and its batch norm |
//! | `embed_0.I.left.0`, `.1` … `left.6`, residual blocks before and after the annular one | (C, C, 1, 1) at 0 and 4, batch norms at 2 and 6 |
//! | `embed_0.L.conv.0`, `.1`, `.3`, `.4`, the annular block in the middle | (C, 2C, 1, 3), batch norm, (C, C, 1, 3), batch norm |
//! | `linear_0`, `linear_1` | (1, C, 1, 1) |
//! | `gcn.conv.0`, `.1` | (C, C, 1, 1), batch norm |
//! | `embed_1.0.left.0` … | as the other residual blocks |
//!
//! Convolutions have `.weight` and `.bias`; batch norms `.weight`, `.bias`, `.running_mean`, `.running_var`. All else (the
//! unused `right` branches, counters, an estimator's own tensors) is left out.

use super::pytorch::{PytorchFile, places_in_out};
use crate::network::{Architecture, GraphConvolution, NetworkConfig, Tensor, Weights, WeightsError};
use crate::{Error, ModelKind, Result};
use serde_json::json;
use std::path::Path;

/// A tensor that only these networks have; what stands before it is the prefix of all.
const LANDMARK: &str = "embed_0.0.left.0.weight";

/// Reads a PyTorch checkpoint of the CLNet family: a state dict, alone or in a larger one.
///
/// The checkpoint does not say for which model it was trained, nor with which graph convolution; the published ones had the
/// collapsed one.
///
/// # Errors
/// [`Error::File`] when it is no PyTorch checkpoint; [`Error::Weights`] when it is not of this family, or a tensor is
/// missing, of another shape or type, or not finite; [`Error::BadOption`] when its sizes are out of range.
pub fn import_pytorch(path: &Path, model: ModelKind, graph: GraphConvolution) -> Result<Weights> {
    let name = path.display().to_string();
    let file = PytorchFile::open(path)?;
    let wrong = |error| Error::Weights { path: name.clone(), error };
    let checkpoint = Checkpoint::new(file).map_err(wrong)?;
    let config = checkpoint.config(model, graph).map_err(wrong)?;
    config.check()?;
    let named = Weights::expected(&config).into_iter().map(|(name, shape)| {
        let tensor = checkpoint.tensor(&name, &shape)?;
        Ok((name, tensor))
    });
    let tensors: Vec<_> = named.collect::<Found<_>>().map_err(wrong)?;
    let record = json!({ "imported_from": path.file_name().map(|name| name.to_string_lossy()) });
    Weights::new(config, record, tensors)
}

type Found<T> = std::result::Result<T, WeightsError>;

struct Checkpoint {
    file: PytorchFile,
    prefix: String,
}

impl Checkpoint {
    fn new(file: PytorchFile) -> Found<Self> {
        let prefixes = file.names().filter_map(|key| key.strip_suffix(LANDMARK));
        // of a whole CLNet the first block
        let prefix = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('.')).min().map(str::to_owned);
        match prefix {
            Some(prefix) => Ok(Self { file, prefix }),
            None => Err(WeightsError::Missing { name: LANDMARK.to_owned(), shape: vec![128, 128, 1, 1] }),
        }
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.file.shape(&format!("{}{name}", self.prefix))
    }

    fn config(&self, model: ModelKind, graph: GraphConvolution) -> Found<NetworkConfig> {
        let default = NetworkConfig::clnet(model);
        let channels = self.shape("conv.0.weight").and_then(|shape| shape.first().copied());
        let blocks = (0..64).find(|index| self.shape(&format!("embed_0.{index}.conv.0.weight")).is_some());
        match blocks {
            Some(blocks) => {
                let channels = channels.unwrap_or(default.channels);
                Ok(NetworkConfig { architecture: Architecture::Clnet, channels, blocks, graph, ..default })
            }
            None => {
                Err(WeightsError::Missing { name: "embed_0.4.conv.0.weight".to_owned(), shape: vec![128, 256, 1, 3] })
            }
        }
    }

    /// The tensor of one of our names, in our order of dimensions.
    fn tensor(&self, ours: &str, shape: &[usize]) -> Found<Tensor> {
        let (layer, part) = ours.rsplit_once('.').unwrap_or((ours, ""));
        let part = match part {
            "gamma" => "weight",
            "beta" => "bias",
            other => other,
        };
        let theirs = format!("{}{}.{part}", self.prefix, self.layer(layer));
        // a convolution is (out, in, 1, places)
        let convolution = match *shape {
            [inputs, outputs] => vec![outputs, inputs, 1, 1],
            [places, inputs, outputs] => vec![outputs, inputs, 1, places],
            _ => shape.to_vec(),
        };
        let values = self.file.values(&theirs, &convolution)?;
        let values = match *convolution.as_slice() {
            [outputs, inputs, _, places] => places_in_out(&values, [outputs, inputs, places]),
            _ => values,
        };
        Ok(Tensor { shape: shape.to_vec(), values })
    }

    /// What a layer of ours is called there.
    fn layer(&self, ours: &str) -> String {
        let annular =
            (0..64).find(|index| self.shape(&format!("embed_0.{index}.conv.0.weight")).is_some()).unwrap_or(4);
        match ours {
            "input" => "conv.0".to_owned(),
            "input_norm" => "conv.1".to_owned(),
            "ring" => format!("embed_0.{annular}.conv.0"),
            "ring_norm" => format!("embed_0.{annular}.conv.1"),
            "rings" => format!("embed_0.{annular}.conv.3"),
            "rings_norm" => format!("embed_0.{annular}.conv.4"),
            "output0" => "linear_0".to_owned(),
            "output" => "linear_1".to_owned(),
            "graph" => "gcn.conv.0".to_owned(),
            "graph_norm" => "gcn.conv.1".to_owned(),
            _ => residual_layer(ours, annular),
        }
    }
}

/// `before.2.linear1_norm` and its like: a place in a sequence of convolution, norms, ReLU, convolution, norms.
fn residual_layer(ours: &str, annular: usize) -> String {
    let (block, layer) = ours.rsplit_once('.').unwrap_or((ours, ""));
    let place = match layer {
        "linear1" => 0,
        "linear1_norm" => 2,
        "linear2" => 4,
        _ => 6,
    };
    let block = match block.split_once('.') {
        Some(("after", index)) => format!("embed_0.{}", annular + 1 + index.parse::<usize>().unwrap_or(0)),
        Some((_, index)) => format!("embed_0.{index}"),
        None => "embed_1.0".to_owned(),
    };
    format!("{block}.left.{place}")
}
