//! `estimate --rerun`: what is in the file, read back.
#![cfg(feature = "rerun")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod files;

use files::example;
use glam::{DMat3, DVec2, DVec3, Mat3, Vec3};
use nabla_ransac::{Camera, Pose};
use re_chunk::external::re_log_types::{LogMsg, StoreKind};
use re_chunk::{ArrowArray, Chunk};
use re_log_encoding::DecoderApp;
use re_sdk_types::Loggable;
use re_sdk_types::components::{PinholeProjection, Position2D, Position3D, TransformMat3x3, Translation3D};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const CAMERA: Camera =
    Camera { focal_px: DVec2::splat(800.0), principal_point_px: DVec2::new(320.0, 240.0), skew_px: 0.0 };

fn nabla(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).arg("estimate").args(arguments).output().unwrap()
}

/// What an estimate printed, and what is in its file.
struct Recorded {
    report: Value,
    /// Of the recording, by entity and component.
    components: BTreeMap<(String, String), re_chunk::external::arrow::array::ArrayRef>,
    /// What the viewer opens.
    views: Vec<String>,
}

impl Recorded {
    fn of(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.rrd");
        let output = nabla(&[arguments, &["--json", "--rerun", path.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report = serde_json::from_slice(&output.stdout).unwrap();
        let mut recorded = Self { report, components: BTreeMap::new(), views: Vec::new() };
        for message in DecoderApp::decode_eager(fs::read(&path).unwrap().as_slice()).unwrap() {
            if let LogMsg::ArrowMsg(store, message) = message.unwrap() {
                recorded.add(store.kind(), &Chunk::from_arrow_msg(&message).unwrap());
            }
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside the file");
        recorded
    }

    fn add(&mut self, kind: StoreKind, chunk: &Chunk) {
        for (name, column) in chunk.components().iter() {
            let (entity, name, value) = (chunk.entity_path().to_string(), name.to_string(), column.list_array.value(0));
            if kind == StoreKind::Recording {
                assert!(chunk.is_static(), "{entity}");
                self.components.insert((entity, name), value);
            } else if name == "ViewBlueprint:space_origin" {
                let origin = re_sdk_types::blueprint::components::ViewOrigin::from_arrow(&value).unwrap();
                self.views.push(origin[0].to_string());
            }
        }
    }

    fn get<T: Loggable>(&self, entity: &str, component: &str) -> Vec<T> {
        let key = (entity.to_owned(), component.to_owned());
        let array = self.components.get(&key).unwrap_or_else(|| panic!("{key:?} of {:?}", self.components.keys()));
        T::from_arrow(array).unwrap()
    }

    /// Instances of a component, 0 where there is none.
    fn count(&self, entity: &str, component: &str) -> usize {
        self.components.get(&(entity.to_owned(), component.to_owned())).map_or(0, |array| array.len())
    }

    fn inliers(&self) -> usize {
        self.report["inlier_count"].as_u64().unwrap() as usize
    }

    fn has(&self, root: &str) -> bool {
        self.components.keys().any(|(entity, _)| entity.starts_with(root))
    }

    /// Where the points in space are seen in an image, by rerun's conventions.
    fn seen(&self, camera: &str, points: &str) -> Vec<Vec3> {
        let [rotation] = self.get::<TransformMat3x3>(camera, "Transform3D:mat3x3")[..] else { panic!("one") };
        let [translation] = self.get::<Translation3D>(camera, "Transform3D:translation")[..] else { panic!("one") };
        let image = format!("{camera}/image");
        let [pinhole] = self.get::<PinholeProjection>(&image, "Pinhole:image_from_camera")[..] else { panic!("one") };
        let [rotation, pinhole] = [rotation.0.0, pinhole.0.0].map(|columns| Mat3::from_cols_array(&columns));
        let points = self.get::<Position3D>(points, "Points3D:positions");
        let see = |point: Position3D| pinhole * (rotation * Vec3::from(point.0.0) + Vec3::from(translation.0.0));
        points.into_iter().map(see).map(|image| image / image.z).collect()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_essential_matrix_has_its_matches_its_cameras_and_its_points() {
    let paths = ["leuven.npz", "leuvenA.jpg", "leuvenB.jpg"].map(example);
    let [matches, image1, image2] = paths.each_ref().map(|path| text(path));
    let cameras = ["--model", "essential", "--camera", "600,600,375,281"];
    let recorded = Recorded::of(&[&[matches, "--images", image1, image2][..], &cameras].concat());
    let (inliers, all) = (recorded.inliers(), recorded.report["matches"].as_u64().unwrap() as usize);
    assert!(inliers > 300);
    assert_eq!(recorded.count("/matches/inliers", "LineStrips2D:strips"), inliers);
    assert_eq!(recorded.count("/matches/outliers", "LineStrips2D:strips"), all - inliers);
    assert_eq!(recorded.count("/world/points", "Points3D:positions"), inliers);
    for (camera, image) in [("/world/camera1", "/matches/image1"), ("/world/camera2", "/matches/image2")] {
        assert_eq!(recorded.count(image, "EncodedImage:blob"), 1);
        assert_eq!(recorded.count(&format!("{image}/outliers"), "Points2D:positions"), all - inliers);
        let measured = recorded.get::<Position2D>(&format!("{camera}/image/inliers"), "Points2D:positions");
        let seen = recorded.seen(camera, "/world/points");
        let distance_px = |(seen, measured): (&Vec3, &Position2D)| seen.truncate().distance(measured.0.0.into());
        let far = seen.iter().zip(&measured).map(distance_px).filter(|distance| *distance > 3.0).count();
        assert!(seen.len() == measured.len() && far == 0, "{far} points are seen elsewhere");
    }
    assert_eq!(recorded.views, ["matches", "world", "report"]);
    assert!(!recorded.has("/second_motion"));
}

#[test]
fn a_fundamental_matrix_has_its_matches_alone() {
    let matches = example("leuven.npz");
    let recorded = Recorded::of(&[text(&matches), "--model", "fundamental", "--snn", "0.8"]);
    let (inliers, used) = (recorded.inliers(), recorded.report["matches_used"].as_u64().unwrap() as usize);
    assert_eq!(recorded.count("/matches/inliers", "LineStrips2D:strips"), inliers);
    assert_eq!(recorded.count("/matches/image1/outliers", "Points2D:positions"), used - inliers);
    assert!(recorded.count("/matches/image2/unused", "Points2D:positions") > 0);
    assert_eq!(recorded.count("/matches/image1", "Boxes2D:half_sizes"), 1);
    assert_eq!(recorded.views, ["matches", "report"]);
    assert!(!recorded.has("/world"));
}

fn points() -> Vec<DVec3> {
    let fraction = |k: usize, step: f64| (k as f64 * step).fract() * 2.0 - 1.0;
    let point = |k| DVec3::new(fraction(k, 0.618_034), fraction(k, 0.414_214), 4.0 + fraction(k, 0.732_051));
    (1..=40).map(point).collect()
}

fn motion(angle: f64, direction: DVec3) -> Pose {
    Pose { rotation: DMat3::from_rotation_y(angle), translation: direction.normalize() }
}

fn csv(folder: &TempDir, lines: impl Iterator<Item = Vec<f64>>) -> String {
    let mut table = String::new();
    for line in lines {
        writeln!(table, "{}", line.iter().map(f64::to_string).collect::<Vec<_>>().join(",")).unwrap();
    }
    let path = folder.path().join("matches.csv");
    fs::write(&path, table).unwrap();
    text(&path).to_owned()
}

#[test]
fn an_ambiguous_pair_has_a_second_motion() {
    let folder = tempfile::tempdir().unwrap();
    let image = |point: DVec3| CAMERA.project(point.truncate() / point.z);
    let motions = [motion(0.1, DVec3::new(1.0, 0.1, 0.0)), motion(-0.2, DVec3::new(-0.3, 1.0, 0.2))];
    let line = |(k, point): (usize, DVec3)| {
        [image(point), image(motions[k % 2].transform(point))].map(|pixel| pixel.to_array()).concat()
    };
    let matches = csv(&folder, points().into_iter().enumerate().map(line));
    let recorded = Recorded::of(&[&matches, "--model", "essential", "--camera", "800,800,320,240"]);
    assert_eq!(recorded.report["diagnosis"]["ambiguous"], true, "{}", recorded.report);
    assert_eq!(recorded.views, ["matches", "world", "second_motion", "report"]);
    assert_eq!(recorded.count("/second_motion/camera2/image", "Pinhole:image_from_camera"), 1);
    assert!(recorded.has("/second_motion/points"));
}

#[test]
fn a_pose_has_its_camera_and_a_rigid_transform_its_two_sets() {
    let folder = tempfile::tempdir().unwrap();
    let camera_from_world = motion(0.1, DVec3::X);
    let seen = |point: DVec3| camera_from_world.transform(point);
    let line = |point: DVec3| {
        let pixel = CAMERA.project(seen(point).truncate() / seen(point).z);
        [&pixel.to_array()[..], &point.to_array()].concat()
    };
    let matches = csv(&folder, points().into_iter().map(line));
    let recorded = Recorded::of(&[&matches, "--model", "pose", "--camera", "800,800,320,240"]);
    assert_eq!(recorded.count("/world/points/inliers", "Points3D:positions"), 40);
    let measured = recorded.get::<Position2D>("/world/camera/image/inliers", "Points2D:positions");
    let pairs = recorded.seen("/world/camera", "/world/points/inliers").into_iter().zip(measured);
    assert!({ pairs }.all(|(seen, measured)| seen.truncate().distance(measured.0.0.into()) < 0.01));

    let lines = points().into_iter().map(|point| [point, seen(point)].map(|point| point.to_array()).concat());
    let recorded = Recorded::of(&[&csv(&folder, lines), "--model", "rigid", "--threshold-px", "0.01"]);
    assert_eq!(recorded.count("/world/points1/inliers", "Points3D:positions"), 40);
    assert_eq!(recorded.count("/world/points1", "Transform3D:mat3x3"), 1);
    assert_eq!(recorded.count("/world/points2/inliers", "Points3D:positions"), 40);
    assert_eq!(recorded.views, ["world", "report"]);
}

#[test]
fn what_cannot_be_written_or_shown_is_said_in_one_line() {
    let (folder, matches) = (tempfile::tempdir().unwrap(), example("leuven.npz"));
    let [path, missing] = ["out.rrd", "missing/out.rrd"].map(|name| folder.path().join(name));
    let matches = [text(&matches), "--model", "fundamental"];
    let fails = |rest: &[&str], parts: &[&str]| {
        let output = nabla(&[&matches[..], rest].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.lines().count() == 1, "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{said:?} does not say {parts:?}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    };
    fails(&["--rerun", text(&missing)], &["missing/out.rrd", "No such file"]);
    let [image, other] = ["leuvenA.jpg", "leuven_matches.jpg"].map(example);
    let images = |images: &[&str], said: &[&str]| {
        fails(&[&["--rerun", text(&path), "--images"], images].concat(), said);
    };
    images(&[text(&image)], &["expected 2 images, but got 1"]);
    images(&[text(&image), text(&other)], &["leuven_matches.jpg", "expected 751 × 563", "1208 × 483"]);
    images(&[text(&image), matches[0]], &["leuven.npz"]);
}
