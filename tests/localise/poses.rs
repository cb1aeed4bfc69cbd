//! How near estimated poses come, and that no image makes the localiser panic.

use crate::scene::{SEED, TestFrame, localiser, medians, pose_of, scene};
use nabla_ransac::data::Intrinsics;
use nabla_ransac::data::synthetic::room::{Room, camera};
use nabla_ransac::geometry::CameraModel;
use nabla_ransac::localise::GreyImage;
use std::time::Instant;

#[test]
fn test_frames_are_localised_to_centimetres() {
    let scene = scene();
    let begun = Instant::now();
    let [metres, degrees] = medians(&localiser(&scene.map, 1), &scene.test);
    let seconds = begun.elapsed().as_secs_f64() / scene.test.len() as f64;
    println!("median {:.2} cm, {degrees:.3} degrees, {seconds:.2} s a frame", 100.0 * metres);
    assert!(metres < 0.04 && degrees < 1.0, "{metres} m, {degrees} degrees");
}

#[test]
fn a_lens_with_distortion_localises_as_well_as_a_pinhole() {
    let scene = scene();
    let room = Room::new(SEED);
    let size_px = [320, 240];
    let f = camera(size_px).focal_px.x;
    let parameters = vec![f, f, 159.5, 119.5, -0.25, 0.08, 0.002, -0.001];
    let opencv = CameraModel::from_name("OPENCV", [320, 240], parameters).unwrap();
    let cameras = [Intrinsics::Pinhole(camera(size_px)), Intrinsics::Model(opencv)];
    let localiser = localiser(&scene.map, 1);
    let [pinhole, lens] = cameras.map(|camera| {
        let frame = |(seed, frame): (u64, &TestFrame)| TestFrame {
            image: room.render(&camera, &frame.truth, size_px).photograph(seed),
            camera: camera.clone(),
            truth: frame.truth,
        };
        medians(&localiser, &(0..).zip(&scene.test).map(frame).collect::<Vec<_>>())
    });
    println!("pinhole {pinhole:?}, with distortion {lens:?}");
    assert!(lens[0] < 1.5 * pinhole[0] + 0.005 && lens[1] < 1.5 * pinhole[1] + 0.1, "{pinhole:?} {lens:?}");
}

#[test]
fn images_of_another_size_and_aspect_are_localised() {
    let scene = scene();
    let room = Room::new(SEED);
    let localiser = localiser(&scene.map, 1);
    for size_px in [[480, 360], [300, 301], [211, 120]] {
        let camera = Intrinsics::Pinhole(camera([size_px[1] * 4 / 3, size_px[1]]));
        // the principal point need not be in the middle
        let frame = |frame: &TestFrame| TestFrame {
            image: room.render(&camera, &frame.truth, size_px).image,
            camera: camera.clone(),
            truth: frame.truth,
        };
        let [metres, degrees] = medians(&localiser, &scene.test[..15].iter().map(frame).collect::<Vec<_>>());
        println!("{size_px:?}: {:.2} cm, {degrees:.3} degrees", 100.0 * metres);
        assert!(metres < 0.1 && degrees < 2.0, "{size_px:?}: {metres} m, {degrees} degrees");
    }
}

#[test]
fn images_of_nothing_have_an_outcome() {
    let localiser = localiser(&scene().map, 1);
    let camera = Intrinsics::Pinhole(camera([320, 240]));
    // numbers in 0..1 without a pattern
    let noise = |index: u32| ((f64::from(index) * 12.9898).sin() * 43_758.547).rem_euclid(1.0) as f32;
    let filled = |size_px: [u32; 2], value: &dyn Fn(u32) -> f32| {
        GreyImage::new(size_px, (0..size_px[0] * size_px[1]).map(value).collect()).unwrap()
    };
    let images = [
        ("black", filled([320, 240], &|_| 0.0)),
        ("white", filled([320, 240], &|_| 1.0)),
        ("noise", filled([320, 240], &noise)),
        ("one pixel", filled([1, 1], &|_| 0.5)),
        ("one column", filled([1, 240], &noise)),
        ("one row", filled([320, 1], &noise)),
    ];
    for (name, image) in images {
        let begun = Instant::now();
        let localised = localiser.localise(&image, &camera, 0).unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        let cells = localised.points.grid.len();
        assert_eq!(localised.points.points_world.len(), cells);
        let estimate = &localised.outcome.estimate;
        assert!(estimate.as_ref().is_none_or(|estimate| estimate.inliers.len() == cells));
        let inliers = estimate.as_ref().map_or(0, |estimate| estimate.inlier_count());
        println!("{name}: {inliers} inliers, {} hypotheses, {seconds:.2} s", localised.outcome.iterations);
        assert!(inliers < 60, "{name}: {inliers} inliers");
    }
}

#[test]
fn the_same_image_gives_the_same_pose_whatever_the_threads() {
    let scene = scene();
    let [one, three] = [1, 3].map(|threads| localiser(&scene.map, threads));
    for frame in &scene.test[..4] {
        let of_one = one.localise(&frame.image, &frame.camera, 5).unwrap();
        assert_eq!(of_one, one.localise(&frame.image, &frame.camera, 5).unwrap());
        assert_eq!(of_one, three.localise(&frame.image, &frame.camera, 5).unwrap());
        assert!(pose_of(&of_one).is_some());
    }
}
