//! Poses in a host's frame.

use crate::box_room::{self, SIZE_PX, camera, pose_at, render};
use crate::device::{context, texture};
use crate::maps::{CENTRE, any_map, dsac_star, on, with_networks};
use nabla_ransac::geometry::{CameraModel, Intrinsics};
use nabla_ransac::gpu::TypedBuffer;
use nabla_ransac::localise::{FrameImage, GpuLocaliser, GreyImage, LocaliseOptions, Localiser, SceneMap};
use nabla_ransac::{Backend, Error, Model, Options, Pose};
use std::sync::LazyLock;

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
    for map in with_networks(26).into_iter().chain([any_map(50, 26)]) {
        let mut localiser = GpuLocaliser::new_blocking(context.clone(), &map, &image, &on(Backend::Auto)).unwrap();
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
    for huge in with_networks(4096).into_iter().chain([any_map(10, 16_384)]) {
        let side = huge.config().height_px;
        let huge = made(&huge, FrameImage::Values([side, side]), &options);
        assert!(matches!(huge, Err(Error::OutOfMemory { .. })), "{huge:?}");
    }
    let doubtful = LocaliseOptions { doubtful_share: 0.0, ..options.clone() };
    assert!(matches!(made(&map, image(), &doubtful), Err(Error::BadOption { name: "doubtful_share", .. })));
    let ratio = Options { sampler: nabla_ransac::Sampler::Ratio, ..options.estimator.clone() };
    let ratio = LocaliseOptions { estimator: ratio, ..options.clone() };
    assert!(matches!(made(&map, image(), &ratio), Err(Error::MissingInput { missing: "ratios", .. })));
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
    let allocated = || {
        let report = context.device().generate_allocator_report().expect("the backend reports its memory");
        (report.allocations.len(), report.total_allocated_bytes)
    };
    let image = FrameImage::Values([45, 26]);
    for map in [any_map(50, 26), dsac_star(26)] {
        let mut localiser = GpuLocaliser::new_blocking(context.clone(), &map, &image, &on(Backend::Auto)).unwrap();
        localiser.write_frame(&Intrinsics::Pinhole(camera()), 0).unwrap();
        localiser.localise_blocking().unwrap();
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
}
