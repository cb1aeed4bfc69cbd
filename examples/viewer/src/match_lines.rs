//! Draws the matches from the GPU buffers that the estimator reads and writes.

use bytemuck::{Pod, Zeroable};
use eframe::wgpu;
use nabla_ransac::gpu::{Context, TypedBuffer};

/// The vertices of a match: a line and two discs.
const VERTICES: u32 = 18;

/// As in `match_lines.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct View {
    /// x, y of a pixel of either image to the drawn area, screen pixels: scale, then offset.
    pub(crate) area_from_image: [[f32; 4]; 2],
    /// Opacity of lines last; 0 draws nothing.
    pub(crate) inlier_colour: [f32; 4],
    pub(crate) outlier_colour: [f32; 4],
    /// Of the area, screen pixels.
    pub(crate) size_px: [f32; 2],
    pub(crate) half_width_px: f32,
    pub(crate) radius_px: f32,
    pub(crate) match_count: u32,
    pub(crate) unused: u32,
    /// Of inliers, of outliers.
    pub(crate) disc_opacities: [f32; 2],
}

pub(crate) struct MatchLines {
    pipeline: wgpu::RenderPipeline,
    view: TypedBuffer<View>,
    match_count: u32,
}

impl MatchLines {
    pub(crate) fn new(context: &Context, format: wgpu::TextureFormat) -> Self {
        let device = context.device();
        let module = device.create_shader_module(wgpu::include_wgsl!("match_lines.wgsl"));
        let target = wgpu::ColorTargetState {
            format,
            blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
            write_mask: wgpu::ColorWrites::ALL,
        };
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("match lines"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                targets: &[Some(target)],
            }),
            multiview_mask: None,
            cache: None,
        });
        Self { pipeline, view: TypedBuffer::uniform(context, "view of the matches"), match_count: 0 }
    }

    /// What is drawn with these matches and this mask of them, wherever that comes from.
    pub(crate) fn bind(
        &self,
        context: &Context,
        matches: &TypedBuffer<[f32; 4]>,
        inlier_mask: &TypedBuffer<u32>,
    ) -> wgpu::BindGroup {
        let resources = [self.view.binding(), matches.binding(), inlier_mask.binding()];
        let entries: Vec<_> =
            (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        context.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("match lines"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    /// Sets how the next submission draws them.
    pub(crate) fn write(&mut self, context: &Context, view: View) {
        self.match_count = view.match_count;
        self.view.write(context, 0, &[view]);
    }

    pub(crate) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, bound: &wgpu::BindGroup) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, bound, &[]);
        pass.draw(0..VERTICES, 0..2 * self.match_count);
    }
}
