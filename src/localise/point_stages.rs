//! The stages from grey values to the points that a map says.

use super::convolutional::{ConvolutionStages, ConvolutionalNetwork};
use super::scene_map::wrong;
use super::{Encoder, MapLayout, SceneMap};
use crate::Result;
use crate::constants::{BIN_LEVELS, DESCRIPTOR_COLUMNS, QUERY_COLUMNS, RECALLED_CELLS, TILE_COLUMNS, TILE_ROWS};
use crate::cpu::localise::pool_gradients::{Histogram, lattice};
use crate::geometry::CellGrid;
use crate::gpu::{Context, TypedBuffer};
use crate::kernels::layout::LayerShape;
use crate::kernels::localise::{describe_cells, orient_gradients, place_points, pool_gradients, recall_points};
use crate::kernels::{Stage, rank::linear_rows};

/// Stages in order, with the workgroups of each.
type Stages = Vec<(Stage, u32)>;

/// The buffers at both ends of the stages.
pub(super) struct Frame<'a> {
    pub(super) context: &'a Context,
    pub(super) grid: &'a CellGrid,
    pub(super) shape: &'a wgpu::Buffer,
    /// Grey values.
    pub(super) grey: &'a wgpu::Buffer,
    pub(super) pixels: &'a wgpu::Buffer,
    /// Matches, weights and spreads.
    pub(super) written: [&'a wgpu::Buffer; 3],
}

impl Frame<'_> {
    pub(super) fn stages(&self, map: &SceneMap) -> Result<Stages> {
        if let MapLayout::Memory { .. } = map.config().layout {
            let (mut stages, descriptors) = self.describe(map.encoder());
            stages.extend(self.recall(map, &descriptors));
            return Ok(stages);
        }
        let network = map.network().map_err(|error| wrong("map", error))?;
        let (mut stages, input) = match map.config().layout {
            MapLayout::DsacStar { .. } => (Vec::new(), self.grey.clone()),
            _ => self.describe(map.encoder()),
        };
        stages.extend(self.regress(&network, &input, input_size(self.grid, map)));
        Ok(stages)
    }

    /// To the descriptors of cells.
    fn describe(&self, encoder: &Encoder) -> (Stages, wgpu::Buffer) {
        let Some(network) = encoder.network() else { return self.describe_gradients() };
        let made = ConvolutionStages::new(self.context, network, self.grey, image_size(self.grid));
        (made.stages().to_vec(), (**made.answer()).clone())
    }

    fn describe_gradients(&self) -> (Stages, wgpu::Buffer) {
        let (context, shape, size_px) = (self.context, self.shape, self.grid.size_px);
        let [columns, rows] = lattice(self.grid);
        let [width, height] = image_size(self.grid);
        let gradients = TypedBuffer::<[f32; 2]>::new(context, "gradients", width * height);
        let pooled = TypedBuffer::<Histogram>::new(context, "histograms", BIN_LEVELS as usize * columns * rows);
        let descriptors =
            TypedBuffer::<f32>::new(context, "descriptors", self.grid.len() * DESCRIPTOR_COLUMNS as usize);
        let orient = orient_gradients::stage(context, [shape, self.grey, &gradients]);
        let pool = pool_gradients::stage(context, [shape, &gradients, &pooled]);
        let describe = describe_cells::stage(context, [shape, &pooled, &descriptors]);
        let stages = vec![
            (orient, orient_gradients::workgroups(size_px)),
            (pool, pool_gradients::workgroups([columns as u32, rows as u32])),
            (describe, self.grid.len() as u32),
        ];
        (stages, (*descriptors).clone())
    }

    /// From descriptors to what a memory recalls.
    fn recall(&self, map: &SceneMap, descriptors: &wgpu::Buffer) -> Stages {
        let (context, cells) = (self.context, self.grid.len());
        let upload = |label, values: &[f32]| TypedBuffer::from_slice(context, label, values);
        let queries = TypedBuffer::<f32>::new(context, "queries", cells * QUERY_COLUMNS as usize);
        let inputs = map.config().descriptor_columns() as u32;
        let layer = LayerShape { inputs, outputs: QUERY_COLUMNS, ..LayerShape::default() };
        let layer = TypedBuffer::from_slice(context, "projection", &[layer]);
        let cells = cells as u32;
        let batch = TypedBuffer::from_slice(context, "cells", &[1, 0, cells]);
        let weight = upload("projection's weight", map.values("projection.weight"));
        let bias = upload("projection's bias", map.values("projection.bias"));
        let keys = upload("keys", &keys_across(map.values("keys")));
        let points = upload("points of keys", &points_with_biases(map));
        let [matches, weights, spreads] = self.written;
        let recall = [self.shape, &*queries, &*keys, &*points, self.pixels, matches, weights, spreads];
        vec![
            (
                linear_rows::stage(context, [&layer, &batch, descriptors, &weight, &bias, &queries]),
                cells.div_ceil(TILE_ROWS) * QUERY_COLUMNS.div_ceil(TILE_COLUMNS),
            ),
            (recall_points::stage(context, recall), cells.div_ceil(RECALLED_CELLS)),
        ]
    }

    /// From what a network is given to the points that it says.
    fn regress(&self, network: &ConvolutionalNetwork, input: &wgpu::Buffer, size: [usize; 2]) -> Stages {
        let made = ConvolutionStages::new(self.context, network, input, size);
        let [matches, weights, spreads] = self.written;
        let buffers = [self.shape, &**made.answer(), self.pixels, matches, weights, spreads];
        let place = place_points::stage(self.context, buffers);
        let mut stages = made.stages().to_vec();
        stages.push((place, place_points::workgroups(self.grid.len() as u32)));
        stages
    }
}

/// Width and height of the image.
fn image_size(grid: &CellGrid) -> [usize; 2] {
    grid.size_px.map(|side| side as usize)
}

/// Columns and rows of what a map's network is given.
fn input_size(grid: &CellGrid, map: &SceneMap) -> [usize; 2] {
    match map.config().layout {
        MapLayout::DsacStar { .. } => image_size(grid),
        _ => [grid.columns, grid.rows],
    }
}

/// Bytes of the largest buffer.
pub(super) fn largest_buffer(grid: &CellGrid, map: &SceneMap) -> u64 {
    let config = map.config();
    let keys = TypedBuffer::<[f32; QUERY_COLUMNS as usize]>::bytes(config.layout.keys());
    let regressor = config.plan().map_or(keys, |plan| ConvolutionStages::largest_buffer(&plan, input_size(grid, map)));
    match config.layout {
        MapLayout::DsacStar { .. } => regressor,
        _ => regressor.max(largest_of_encoder(grid, map.encoder())),
    }
}

fn largest_of_encoder(grid: &CellGrid, encoder: &Encoder) -> u64 {
    if let Some(network) = encoder.network() {
        return ConvolutionStages::largest_buffer(network.plan(), image_size(grid));
    }
    let [columns, rows] = lattice(grid);
    let [width, height] = image_size(grid);
    let gradients = TypedBuffer::<[f32; 2]>::bytes(width * height);
    let histograms = TypedBuffer::<Histogram>::bytes(BIN_LEVELS as usize * columns * rows);
    let descriptors = TypedBuffer::<f32>::bytes(grid.len() * DESCRIPTOR_COLUMNS as usize);
    gradients.max(histograms).max(descriptors)
}

/// Vectors of four × key, from key × vectors.
fn keys_across(keys: &[f32]) -> Vec<f32> {
    let vectors = QUERY_COLUMNS as usize / 4;
    let (fours, _) = keys.as_chunks::<4>();
    (0..vectors).flat_map(|vector| fours.iter().skip(vector).step_by(vectors)).flatten().copied().collect()
}

fn points_with_biases(map: &SceneMap) -> Vec<f32> {
    let (points, _) = map.values("points").as_chunks::<3>();
    points.iter().zip(map.values("key_biases")).flat_map(|(&[x, y, z], &bias)| [x, y, z, bias]).collect()
}
