//! Localisation on the GPU agrees with the CPU: stage by stage, and as a whole, on a host's device with WebGPU's default limits.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/box_room.rs"]
mod box_room;

use box_room::{SIZE_PX, camera, pose_at, render};
use glam::DVec3;
use nabla_ransac::constants::{DESCRIPTOR_COLUMNS, QUERY_COLUMNS, RECALLED_CELLS};
use nabla_ransac::cpu::localise::{
    describe_cells::describe_cells,
    orient_gradients::orient_gradients,
    pool_gradients::{Histogram, lattice, pool_gradients},
    read_texture::read_texture,
    recall_points::{Memory, recall_points, sampling_weight},
};
use nabla_ransac::geometry::{CameraModel, Intrinsics};
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::{Stage, Workgroups, layout::FrameShape, localise as kernels};
use nabla_ransac::localise::{
    CellGrid, FrameImage, GpuLocaliser, GreyImage, LocaliseOptions, Localiser, MapConfig, MapLayout, SceneMap,
};
use nabla_ransac::network::Tensor;
use nabla_ransac::{Backend, Error, Model, Options, Pose};
use std::sync::LazyLock;

const POISON: f32 = -12_345.0;
const SIZES: [[u32; 2]; 6] = [[1, 1], [3, 40], [8, 8], [45, 26], [131, 77], [320, 240]];
/// Far from where f32 is fine.
const CENTRE: DVec3 = DVec3::new(3000.0, -20.0, 500.0);

fn context() -> Context {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
        .expect("an adapter; a software one on Debian: apt-get install mesa-vulkan-drivers");
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap();
    Context::from_device(device, queue)
}

fn shape(context: &Context, size_px: [u32; 2], keys: usize) -> TypedBuffer<FrameShape> {
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

fn run(context: &Context, stage: &Stage, workgroups: u32) {
    let mut encoder = context.encoder("stage");
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    stage.encode(&mut pass, Workgroups::Count(workgroups));
    drop(pass);
    context.queue().submit([encoder.finish()]);
}

fn poisoned<T: bytemuck::Pod>(context: &Context, len: usize) -> TypedBuffer<T> {
    let poison = vec![POISON; len * size_of::<T>() / 4];
    TypedBuffer::from_slice(context, "poisoned", bytemuck::cast_slice(&poison))
}

fn numbers(count: usize, seed: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * seed).sin()).collect()
}

/// Grey values with texture.
fn grey([width, height]: [u32; 2]) -> Vec<f32> {
    let value = |x: u32, y: u32| 0.5 + 0.3 * (x as f32 * 0.31 + y as f32 * 0.17).sin() + 0.2 * (y as f32 * 0.9).cos();
    (0..width * height).map(|at| value(at % width, at / width).clamp(0.0, 1.0)).collect()
}

fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{i}: {a} {b}");
    }
}

#[test]
fn gradients_are_those_of_the_cpu() {
    let context = context();
    for size_px in SIZES {
        let mut values = grey(size_px);
        let middle = values.len() / 2;
        values[middle] = f32::NAN;
        let shape = shape(&context, size_px, 1);
        let input = TypedBuffer::from_slice(&context, "grey", &values);
        let out = poisoned::<[f32; 2]>(&context, values.len());
        let stage = kernels::orient_gradients::stage(&context, [&shape, &input, &out]);
        run(&context, &stage, kernels::orient_gradients::workgroups(size_px));
        // a direction counts by its length
        let vector = |&[length, direction]: &[f32; 2]| {
            assert!((0.0..8.0).contains(&direction));
            let (sin, cos) = (direction * std::f32::consts::FRAC_PI_4).sin_cos();
            [length * cos, length * sin]
        };
        let vectors = |all: Vec<[f32; 2]>| all.iter().flat_map(vector).collect::<Vec<_>>();
        let expected = vectors(orient_gradients(&values, size_px[0] as usize));
        close(&vectors(out.read_blocking(&context).unwrap()), &expected, 2e-6);
    }
}

#[test]
fn histograms_and_descriptors_are_those_of_the_cpu() {
    let context = context();
    for size_px in SIZES {
        let grid = CellGrid::new(size_px);
        let gradients = orient_gradients(&grey(size_px), size_px[0] as usize);
        let expected = pool_gradients(&gradients, &grid);
        let shape = shape(&context, size_px, 1);
        let input = TypedBuffer::from_slice(&context, "gradients", &gradients);
        let pooled = poisoned::<Histogram>(&context, expected.len());
        let stage = kernels::pool_gradients::stage(&context, [&shape, &input, &pooled]);
        let lattice = lattice(&grid).map(|side| side as u32);
        run(&context, &stage, kernels::pool_gradients::workgroups(lattice));
        close(pooled.read_blocking(&context).unwrap().as_flattened(), expected.as_flattened(), 2e-3);
        let descriptors = poisoned::<f32>(&context, grid.len() * DESCRIPTOR_COLUMNS as usize);
        pooled.write(&context, 0, &expected);
        let stage = kernels::describe_cells::stage(&context, [&shape, &pooled, &descriptors]);
        run(&context, &stage, grid.len() as u32);
        close(&descriptors.read_blocking(&context).unwrap(), &describe_cells(&expected, &grid), 1e-5);
    }
}

#[test]
fn recalled_points_are_those_of_the_cpu() {
    let context = context();
    for (size_px, count) in [([1, 1], 1), ([45, 26], 1), ([8, 8], 3), ([131, 77], 1000), ([45, 26], 129)] {
        let cells = CellGrid::new(size_px).len();
        let columns = QUERY_COLUMNS as usize;
        let mut queries = numbers(cells * columns, 0.37);
        queries[..columns].fill(0.0);
        let keys: Vec<f32> = numbers(count * columns, 0.91).iter().map(|x| 3.0 * x).collect();
        let (biases, points) = (numbers(count, 1.7), numbers(3 * count, 2.3));
        let expected = recall_points(&queries, &Memory::new(&keys, &biases, &points));
        let across: Vec<f32> = (0..columns / 4)
            .flat_map(|v| keys.as_chunks::<4>().0.iter().skip(v).step_by(columns / 4))
            .flatten()
            .copied()
            .collect();
        let points: Vec<[f32; 4]> =
            points.as_chunks().0.iter().zip(&biases).map(|(&[x, y, z], &bias)| [x, y, z, bias]).collect();
        // every third sees no ray
        let seen = |cell: usize| if cell % 3 == 2 { 0.0 } else { 1.0 };
        let pixels: Vec<[f32; 4]> = (0..cells).map(|cell| [cell as f32, 7.0, seen(cell), 0.0]).collect();
        let shape = shape(&context, size_px, count);
        let upload = |values: &[f32]| TypedBuffer::from_slice(&context, "input", values);
        let [queries, keys, points, pixels] =
            [upload(&queries), upload(&across), upload(points.as_flattened()), upload(pixels.as_flattened())];
        let matches = poisoned::<[[f32; 4]; 2]>(&context, cells);
        let [weights, spreads] = [0, 1].map(|_| poisoned::<f32>(&context, cells));
        let buffers = [&*shape, &queries, &keys, &points, &pixels, &matches, &weights, &spreads];
        let stage = kernels::recall_points::stage(&context, buffers);
        run(&context, &stage, (cells as u32).div_ceil(RECALLED_CELLS));
        let matches = matches.read_blocking(&context).unwrap();
        let [weights, spreads] = [weights, spreads].map(|buffer| buffer.read_blocking(&context).unwrap());
        for (cell, expected) in expected.iter().enumerate() {
            let [[x, y, z, w], pixel] = matches[cell];
            close(&[x, y, z, w], &[expected.point, [0.0; 3]].concat()[..4], 1e-4);
            assert_eq!(pixel, [cell as f32, 7.0, 0.0, 0.0]);
            // a difference of squares
            assert!((spreads[cell].powi(2) - expected.spread.powi(2)).abs() < 1e-5);
            assert!((weights[cell] - seen(cell) * sampling_weight(spreads[cell], 0.1)).abs() < 1e-6);
        }
    }
}

fn texture(context: &Context, format: wgpu::TextureFormat, [width, height]: [u32; 2], bytes: &[u8]) -> wgpu::Texture {
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

#[test]
fn textures_of_any_size_are_read_as_images_are_resized() {
    use wgpu::TextureFormat::{Bgra8Unorm, Rgba8Unorm, Rgba8UnormSrgb};
    let context = context();
    for (from, to) in [([64, 48], [64, 48]), ([1, 1], [5, 8]), ([97, 61], [33, 20]), ([40, 30], [61, 45])] {
        let bytes: Vec<u8> = (0..from[0] * from[1] * 4).map(|i| (i * i * 31 % 251) as u8).collect();
        let swapped: Vec<u8> = bytes.as_chunks().0.iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
        let expected = read_texture(bytes.as_chunks().0, from, to);
        let image = GreyImage::from_rgba(from, &bytes).unwrap().resized(to);
        assert_eq!(image.values, expected);
        for (format, bytes) in [(Rgba8Unorm, &bytes), (Rgba8UnormSrgb, &bytes), (Bgra8Unorm, &swapped)] {
            let view = texture(&context, format, from, bytes).create_view(&wgpu::TextureViewDescriptor::default());
            let encode = u32::from(format.is_srgb());
            let shape = FrameShape { width: to[0], height: to[1], encode, ..FrameShape::default() };
            let shape = TypedBuffer::from_slice(&context, "shape", &[shape]);
            let out = poisoned::<f32>(&context, expected.len());
            let stage = kernels::read_texture::stage(&context, &shape, &view, &out);
            run(&context, &stage, (to[0] * to[1]).div_ceil(64));
            close(&out.read_blocking(&context).unwrap(), &expected, if encode == 1 { 2e-3 } else { 1e-5 });
        }
    }
}

/// A map that means nothing, for images of this height.
fn any_map(keys: usize, height_px: u32) -> SceneMap {
    let layout = MapLayout::Memory { keys };
    let (origin, unit) = (CENTRE.to_array(), "m".to_owned());
    let config = MapConfig { layout, encoder: None, height_px, origin, extent: 1.0, unit, camera: None };
    let tensors = SceneMap::expected(&config).into_iter().enumerate().map(|(i, (name, shape))| {
        let values = numbers(shape.iter().product(), 0.7 + 0.3 * i as f32);
        (name, Tensor { shape, values })
    });
    SceneMap::new(config.clone(), serde_json::Value::Null, tensors).unwrap()
}

fn on(backend: Backend) -> LocaliseOptions {
    let default = LocaliseOptions::default();
    LocaliseOptions { estimator: Options { backend, ..default.estimator }, ..default }
}

#[test]
fn points_of_any_map_and_image_are_those_of_the_cpu() {
    for (keys, height, size_px) in [(1, 8, [1, 1]), (1, 26, [45, 26]), (700, 77, [200, 150]), (700, 77, [131, 77])] {
        let map = any_map(keys, height);
        let image = GreyImage::new(size_px, grey(size_px)).unwrap();
        let [cpu, gpu] = [Backend::Cpu, Backend::Gpu].map(|backend| Localiser::new(map.clone(), on(backend)).unwrap());
        let expected = cpu.scene_points(&image);
        // the second time in the buffers of the first
        for _ in 0..2 {
            let found = gpu.scene_points(&image);
            assert_eq!(found.grid, expected.grid);
            for (cell, (a, b)) in found.points_world.iter().zip(&expected.points_world).enumerate() {
                assert!(a.distance(*b) < 1e-3, "{a} {b}");
                assert!((found.spreads[cell].powi(2) - expected.spreads[cell].powi(2)).abs() < 1e-4);
            }
        }
    }
}

fn errors(pose: &Pose, truth: &Pose) -> [f64; 2] {
    let centre = |pose: &Pose| -(pose.rotation.transpose() * pose.translation);
    let turn = (pose.rotation - truth.rotation).to_cols_array().map(|x| x * x).iter().sum::<f64>().sqrt();
    [centre(pose).distance(centre(truth)), (turn / 8f64.sqrt()).asin() * 2.0]
}

/// The room's.
static MAP: LazyLock<SceneMap> = LazyLock::new(|| box_room::map(48, 6000, CENTRE).unwrap());

#[test]
fn poses_from_slices_buffers_and_textures_are_right() {
    let context = context();
    let camera = Intrinsics::Pinhole(camera());
    let localisers = [Backend::Cpu, Backend::Gpu].map(|backend| Localiser::new(MAP.clone(), on(backend)).unwrap());
    let blank = texture(&context, wgpu::TextureFormat::Rgba8Unorm, SIZE_PX, &vec![0; 320 * 240 * 4]);
    let made = |image| GpuLocaliser::new_blocking(context.clone(), &MAP, &image, &on(Backend::Auto)).unwrap();
    let [mut of_values, mut of_texture] = [made(FrameImage::Values(SIZE_PX)), made(FrameImage::Texture(blank))];
    for seed in 0..3 {
        let truth = pose_at(0.13 + 0.21 * seed as f64, 0.1, CENTRE);
        let bytes = render(&truth, CENTRE);
        let image = GreyImage::from_rgba(SIZE_PX, &bytes).unwrap();
        let of_slices = localisers.each_ref().map(|localiser| {
            let found = localiser.localise(&image, &camera, seed).unwrap();
            let Model::Pose(pose) = found.outcome.estimate.unwrap().model else { panic!("a pose") };
            pose
        });
        of_values.grey_values().write(&context, 0, &image.values);
        of_texture.read_from(&texture(&context, wgpu::TextureFormat::Rgba8Unorm, SIZE_PX, &bytes)).unwrap();
        let in_a_frame = [&mut of_values, &mut of_texture].map(|localiser| {
            localiser.write_frame(&camera, seed).unwrap();
            localiser.localise_blocking().unwrap().unwrap().pose
        });
        let [metres, radians] = errors(&of_slices[0], &truth);
        assert!(metres < 0.1 && radians < 0.03, "{metres} {radians}");
        for pose in of_slices.iter().chain(&in_a_frame) {
            // in a frame there is no last refinement by the noise of the inliers, of cells that are off by centimetres
            let [metres, radians] = errors(pose, &of_slices[0]);
            assert!(metres < 0.04 && radians < 0.015, "{metres} {radians}");
        }
        let [metres, radians] = errors(&in_a_frame[0], &in_a_frame[1]);
        assert!(metres < 1e-3 && radians < 1e-3, "{metres} {radians}");
    }
}

#[test]
fn cells_that_see_no_ray_take_no_part() {
    let context = context();
    // rays bend back beyond 0.6 of the focal length, which is inside of the image
    let model = CameraModel::from_name("SIMPLE_RADIAL", [320, 240], vec![260.0, 159.5, 119.5, -0.9]).unwrap();
    let distorted = Intrinsics::Model(model);
    let image = FrameImage::Values(SIZE_PX);
    let mut localiser = GpuLocaliser::new_blocking(context.clone(), &MAP, &image, &on(Backend::Auto)).unwrap();
    let truth = pose_at(0.4, 0.1, CENTRE);
    localiser.grey_values().write(&context, 0, &GreyImage::from_rgba(SIZE_PX, &render(&truth, CENTRE)).unwrap().values);
    localiser.write_frame(&distorted, 1).unwrap();
    let found = localiser.localise_blocking();
    let (weights, mask) = (
        localiser.weights().read_blocking(&context).unwrap(),
        localiser.inlier_mask().read_blocking(&context).unwrap(),
    );
    let unseen: Vec<usize> = (localiser.grid().centres_px().enumerate())
        .filter_map(|(cell, centre)| distorted.undistort(centre).is_none().then_some(cell))
        .collect();
    assert!((100..1100).contains(&unseen.len()), "{}", unseen.len());
    assert!(unseen.iter().all(|&cell| weights[cell] == 0.0 && mask[cell] == 0));
    assert_eq!(weights.iter().filter(|&&weight| weight > 0.0).count(), 1200 - unseen.len());
    assert!(found.is_ok(), "{found:?}");
    // and the camera itself, in the same buffers
    localiser.write_frame(&Intrinsics::Pinhole(camera()), 1).unwrap();
    let [metres, radians] = errors(&localiser.localise_blocking().unwrap().unwrap().pose, &truth);
    assert!(metres < 0.1 && radians < 0.03, "{metres} {radians}");
}

#[test]
fn what_is_no_number_leaves_nothing_that_is_none() {
    let context = context();
    let size_px = [45, 26];
    let image = FrameImage::Values(size_px);
    let mut localiser =
        GpuLocaliser::new_blocking(context.clone(), &any_map(50, 26), &image, &on(Backend::Auto)).unwrap();
    for value in [f32::NAN, f32::INFINITY, -1e38, 0.5] {
        localiser.grey_values().write(&context, 0, &vec![value; 45 * 26]);
        localiser.write_frame(&Intrinsics::Pinhole(camera()), 0).unwrap();
        let _ = localiser.localise_blocking().unwrap();
        let matches = localiser.matches().read_blocking(&context).unwrap();
        let weights = localiser.weights().read_blocking(&context).unwrap();
        assert!(matches.as_flattened().as_flattened().iter().chain(&weights).all(|x| x.is_finite()), "{value}");
        let result = localiser.results().read_blocking(&context).unwrap()[0];
        assert!(result.rows.as_flattened().iter().all(|x| x.is_finite()) && result.score.is_finite());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let context = context();
    let made = |map: &SceneMap, image: FrameImage, options: &LocaliseOptions| {
        GpuLocaliser::new_blocking(context.clone(), map, &image, options).map(drop)
    };
    let (map, options) = (any_map(10, 24), on(Backend::Auto));
    let image = || FrameImage::Values([32, 24]);
    assert!(made(&map, image(), &options).is_ok());
    let buffer = |len| (*TypedBuffer::<f32>::new(&context, "grey", len)).clone();
    assert!(made(&map, FrameImage::Buffer(buffer(32 * 24), [32, 24]), &options).is_ok());
    let float = texture(&context, wgpu::TextureFormat::R32Float, [32, 24], &[0; 32 * 24 * 4]);
    for bad in [
        FrameImage::Values([32, 25]),
        FrameImage::Values([0, 24]),
        FrameImage::Buffer(buffer(100), [32, 24]),
        FrameImage::Texture(float),
    ] {
        assert!(matches!(made(&map, bad.clone(), &options), Err(Error::BadImage { .. })), "{bad:?}");
    }
    let huge = made(&any_map(10, 16_384), FrameImage::Values([16_384, 16_384]), &options);
    assert!(matches!(huge, Err(Error::OutOfMemory { .. })), "{huge:?}");
    let doubtful = LocaliseOptions { doubtful_spread: 0.0, ..options.clone() };
    assert!(matches!(made(&map, image(), &doubtful), Err(Error::BadOption { name: "doubtful_spread", .. })));
    let ratio = Options { sampler: nabla_ransac::Sampler::Ratio, ..options.estimator.clone() };
    let ratio = LocaliseOptions { estimator: ratio, ..options.clone() };
    assert!(matches!(made(&map, image(), &ratio), Err(Error::BadOption { name: "sampler", .. })));
    let mut localiser = GpuLocaliser::new_blocking(context.clone(), &map, &image(), &options).unwrap();
    assert!(matches!(localiser.localise_blocking(), Err(Error::MissingInput { .. })));
    // an image of one cell
    let one = FrameImage::Values([1, 8]);
    let mut one = GpuLocaliser::new_blocking(context.clone(), &any_map(10, 8), &one, &options).unwrap();
    one.write_frame(&Intrinsics::Pinhole(camera()), 0).unwrap();
    assert!(matches!(one.localise_blocking(), Err(Error::TooFewMatches { needed: 3, found: 1, .. })));
    let mut flat = camera();
    flat.focal_px.x = 0.0;
    assert!(matches!(localiser.write_frame(&Intrinsics::Pinhole(flat), 0), Err(Error::SingularCamera { .. })));
    let other = texture(&context, wgpu::TextureFormat::Rgba8Unorm, [32, 25], &[0; 32 * 25 * 4]);
    assert!(matches!(localiser.read_from(&other), Err(Error::BadImage { .. })));
}

#[test]
fn a_frame_allocates_nothing_on_the_device() {
    let context = context();
    let mut localiser = GpuLocaliser::new_blocking(
        context.clone(),
        &any_map(50, 26),
        &FrameImage::Values([45, 26]),
        &on(Backend::Auto),
    )
    .unwrap();
    localiser.write_frame(&Intrinsics::Pinhole(camera()), 0).unwrap();
    localiser.localise_blocking().unwrap();
    let allocated = || {
        let report = context.device().generate_allocator_report().expect("the backend reports its memory");
        (report.allocations.len(), report.total_allocated_bytes)
    };
    context.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let before = allocated();
    assert!(before.0 > 10, "{before:?}");
    for _ in 0..3 {
        let mut encoder = context.encoder("frame");
        localiser.encode(&mut encoder);
        context.queue().submit([encoder.finish()]);
        assert_eq!(allocated(), before);
    }
}
