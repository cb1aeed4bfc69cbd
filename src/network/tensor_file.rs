//! A safetensors file of named float tensors with metadata: what weights of networks and maps of scenes are kept in.

use super::{Storage, Tensor, WeightsError};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};

type Found<T> = Result<T, WeightsError>;

/// Tensors by name, and the metadata by key.
#[derive(Debug)]
pub(crate) struct TensorFile {
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) tensors: BTreeMap<String, Tensor>,
}

impl TensorFile {
    /// Reads a file whose metadata key `format` says this.
    pub(crate) fn parse(bytes: &[u8], format: &str) -> Found<Self> {
        let (_, index) = SafeTensors::read_metadata(bytes).map_err(bad)?;
        let metadata = index.metadata().clone().unwrap_or_default();
        let mut file = Self { metadata, tensors: BTreeMap::new() };
        let found = file.text("format")?;
        if found != format {
            let found = format!("it is {found:?} in place of {format:?}");
            return Err(WeightsError::Metadata { key: "format", found });
        }
        let content = SafeTensors::deserialize(bytes).map_err(bad)?;
        let tensors = content.iter().map(|(name, view)| Ok((name.to_owned(), decode(name, &view)?)));
        file.tensors = tensors.collect::<Found<_>>()?;
        Ok(file)
    }

    fn text(&self, key: &'static str) -> Found<&str> {
        let missing = || WeightsError::Metadata { key, found: "there is none".to_owned() };
        self.metadata.get(key).map(String::as_str).ok_or_else(missing)
    }

    /// What the JSON of a key stands for.
    pub(crate) fn json<T: DeserializeOwned>(&self, key: &'static str) -> Found<T> {
        serde_json::from_str(self.text(key)?).map_err(|error| WeightsError::Metadata { key, found: error.to_string() })
    }
}

/// Whether the tensors are exactly these, of these shapes, and finite.
pub(crate) fn check_tensors(tensors: &BTreeMap<String, Tensor>, expected: &[(String, Vec<usize>)]) -> Found<()> {
    if let Some((name, shape)) = expected.iter().find(|(name, _)| !tensors.contains_key(name)) {
        return Err(WeightsError::Missing { name: name.clone(), shape: shape.clone() });
    }
    for ((name, shape), tensor) in expected.iter().filter_map(|of| Some((of, tensors.get(&of.0)?))) {
        if tensor.shape != *shape || tensor.values.len() != shape.iter().product::<usize>() {
            let (expected, found) = (shape.clone(), tensor.shape.clone());
            return Err(WeightsError::Shape { name: name.clone(), expected, found });
        }
        if let Some(index) = tensor.values.iter().position(|value| !value.is_finite()) {
            return Err(WeightsError::NotFinite { name: name.clone(), index, value: tensor.values[index] });
        }
    }
    match tensors.keys().find(|name| !expected.iter().any(|(expected, _)| expected == *name)) {
        Some(name) => Err(WeightsError::Unknown { name: name.clone() }),
        None => Ok(()),
    }
}

/// The bytes of a file. `metadata` are keys with the JSON of their values; each tensor is stored in its own way.
pub(crate) fn to_bytes<'a>(
    format: &str,
    metadata: &[(&'static str, serde_json::Value)],
    tensors: impl IntoIterator<Item = (&'a str, &'a Tensor, Storage)>,
) -> Found<Vec<u8>> {
    let texts = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.to_string()));
    let metadata: HashMap<_, _> = texts.chain([("format".to_owned(), format.to_owned())]).collect();
    let encoded = tensors
        .into_iter()
        .map(|(name, tensor, storage)| Ok((name, &tensor.shape, dtype(storage), encode(name, tensor, storage)?)));
    let encoded: Vec<_> = encoded.collect::<Found<_>>()?;
    let views = encoded
        .iter()
        .map(|(name, shape, dtype, bytes)| Ok((*name, TensorView::new(*dtype, (*shape).clone(), bytes).map_err(bad)?)));
    in_order(&serialize(views.collect::<Found<Vec<_>>>()?, Some(metadata)).map_err(bad)?)
}

/// The file with the names of its header in order: safetensors writes metadata in any, and the same tensors should make the same bytes.
fn in_order(bytes: &[u8]) -> Found<Vec<u8>> {
    let unreadable = |error: serde_json::Error| WeightsError::NotSafetensors(error.to_string());
    let (length, _) = SafeTensors::read_metadata(bytes).map_err(bad)?;
    let (header, tensors) = bytes[HEADER_START..].split_at(length);
    let mut header: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header).map_err(unreadable)?;
    if let Some(serde_json::Value::Object(metadata)) = header.get_mut("__metadata__") {
        metadata.sort_keys();
    }
    let mut text = serde_json::to_vec(&header).map_err(unreadable)?;
    text.resize(text.len().next_multiple_of(HEADER_START), b' ');
    Ok([&(text.len() as u64).to_le_bytes()[..], &text, tensors].concat())
}

/// The header's length comes first; what follows is aligned to as many bytes.
const HEADER_START: usize = 8;

const fn dtype(storage: Storage) -> Dtype {
    match storage {
        Storage::F32 => Dtype::F32,
        Storage::F16 => Dtype::F16,
        Storage::I8 => Dtype::I8,
    }
}

fn bad(error: safetensors::SafeTensorError) -> WeightsError {
    WeightsError::NotSafetensors(error.to_string())
}

fn decode(name: &str, view: &TensorView<'_>) -> Found<Tensor> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| number(chunk)).collect()
    }
    let values = match view.dtype() {
        Dtype::F32 => each(view.data(), f32::from_le_bytes),
        Dtype::F16 => each(view.data(), |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => each(view.data(), |bytes| bf16::from_le_bytes(bytes).to_f32()),
        Dtype::I8 => each(view.data(), |[byte]: [u8; 1]| f32::from(byte.cast_signed())),
        other => return Err(WeightsError::Type { name: name.to_owned(), found: format!("{other:?}") }),
    };
    Ok(Tensor { shape: view.shape().to_vec(), values })
}

fn encode(name: &str, tensor: &Tensor, storage: Storage) -> Found<Vec<u8>> {
    let values = &tensor.values;
    let refused = match storage {
        Storage::F32 => None,
        Storage::F16 => values.iter().position(|&value| !f16::from_f32(value).is_finite()),
        Storage::I8 => values.iter().position(|value| !(-127.5..127.5).contains(value)),
    };
    if let Some(index) = refused {
        return Err(WeightsError::NotFinite { name: name.to_owned(), index, value: values[index] });
    }
    Ok(match storage {
        Storage::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Storage::F16 => values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
        Storage::I8 => values.iter().map(|value| (value.round() as i8).cast_unsigned()).collect(),
    })
}
