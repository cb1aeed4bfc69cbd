use super::{NetworkConfig, WeightsError, tensors::tensors};
use crate::write_whole::write_whole;
use crate::{Error, Result};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use std::collections::{BTreeMap, HashMap};
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
        let bad = |error: safetensors::SafeTensorError| WeightsError::NotSafetensors(error.to_string());
        let (_, index) = SafeTensors::read_metadata(bytes).map_err(bad)?;
        let metadata = index.metadata().as_ref();
        let value = |key: &'static str| {
            let found = metadata.and_then(|map| map.get(key));
            found.ok_or_else(|| WeightsError::Metadata { key, found: "there is none".to_owned() })
        };
        let format = value("format")?;
        if format != FORMAT {
            return Err(WeightsError::Metadata {
                key: "format",
                found: format!("it is {format:?} in place of {FORMAT:?}"),
            });
        }
        let json_error = |key| move |error: serde_json::Error| WeightsError::Metadata { key, found: error.to_string() };
        let config: NetworkConfig = serde_json::from_str(value("config")?).map_err(json_error("config"))?;
        config.check().map_err(|error| WeightsError::Metadata { key: "config", found: error.to_string() })?;
        let record = match metadata.and_then(|map| map.get("record")) {
            Some(record) => serde_json::from_str(record).map_err(json_error("record"))?,
            None => serde_json::Value::Null,
        };
        let file = SafeTensors::deserialize(bytes).map_err(bad)?;
        let tensors = file.iter().map(|(name, view)| Ok((name.to_owned(), decode(name, &view)?)));
        let weights = Self { config, record, tensors: tensors.collect::<std::result::Result<_, _>>()? };
        weights.check()?;
        Ok(weights)
    }

    fn check(&self) -> std::result::Result<(), WeightsError> {
        let expected: BTreeMap<_, _> = tensors(&self.config).into_iter().collect();
        for (name, shape) in &expected {
            let Some(tensor) = self.tensors.get(name) else {
                return Err(WeightsError::Missing { name: name.clone(), shape: shape.clone() });
            };
            if tensor.shape != *shape || tensor.values.len() != shape.iter().product::<usize>() {
                let (expected, found) = (shape.clone(), tensor.shape.clone());
                return Err(WeightsError::Shape { name: name.clone(), expected, found });
            }
            if let Some(index) = tensor.values.iter().position(|value| !value.is_finite()) {
                return Err(WeightsError::NotFinite { name: name.clone(), index, value: tensor.values[index] });
            }
        }
        match self.tensors.keys().find(|name| !expected.contains_key(*name)) {
            Some(name) => Err(WeightsError::Unknown { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// The safetensors file of these weights.
    ///
    /// # Errors
    /// [`Error::Weights`] when a value does not fit the storage.
    pub fn to_bytes(&self, storage: Storage) -> Result<Vec<u8>> {
        self.serialize(storage).map_err(|error| wrong("weights", error))
    }

    fn serialize(&self, storage: Storage) -> std::result::Result<Vec<u8>, WeightsError> {
        let json = |key, value: serde_json::Result<String>| {
            value.map_err(|error| WeightsError::Metadata { key, found: error.to_string() })
        };
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("config".to_owned(), json("config", serde_json::to_string(&self.config))?),
            ("record".to_owned(), json("record", serde_json::to_string(&self.record))?),
        ]);
        let encoded = self.tensors.iter().map(|(name, tensor)| Ok((name, tensor, encode(name, tensor, storage)?)));
        let encoded: Vec<_> = encoded.collect::<std::result::Result<_, WeightsError>>()?;
        let dtype = match storage {
            Storage::F16 => Dtype::F16,
            Storage::F32 => Dtype::F32,
        };
        let bad = |error: safetensors::SafeTensorError| WeightsError::NotSafetensors(error.to_string());
        let views = encoded.iter().map(|(name, tensor, bytes)| {
            Ok((*name, TensorView::new(dtype, tensor.shape.clone(), bytes).map_err(bad)?))
        });
        serialize(views.collect::<std::result::Result<Vec<_>, _>>()?, Some(metadata)).map_err(bad)
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

fn decode(name: &str, view: &TensorView<'_>) -> std::result::Result<Tensor, WeightsError> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| number(chunk)).collect()
    }
    let values = match view.dtype() {
        Dtype::F32 => each(view.data(), f32::from_le_bytes),
        Dtype::F16 => each(view.data(), |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => each(view.data(), |bytes| bf16::from_le_bytes(bytes).to_f32()),
        other => return Err(WeightsError::Type { name: name.to_owned(), found: format!("{other:?}") }),
    };
    Ok(Tensor { shape: view.shape().to_vec(), values })
}

fn encode(name: &str, tensor: &Tensor, storage: Storage) -> std::result::Result<Vec<u8>, WeightsError> {
    let values = &tensor.values;
    match storage {
        Storage::F32 => Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Storage::F16 => match values.iter().position(|&value| !f16::from_f32(value).is_finite()) {
            Some(index) => Err(WeightsError::NotFinite { name: name.to_owned(), index, value: values[index] }),
            None => Ok(values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect()),
        },
    }
}
