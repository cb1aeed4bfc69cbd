//! The room itself: what is rendered is where it says, and its files are what was rendered.

use crate::scene::frames;
use glam::{DVec2, DVec3};
use nabla_ransac::data::Intrinsics;
use nabla_ransac::data::synthetic::room::{Room, RoomOptions, SIZE_M, camera, path, write_room};
use nabla_ransac::geometry::CellGrid;
use std::process::Command;
use std::time::Instant;

#[test]
fn points_seen_lie_in_the_room_and_look_alike_from_elsewhere() {
    let size_px = [320, 240];
    let pinhole = camera(size_px);
    let camera = Intrinsics::Pinhole(pinhole);
    let room = Room::new(3);
    let poses = path(3, 4);
    let begun = Instant::now();
    let views: Vec<_> = poses.iter().map(|pose| room.render(&camera, pose, size_px)).collect();
    println!("{:.1} ms a view", begun.elapsed().as_secs_f64() * 250.0);
    let world_from_camera = poses[0].inverse();
    let (mut seen, mut alike) = (0, 0);
    for index in 0..320 * 240 {
        let ray = pinhole.normalize(DVec2::new((index % 320) as f64, (index / 320) as f64));
        let point = world_from_camera.transform(ray.extend(1.0) * f64::from(views[0].depth_m[index]));
        assert!(point.cmpgt(DVec3::splat(-1e-5)).all() && point.cmplt(SIZE_M + 1e-5).all(), "{point}");
        let there = poses[1].transform(point);
        let pixel = pinhole.project(there.truncate() / there.z).round();
        if pixel.cmpge(DVec2::ZERO).all() && pixel.x < 320.0 && pixel.y < 240.0 {
            let other = pixel.y as usize * 320 + pixel.x as usize;
            seen += 1;
            let same_depth = (f64::from(views[1].depth_m[other]) - there.z).abs() < 0.03 * there.z;
            alike +=
                usize::from(same_depth && (views[1].image.values[other] - views[0].image.values[index]).abs() < 0.1);
        }
    }
    assert!(seen > 30_000 && alike * 10 > seen * 8, "{alike} of {seen}");
}

#[test]
fn a_walk_keeps_off_what_stands_there_and_is_smooth() {
    let size_px = [32, 24];
    let camera = Intrinsics::Pinhole(camera(size_px));
    for seed in 0..3 {
        let room = Room::new(seed);
        let poses = path(seed, 300);
        assert_eq!(path(seed, 7), poses[..7]);
        for pair in poses.windows(2) {
            let [before, after] = [pair[0].inverse(), pair[1].inverse()];
            assert!(before.translation.distance(after.translation) < 0.2);
            assert!(before.rotation.z_axis.dot(after.rotation.z_axis) > 0.95);
            assert!((before.rotation.determinant() - 1.0).abs() < 1e-12);
        }
        let nearest = poses.iter().flat_map(|pose| room.render(&camera, pose, size_px).depth_m).fold(9.0, f32::min);
        assert!(nearest > 0.15, "seed {seed}: {nearest} m");
    }
}

#[test]
fn what_is_written_is_what_was_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let options = RoomOptions { frames: 3, test_frames: 2, size_px: [96, 72], seed: 5, threads: 0 };
    write_room(folder.path(), &options).unwrap();
    let room = Room::new(5);
    let poses = path(5, 16);
    for (name, expected) in [("train", &poses[..3]), ("test", &poses[13..15])] {
        let frames = frames(&folder.path().join(name));
        assert_eq!(frames.len(), expected.len());
        for (frame, pose) in frames.iter().zip(expected) {
            let found = frame.camera_from_world.unwrap();
            assert!(found.rotation.abs_diff_eq(pose.rotation, 1e-12) && found.translation == pose.translation);
            let view = room.render(&frame.camera, pose, options.size_px);
            let exposure = frame.image().unwrap().values.iter().sum::<f32>() / view.image.values.iter().sum::<f32>();
            assert!((0.8..1.2).contains(&exposure), "{exposure}");
            let grid = CellGrid::new(options.size_px);
            // depth at the middles of cells, which are between four pixels
            let cells = frame.camera.scaled(DVec2::splat(1.0 / 8.0)).unwrap();
            let depth = room.render(&cells, pose, [12, 9]).depth_m;
            let points = frame.depth_points(&grid).unwrap().unwrap();
            let near = points.iter().zip(&depth).filter(|(point, depth)| {
                point.is_some_and(|point| (point.z - f64::from(**depth)).abs() < 0.02 * f64::from(**depth))
            });
            assert!(near.count() > 95);
        }
    }
}

#[test]
fn a_camera_outside_and_a_ray_along_an_axis_are_no_fault() {
    let room = Room::new(0);
    let camera = Intrinsics::Pinhole(camera([33, 25]));
    let pose = nabla_ransac::Pose::IDENTITY;
    for place in [DVec3::new(2.0, 1.5, 1.4), DVec3::new(-3.0, -9.0, 1.0), DVec3::ZERO, DVec3::new(2.0, 1.5, 9.0)] {
        let view = room.render(&camera, &nabla_ransac::Pose { translation: -place, ..pose }, [33, 25]);
        assert!(view.image.values.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(view.depth_m.iter().all(|depth| depth.is_finite() && *depth >= 0.0));
    }
}

#[test]
fn the_command_writes_both_folders_and_the_same_ones_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, frames: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
        command.arg("synthesize-room").arg(folder.path().join(name));
        command.args(["--frames", frames, "--test-frames", "1", "--size", "64", "48", "--seed", "5"]).output().unwrap()
    };
    for name in ["a", "b"] {
        let output = run(name, "2");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains("2 frames in train, 1 in test"), "{said}");
    }
    for file in ["train/frames.csv", "train/000001.color.png", "train/000001.depth.png", "test/000012.depth.png"] {
        let [a, b] = ["a", "b"].map(|name| std::fs::read(folder.path().join(name).join(file)).unwrap());
        assert!(a == b, "{file}");
    }
    assert_eq!(frames(&folder.path().join("a/test")).len(), 1);
    assert_eq!(run("c", "0").status.code(), Some(2));
}
