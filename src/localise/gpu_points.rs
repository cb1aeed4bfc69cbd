//! From an image in a GPU buffer or texture to where its cells lie in the scene, on the GPU.

use super::{FrameImage, SceneMap};
use crate::constants::{BIN_LEVELS, DESCRIPTOR_COLUMNS, QUERY_COLUMNS, RECALLED_CELLS, TILE_COLUMNS, TILE_ROWS};
use crate::cpu::localise::pool_gradients::lattice;
use crate::cpu::localise::recall_points::Recalled;
use crate::geometry::CellGrid;
use crate::gpu::{Context, ReadBack, TypedBuffer};
use crate::kernels::layout::{FrameShape, LayerShape};
use crate::kernels::{Stage, Workgroups, localise, rank};
use crate::{Error, Result};

/// The stages up to the recalled points, and all their buffers.
#[derive(Debug)]
pub(super) struct GpuPoints {
    context: Context,
    grid: CellGrid,
    shape: FrameShape,
    shape_buffer: TypedBuffer<FrameShape>,
    /// Grey values at the map's height.
    pub(super) grey: TypedBuffer<f32>,
    /// A cell: undistorted x y, and 1 where a ray is seen.
    pub(super) pixels: TypedBuffer<[f32; 4]>,
    /// A cell: what a pose's match is.
    pub(super) matches: TypedBuffer<[[f32; 4]; 2]>,
    /// A cell: how often it is sampled.
    pub(super) weights: TypedBuffer<f32>,
    spreads: TypedBuffer<f32>,
    /// Reads the texture, where there is one.
    reader: Option<Stage>,
    stages: Vec<(Stage, u32)>,
}

impl GpuPoints {
    /// For frames of this image.
    pub(super) async fn new(
        context: Context,
        map: &SceneMap,
        image: &FrameImage,
        doubtful_spread: f64,
    ) -> Result<Self> {
        if map.config().plan().is_some() || map.config().encoder.is_some() {
            return Err(Error::Device("networks of maps do not run on the GPU yet".to_owned()));
        }
        let given_px = image.size_px();
        let size_px = map.working_size_px(given_px);
        image.check(size_px)?;
        let grid = CellGrid::new(size_px);
        let [needed, available] = [largest_buffer(&grid, map.config().layout.keys()), context.max_storage_bytes()];
        if needed > available {
            return Err(Error::OutOfMemory { needed, available });
        }
        let shape = FrameShape {
            width: size_px[0],
            height: size_px[1],
            columns: grid.columns as u32,
            rows: grid.rows as u32,
            keys: map.config().layout.keys() as u32,
            doubtful_spread: doubtful_spread as f32,
            ..FrameShape::default()
        };
        let made = context.catch(|| Self::made(context.clone(), map, image, grid, shape));
        made.await
    }

    fn made(context: Context, map: &SceneMap, image: &FrameImage, grid: CellGrid, shape: FrameShape) -> Self {
        let pixels = (shape.width * shape.height) as usize;
        let grey = match image {
            FrameImage::Buffer(buffer, _) => TypedBuffer::from_buffer(buffer.clone(), pixels),
            FrameImage::Values(_) | FrameImage::Texture(_) => TypedBuffer::new(&context, "grey values", pixels),
        };
        let mut made = Self {
            grid,
            shape,
            shape_buffer: TypedBuffer::from_slice(&context, "frame shape", &[shape]),
            grey,
            pixels: TypedBuffer::new(&context, "pixels of cells", grid.len()),
            matches: TypedBuffer::new(&context, "matches of cells", grid.len()),
            weights: TypedBuffer::new(&context, "weights of cells", grid.len()),
            spreads: TypedBuffer::new(&context, "spreads of cells", grid.len()),
            reader: None,
            stages: Vec::new(),
            context,
        };
        made.stages = made.stages(map);
        if let FrameImage::Texture(texture) = image {
            made.bind(texture);
        }
        made
    }

    /// Reads this texture from now on; checked before.
    pub(super) fn bind(&mut self, texture: &wgpu::Texture) {
        self.shape.encode = u32::from(texture.format().is_srgb());
        self.shape_buffer.write(&self.context, 0, &[self.shape]);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.reader = Some(localise::read_texture::stage(&self.context, &self.shape_buffer, &view, &self.grey));
    }

    fn stages(&self, map: &SceneMap) -> Vec<(Stage, u32)> {
        let context = &self.context;
        let cells = self.grid.len();
        let floats = |label, len| TypedBuffer::<f32>::new(context, label, len);
        let upload = |label, values: &[f32]| TypedBuffer::from_slice(context, label, values);
        let [columns, rows] = lattice(&self.grid);
        let gradients = TypedBuffer::<[f32; 2]>::new(context, "gradients", self.grey.len());
        let pooled = floats("histograms", (BIN_LEVELS as usize) * columns * rows * 8);
        let descriptors = floats("descriptors", cells * DESCRIPTOR_COLUMNS as usize);
        let queries = floats("queries", cells * QUERY_COLUMNS as usize);
        let layer = LayerShape { inputs: DESCRIPTOR_COLUMNS, outputs: QUERY_COLUMNS, ..LayerShape::default() };
        let layer = TypedBuffer::from_slice(context, "projection", &[layer]);
        let batch = TypedBuffer::from_slice(context, "cells", &[1, 0, cells as u32]);
        let weight = upload("projection's weight", map.values("projection.weight"));
        let bias = upload("projection's bias", map.values("projection.bias"));
        let keys = upload("keys", &keys_across(map.values("keys")));
        let points = upload("points of keys", &points_with_biases(map));
        let shape = &*self.shape_buffer;
        let [pixels, matches, weights, spreads] = [&*self.pixels, &*self.matches, &*self.weights, &*self.spreads];
        let recall = [shape, &*queries, &*keys, &*points, pixels, matches, weights, spreads];
        let size_px = self.grid.size_px;
        let lattice = [columns as u32, rows as u32];
        let cells = cells as u32;
        vec![
            (
                localise::orient_gradients::stage(context, [shape, &self.grey, &gradients]),
                localise::orient_gradients::workgroups(size_px),
            ),
            (
                localise::pool_gradients::stage(context, [shape, &gradients, &pooled]),
                localise::pool_gradients::workgroups(lattice),
            ),
            (localise::describe_cells::stage(context, [shape, &pooled, &descriptors]), cells),
            (
                rank::linear_rows::stage(context, [&layer, &batch, &descriptors, &weight, &bias, &queries]),
                cells.div_ceil(TILE_ROWS) * QUERY_COLUMNS.div_ceil(TILE_COLUMNS),
            ),
            (localise::recall_points::stage(context, recall), cells.div_ceil(RECALLED_CELLS)),
        ]
    }

    pub(super) const fn context(&self) -> &Context {
        &self.context
    }

    pub(super) const fn grid(&self) -> &CellGrid {
        &self.grid
    }

    /// Encodes all of it, with a call before each stage.
    pub(super) fn encode(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        before: &mut impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("localise"), ..Default::default() });
        let reader = self.reader.iter().map(|stage| (stage, (self.shape.width * self.shape.height).div_ceil(64)));
        for (stage, workgroups) in reader.chain(self.stages.iter().map(|(stage, workgroups)| (stage, *workgroups))) {
            before(&mut pass, stage.name());
            stage.encode(&mut pass, Workgroups::Count(workgroups));
        }
    }

    /// What is recalled at the cells of these grey values, in a submission of its own; blocks.
    pub(super) fn recall_blocking(&self, values: &[f32]) -> Result<Vec<Recalled>> {
        self.grey.write(&self.context, 0, values);
        let mut encoder = self.context.encoder("localise");
        self.encode(&mut encoder, &mut |_, _| {});
        let cells = self.grid.len();
        let sources = [
            (&*self.matches, TypedBuffer::<[[f32; 4]; 2]>::bytes(cells)),
            (&*self.spreads, TypedBuffer::<f32>::bytes(cells)),
        ];
        let read_back = ReadBack::encode(&self.context, &mut encoder, &sources);
        self.context.queue().submit([encoder.finish()]);
        let bytes = read_back.wait_blocking(&self.context)?;
        let [matches, spreads] = bytes.as_slice() else { return Ok(Vec::new()) };
        let matches: Vec<[[f32; 4]; 2]> = bytemuck::pod_collect_to_vec(matches);
        let spreads: Vec<f32> = bytemuck::pod_collect_to_vec(spreads);
        let recalled = |(&[[x, y, z, _], _], spread): (&[[f32; 4]; 2], f32)| Recalled { point: [x, y, z], spread };
        Ok(matches.iter().zip(spreads).map(recalled).collect())
    }
}

/// Bytes of the largest buffer.
fn largest_buffer(grid: &CellGrid, keys: usize) -> u64 {
    let [columns, rows] = lattice(grid);
    let pixels = u64::from(grid.size_px[0]) * u64::from(grid.size_px[1]);
    let descriptors = grid.len() as u64 * u64::from(4 * DESCRIPTOR_COLUMNS);
    let histograms = (BIN_LEVELS as usize * columns * rows * 32) as u64;
    [8 * pixels, histograms, descriptors, keys as u64 * u64::from(4 * QUERY_COLUMNS)].into_iter().max().unwrap_or(0)
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
