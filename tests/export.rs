//! A COLMAP database, with its reconstruction, becomes a scene that is evaluated and trained on.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::collection::{Database, export_pairs};
use nabla_ransac::data::{CameraSet, PairRecord, PairSet, Reconstruction, RegisteredImage, Scene};
use nabla_ransac::geometry::{CameraModel, Matches};
use nabla_ransac::{ModelKind, Pose};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{array, fs};

const IMAGES: usize = 4;
const NAMES: [&str; IMAGES] = ["left/a 1.jpg", "left/b.jpg", "c.jpg", "d.jpg"];
/// Right matches of every pair; after them come wrong ones.
const RIGHT: usize = 60;
const WRONG: usize = 20;

fn camera() -> CameraModel {
    let parameters = [800.0, 805.0, 320.5, 240.5, -0.25, 0.01, 0.001, -0.002];
    CameraModel::from_name("OPENCV", [640, 480], parameters.to_vec()).unwrap()
}

/// Numbers in -1..1 without a pattern.
fn spread(index: usize, ratio: f64) -> f64 {
    (index as f64 * ratio).fract() * 2.0 - 1.0
}

fn poses() -> [Pose; IMAGES] {
    array::from_fn(|index| {
        let turn = 0.15 * index as f64;
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(DVec3::new(0.05, -turn, 0.02 * index as f64)));
        Pose { rotation, translation: DVec3::new(0.9 * index as f64, 0.05, 0.1) }
    })
}

/// What each image sees of the same points, and after those what has no match.
fn key_points(pose: &Pose, image: usize) -> Vec<DVec2> {
    let world = |i| DVec3::new(1.2 * spread(i, 0.618_034), 0.9 * spread(i, 0.754_878), 6.0 + 1.5 * spread(i, 0.569_84));
    let right = (0..RIGHT).map(|index| {
        let seen = pose.transform(world(index));
        camera().project(seen.truncate() / seen.z).unwrap()
    });
    let wrong = (0..WRONG).map(|index| {
        let place = index + 37 * image;
        DVec2::new(320.0 + 250.0 * spread(place, 0.41), 240.0 + 200.0 * spread(place, 0.83))
    });
    right.chain(wrong).collect()
}

struct Collection {
    folder: tempfile::TempDir,
}

impl Collection {
    /// Four images, matches between all of them, and the reconstruction; the focal length is known or not.
    fn new(is_known: bool) -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap() };
        let mut database = Database::create(&this.database()).unwrap();
        let camera_id = database.add_camera(&camera(), is_known).unwrap();
        let ids = NAMES.map(|name| database.add_image(name, camera_id).unwrap());
        for (index, (id, pose)) in ids.into_iter().zip(poses()).enumerate() {
            let row = |(place, point): (usize, &DVec2)| {
                [point.x as f32, point.y as f32, 2.0 + place as f32, 0.1 * place as f32]
            };
            let rows: Vec<f32> = key_points(&pose, index).iter().enumerate().flat_map(row).collect();
            database.write_key_points(id, 4, &rows).unwrap();
        }
        let matches: Vec<[u32; 2]> = (0..(RIGHT + WRONG) as u32).map(|index| [index; 2]).collect();
        for first in 0..IMAGES {
            for second in first + 1..IMAGES {
                database.write_matches(ids[first], ids[second], &matches).unwrap();
            }
        }
        this.write_reconstruction(&NAMES, "OPENCV 640 480 800 805 320.5 240.5 -0.25 0.01 0.001 -0.002");
        this
    }

    /// With these names for the first images, and another camera for the first of them.
    fn write_reconstruction(&self, names: &[&str], camera: &str) {
        let (mut images, folder) = (String::new(), self.reconstruction());
        for (index, (name, pose)) in names.iter().zip(poses()).enumerate() {
            let (q, t) = (DQuat::from_mat3(&pose.rotation), pose.translation);
            let camera = if index == 0 { 8 } else { 9 };
            writeln!(images, "{} {} {} {} {} {} {} {} {camera} {name}\n", index + 5, q.w, q.x, q.y, q.z, t.x, t.y, t.z)
                .unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let usual = "9 OPENCV 640 480 800 805 320.5 240.5 -0.25 0.01 0.001 -0.002";
        fs::write(folder.join("cameras.txt"), format!("8 {camera}\n{usual}\n")).unwrap();
        fs::write(folder.join("images.txt"), images).unwrap();
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("database.db")
    }

    fn reconstruction(&self) -> PathBuf {
        self.folder.path().join("sparse")
    }

    fn scene(&self) -> PathBuf {
        self.folder.path().join("scene.safetensors")
    }

    /// Runs `export`, with the reconstruction or without.
    fn export(&self, with_truth: bool) -> Output {
        let [database, scene, folder] = [self.database(), self.scene(), self.reconstruction()];
        let mut arguments = vec!["export".into(), database, scene, "--json".into()];
        if with_truth {
            arguments.extend(["--reconstruction".into(), folder]);
        }
        Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
    }
}

#[track_caller]
fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn fails(output: &Output, parts: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(parts.iter().all(|part| message.contains(part)), "{message:?} does not say {parts:?}");
}

fn pair(path: &Path, id: &str) -> PairRecord {
    let scene = Scene::open(path, ModelKind::Essential, CameraSet::default()).unwrap();
    scene.pair(scene.find(id).unwrap()).unwrap()
}

#[test]
fn a_reconstruction_becomes_data_to_evaluate_and_to_train_on() {
    let collection = Collection::new(false);
    let summary = json(&collection.export(true));
    let counts =
        ["pairs", "with_cameras", "with_truth", "matches", "lost_matches", "failed"].map(|key| summary[key].as_u64());
    assert_eq!(counts, [6, 6, 6, 6 * 80, 0, 0].map(Some));

    let scene = collection.scene();
    let arguments = ["eval", scene.to_str().unwrap(), "--model", "essential", "--backend", "cpu", "--json"];
    let figures = json(&Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap());
    assert_eq!((figures["pairs"].as_u64(), figures["pairs_without_truth"].as_u64()), (Some(6), Some(0)));
    // key points are f32
    assert!(figures["median_error_deg"].as_f64().unwrap() < 0.01, "{figures}");

    let set = PairSet::open(&[scene], ModelKind::Essential).unwrap();
    assert_eq!((set.len(), set.skipped().to_string()), (6, nabla_ransac::data::Skipped::default().to_string()));
}

#[test]
fn points_are_those_of_the_pinhole_and_half_a_pixel_is_taken_off() {
    let collection = Collection::new(true);
    json(&collection.export(true));
    let record = pair(&collection.scene(), "left/a 1.jpg|c.jpg");
    let Matches::TwoView { points1_px, cameras: Some([camera1, camera2]), .. } = &record.matches else { panic!() };
    assert_eq!(camera1, camera2);
    assert_eq!((camera1.focal_px, camera1.principal_point_px), (DVec2::new(800.0, 805.0), DVec2::new(320.0, 240.0)));
    let key_point = key_points(&poses()[0], 0)[7];
    let expected = camera().pinhole().project(camera().undistort(key_point).unwrap()) - 0.5;
    assert!(points1_px[7].distance(expected) < 1e-4, "{} is not {expected}", points1_px[7]);
    let measured = key_points(&poses()[0], 0);
    assert!(points1_px.iter().zip(measured).any(|(p, q)| p.distance(q - 0.5) > 5.0), "the lens does nothing");

    let [pose1, _, pose2, _] = poses();
    let rotation = pose2.rotation * pose1.rotation.transpose();
    let translation = (pose2.translation - rotation * pose1.translation).normalize();
    let truth = record.truth.unwrap();
    assert!(truth.rotation.abs_diff_eq(rotation, 1e-9) && truth.translation.abs_diff_eq(translation, 1e-9));
    assert!(record.right_matches().unwrap()[..RIGHT].iter().all(|&right| right));

    assert_eq!(record.sizes_px, Some([[640, 480]; 2]));
    assert_eq!(record.scales_px.unwrap()[1][3], 5.0);
    assert!((record.angles_deg.unwrap()[0][3] - 0.3_f32.to_degrees()).abs() < 1e-4);
    assert_eq!((record.ratios, record.weights), (None, None));
}

#[test]
fn without_a_reconstruction_cameras_are_those_with_a_known_focal_length() {
    let known = json(&Collection::new(true).export(false));
    assert_eq!((known["with_cameras"].as_u64(), known["with_truth"].as_u64()), (Some(6), Some(0)));
    let collection = Collection::new(false);
    let guessed = json(&collection.export(false));
    assert_eq!((guessed["with_cameras"].as_u64(), guessed["with_truth"].as_u64()), (Some(0), Some(0)));
    // the points are as measured then
    let record = pair(&collection.scene(), "c.jpg|d.jpg");
    let Matches::TwoView { points1_px, cameras: None, .. } = record.matches else { panic!() };
    assert!(points1_px[7].distance(key_points(&poses()[2], 2)[7] - 0.5) < 1e-4);
}

#[test]
fn images_that_are_not_registered_have_no_truth() {
    let collection = Collection::new(false);
    collection.write_reconstruction(&NAMES[..3], "OPENCV 640 480 800 805 320.5 240.5 -0.25 0.01 0.001 -0.002");
    let summary = json(&collection.export(true));
    assert_eq!((summary["pairs"].as_u64(), summary["with_truth"].as_u64()), (Some(6), Some(3)));
    collection.write_reconstruction(&["other.jpg"], "PINHOLE 640 480 800 800 320 240");
    fails(&collection.export(true), &["images of the reconstruction", "none of its 1"]);
    // one camera in the database, two in the reconstruction
    collection.write_reconstruction(&NAMES, "PINHOLE 640 480 800 800 320 240");
    fails(&collection.export(true), &["cameras 1", "one camera of the reconstruction"]);
}

#[test]
fn what_cannot_be_undistorted_is_left_out_and_a_wrong_row_is_told() {
    let collection = Collection::new(true);
    let mut database = Database::open(&collection.database()).unwrap();
    let last = *database.images().keys().last().unwrap();
    let mut rows: Vec<f32> =
        key_points(&poses()[3], 3).iter().flat_map(|point| [point.x as f32, point.y as f32]).collect();
    // far out of the image, where the lens has no ray
    rows[..2].copy_from_slice(&[9000.0, 0.0]);
    database.write_key_points(last, 2, &rows).unwrap();
    database.write_matches(1, 2, &[[0, 0], [7, 80]]).unwrap();
    database.write_matches(1, 3, &[]).unwrap();
    drop(database);
    let output = collection.export(true);
    fails(&output, &["images 1 and 2", "80", "1 pairs are left out"]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = ["pairs", "matches", "lost_matches", "failed"].map(|key| summary[key].as_u64());
    assert_eq!(counts, [4, 80 + 3 * 79, 3, 1].map(Some));
    // one of the two has no scales
    assert_eq!(pair(&collection.scene(), "c.jpg|d.jpg").scales_px, None);
}

#[test]
fn two_images_at_one_place_have_no_direction_to_learn() {
    let collection = Collection::new(true);
    let camera_from_world = poses()[1];
    let image = |name: &str| RegisteredImage { name: name.to_owned(), camera_id: 1, camera_from_world };
    let images = BTreeMap::from([(1, image(NAMES[0])), (2, image(NAMES[1]))]);
    let truth = Reconstruction { cameras: BTreeMap::from([(1, camera())]), images };
    let exported = export_pairs(Database::open(&collection.database()).unwrap(), Some(&truth), 0).unwrap();
    assert!(exported.records.iter().all(|record| record.truth.is_none()));
}

#[test]
fn an_empty_database_and_another_ending_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.db");
    Database::create(&path).unwrap();
    let export = |scene: &str| {
        let arguments =
            ["export".as_ref(), path.as_os_str(), folder.path().join(scene).as_os_str()].map(ToOwned::to_owned);
        Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
    };
    fails(&export("scene.safetensors"), &["pairs with matches", "none"]);
    fails(&export("scene.npz"), &[".safetensors", "scene.npz"]);
}
