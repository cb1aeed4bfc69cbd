use crate::constants::{DESCRIPTOR_COLUMNS, QUERY_COLUMNS};
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
    /// Keys of its memory.
    pub keys: usize,
    /// Height that images are brought to, pixels.
    pub height_px: u32,
    /// The point of the scene that its points are given from.
    pub origin: [f64; 3],
    /// The unit of the scene's coordinates: `m`, or whatever its poses are in.
    pub unit: String,
    /// The camera of the images that it was made of, where all had the same.
    pub camera: Option<MapCamera>,
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
/// A descriptor of [`DESCRIPTOR_COLUMNS`] numbers goes through `projection` to a query of [`QUERY_COLUMNS`], which is compared with
/// `keys`; see [`recall_points`](crate::cpu::localise::recall_points).
#[derive(Clone, Debug, PartialEq)]
pub struct SceneMap {
    config: MapConfig,
    record: serde_json::Value,
    tensors: BTreeMap<String, Tensor>,
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
        let map = Self { config, record, tensors: tensors.into_iter().collect() };
        map.check().map_err(|error| wrong("map", error))?;
        Ok(map)
    }

    /// Names and shapes of the tensors of a map. Matrices are `[in, out]`, but `keys` and `points` have a row a key.
    pub fn expected(config: &MapConfig) -> Vec<(String, Vec<usize>)> {
        let [descriptor, query] = [DESCRIPTOR_COLUMNS, QUERY_COLUMNS].map(|columns| columns as usize);
        [
            ("projection.weight", vec![descriptor, query]),
            ("projection.bias", vec![query]),
            (KEYS, vec![config.keys, query]),
            ("key_biases", vec![config.keys]),
            ("points", vec![config.keys, 3]),
        ]
        .map(|(name, shape)| (name.to_owned(), shape))
        .into()
    }

    fn check(&self) -> std::result::Result<(), WeightsError> {
        let found = match &self.config {
            config if config.keys == 0 => "it has no keys".to_owned(),
            config if !(8..=16_384).contains(&config.height_px) => {
                format!("the height of its images is {} pixels", config.height_px)
            }
            config if config.origin.iter().any(|x| !x.is_finite()) => format!("its origin is {:?}", config.origin),
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
        let map = Self { config, record, tensors: with_whole_keys(file.tensors)? };
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
        let [multiples, steps] = in_steps(self.values(KEYS));
        let stored = self.tensors.iter().filter(|(name, _)| *name != KEYS);
        let stored = stored.map(|(name, tensor)| (name.as_str(), tensor, Storage::F16));
        let keys = [(KEYS, &multiples, Storage::I8), (KEY_STEPS, &steps, Storage::F32)];
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
    let Some(steps) = tensors.remove(KEY_STEPS) else {
        return Err(WeightsError::Missing { name: KEY_STEPS.to_owned(), shape: vec![] });
    };
    if let Some(keys) = tensors.get_mut(KEYS) {
        let columns = QUERY_COLUMNS as usize;
        if keys.values.len() != steps.values.len() * columns {
            let (expected, found) = (vec![steps.values.len(), columns], keys.shape.clone());
            return Err(WeightsError::Shape { name: KEYS.to_owned(), expected, found });
        }
        keys.values.iter_mut().enumerate().for_each(|(i, x)| *x *= steps.values[i / columns]);
    }
    Ok(tensors)
}

fn wrong(path: &str, error: WeightsError) -> Error {
    Error::Weights { path: path.to_owned(), error }
}
