//! From an image in a GPU buffer or texture to where its cells lie in the scene, on the GPU.

use super::point_stages::{self, Frame};
use super::{FrameImage, SceneMap};
use crate::cpu::localise::recall_points::Recalled;
use crate::geometry::CellGrid;
use crate::gpu::{Context, ReadBack, TypedBuffer};
use crate::kernels::layout::FrameShape;
use crate::kernels::{Stage, Workgroups, localise};
use crate::{Error, Result};

/// The stages up to the points that a map says, and their buffers.
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
        map.check_encoder()?;
        let given_px = image.size_px();
        let size_px = map.working_size_px(given_px);
        image.check(size_px)?;
        let grid = CellGrid::new(size_px);
        let [needed, available] = [point_stages::largest_buffer(&grid, map), context.max_storage_bytes()];
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
        made.await?
    }

    fn made(context: Context, map: &SceneMap, image: &FrameImage, grid: CellGrid, shape: FrameShape) -> Result<Self> {
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
        let frame = Frame {
            context: &made.context,
            grid: &made.grid,
            shape: &made.shape_buffer,
            grey: &made.grey,
            pixels: &made.pixels,
            written: [&made.matches, &made.weights, &made.spreads],
        };
        made.stages = frame.stages(map)?;
        if let FrameImage::Texture(texture) = image {
            made.bind(texture);
        }
        Ok(made)
    }

    /// Reads this texture from now on; checked before.
    pub(super) fn bind(&mut self, texture: &wgpu::Texture) {
        self.shape.encode = u32::from(texture.format().is_srgb());
        self.shape_buffer.write(&self.context, 0, &[self.shape]);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.reader = Some(localise::read_texture::stage(&self.context, &self.shape_buffer, &view, &self.grey));
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
