use super::tensor_file::{TensorFile, check_tensors, to_bytes};
use super::{NetworkConfig, WeightsError, tensors::tensors};
use crate::write_whole::write_whole;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// What the metadata key `format` of a file of weights says.
const FORMAT: &str = "nabla-ransac network 1";

/// A tensor of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Matrices are `[in, out]`.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Half precision: half the size; values beyond 65504 are refused.
    F16,
    /// As they are.
    #[default]
    F32,
    /// Whole numbers from -127 to 127, a quarter of the size.
    I8,
}

/// The weights of a network with its configuration: complete, of the right shapes, and finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    config: NetworkConfig,
    record: serde_json::Value,
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Weights by name, and a record of how they came about (any JSON: data, seed, command, figures).
    ///
    /// # Errors
    /// [`Error::BadOption`] for the configuration; [`Error::Weights`] when a tensor is missing, not of this network, of a
    /// wrong shape or not finite.
    pub fn new(
        config: NetworkConfig,
        record: serde_json::Value,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
    ) -> Result<Self> {
        config.check()?;
        let weights = Self { config, record, tensors: tensors.into_iter().collect() };
        weights.check().map_err(|error| wrong("weights", error))?;
        Ok(weights)
    }

    /// Names and shapes of the tensors of a network, in the order of the computation.
    pub fn expected(config: &NetworkConfig) -> Vec<(String, Vec<usize>)> {
        tensors(config)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read; otherwise those of [`Self::from_bytes`].
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|error| Error::File { path: name.clone(), message: error.to_string() })?;
        Self::parse(&bytes).map_err(|error| wrong(&name, error))
    }

    /// The weights in a file's bytes.
    ///
    /// # Errors
    /// [`Error::Weights`] when they are no safetensors file, cut off, of another format or not complete.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::parse(bytes).map_err(|error| wrong("bytes", error))
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, WeightsError> {
        let file = TensorFile::parse(bytes, FORMAT)?;
        let config: NetworkConfig = file.json("config")?;
        config.check().map_err(|error| WeightsError::Metadata { key: "config", found: error.to_string() })?;
        let record = if file.metadata.contains_key("record") { file.json("record")? } else { serde_json::Value::Null };
        let weights = Self { config, record, tensors: file.tensors };
        weights.check()?;
        Ok(weights)
    }

    fn check(&self) -> std::result::Result<(), WeightsError> {
        check_tensors(&self.tensors, &tensors(&self.config))
    }

    /// The safetensors file of these weights.
    ///
    /// # Errors
    /// [`Error::Weights`] when a value does not fit the storage.
    pub fn to_bytes(&self, storage: Storage) -> Result<Vec<u8>> {
        self.serialize(storage).map_err(|error| wrong("weights", error))
    }

    fn serialize(&self, storage: Storage) -> std::result::Result<Vec<u8>, WeightsError> {
        let bad = |error: serde_json::Error| WeightsError::Metadata { key: "config", found: error.to_string() };
        let config = serde_json::to_value(self.config).map_err(bad)?;
        let tensors = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor, storage));
        to_bytes(FORMAT, &[("config", config), ("record", self.record.clone())], tensors)
    }

    /// Writes a file; what was there before is replaced only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written; otherwise those of [`Self::to_bytes`].
    pub fn write(&self, path: &Path, storage: Storage) -> Result<()> {
        write_whole(path, &self.to_bytes(storage)?)
    }

    /// The configuration.
    pub const fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// How they came about: data, seed, command, figures.
    pub const fn record(&self) -> &serde_json::Value {
        &self.record
    }

    /// The tensors by name.
    pub const fn tensors(&self) -> &BTreeMap<String, Tensor> {
        &self.tensors
    }

    /// The values of a tensor; empty where there is none of this name.
    pub fn values(&self, name: &str) -> &[f32] {
        self.tensors.get(name).map_or(&[], |tensor| &tensor.values)
    }
}

fn wrong(path: &str, error: WeightsError) -> Error {
    Error::Weights { path: path.to_owned(), error }
}
