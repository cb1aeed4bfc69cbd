//! Maps of photographs whose poses alone are known.

use crate::scene::{TestFrame, frames, localiser, medians, pose_of};
use nabla_ransac::data::Frame;
use nabla_ransac::data::synthetic::room::{RoomOptions, write_room};
use nabla_ransac::geometry::CellGrid;
use nabla_ransac::geometry::accuracy::{median, position_error};
use nabla_ransac::localise::{GreyImage, MapBuilder, MapOptions, SceneMap, SweepView, sweep_depths};
use nabla_ransac::{Error, Pose};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The round of a walk, and what comes a little later.
fn room() -> &'static TempDir {
    static ROOM: OnceLock<TempDir> = OnceLock::new();
    ROOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let options = RoomOptions { frames: 56, test_frames: 12, seed: 1, ..RoomOptions::default() };
        write_room(folder.path(), &options).unwrap();
        // a list without the column of depth
        let list = std::fs::read_to_string(folder.path().join("train/frames.csv")).unwrap();
        let without: String =
            list.lines().filter_map(|line| Some(line.rsplit_once(',')?.0.to_owned() + "\n")).collect();
        std::fs::write(folder.path().join("train/poses.csv"), without).unwrap();
        folder
    })
}

fn train() -> Vec<Frame> {
    frames(&room().path().join("train"))
}

fn view(frame: &Frame) -> SweepView {
    let (image, camera) = (frame.image().unwrap(), frame.camera.clone());
    SweepView { image, camera, camera_from_world: frame.camera_from_world.unwrap() }
}

fn test_frames() -> Vec<TestFrame> {
    let test = |frame: &Frame| TestFrame {
        image: frame.image().unwrap(),
        camera: frame.camera.clone(),
        truth: frame.camera_from_world.unwrap(),
    };
    frames(&room().path().join("test")).iter().map(test).collect()
}

fn map_of(command: &[&str], list: &str) -> (SceneMap, String) {
    let out = room().path().join(format!("{}.safetensors", command.concat()));
    let output = run(command, list, &out);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    (SceneMap::read(&out).unwrap(), said)
}

fn run(more: &[&str], list: &str, out: &std::path::Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    command.args(["localise", "train", "--build-only"]).arg(room().path().join(list)).arg("--out").arg(out);
    command.args(more).output().unwrap()
}

#[test]
fn depth_of_a_room_is_found_from_its_poses_in_whatever_unit() {
    let frames = train();
    let views: Vec<SweepView> = frames.iter().map(view).collect();
    let found = sweep_depths(&views, 0).unwrap();
    let (mut errors, mut cells) = (Vec::new(), 0);
    for (frame, found) in frames.iter().zip(&found) {
        cells += found.len();
        let truth = frame.depth_points(&CellGrid::new([320, 240])).unwrap().unwrap();
        let pairs = truth.iter().zip(found).filter_map(|(truth, found)| Some([(*truth)?, (*found)?]));
        errors.extend(pairs.map(|[truth, found]| (found.z / truth.z - 1.0).abs()));
    }
    errors.sort_by(f64::total_cmp);
    let (median, far) = (errors[errors.len() / 2], errors[errors.len() * 9 / 10]);
    println!(
        "{} of {cells} cells, off by {:.2} % (median), {:.1} % (9 of 10)",
        errors.len(),
        100.0 * median,
        100.0 * far
    );
    assert!(errors.len() * 10 > cells * 3 && median < 0.015 && far < 0.08);
    // in millimetres
    let scaled = |view: &SweepView| {
        let Pose { rotation, translation } = view.camera_from_world;
        SweepView { camera_from_world: Pose { rotation, translation: translation * 1000.0 }, ..view.clone() }
    };
    let (views, found) = (&views[..20], sweep_depths(&views[..20], 0).unwrap());
    let millimetres = sweep_depths(&views.iter().map(scaled).collect::<Vec<_>>(), 0).unwrap();
    let pairs = found.iter().flatten().zip(millimetres.iter().flatten());
    let same = pairs.filter(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => (b.z / a.z / 1000.0 - 1.0).abs() < 0.02,
        (a, b) => a.is_none() && b.is_none(),
    });
    assert!(same.count() * 100 > 20 * 1200 * 95);
}

#[test]
fn a_map_of_poses_alone_localises_as_one_with_depth() {
    let test = test_frames();
    let (map, said) = map_of(&[], "train/poses.csv");
    assert!(said.contains("depth of 56 photographs"), "{said}");
    assert_eq!(map.record()["frames_swept"], 56);
    let (with_depth, said) = map_of(&["--height", "240"], "train/frames.csv");
    assert!(!said.contains("matching them"), "{said}");
    let [poses, depth] = [&map, &with_depth].map(|map| medians(&localiser(map, 1), &test));
    println!("poses alone {poses:?}, with depth {depth:?} (metres, degrees)");
    assert!(poses[0] < 0.05 && poses[1] < 1.2 && poses[0] < 2.0 * depth[0] + 0.01, "{poses:?} {depth:?}");
}

#[test]
fn a_list_in_which_some_have_depth_takes_all() {
    let list = std::fs::read_to_string(room().path().join("train/frames.csv")).unwrap();
    let mixed: String = (list.lines().enumerate())
        .map(|(number, line)| match line.rsplit_once(',') {
            Some((before, _)) if number % 2 == 1 => format!("{before},\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(room().path().join("train/mixed.csv"), mixed).unwrap();
    let (map, said) = map_of(&["--keys", "3000"], "train/mixed.csv");
    assert!(said.contains("depth of 28 photographs"), "{said}");
    assert_eq!((map.record()["frames"].as_u64(), map.record()["frames_swept"].as_u64()), (Some(56), Some(28)));
}

#[test]
fn photographs_that_tell_no_depth_are_told() {
    let views: Vec<SweepView> = train()[..4].iter().map(view).collect();
    let same_place: Vec<SweepView> = (views.iter())
        .map(|view| SweepView { camera_from_world: views[0].camera_from_world, ..view.clone() })
        .collect();
    let turned = |index: usize| {
        let turn = glam::DMat3::from_rotation_y(index as f64 * std::f64::consts::FRAC_PI_2);
        SweepView {
            camera_from_world: Pose { rotation: turn, translation: glam::DVec3::X * index as f64 },
            ..views[index].clone()
        }
    };
    let grey = |view: &SweepView| {
        let image = GreyImage::new(view.image.size_px, vec![0.5; view.image.values.len()]).unwrap();
        SweepView { image, ..view.clone() }
    };
    let tiny = |view: &SweepView| SweepView { image: view.image.resized([1, 1]), ..view.clone() };
    let cases = [
        ("none", Vec::new()),
        ("one", views[..1].to_vec()),
        ("one place", same_place),
        ("no overlap", (0..4).map(turned).collect()),
        ("nothing to see", views.iter().map(grey).collect()),
        ("a pixel each", views.iter().map(tiny).collect()),
    ];
    for (name, views) in cases {
        let Err(error) = sweep_depths(&views, 0) else { panic!("{name}: expected an error") };
        assert!(matches!(error, Error::NoParallax { needed: 100, .. }), "{name}: {error}");
        println!("{name}: {error}");
    }
    let one = "train/one.csv";
    let list = std::fs::read_to_string(room().path().join("train/poses.csv")).unwrap();
    std::fs::write(room().path().join(one), list.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    let output = run(&[], one, &room().path().join("one.safetensors"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("from different places"), "{said}");
}

#[test]
fn a_photograph_that_no_other_one_is_beside_tells_nothing_and_spoils_nothing() {
    let mut views: Vec<SweepView> = train()[..12].iter().map(view).collect();
    let elsewhere = [glam::DVec3::X * 50.0, glam::DVec3::X * 1e9, glam::DVec3::NAN];
    for (view, shift) in views.iter_mut().zip(elsewhere) {
        view.camera_from_world.translation += shift;
    }
    let cells: Vec<usize> =
        sweep_depths(&views, 0).unwrap().iter().map(|points| points.iter().flatten().count()).collect();
    assert!(cells[..3] == [0; 3] && cells[3..].iter().all(|&cells| cells > 100), "{cells:?}");
}

#[test]
fn depth_at_test_makes_poses_better_and_needs_a_point_a_cell() {
    let localiser = localiser(&map_of(&["--keys", "11000"], "train/frames.csv").0, 1);
    let frames = frames(&room().path().join("test"));
    let errors = |rgbd: bool| {
        let error = |frame: &Frame| {
            let points = localiser.scene_points(&frame.image().unwrap());
            let depth = frame.depth_points(&points.grid).unwrap().unwrap();
            let found = if rgbd {
                localiser.locate_rgbd(points, &depth, 0)
            } else {
                localiser.locate(points, &frame.camera, 0)
            };
            let pose = pose_of(&found.unwrap()).unwrap();
            position_error(&pose, &frame.camera_from_world.unwrap())
        };
        median(&frames.iter().map(error).collect::<Vec<_>>()).unwrap()
    };
    let [by_colour, by_depth] = [false, true].map(errors);
    println!("by colour {by_colour} m, with depth {by_depth} m");
    assert!(by_depth < 0.03 && by_depth < by_colour);
    let points = localiser.scene_points(&frames[0].image().unwrap());
    let none = localiser.locate_rgbd(points.clone(), &vec![None; points.grid.len()], 0).unwrap();
    assert!(none.outcome.estimate.is_none() && none.confidence == 0.0);
    let error = localiser.locate_rgbd(points, &[None], 0).unwrap_err();
    assert!(matches!(error, Error::LengthMismatch { expected: 1200, found: 1, .. }), "{error}");
}

#[test]
fn the_same_views_give_the_same_points_whatever_the_threads() {
    let options = MapOptions { keys: 500, ..MapOptions::default() };
    let views: Vec<SweepView> = train()[..8].iter().map(view).collect();
    let [one, three] = [1, 3].map(|threads| sweep_depths(&views, threads).unwrap());
    assert_eq!(one, three);
    let mut builder = MapBuilder::new(options, views.len()).unwrap();
    for (view, points) in views.iter().zip(&one) {
        builder.add(&view.image, &view.camera_from_world, points).unwrap();
    }
    assert!(builder.len() > 1000, "{}", builder.len());
}
