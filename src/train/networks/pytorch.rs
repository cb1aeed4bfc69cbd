//! Files of tensors that PyTorch wrote.

use crate::network::WeightsError;
use crate::{Error, Result};
use burn_store::pytorch_reader::{DType, PytorchReader};
use half::{bf16, f16};
use std::path::Path;

/// A state dict, alone or in a larger one.
pub(super) struct PytorchFile(PytorchReader);

impl PytorchFile {
    /// # Errors
    /// [`Error::File`] when it is no PyTorch checkpoint.
    pub(super) fn open(path: &Path) -> Result<Self> {
        PytorchReader::new(path).map(Self).map_err(|error| Error::File {
            path: path.display().to_string(),
            message: format!("expected a PyTorch checkpoint, but {error}"),
        })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.tensors().keys()
    }

    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.0.get(name).map(|tensor| tensor.shape())
    }

    /// The numbers of a tensor of this shape.
    ///
    /// # Errors
    /// [`WeightsError`] when it is missing, of another shape, not of floats, or cut off.
    pub(super) fn values(&self, name: &str, expected: &[usize]) -> std::result::Result<Vec<f32>, WeightsError> {
        let missing = || WeightsError::Missing { name: name.to_owned(), shape: expected.to_vec() };
        let tensor = self.0.get(name).ok_or_else(missing)?;
        if tensor.shape() != expected {
            let (expected, found) = (expected.to_vec(), tensor.shape().to_vec());
            return Err(WeightsError::Shape { name: name.to_owned(), expected, found });
        }
        let bytes = tensor.read().map_err(|error| WeightsError::Unreadable(error.to_string()))?;
        Ok(match tensor.dtype() {
            DType::F32 => each(&bytes, f32::from_ne_bytes),
            DType::F64 => each(&bytes, |number| f64::from_ne_bytes(number) as f32),
            DType::F16 => each(&bytes, |number| f16::from_ne_bytes(number).to_f32()),
            DType::BF16 => each(&bytes, |number| bf16::from_ne_bytes(number).to_f32()),
            other => return Err(WeightsError::Type { name: name.to_owned(), found: format!("{other:?}") }),
        })
    }
}

/// (out, in, place) to (place, in, out).
pub(super) fn places_in_out(values: &[f32], [outputs, inputs, places]: [usize; 3]) -> Vec<f32> {
    let order = (0..places).flat_map(|p| (0..inputs).flat_map(move |i| (0..outputs).map(move |o| [o, i, p])));
    order.map(|[o, i, p]| values[(o * inputs + i) * places + p]).collect()
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| number(chunk)).collect()
}
