use super::projection::principal_components;
use super::remembered::Remembered;
use super::{Encoder, GreyImage, MapCamera, MapConfig, MapLayout, SceneMap};
use crate::constants::QUERY_COLUMNS;
use crate::cpu::rank::linear_rows::{After, Linear, linear_rows};
#[cfg(feature = "train")]
use crate::geometry::CellGrid;
use crate::geometry::Pose;
use crate::network::Tensor;
use crate::{Error, Result};
use glam::DVec3;
use rustc_hash::FxHashMap;

/// How a map is built.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapOptions {
    /// Keys at most; each takes 76 bytes of the map's file.
    pub keys: usize,
    /// Height that images are brought to, pixels.
    pub height_px: u32,
    /// Cells of which a key is the mean at least, where there are enough.
    pub cells_a_key: usize,
    /// How much better than the others a key has to fit to be recalled alone: the length of keys, for queries of length 1.
    pub sharpness: f32,
    /// Cells remembered at most while the map is built, 408 bytes each; of more, every frame gives its share.
    pub most_cells: usize,
}

impl Default for MapOptions {
    fn default() -> Self {
        Self { keys: 12_000, height_px: 240, cells_a_key: 5, sharpness: 40.0, most_cells: 600_000 }
    }
}

impl MapOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::BadOption`] with the first option outside its range.
    pub fn check(&self) -> Result<()> {
        let bad =
            |name, expected, found: &dyn ToString| Err(Error::BadOption { name, expected, found: found.to_string() });
        match self {
            Self { keys, .. } if !(1..=1_000_000).contains(keys) => bad("keys", "a number in 1..=1000000", keys),
            Self { height_px, .. } if !(32..=4096).contains(height_px) => {
                bad("height_px", "a number in 32..=4096", height_px)
            }
            Self { cells_a_key: 0, .. } => bad("cells_a_key", "at least 1", &0),
            Self { sharpness, .. } if !(1.0..=1000.0).contains(sharpness) => {
                bad("sharpness", "a number in 1..=1000", sharpness)
            }
            Self { most_cells, .. } if *most_cells < 1000 => bad("most_cells", "at least 1000", most_cells),
            _ => Ok(()),
        }
    }
}

/// Builds the map of a scene from cells whose points are known.
#[derive(Clone, Debug)]
pub struct MapBuilder {
    options: MapOptions,
    /// Cells of a frame that are remembered at most.
    cells_a_frame: usize,
    cells: Remembered,
}

impl MapBuilder {
    /// A builder for so many frames.
    ///
    /// # Errors
    /// Those of [`MapOptions::check`].
    pub fn new(options: MapOptions, frames: usize) -> Result<Self> {
        options.check()?;
        let cells_a_frame = (options.most_cells / frames.max(1)).max(1);
        Ok(Self { options, cells_a_frame, cells: Remembered::new(Encoder::default()) })
    }

    /// The same with cells that are described by this encoder; to be said before the first is added.
    #[must_use]
    pub fn with_encoder(self, encoder: Encoder) -> Self {
        Self { cells: Remembered::new(encoder), ..self }
    }

    /// What describes the cells.
    pub const fn encoder(&self) -> &Encoder {
        &self.cells.encoder
    }

    /// The height that images have to have, pixels.
    pub const fn height_px(&self) -> u32 {
        self.options.height_px
    }

    /// Cells remembered so far.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.cells.len() == 0
    }

    /// Remembers the cells of an image with the points that are seen at their centres, in the frame of its camera; those without are
    /// left out.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is an entry a cell; [`Error::BadImage`] for another height.
    pub fn add(&mut self, image: &GreyImage, camera_from_world: &Pose, points_camera: &[Option<DVec3>]) -> Result<()> {
        let [width, height] = image.size_px;
        if height != self.options.height_px {
            let found = format!("the map is made of images {} pixels high", self.options.height_px);
            return Err(Error::BadImage { width, height, found });
        }
        let (grid, descriptors) = self.encoder().describe(image);
        if points_camera.len() != grid.len() {
            let what = "points of an image's cells";
            return Err(Error::LengthMismatch { what, expected: grid.len(), found: points_camera.len() });
        }
        let known = points_camera.iter().enumerate().filter_map(|(cell, point)| {
            let point = (*point).filter(|point| point.is_finite() && point.z > 0.0)?;
            Some((cell, point))
        });
        let known: Vec<_> = known.collect();
        // every so many, from another one in each frame
        let step = known.len().div_ceil(self.cells_a_frame).max(1);
        let first = self.len() % step;
        let world_from_camera = camera_from_world.inverse();
        self.cells.add_frame(*camera_from_world);
        let columns = self.cells.columns();
        for &(cell, point) in known.iter().skip(first).step_by(step) {
            self.cells.add(cell, &descriptors[cell * columns..][..columns], world_from_camera.transform(point));
        }
        Ok(())
    }

    /// Writes the descriptor of a remembered cell, and gives its point of the scene, and camera_from_world of its photograph.
    #[cfg(feature = "train")]
    pub(crate) fn cell(&self, index: usize, descriptor: &mut [f32]) -> (DVec3, &Pose) {
        self.cells.read(index, descriptor);
        (self.cells.points[index], self.cells.pose(index))
    }

    /// The points of the cells of a photograph that are remembered, in the frame of its camera, by their places on its grid; photographs
    /// are counted as they were added.
    #[cfg(feature = "train")]
    pub(crate) fn points_of(&self, frame: usize, grid: &CellGrid) -> Vec<Option<DVec3>> {
        let mut points = vec![None; grid.len()];
        self.cells.of_frame(frame).for_each(|(place, point)| points[place] = Some(point));
        points
    }

    /// The map: descriptors are projected on their principal components, and each small cube of the scene in which enough cells
    /// lie makes a key, their mean. Cubes are as small as the number of keys allows.
    ///
    /// # Errors
    /// [`Error::TooFewMatches`] with fewer than 100 cells.
    pub fn build(&self, unit: &str, camera: Option<MapCamera>, record: serde_json::Value) -> Result<SceneMap> {
        let config = self.config(unit, camera)?;
        let origin = DVec3::from_array(config.origin);
        let sample = self.len().div_ceil(SAMPLE);
        let sampled: Vec<f32> = (0..self.len()).step_by(sample).flat_map(|cell| self.descriptor(cell)).collect();
        let (weight, bias) = principal_components(&sampled, self.cells.columns());
        let cubes = self.cubes();
        let projection = Linear::new(&weight, &bias);
        let keys = cubes.iter().flat_map(|cells| self.key(cells, &projection)).collect();
        let point = |cells: &Vec<usize>| {
            let mean = cells.iter().map(|&cell| self.cells.points[cell]).sum::<DVec3>() / cells.len() as f64;
            (mean - origin).as_vec3().to_array()
        };
        let points = cubes.iter().flat_map(point).collect();
        let config = MapConfig { layout: MapLayout::Memory { keys: cubes.len() }, ..config };
        let biases = vec![0.0; cubes.len()];
        let values = [weight, bias, keys, biases, points];
        let tensors = SceneMap::expected(&config)
            .into_iter()
            .zip(values)
            .map(|((name, shape), values)| (name, Tensor { shape, values }));
        let tensors: Vec<_> = tensors.collect();
        SceneMap::new(config, record, tensors)?.with_encoder(self.encoder().clone())
    }

    /// That of a memory without keys.
    pub(super) fn config(&self, unit: &str, camera: Option<MapCamera>) -> Result<MapConfig> {
        if self.len() < LEAST_CELLS {
            return Err(Error::TooFewMatches { model: "the map of a scene", needed: LEAST_CELLS, found: self.len() });
        }
        let points = &self.cells.points;
        let mean = |of: &dyn Fn(&DVec3) -> DVec3| points.iter().map(of).sum::<DVec3>() / points.len() as f64;
        let origin = mean(&|point| *point);
        let variance = mean(&|point| (*point - origin).powf(2.0));
        Ok(MapConfig {
            layout: MapLayout::Memory { keys: 0 },
            encoder: self.encoder().name().cloned(),
            height_px: self.options.height_px,
            origin: origin.to_array(),
            extent: variance.element_sum().sqrt().max(f64::MIN_POSITIVE),
            unit: unit.to_owned(),
            camera,
        })
    }

    /// The root mean square of the numbers of descriptors, about.
    #[cfg(feature = "train")]
    pub(super) fn descriptor_size(&self) -> f32 {
        let sampled: Vec<f32> = (0..self.len()).step_by(997).flat_map(|cell| self.descriptor(cell)).collect();
        (sampled.iter().map(|x| x * x).sum::<f32>() / sampled.len().max(1) as f32).sqrt().max(1e-6)
    }

    fn descriptor(&self, cell: usize) -> Vec<f32> {
        let mut descriptor = vec![0.0; self.cells.columns()];
        self.cells.read(cell, &mut descriptor);
        descriptor
    }

    /// The mean of the queries of some cells, as long as keys are.
    fn key(&self, cells: &[usize], projection: &Linear) -> Vec<f32> {
        let mut sum = vec![0.0_f32; QUERY_COLUMNS as usize];
        let mut query = sum.clone();
        for &cell in cells {
            linear_rows(&self.descriptor(cell), projection, After::Nothing, &mut query);
            let length = norm(&query);
            sum.iter_mut().zip(&query).for_each(|(sum, x)| *sum += x / length);
        }
        let scale = self.options.sharpness / norm(&sum);
        sum.iter_mut().for_each(|x| *x *= scale);
        sum
    }

    /// The cells of each cube that makes a key, in a fixed order.
    fn cubes(&self) -> Vec<Vec<usize>> {
        // of few frames no cube has many cells
        let at_least = self.options.cells_a_key.min(self.len().div_ceil(self.options.keys)).max(1);
        let enough = |edge: f64| {
            let mut counts: FxHashMap<[i32; 3], usize> = FxHashMap::default();
            self.cells.points.iter().for_each(|&point| *counts.entry(cube_of(point, edge)).or_default() += 1);
            counts.into_values().filter(|&count| count >= at_least).count()
        };
        let edge = self.smallest_edge(enough);
        let mut cubes: FxHashMap<[i32; 3], Vec<usize>> = FxHashMap::default();
        for (cell, &point) in self.cells.points.iter().enumerate() {
            cubes.entry(cube_of(point, edge)).or_default().push(cell);
        }
        let mut cubes: Vec<Vec<usize>> = cubes.into_values().filter(|cells| cells.len() >= at_least).collect();
        cubes.sort_unstable_by_key(|cells| cells[0]);
        cubes
    }

    /// From the scene's extent down to where there would be too many cubes, or so small ones that ever fewer have enough cells.
    fn smallest_edge(&self, count: impl Fn(f64) -> usize) -> f64 {
        let bounds = self
            .cells
            .points
            .iter()
            .fold([DVec3::INFINITY, DVec3::NEG_INFINITY], |[low, high], &point| [low.min(point), high.max(point)]);
        let mut edge = (bounds[1] - bounds[0]).max_element().max(f64::MIN_POSITIVE);
        let mut best = (0, edge);
        let mut shrink = COARSE;
        for _ in 0..MOST_EDGES {
            let keys = count(edge * shrink);
            if keys <= self.options.keys {
                edge *= shrink;
                if keys >= best.0 {
                    best = (keys, edge);
                } else if keys < best.0 / 2 {
                    break;
                }
            } else if shrink == COARSE {
                shrink = FINE;
            } else {
                break;
            }
        }
        best.1
    }
}

/// Cells that a map is made of at least.
const LEAST_CELLS: usize = 100;
/// Descriptors that the principal components are found from, about.
const SAMPLE: usize = 40_000;
/// By how much cubes are made smaller at first, and near the end.
const COARSE: f64 = 0.7;
const FINE: f64 = 0.97;
/// Edges that are tried at most.
const MOST_EDGES: usize = 60;

fn cube_of(point: DVec3, edge: f64) -> [i32; 3] {
    (point / edge).floor().to_array().map(|place| place as i32)
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().max(1e-12).sqrt()
}
