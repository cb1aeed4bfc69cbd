//! What a training needs to go on where it was, in one file.

use super::adam::AdamState;
use super::objectives::validation::Validation;
use super::options::TrainOptions;
use crate::network::{NetworkConfig, Tensor, Weights};
use crate::write_whole::write_whole;
use crate::{Error, Result};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// What the metadata key `format` of a checkpoint says.
const FORMAT: &str = "nabla-ransac checkpoint 1";

/// The state of a training after some steps. The order of the pairs and all noise follow from the seed and the step.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    pub(super) weights: Weights,
    pub(super) adam: AdamState,
    pub(super) progress: Progress,
}

/// How far a training has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Options that it was started with.
    pub(super) options: TrainOptions,
    /// Pairs of an epoch, to tell whether the data are the same.
    pub(super) pairs: usize,
    /// Names of their files.
    pub(super) names: Vec<String>,
    /// Steps taken.
    pub(super) steps: usize,
    /// Steps of Adam in its present stage.
    pub(super) adam_steps: i32,
    /// The best figures so far.
    pub(super) best: Option<Validation>,
}

/// The options as a checkpoint gives them back: reading its JSON may round the last place of a number.
pub(super) fn as_read(options: &TrainOptions) -> TrainOptions {
    let read = serde_json::to_string(options).and_then(|text| serde_json::from_str(&text));
    read.unwrap_or_else(|_| options.clone())
}

impl Checkpoint {
    /// Writes the file; what was there before is replaced only once the new one is complete and on the disk.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, &self.to_bytes().map_err(|message| Error::file(path, message))?)
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|error| Error::file(path, error))?;
        Self::from_bytes(&bytes).map_err(|message| {
            Error::file(
                path,
                format!("expected a checkpoint of a training, but it is not one or is cut off: {message}"),
            )
        })
    }

    fn to_bytes(&self) -> std::result::Result<Vec<u8>, String> {
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        for (name, tensor) in self.weights.tensors() {
            tensors.push((format!("weights.{name}"), tensor.shape.clone(), bytes(&tensor.values)));
        }
        for (id, moments) in &self.adam.moments {
            for (order, moment) in moments.iter().enumerate() {
                tensors.push((format!("moments.{id}.{order}"), vec![moment.len()], bytes(moment)));
            }
        }
        let progress = serde_json::to_string(&self.progress).map_err(|error| error.to_string())?;
        let metadata = HashMap::from([("format".to_owned(), FORMAT.to_owned()), ("progress".to_owned(), progress)]);
        let views = tensors.iter().map(|(name, shape, bytes)| {
            Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|error| error.to_string())?))
        });
        let views = views.collect::<std::result::Result<Vec<_>, String>>()?;
        serialize(views, Some(metadata)).map_err(|error| error.to_string())
    }

    fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, String> {
        let (_, index) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let metadata = index.metadata().clone().unwrap_or_default();
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(format!("its format is not {FORMAT:?}"));
        }
        let progress = metadata.get("progress").ok_or("it has no progress")?;
        let progress: Progress = serde_json::from_str(progress).map_err(|error| error.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let mut weights = Vec::new();
        let mut moments: BTreeMap<u64, [Vec<f32>; 2]> = BTreeMap::new();
        for (name, view) in file.iter() {
            let values: Vec<f32> =
                view.data().as_chunks().0.iter().map(|&bytes: &[u8; 4]| f32::from_le_bytes(bytes)).collect();
            if let Some(name) = name.strip_prefix("weights.") {
                weights.push((name.to_owned(), Tensor { shape: view.shape().to_vec(), values }));
            } else if let Some((id, order)) = name.strip_prefix("moments.").and_then(|name| name.split_once('.')) {
                let id = id.parse().map_err(|_| format!("unknown tensor {name}"))?;
                moments.entry(id).or_default()[usize::from(order == "1")] = values;
            }
        }
        let config: NetworkConfig = progress.options.network;
        let weights = Weights::new(config, serde_json::Value::Null, weights).map_err(|error| error.to_string())?;
        Ok(Self { weights, adam: AdamState { moments, steps: progress.adam_steps }, progress })
    }
}
