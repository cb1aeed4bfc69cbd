use super::convolutional::{ConvolutionalNetwork, Plan, dsac_star, head};
use super::encoder::{self, Encoder, EncoderName};
use crate::constants::QUERY_COLUMNS;
use crate::geometry::{Camera, CameraModel, Intrinsics};
use crate::network::tensor_file::{TensorFile, check_tensors, to_bytes};
use crate::network::{Storage, Tensor, WeightsError};
use crate::write_whole::write_whole;
use crate::{Error, Result};
use glam::DVec2;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What the metadata key `format` of a map says.
const FORMAT: &str = "nabla-ransac map 1";
/// The tensor that takes the most room, stored as whole multiples of steps, one a key.
const KEYS: &str = "keys";
const KEY_STEPS: &str = "key_steps";
const LARGEST_MULTIPLE: f32 = 127.0;

/// What a map is made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapConfig {
    /// What says where cells lie.
    pub layout: MapLayout,
    /// What describes them, where that is not their gradients.
    pub encoder: Option<EncoderName>,
    /// Height that images are brought to, pixels.
    pub height_px: u32,
    /// The point of the scene that its points are given from.
    pub origin: [f64; 3],
    /// The root mean square of the distances from there of what is seen in the scene.
    pub extent: f64,
    /// The unit of the scene's coordinates: `m`, or whatever its poses are in.
    pub unit: String,
    /// The camera of the images that it was made of, where all had the same.
    pub camera: Option<MapCamera>,
}

/// What says where cells lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MapLayout {
    /// A memory of what was seen where.
    Memory {
        /// Keys.
        keys: usize,
    },
    /// A [`head`] from the descriptors of cells.
    Head {
        /// Channels of its layers.
        width: usize,
    },
    /// The network of DSAC*, [`dsac_star`], from the image.
    DsacStar {
        /// Channels of its parts.
        channels: [usize; 5],
    },
}

impl MapLayout {
    /// The keys of a memory; 0 where there is none.
    pub const fn keys(&self) -> usize {
        match self {
            Self::Memory { keys } => *keys,
            _ => 0,
        }
    }

    /// Whether all layers of a network have a number of channels that the stages take.
    pub(super) fn has_good_channels(&self) -> bool {
        let channels: &[usize] = match self {
            Self::Memory { .. } => &[],
            Self::Head { width } => std::slice::from_ref(width),
            Self::DsacStar { channels } => channels,
        };
        channels.iter().all(|channels| (4..=4096).contains(channels) && channels % 4 == 0)
    }
}

impl MapConfig {
    /// Numbers that describe a cell.
    pub fn descriptor_columns(&self) -> usize {
        encoder::columns(self.encoder.as_ref())
    }

    /// What the network does that says points; `None` for a memory.
    pub fn plan(&self) -> Option<Plan> {
        match self.layout {
            MapLayout::Memory { .. } => None,
            MapLayout::Head { width } => Some(head(self.descriptor_columns(), width)),
            MapLayout::DsacStar { channels } => Some(dsac_star(channels)),
        }
    }
}

/// A camera in a map's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapCamera {
    /// The name of one of COLMAP's models.
    pub model: String,
    /// Its parameters, with the centre of the top-left pixel at (0, 0).
    pub parameters: Vec<f64>,
    /// Width and height of its images, pixels.
    pub size_px: [u32; 2],
}

impl MapCamera {
    /// Of images of a size; `None` for a camera with a skew, which no model of COLMAP's has.
    pub fn of(camera: &Intrinsics, size_px: [u32; 2]) -> Option<Self> {
        let (model, parameters) = match camera {
            Intrinsics::Pinhole(Camera { focal_px, principal_point_px, skew_px: 0.0 }) => {
                ("PINHOLE", vec![focal_px.x, focal_px.y, principal_point_px.x, principal_point_px.y])
            }
            Intrinsics::Pinhole(_) => return None,
            Intrinsics::Model(model) => (model.name(), model.parameters().to_vec()),
        };
        Some(Self { model: model.to_owned(), parameters, size_px })
    }

    /// The camera of an image of another size.
    ///
    /// # Errors
    /// [`Error::BadCamera`] or [`Error::SingularCamera`].
    pub fn at(&self, size_px: [u32; 2]) -> Result<Intrinsics> {
        let model = CameraModel::from_name(&self.model, self.size_px.map(u64::from), self.parameters.clone())?;
        let size = |size_px: [u32; 2]| DVec2::new(size_px[0].into(), size_px[1].into());
        Intrinsics::Model(model).scaled(size(size_px) / size(self.size_px))
    }
}

/// The map of a scene: what its cells look like, and where they are.
///
/// In a memory the descriptor of a cell goes through `projection` to a query of [`QUERY_COLUMNS`], which is compared with `keys`; see
/// [`recall_points`](crate::cpu::localise::recall_points). In the other layouts a network says the point.
#[derive(Clone, Debug)]
pub struct SceneMap {
    config: MapConfig,
    record: serde_json::Value,
    tensors: BTreeMap<String, Tensor>,
    encoder: Encoder,
}

impl PartialEq for SceneMap {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.record == other.record && self.tensors == other.tensors
    }
}

impl SceneMap {
    /// A map of these tensors, and a record of how it came about (any JSON: data, seed, command, figures).
    ///
    /// # Errors
    /// [`Error::Weights`] when a tensor is missing, not a map's, of a wrong shape or not finite; [`Error::BadOption`] for the
    /// configuration.
    pub fn new(
        config: MapConfig,
        record: serde_json::Value,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
    ) -> Result<Self> {
        let tensors = tensors.into_iter().collect();
        let map = Self { config, record, tensors, encoder: Encoder::default() };
        map.check().map_err(|error| wrong("map", error))?;
        Ok(map)
    }

    /// The map with the encoder that it is made for; one that is made for gradients needs none.
    ///
    /// # Errors
    /// [`Error::Weights`] for another encoder.
    pub fn with_encoder(self, encoder: Encoder) -> Result<Self> {
        let map = Self { encoder, ..self };
        map.check_encoder()?;
        Ok(map)
    }

    /// Whether it has the encoder that it is made for.
    pub(crate) fn check_encoder(&self) -> Result<()> {
        if self.encoder.name() == self.config.encoder.as_ref() {
            return Ok(());
        }
        let expected = encoder::described(self.config.encoder.as_ref());
        Err(wrong("map", WeightsError::Encoder { expected, found: self.encoder.to_string() }))
    }

    /// Names and shapes of the tensors of a map. Matrices are `[in, out]`, but `keys` and `points` have a row a key.
    pub fn expected(config: &MapConfig) -> Vec<(String, Vec<usize>)> {
        if let Some(plan) = config.plan() {
            return plan.tensors().collect();
        }
        let (keys, query) = (config.layout.keys(), QUERY_COLUMNS as usize);
        [
            ("projection.weight", vec![config.descriptor_columns(), query]),
            ("projection.bias", vec![query]),
            (KEYS, vec![keys, query]),
            ("key_biases", vec![keys]),
            ("points", vec![keys, 3]),
        ]
        .map(|(name, shape)| (name.to_owned(), shape))
        .into()
    }

    fn check(&self) -> std::result::Result<(), WeightsError> {
        let found = match &self.config {
            config if config.layout == MapLayout::Memory { keys: 0 } => "it has no keys".to_owned(),
            config if !config.layout.has_good_channels() => format!("its layout is {:?}", config.layout),
            config if !(8..=16_384).contains(&config.height_px) => {
                format!("the height of its images is {} pixels", config.height_px)
            }
            config if config.origin.iter().any(|x| !x.is_finite()) => format!("its origin is {:?}", config.origin),
            config if !(config.extent > 0.0 && config.extent.is_finite()) => format!("its extent is {}", config.extent),
            _ => return check_tensors(&self.tensors, &Self::expected(&self.config)),
        };
        Err(WeightsError::Metadata { key: "config", found })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read; otherwise those of [`Self::from_bytes`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        Self::parse(&bytes).map_err(|error| wrong(&path.display().to_string(), error))
    }

    /// The map in a file's bytes.
    ///
    /// # Errors
    /// [`Error::Weights`] when they are no safetensors file, cut off, of another format, or not complete.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::parse(bytes).map_err(|error| wrong("bytes", error))
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, WeightsError> {
        let file = TensorFile::parse(bytes, FORMAT)?;
        let (config, record) = (file.json("config")?, file.json("record")?);
        let map = Self { config, record, tensors: with_whole_keys(file.tensors)?, encoder: Encoder::default() };
        map.check()?;
        Ok(map)
    }

    /// The safetensors file of this map: the numbers of each key as multiples of a 127th of the largest, all else in half precision.
    ///
    /// # Errors
    /// [`Error::Weights`] when a value does not fit it.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let config = serde_json::json!(self.config);
        let metadata = [("config", config), ("record", self.record.clone())];
        let keys = self.tensors.get(KEYS).map(|keys| in_steps(&keys.values));
        let stored = self.tensors.iter().filter(|(name, _)| *name != KEYS);
        let stored = stored.map(|(name, tensor)| (name.as_str(), tensor, Storage::F16));
        let keys = keys
            .iter()
            .flat_map(|[multiples, steps]| [(KEYS, multiples, Storage::I8), (KEY_STEPS, steps, Storage::F32)]);
        to_bytes(FORMAT, &metadata, stored.chain(keys)).map_err(|error| wrong("map", error))
    }

    /// Writes a file; what was there before is replaced only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written; otherwise those of [`Self::to_bytes`].
    pub fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, &self.to_bytes()?)
    }

    /// What it is made for.
    pub const fn config(&self) -> &MapConfig {
        &self.config
    }

    /// What describes cells.
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The network that says points.
    ///
    /// # Errors
    /// [`WeightsError::Other`] for a memory.
    pub(super) fn network(&self) -> std::result::Result<ConvolutionalNetwork, WeightsError> {
        let no_network = || WeightsError::Other { expected: "a network".to_owned(), found: "a memory".to_owned() };
        ConvolutionalNetwork::new(self.config.plan().ok_or_else(no_network)?, self.tensors.clone())
    }

    /// How it came about: data, seed, command, figures.
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

    /// The width and height that images of a size are brought to: the map's height, and the width that goes with it, up to eight
    /// times as much.
    pub fn working_size_px(&self, size_px: [u32; 2]) -> [u32; 2] {
        working_size_px(size_px, self.config.height_px)
    }
}

/// Of images of a size, for a map of this height.
pub(crate) fn working_size_px([width, height]: [u32; 2], height_px: u32) -> [u32; 2] {
    let width = f64::from(width) * f64::from(height_px) / f64::from(height.max(1));
    [width.round().clamp(1.0, WIDEST * f64::from(height_px)) as u32, height_px]
}

/// The widest image, in its height.
const WIDEST: f64 = 8.0;

/// Keys as whole multiples of a step each.
fn in_steps(keys: &[f32]) -> [Tensor; 2] {
    let columns = QUERY_COLUMNS as usize;
    let steps: Vec<f32> = keys
        .chunks_exact(columns)
        .map(|key| key.iter().fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs())) / LARGEST_MULTIPLE)
        .collect();
    let multiples = keys.iter().enumerate().map(|(i, x)| (x / steps[i / columns]).round()).collect();
    let count = steps.len();
    [Tensor { shape: vec![count, columns], values: multiples }, Tensor { shape: vec![count], values: steps }]
}

/// The keys of multiples and steps.
fn with_whole_keys(
    mut tensors: BTreeMap<String, Tensor>,
) -> std::result::Result<BTreeMap<String, Tensor>, WeightsError> {
    let steps = tensors.remove(KEY_STEPS);
    if let Some(keys) = tensors.get_mut(KEYS) {
        let missing = || WeightsError::Missing {
            name: KEY_STEPS.to_owned(),
            shape: keys.shape.iter().take(1).copied().collect(),
        };
        let steps = steps.ok_or_else(missing)?;
        let columns = QUERY_COLUMNS as usize;
        if keys.values.len() != steps.values.len() * columns {
            let (expected, found) = (vec![steps.values.len(), columns], keys.shape.clone());
            return Err(WeightsError::Shape { name: KEYS.to_owned(), expected, found });
        }
        keys.values.iter_mut().enumerate().for_each(|(i, x)| *x *= steps.values[i / columns]);
    }
    Ok(tensors)
}

pub(super) fn wrong(path: &str, error: WeightsError) -> Error {
    Error::Weights { path: path.to_owned(), error }
}
