//! Localisation inside a host's frame: from the camera's texture to its pose in a GPU buffer, with no read-back and no allocation.
//!
//! Needs no data: a map is made of photographs of a drawn room, then a camera walks through it. Only this example reads the pose,
//! to print it.
#![allow(clippy::print_stdout, reason = "an example prints")]

#[path = "../tests/common/box_room.rs"]
mod box_room;

use box_room::{SIZE_PX, camera, map, pose_at, render};
use glam::DVec3;
use nabla_ransac::geometry::Intrinsics;
use nabla_ransac::gpu::{Context, ReadBack};
use nabla_ransac::kernels::layout::PairResult;
use nabla_ransac::localise::{FrameImage, GpuLocaliser, LocaliseOptions};
use nabla_ransac::{Options, Pose};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // made once, and kept in a file: 64 photographs with their poses and depths
    let map = map(64, 12_000, DVec3::ZERO)?;
    println!("map of {} keys, {:.1} MB", map.config().layout.keys(), map.to_bytes()?.len() as f64 * 1e-6);

    // what a graphics application has anyway: a device without any feature, a queue, and a texture
    let (device, queue) = pollster::block_on(host_device())?;
    let texture = camera_texture(&device);

    // made once: shaders compiled, all buffers allocated
    let context = Context::from_device(device.clone(), queue.clone());
    let default = LocaliseOptions::default();
    let estimator = Options { min_iterations: 256, max_iterations: 256, ..default.estimator.clone() };
    let options = LocaliseOptions { estimator, ..default };
    let image = FrameImage::Texture(texture.clone());
    let mut localiser = GpuLocaliser::new_blocking(context.clone(), &map, &image, &options)?;
    println!("on {}", context.name());

    for frame in 0..8u32 {
        let truth = pose_at(f64::from(frame) / 40.0 + 0.01, 0.05, DVec3::ZERO);
        upload(&queue, &texture, &render(&truth, DVec3::ZERO));
        let start = Instant::now();
        localiser.write_frame(&Intrinsics::Pinhole(camera()), frame.into())?;
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        // … the host's own passes before …
        localiser.encode(&mut encoder);
        // … and after: its shaders bind localiser.results(), such as to draw what is fixed in the room
        let copies = [(&**localiser.results(), size_of::<PairResult>() as u64)];
        let read_back = ReadBack::encode(&context, &mut encoder, &copies);
        queue.submit([encoder.finish()]);

        let bytes = read_back.wait_blocking(&context)?;
        let ms = start.elapsed().as_secs_f64() * 1e3;
        match localiser.pose(&bytemuck::pod_read_unaligned(&bytes[0]))? {
            Some(found) => {
                let [cm, degrees] = errors(&found.pose, &truth);
                let cells = localiser.grid().len();
                println!(
                    "frame {frame}: {cm:.1} cm, {degrees:.2}° off, {} of {cells} cells, {ms:.0} ms",
                    found.inliers
                );
            }
            None => println!("frame {frame}: no pose, {ms:.0} ms"),
        }
    }
    Ok(())
}

async fn host_device() -> Result<(wgpu::Device, wgpu::Queue), Box<dyn std::error::Error>> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    Ok(adapter.request_device(&wgpu::DeviceDescriptor::default()).await?)
}

fn camera_texture(device: &wgpu::Device) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("what the camera sees"),
        size: wgpu::Extent3d { width: SIZE_PX[0], height: SIZE_PX[1], depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8UnormSrgb,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// What a camera's driver or a decoder does.
fn upload(queue: &wgpu::Queue, texture: &wgpu::Texture, bytes: &[u8]) {
    let rows = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * SIZE_PX[0]), rows_per_image: None };
    queue.write_texture(texture.as_image_copy(), bytes, rows, texture.size());
}

/// Between the places, in centimetres, and between the directions, in degrees.
fn errors(found: &Pose, truth: &Pose) -> [f64; 2] {
    let centre = |pose: &Pose| -(pose.rotation.transpose() * pose.translation);
    let turn = (found.rotation - truth.rotation).to_cols_array().map(|x| x * x).iter().sum::<f64>().sqrt();
    [100.0 * centre(found).distance(centre(truth)), 2.0 * (turn / 8f64.sqrt()).asin().to_degrees()]
}
