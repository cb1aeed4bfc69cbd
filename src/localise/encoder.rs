use super::GreyImage;
use super::convolutional::{ConvolutionalNetwork, xfeat};
use crate::constants::DESCRIPTOR_COLUMNS;
use crate::cpu::localise::describe_cells::describe_cells;
use crate::cpu::localise::orient_gradients::orient_gradients;
use crate::cpu::localise::pool_gradients::pool_gradients;
use crate::geometry::CellGrid;
use crate::network::tensor_file::{TensorFile, to_bytes};
use crate::network::{Storage, Tensor, WeightsError};
use crate::write_whole::write_whole;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What the metadata key `format` of an encoder's file says.
const FORMAT: &str = "nabla-ransac encoder 1";

/// What describes the cells of an image.
#[derive(Clone, Debug, Default)]
pub enum Encoder {
    /// Histograms of the gradients around each cell.
    #[default]
    Gradients,
    /// A convolutional network that was trained elsewhere.
    Network(Arc<EncoderNetwork>),
}

/// A convolutional network that describes cells.
#[derive(Clone, Debug)]
pub struct EncoderNetwork {
    name: EncoderName,
    network: ConvolutionalNetwork,
}

/// Which encoder a map is made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderName {
    /// Its layout.
    pub layout: EncoderLayout,
    /// What its weights are told from others by.
    pub fingerprint: String,
}

/// The networks that can be encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderLayout {
    /// [`xfeat`].
    Xfeat,
}

impl EncoderLayout {
    fn plan(self) -> super::convolutional::Plan {
        match self {
            Self::Xfeat => xfeat(),
        }
    }
}

/// What a file says of the encoder in it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    layout: EncoderLayout,
}

impl Encoder {
    /// A network of these tensors.
    ///
    /// # Errors
    /// [`WeightsError`] when one is missing, of a wrong shape or not finite.
    pub fn new(layout: EncoderLayout, tensors: BTreeMap<String, Tensor>) -> std::result::Result<Self, WeightsError> {
        let fingerprint = fingerprint(&tensors);
        let network = ConvolutionalNetwork::new(layout.plan(), tensors)?;
        Ok(Self::Network(Arc::new(EncoderNetwork { name: EncoderName { layout, fingerprint }, network })))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read; [`Error::Weights`] when it is no encoder's, cut off, or not complete.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        let parsed = TensorFile::parse(&bytes, FORMAT).and_then(|file| {
            let Config { layout } = file.json("config")?;
            Self::new(layout, file.tensors)
        });
        parsed.map_err(|error| Error::Weights { path: path.display().to_string(), error })
    }

    /// Writes a network's file, in single precision; what was there before is replaced only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written; [`Error::Weights`] for gradients, which have no weights.
    pub fn write(&self, path: &Path) -> Result<()> {
        let wrong = |error| Error::Weights { path: path.display().to_string(), error };
        let Self::Network(encoder) = self else {
            return Err(wrong(WeightsError::Other { expected: "a network".to_owned(), found: self.to_string() }));
        };
        let config = serde_json::json!(Config { layout: encoder.name.layout });
        let tensors = encoder.network.tensors().iter().map(|(name, tensor)| (name.as_str(), tensor, Storage::F32));
        write_whole(path, &to_bytes(FORMAT, &[("config", config)], tensors).map_err(wrong)?)
    }

    /// `None` for gradients.
    pub fn name(&self) -> Option<&EncoderName> {
        match self {
            Self::Gradients => None,
            Self::Network(encoder) => Some(&encoder.name),
        }
    }

    /// Numbers a cell.
    pub fn columns(&self) -> usize {
        columns(self.name())
    }

    /// The network; `None` for gradients.
    pub fn network(&self) -> Option<&ConvolutionalNetwork> {
        match self {
            Self::Gradients => None,
            Self::Network(encoder) => Some(&encoder.network),
        }
    }

    /// The descriptors of an image's cells, cell × [`Self::columns`].
    pub(crate) fn describe(&self, image: &GreyImage) -> (CellGrid, Vec<f32>) {
        let grid = CellGrid::new(image.size_px);
        let width = image.size_px[0] as usize;
        let descriptors = match self {
            Self::Gradients => describe_cells(&pool_gradients(&orient_gradients(&image.values, width), &grid), &grid),
            Self::Network(encoder) => encoder.network.run(image.values.clone(), width).values,
        };
        (grid, descriptors)
    }
}

impl std::fmt::Display for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&described(self.name()))
    }
}

/// What an encoder of this name is called in messages.
pub(super) fn described(name: Option<&EncoderName>) -> String {
    match name {
        None => "gradients".to_owned(),
        Some(EncoderName { layout: EncoderLayout::Xfeat, fingerprint }) => format!("XFeat's weights {fingerprint}"),
    }
}

/// Numbers a cell of the encoder of this name.
pub(super) fn columns(name: Option<&EncoderName>) -> usize {
    name.map_or(DESCRIPTOR_COLUMNS as usize, |name| name.layout.plan().output_channels())
}

/// The FNV-1a hash of the numbers.
fn fingerprint(tensors: &BTreeMap<String, Tensor>) -> String {
    let bytes = tensors.values().flat_map(|tensor| &tensor.values).flat_map(|value| value.to_le_bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}
