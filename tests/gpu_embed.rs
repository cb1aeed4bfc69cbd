//! The pipeline as a host embeds it: its own device with WebGPU's default limits, its encoder, its buffers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/scenes.rs"]
mod scenes;

use nabla_ransac::constants;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::{HostBuffers, layout};
use nabla_ransac::ransac::{GpuEstimator, GpuPipeline};
use nabla_ransac::{Error, Model, ModelKind, Options, Problem, Sampler};
use scenes::Scene;

fn host_device() -> (wgpu::Device, wgpu::Queue) {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
        .expect("an adapter; a software one on Debian: apt-get install mesa-vulkan-drivers");
    pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap()
}

fn options() -> Options {
    Options { threshold_px: 2.0, min_iterations: 200, max_iterations: 200, ..Options::default() }
}

fn storage(device: &wgpu::Device, size: u64) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

#[test]
fn frames_in_a_hosts_encoder_agree_with_the_slices() {
    let (device, queue) = host_device();
    let context = Context::from_device(device.clone(), queue.clone());
    let scenes: Vec<Scene> =
        (0..3).map(|seed| Scene::new(ModelKind::Essential, seed, 120 + 80 * seed as usize, 0.6, 0.5)).collect();
    let matches = storage(&device, 16 * 1000);
    let host = HostBuffers { matches: Some(matches.clone().into()), ..HostBuffers::default() };
    let pipeline =
        GpuPipeline::new_blocking(context.clone(), ModelKind::Essential, &options(), [3, 1000], host).unwrap();
    let estimator = GpuEstimator::new(context.clone(), options()).unwrap();
    // frames of different pairs, in the same buffers
    for frame in [vec![0, 1, 2], vec![2], vec![1, 0]] {
        let mut start = 0;
        let mut pairs = Vec::new();
        for &k in &frame {
            let scene: &Scene = &scenes[k];
            queue.write_buffer(&matches, 16 * start as u64, bytemuck::cast_slice(&scene.raw_matches()));
            pairs.push(scene.input(2.0, k as u64, start));
            start += scene.inlier.len();
        }
        pipeline.write_pairs(&pairs).unwrap();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        pipeline.encode(&mut encoder);
        queue.submit([encoder.finish()]);
        let results = pipeline.results().read_blocking(&context).unwrap();
        let mask = pipeline.inlier_mask().read_blocking(&context).unwrap();
        for ((&k, pair), result) in frame.iter().zip(&pairs).zip(&results) {
            let problem = Problem { seed: k as u64, ..Problem::new(scenes[k].view()) };
            let expected = estimator.estimate_batch(&[problem]).remove(0).unwrap().estimate.unwrap();
            let Model::Essential(pose) = expected.model else { panic!("essential") };
            assert_eq!((result.status, result.iterations), (0, 200));
            assert_eq!(result.inliers as usize, expected.inlier_count());
            assert_eq!(f64::from(result.score), expected.score);
            let direction = glam::DVec3::from_array(result.rows.map(|row| f64::from(row[3])));
            assert!(direction.distance(pose.translation) < 1e-6);
            let range = pair.match_start as usize..(pair.match_start + pair.match_count) as usize;
            assert!(mask[range].iter().zip(&expected.inliers).all(|(&a, &b)| (a != 0) == b));
        }
    }
}

#[test]
fn models_come_in_pixels_and_world_units() {
    let (device, queue) = host_device();
    let context = Context::from_device(device, queue);
    for kind in [ModelKind::Fundamental, ModelKind::Homography, ModelKind::Pose, ModelKind::Rigid] {
        let (threshold_px, noise) = if kind == ModelKind::Rigid { (0.05, 0.01) } else { (2.0, 0.5) };
        let scene = Scene::new(kind, 3, 300, 0.6, noise);
        let options = Options { threshold_px, ..options() };
        let pipeline =
            GpuPipeline::new_blocking(context.clone(), kind, &options, [2, 400], HostBuffers::default()).unwrap();
        pipeline.raw_matches().write(&context, 0, &scene.raw_matches());
        pipeline.write_pairs(&[scene.input(threshold_px, 1, 0)]).unwrap();
        let mut encoder = context.encoder("frame");
        pipeline.encode(&mut encoder);
        context.queue().submit([encoder.finish()]);
        let rows = pipeline.results().read_blocking(&context).unwrap()[0].rows.map(|row| row.map(f64::from));
        let matrix = nabla_ransac::cpu::search::normalize_matches::matrix_of(&rows);
        let pose = nabla_ransac::cpu::search::normalize_matches::pose_of(&rows);
        let (model, tolerance) = match kind {
            ModelKind::Fundamental => (Model::Fundamental(matrix), 1.5),
            ModelKind::Homography => (Model::Homography(matrix), 1.5),
            ModelKind::Pose => (Model::Pose(pose), 0.01),
            _ => (Model::Rigid(pose), 0.01),
        };
        assert!(scene.error(&model) < tolerance, "{kind:?}: {}", scene.error(&model));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (device, queue) = host_device();
    let context = Context::from_device(device, queue);
    let make = |options: &Options, capacity| {
        GpuPipeline::new_blocking(context.clone(), ModelKind::Rigid, options, capacity, HostBuffers::default())
    };
    let pipeline = make(&options(), [2, 100]).unwrap();
    let pair = layout::PairInput { match_count: 60, ..Scene::new(ModelKind::Rigid, 1, 60, 1.0, 0.01).input(0.1, 0, 0) };
    assert!(matches!(pipeline.write_pairs(&[pair; 3]), Err(Error::OutOfMemory { .. })));
    let beyond = layout::PairInput { match_start: 50, ..pair };
    assert!(matches!(pipeline.write_pairs(&[beyond]), Err(Error::OutOfMemory { .. })));
    assert!(make(&options(), [1, u32::MAX]).is_err_and(|error| matches!(error, Error::OutOfMemory { .. })));
    let ratio = Options { sampler: Sampler::Ratio, ..options() };
    assert!(make(&ratio, [1, 10]).is_err_and(|error| matches!(error, Error::MissingInput { missing: "ratios", .. })));
    let all = Options { use_all: true, ..options() };
    assert!(make(&all, [1, 10]).is_err_and(|error| matches!(error, Error::BadOption { name: "use_all", .. })));
}

#[test]
fn disabled_and_broken_pairs_are_said_so_and_leave_the_others_alone() {
    let (device, queue) = host_device();
    let context = Context::from_device(device, queue);
    let scene = Scene::new(ModelKind::Essential, 1, 100, 0.8, 0.3);
    let host = HostBuffers::default();
    let pipeline =
        GpuPipeline::new_blocking(context.clone(), ModelKind::Essential, &options(), [5, 210], host).unwrap();
    let good = scene.input(2.0, 0, 0);
    let mut raw = scene.raw_matches();
    raw.extend(scene.raw_matches());
    raw[150][2] = f32::INFINITY;
    pipeline.raw_matches().write(&context, 0, &raw);
    let broken = layout::PairInput { match_start: 100, ..good };
    let few = layout::PairInput { match_count: 4, ..good };
    let thin = layout::PairInput { threshold: 0.0, ..good };
    let off = layout::PairInput { enabled: 0, ..good };
    pipeline.write_pairs(&[off, broken, good, few, thin]).unwrap();
    let mut encoder = context.encoder("frame");
    pipeline.encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    let [off, broken, good, few, thin] = pipeline.results().read_blocking(&context).unwrap().try_into().unwrap();
    let status = [off, broken, few, thin].map(|result: layout::PairResult| result.status);
    assert_eq!(status, [constants::DISABLED, constants::NOT_FINITE, constants::TOO_FEW, constants::BAD_INPUT]);
    assert_eq!([off.iterations, off.inliers], [0, 0]);
    assert_eq!(good.status, 0);
    assert!(good.inliers >= 80);
}
