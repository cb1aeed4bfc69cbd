//! A device, and buffers on it.

use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::{Stage, Workgroups, layout::FrameShape};
use nabla_ransac::localise::CellGrid;

pub(crate) const POISON: f32 = -12_345.0;

pub(crate) fn context() -> Context {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
        .expect("an adapter; a software one on Debian: apt-get install mesa-vulkan-drivers");
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap();
    Context::from_device(device, queue)
}

pub(crate) fn shape(context: &Context, size_px: [u32; 2], keys: usize) -> TypedBuffer<FrameShape> {
    let grid = CellGrid::new(size_px);
    let shape = FrameShape {
        width: size_px[0],
        height: size_px[1],
        columns: grid.columns as u32,
        rows: grid.rows as u32,
        keys: keys as u32,
        doubtful_spread: 0.1,
        ..FrameShape::default()
    };
    TypedBuffer::from_slice(context, "shape", &[shape])
}

pub(crate) fn run(context: &Context, stage: &Stage, workgroups: u32) {
    let mut encoder = context.encoder("stage");
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    stage.encode(&mut pass, Workgroups::Count(workgroups));
    drop(pass);
    context.queue().submit([encoder.finish()]);
}

pub(crate) fn poisoned<T: bytemuck::Pod>(context: &Context, len: usize) -> TypedBuffer<T> {
    let poison = vec![POISON; len * size_of::<T>() / 4];
    TypedBuffer::from_slice(context, "poisoned", bytemuck::cast_slice(&poison))
}

pub(crate) fn numbers(count: usize, seed: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * seed).sin()).collect()
}

/// Grey values with texture.
pub(crate) fn grey([width, height]: [u32; 2]) -> Vec<f32> {
    let value = |x: u32, y: u32| 0.5 + 0.3 * (x as f32 * 0.31 + y as f32 * 0.17).sin() + 0.2 * (y as f32 * 0.9).cos();
    (0..width * height).map(|at| value(at % width, at / width).clamp(0.0, 1.0)).collect()
}

pub(crate) fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{i}: {a} {b}");
    }
}

pub(crate) fn texture(
    context: &Context,
    format: wgpu::TextureFormat,
    [width, height]: [u32; 2],
    bytes: &[u8],
) -> wgpu::Texture {
    let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
    let texture = context.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let rows = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
    context.queue().write_texture(texture.as_image_copy(), bytes, rows, size);
    texture
}
