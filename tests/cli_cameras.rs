//! Cameras with distortion beside a file: the motion is that of the pinhole, and what cannot be undistorted is an outlier.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::data::{CameraSet, Intrinsics, parse_camera};
use nabla_ransac::geometry::CameraModel;
use nabla_ransac::{Camera, Pose};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const FISHEYE: &str = "OPENCV_FISHEYE:400,402,320,240,-0.02,0.006,-0.003,0.0004";
const BARREL: &str = "OPENCV:800,805,320,240,-0.25,0.01,0.001,-0.002";

fn nabla(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let output = nabla(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn model(text: &str) -> CameraModel {
    match parse_camera(text).unwrap() {
        Intrinsics::Model(model) => model,
        Intrinsics::Pinhole(_) => panic!("{text} is no model"),
    }
}

/// `fx,fy,cx,cy` of a camera without its distortion.
fn pinhole(camera: Camera) -> String {
    let (f, c) = (camera.focal_px, camera.principal_point_px);
    format!("{},{},{},{}", f.x, f.y, c.x, c.y)
}

fn world() -> Vec<DVec3> {
    let spread = |index: usize, ratio: f64| (index as f64 * ratio).fract() * 2.0 - 1.0;
    let point = |i| DVec3::new(1.6 * spread(i, 0.618_034), 1.2 * spread(i, 0.754_878), 5.0 + 1.5 * spread(i, 0.569_84));
    (0..80).map(point).collect()
}

fn motion() -> Pose {
    let rotation = DMat3::from_rotation_y(0.2) * DMat3::from_rotation_x(-0.05);
    Pose { rotation, translation: DVec3::new(0.9, 0.1, -0.2).normalize() }
}

/// A CSV file of the points as two cameras see them; the last lines are as given.
fn write_matches(path: &Path, see: [&dyn Fn(DVec2) -> DVec2; 2], last: &[[f64; 4]]) {
    let pixel = |see: &dyn Fn(DVec2) -> DVec2, point: DVec3| see(point.truncate() / point.z).to_array();
    let seen = world().into_iter().map(|point| [pixel(see[0], point), pixel(see[1], motion().transform(point))]);
    let mut text = String::new();
    for row in seen.map(|[[a, b], [c, d]]| [a, b, c, d]).chain(last.iter().copied()) {
        writeln!(text, "{}", row.map(|number| number.to_string()).join(",")).unwrap();
    }
    fs::write(path, text).unwrap();
}

#[test]
fn a_pair_with_distortion_has_the_motion_of_the_pinhole_pair() {
    let folder = tempfile::tempdir().unwrap();
    let [distorted, plain] = ["distorted.csv", "plain.csv"].map(|name| folder.path().join(name));
    let [camera1, camera2] = [FISHEYE, BARREL].map(model);
    write_matches(&distorted, [&|ray| camera1.project(ray).unwrap(), &|ray| camera2.project(ray).unwrap()], &[]);
    let [pinhole1, pinhole2] = [camera1.pinhole(), camera2.pinhole()];
    write_matches(&plain, [&|ray| pinhole1.project(ray), &|ray| pinhole2.project(ray)], &[]);
    let estimate = |path: &Path, cameras: [&str; 2]| {
        let [one, two] = cameras;
        let path = path.to_str().unwrap();
        json(&[
            "estimate",
            path,
            "--model",
            "essential",
            "--camera1",
            one,
            "--camera2",
            two,
            "--backend",
            "cpu",
            "--json",
        ])
    };
    let with = estimate(&distorted, [FISHEYE, BARREL]);
    let without = estimate(&plain, [&pinhole(pinhole1), &pinhole(pinhole2)]);
    let essential = |report: &Value| -> Vec<f64> {
        let rows: Vec<Vec<f64>> = serde_json::from_value(report["essential"].clone()).unwrap();
        rows.concat()
    };
    assert_eq!((with["inlier_count"].as_u64(), without["inlier_count"].as_u64()), (Some(80), Some(80)));
    for (a, b) in essential(&with).into_iter().zip(essential(&without)) {
        assert!((a - b).abs() < 1e-6, "{with} {without}");
    }
    assert_eq!(with["warnings"], serde_json::json!([]));
}

#[test]
fn a_point_that_no_ray_is_seen_at_is_an_outlier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matches.csv");
    let camera = model(BARREL);
    let see = |ray| camera.project(ray).unwrap();
    write_matches(&path, [&see, &see], &[[5000.0, 0.0, 320.0, 240.0], [320.0, 240.0, 0.0, -9000.0]]);
    let picture = folder.path().join("matches.png");
    let [file, draw] = [&path, &picture].map(|path| path.to_str().unwrap());
    let report = json(&[
        "estimate",
        file,
        "--model",
        "essential",
        "--camera",
        BARREL,
        "--json",
        "--backend",
        "cpu",
        "--draw",
        draw,
    ]);
    let inliers: Vec<bool> = serde_json::from_value(report["inliers"].clone()).unwrap();
    assert_eq!((inliers.len(), &inliers[80..]), (82, &[false, false][..]));
    assert!(inliers[..80].iter().all(|&inlier| inlier));
    assert_eq!((report["matches"].as_u64(), report["matches_used"].as_u64()), (Some(82), Some(80)));
    assert!(report["warnings"].to_string().contains("2 of 82 matches"), "{}", report["warnings"]);
    let ranked = json(&["rank", file, "--model", "essential", "--camera", BARREL, "--json"]);
    assert_eq!(ranked["matches"].as_array().unwrap().len(), 80);
    // a user's own NaN is told, as without distortion
    fs::write(&path, fs::read_to_string(&path).unwrap() + "NaN,1,2,3\n").unwrap();
    let output = nabla(&["estimate", file, "--model", "essential", "--camera", BARREL, "--backend", "cpu"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && message.contains("must be finite"), "{message}");
}

#[test]
fn a_pose_with_distortion_is_that_of_the_pinhole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    let camera = model(FISHEYE);
    let mut text = String::new();
    for point in world() {
        let moved = motion().transform(point);
        let pixel = camera.project(moved.truncate() / moved.z).unwrap();
        writeln!(text, "{},{},{},{},{}", pixel.x, pixel.y, point.x, point.y, point.z).unwrap();
    }
    fs::write(&path, text).unwrap();
    let file = path.to_str().unwrap();
    let report = json(&["estimate", file, "--model", "pose", "--camera", FISHEYE, "--backend", "cpu", "--json"]);
    let translation: Vec<f64> = serde_json::from_value(report["camera_from_world"]["translation"].clone()).unwrap();
    assert!(DVec3::from_slice(&translation).distance(motion().translation) < 1e-6, "{report}");
}

#[test]
fn a_toml_file_has_models_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cameras.toml");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        CameraSet::read(&path).map_err(|error| error.to_string())
    };
    let set = read(
        "[camera1]\nmodel = \"OPENCV\"\nparams = [800, 805, 320, 240, -0.25, 0.01, 0.001, -0.002]\n[camera]\nfx = 1\nfy = 2\ncx = 3\ncy = 4\n",
    );
    let CameraSet { camera1, camera2 } = set.unwrap();
    assert_eq!(camera1, Some(Intrinsics::Model(model(BARREL))));
    assert_eq!(camera2.unwrap().pinhole().focal_px, DVec2::new(1.0, 2.0));
    let bad = [
        ("[camera]\nmodel = \"OPENCV\"\nparams = [800, 805, 320, 240]\n", "k1, k2, p1, p2"),
        ("[camera]\nmodel = \"EUCM\"\nparams = [800]\n", "EUCM"),
        ("[camera]\nmodel = \"OPENCV\"\n", "missing field `params`"),
        ("[camera]\nmodel = \"OPENCV\"\nparams = [1]\nfx = 3\n", "unknown field `fx`"),
        ("[camera]\nfx = 1\nfy = 2\ncx = 3\ncy = \"4\"\n", "camera1: invalid type"),
    ];
    for (text, part) in bad {
        let message = read(text).unwrap_err();
        assert!(message.contains("cameras.toml") && message.contains(part), "{message} does not say {part}");
    }
    for (text, part) in
        [("OPENCV:1,2,3", "k1, k2"), ("LENS:1,2,3,4", "LENS"), (":1,2,3,4", "OPENCV"), ("OPENCV:", "MODEL:params")]
    {
        let message = parse_camera(text).unwrap_err();
        assert!(message.contains(part), "{message} does not say {part}");
    }
}
