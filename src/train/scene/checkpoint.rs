//! What the training of a map needs to go on where it was, in one file.

use super::{SceneNetwork, SceneOptions};
use crate::network::tensor_file::{TensorFile, to_bytes};
use crate::network::{Storage, Tensor};
use crate::train::adam::AdamState;
use crate::write_whole::write_whole;
use crate::{Error, Result};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What the metadata key `format` of a checkpoint says.
const FORMAT: &str = "nabla-ransac map checkpoint 1";

/// How far a training has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) options: SceneOptions,
    /// What it learns from, to tell whether the data are the same.
    pub(super) data: serde_json::Value,
    /// Steps of both stages.
    pub(super) steps: usize,
    pub(super) adam_steps: i32,
    /// The losses of the last photographs of the end-to-end stage.
    pub(super) recent: Vec<f64>,
    /// The lowest median of so many.
    pub(super) lowest: Option<f64>,
}

#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) progress: Progress,
    pub(super) network: SceneNetwork,
    /// The network when the loss was lowest.
    pub(super) best: Option<SceneNetwork>,
    pub(super) adam: AdamState,
}

impl Checkpoint {
    /// Writes the file; what was there before is replaced only once the new one is complete and on the disk.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut tensors: BTreeMap<String, Tensor> = BTreeMap::new();
        let networks = [("network", Some(&self.network)), ("best", self.best.as_ref())];
        for (role, network) in networks.into_iter().filter_map(|(role, network)| Some((role, network?))) {
            for (name, tensor) in network.parameters()? {
                tensors.insert(format!("{role}.{name}"), tensor);
            }
        }
        for (id, moments) in &self.adam.moments {
            for (order, moment) in moments.iter().enumerate() {
                let tensor = Tensor { shape: vec![moment.len()], values: moment.clone() };
                tensors.insert(format!("moments.{id}.{order}"), tensor);
            }
        }
        let metadata = [("progress", serde_json::json!(self.progress))];
        let stored = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor, Storage::F32));
        let bytes = to_bytes(FORMAT, &metadata, stored).map_err(|error| Error::file(path, error))?;
        write_whole(path, &bytes)
    }

    /// Reads it, for a network like this one.
    pub(super) fn read(path: &Path, like: &SceneNetwork, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        let bad = |error: String| {
            let expected = "expected a checkpoint of a map's training, but it is not one or is cut off";
            Error::file(path, format!("{expected}: {error}"))
        };
        let file = TensorFile::parse(&bytes, FORMAT).map_err(|error| bad(error.to_string()))?;
        let progress: Progress = file.json("progress").map_err(|error| bad(error.to_string()))?;
        let of = |role: &str| -> BTreeMap<String, Tensor> {
            let named = file.tensors.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(role)?, tensor)));
            named.map(|(name, tensor)| (name.to_owned(), tensor.clone())).collect()
        };
        let network = like.with_parameters(&of("network."), device).map_err(bad)?;
        let best = of("best.");
        let best = if best.is_empty() { None } else { Some(like.with_parameters(&best, device).map_err(bad)?) };
        let mut moments: BTreeMap<u64, [Vec<f32>; 2]> = BTreeMap::new();
        for (name, tensor) in of("moments.") {
            let (id, order) = name.split_once('.').ok_or_else(|| bad(format!("unknown tensor {name}")))?;
            let id = id.parse().map_err(|_| bad(format!("unknown tensor {name}")))?;
            moments.entry(id).or_default()[usize::from(order == "1")] = tensor.values;
        }
        let adam = AdamState { moments, steps: progress.adam_steps };
        Ok(Self { progress, network, best, adam })
    }
}
