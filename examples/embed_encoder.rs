//! The estimator inside a host's frame, with the network that ranks its matches: the host's device, queue and command encoder, matches
//! and results in GPU buffers.
//!
//! Nothing is read back or allocated between frames; only this example reads the pose, to print it.
#![allow(clippy::print_stdout, reason = "an example prints")]

use glam::{DMat3, DQuat, DVec3};
use nabla_ransac::gpu::{Context, ReadBack};
use nabla_ransac::kernels::HostBuffers;
use nabla_ransac::kernels::layout::{PairInput, PairResult};
use nabla_ransac::network::{GpuRanker, Weights, guided};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{ModelKind, Options};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const MATCHES: usize = 500;
const FOCAL_PX: f64 = 800.0;
const CENTER_PX: f64 = 400.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // what a graphics application has anyway: a device without any feature, a queue, and a buffer of matches
    let (device, queue) = pollster::block_on(host_device())?;
    let matches = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("the host's matches: x1, y1, x2, y2 in pixels"),
        size: (MATCHES * size_of::<[f32; 4]>()) as u64,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });

    // made once: shaders compiled, all buffers allocated
    let context = Context::from_device(device.clone(), queue.clone());
    let kind = ModelKind::Essential;
    let capacity = [1, MATCHES as u32];
    let host = HostBuffers { matches: Some(matches.clone().into()), ..HostBuffers::default() };
    let mut ranker = GpuRanker::new_blocking(context.clone(), &Weights::shipped(kind)?, capacity, host)?;
    let options = guided(Options { min_iterations: 512, max_iterations: 512, ..Options::default() }, kind);
    // of these matches nothing is known but where they are
    let host = HostBuffers { ratios: None, key_points: None, ..ranker.host_buffers() };
    let pipeline = GpuPipeline::new_blocking(context.clone(), kind, &options, capacity, host)?;

    for frame in 0..3 {
        let truth = 0.1 + 0.1 * f64::from(frame);
        queue.write_buffer(&matches, 0, bytemuck::cast_slice(&tracked_points(truth)));
        ranker.write_counts(&[MATCHES as u32])?;
        pipeline.write_pairs(&[pair(frame)])?;

        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        // … the host's own passes before …
        ranker.encode(&mut encoder);
        pipeline.encode(&mut encoder);
        // … and after: its shaders bind pipeline.results() and pipeline.inlier_mask()
        let read_back =
            ReadBack::encode(&context, &mut encoder, &[(pipeline.results(), size_of::<PairResult>() as u64)]);
        queue.submit([encoder.finish()]);

        let bytes = read_back.wait_blocking(&context)?;
        let result: PairResult = bytemuck::pod_read_unaligned(&bytes[0]);
        let [row0, _, row2] = result.rows;
        let yaw = f64::from(row0[2]).atan2(f64::from(row2[2]));
        println!(
            "frame {frame}: yaw {yaw:.4} rad (truth {truth:.4}), {} of {MATCHES} inliers, score {:.1}",
            result.inliers, result.score
        );
    }
    Ok(())
}

async fn host_device() -> Result<(wgpu::Device, wgpu::Queue), Box<dyn std::error::Error>> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    Ok(adapter.request_device(&wgpu::DeviceDescriptor::default()).await?)
}

fn pair(frame: u32) -> PairInput {
    let camera = [FOCAL_PX, FOCAL_PX, CENTER_PX, CENTER_PX].map(|x| x as f32);
    PairInput {
        camera1: camera,
        camera2: camera,
        skew: [0.0; 2],
        threshold: 1.5,
        match_start: 0,
        match_count: MATCHES as u32,
        seed_low: frame,
        seed_high: 0,
        enabled: 1,
    }
}

/// Matches of a camera that turned about y by `yaw` and moved to the side; two in five are wrong.
fn tracked_points(yaw: f64) -> Vec<[f32; 4]> {
    let mut rng = StdRng::seed_from_u64(1);
    let rotation = DMat3::from_quat(DQuat::from_rotation_y(yaw));
    let project = |p: DVec3| [p.x, p.y].map(|x| FOCAL_PX * x / p.z + CENTER_PX);
    let point = |k: usize| {
        let mut pixel = || rng.random_range(0.0..2.0 * CENTER_PX);
        let [x1, y1] = [pixel(), pixel()];
        if k % 5 < 2 {
            return [x1, y1, pixel(), pixel()].map(|x| x as f32);
        }
        let depth = 4.0 + pixel() / CENTER_PX;
        let ray = DVec3::new((x1 - CENTER_PX) / FOCAL_PX, (y1 - CENTER_PX) / FOCAL_PX, 1.0);
        let [x2, y2] = project(rotation * ray * depth + DVec3::new(-1.0, 0.0, 0.1));
        [x1, y1, x2, y2].map(|x| x as f32)
    };
    (0..MATCHES).map(point).collect()
}
