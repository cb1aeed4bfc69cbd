//! `eval --model pose`: what it reports, and what becomes of bad queries.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod files;

use files::{Tensor, safetensors_about};
use glam::{DMat3, DVec2, DVec3, EulerRot};
use nabla_ransac::{Camera, Pose};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const METRES: &str = r#""units":"metres""#;
const RIGHT: usize = 60;
const ALL: usize = 90;

/// A query: 60 exact matches, followed by 30 wrong ones.
struct Query {
    points2d: Vec<DVec2>,
    points3d: Vec<DVec3>,
    truth: Option<Pose>,
    has_camera: bool,
}

/// A number in −1..1 without a pattern: the fraction of a multiple of an irrational number.
fn spread(index: usize, ratio: f64) -> f64 {
    (index as f64 * ratio).fract() * 2.0 - 1.0
}

fn camera() -> Camera {
    Camera { focal_px: DVec2::splat(800.0), principal_point_px: DVec2::new(320.0, 240.0), skew_px: 0.0 }
}

impl Query {
    /// The centre of query `number` is at (number, 0, 0).
    fn new(number: usize) -> Self {
        let rotation = DMat3::from_euler(EulerRot::XYZ, 0.1, -0.2, 0.1 * number as f64);
        let truth = Pose { rotation, translation: -(rotation * DVec3::new(number as f64, 0.0, 0.0)) };
        let seen =
            |i: usize| DVec3::new(1.5 * spread(i, 0.618_034), spread(i, 0.754_878), 6.0 + 2.0 * spread(i, 0.569_840));
        let points3d: Vec<DVec3> = (0..ALL).map(|i| truth.inverse().transform(seen(i))).collect();
        let wrong = |i: usize| DVec2::new(320.0, 240.0) + 230.0 * DVec2::new(spread(i, 0.41), spread(i, 0.83));
        let right = |i: usize| camera().project(seen(i).truncate() / seen(i).z);
        let points2d = (0..ALL).map(|i| if i < RIGHT { right(i) } else { wrong(i) }).collect();
        Self { points2d, points3d, truth: Some(truth), has_camera: true }
    }

    fn keep(mut self, count: usize) -> Self {
        self.points2d.truncate(count);
        self.points3d.truncate(count);
        self
    }

    fn tensors(&self, id: &str) -> Vec<Tensor> {
        let name = |field: &str| format!("{id}/{field}");
        let flat2: Vec<f64> = self.points2d.iter().flat_map(|p| p.to_array()).collect();
        let flat3: Vec<f64> = self.points3d.iter().flat_map(|p| p.to_array()).collect();
        let count = self.points2d.len();
        let quality = |i: usize| if i < RIGHT { 0.5 } else { 0.9 } + 0.001 * i as f32;
        let ratios: Vec<f32> = (0..count).map(quality).collect();
        let weights: Vec<f32> = ratios.iter().map(|ratio| 1.0 - ratio).collect();
        let mut tensors = vec![
            Tensor::f64(&name("points2d"), &[count, 2], &flat2),
            Tensor::f64(&name("points3d"), &[count, 3], &flat3),
            Tensor::f32(&name("ratio"), &[count], &ratios),
            Tensor::f32(&name("weight"), &[count], &weights),
        ];
        if self.has_camera {
            tensors.push(Tensor::f64(&name("K"), &[3, 3], &camera().matrix().transpose().to_cols_array()));
        }
        if let Some(truth) = &self.truth {
            tensors.push(Tensor::f64(&name("R"), &[3, 3], &truth.rotation.transpose().to_cols_array()));
            tensors.push(Tensor::f64(&name("t"), &[3], &truth.translation.to_array()));
        }
        tensors
    }
}

fn scene(folder: &TempDir, metadata: &str, queries: &[Query]) -> PathBuf {
    let numbered = queries.iter().enumerate();
    let tensors: Vec<Tensor> = numbered.flat_map(|(i, query)| query.tensors(&format!("{i:04}"))).collect();
    let path = folder.path().join("queries.safetensors");
    fs::write(&path, safetensors_about(metadata, &tensors)).unwrap();
    path
}

fn eval(path: &PathBuf, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    command.arg("eval").arg(path).args(["--model", "pose"]).args(options).output().unwrap()
}

#[track_caller]
fn report(path: &PathBuf, options: &[&str]) -> Value {
    let output = eval(path, &[options, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The report of one query beside two good ones, on the CPU.
#[track_caller]
fn beside_good_ones(query: Query) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder, METRES, &[Query::new(0), Query::new(2), query]);
    report(&path, &["--backend", "cpu"])
}

#[track_caller]
fn fails_with(report: &Value, message: &str) {
    let failures = report["failures"].as_array().unwrap();
    assert!(failures.len() == 1 && failures[0]["pair"] == "0002", "{failures:?}");
    assert!(failures[0]["message"].as_str().unwrap().contains(message), "{failures:?}");
    let share = report["share_2cm_2deg"].as_f64().unwrap();
    assert!((share - 2.0 / 3.0).abs() < 1e-9, "a failure counts: {share}");
}

#[test]
fn exact_queries_have_no_error_by_every_sampler_and_on_both_backends() {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder, METRES, &[Query::new(0), Query::new(1), Query::new(4)]);
    for options in [
        &["--sampler", "uniform", "--backend", "cpu"][..],
        &["--sampler", "ratio", "--backend", "cpu"],
        &["--sampler", "weights", "--backend", "cpu"],
        &["--snn", "0.7", "--backend", "cpu"],
        &["--backend", "gpu"],
    ] {
        let report = report(&path, options);
        let number = |key: &str| report[key].as_f64().unwrap_or_else(|| panic!("{key} in {report}"));
        assert!(number("median_translation") < 1e-4 && number("median_rotation_deg") < 1e-3, "{options:?}");
        // the farthest centres are 4 m apart
        let percent = 100.0 * number("median_translation") / 4.0;
        assert!((number("median_translation_percent") - percent).abs() < 1e-9);
        assert_eq!((&report["unit"], &report["pairs"], &report["no_model"]), (&"metres".into(), &3.into(), &0.into()));
        for share in ["share_10cm_5deg", "share_5cm_5deg", "share_2cm_2deg"] {
            assert_eq!((number(share), &report[format!("{share}_ci95")][1]), (1.0, &1.0.into()));
        }
        assert_eq!(report["share_percent"], serde_json::json!({ "0.2": 1.0, "0.1": 1.0, "0.05": 1.0 }));
        assert!(number("f1_percent") > 99.0 && number("median_reprojection_px") < 0.01);
        assert!((60.0..65.0).contains(&number("median_inliers")) && number("ms_median") > 0.0);
        assert!(report["iterations_percent"]["50"].as_f64() >= Some(64.0) && report["settings"]["options"].is_object());
        assert!(number("truth_outscored_share") == 0.0 && report["lost_share"]["search"] == 0.0);
    }
}

#[test]
fn a_table_and_a_picture_of_the_queries_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder, METRES, &[Query::new(0), Query::new(3)]);
    let (table, picture) = (folder.path().join("queries.csv"), folder.path().join("curves.png"));
    let outputs = ["--backend", "cpu", "--per-pair", table.to_str().unwrap(), "--plot", picture.to_str().unwrap()];
    let output = eval(&path, &outputs);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("2 pairs, pose") && text.contains("10 cm 5° / 5 cm 5° / 2 cm 2°    100.0 / 100.0"), "{text}");
    let table = fs::read_to_string(&table).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with(
            "scene,pair,rotation_error_deg,position_error,position_percent,inliers,f1_percent,median_reprojection_px,ms,found,"
        ),
        "{table}"
    );
    assert!(lines.len() == 3 && lines[2].starts_with("queries,0001,"), "{table}");
    assert!(image::open(&picture).unwrap().width() > 1000);
}

#[test]
fn limits_in_centimetres_are_for_metres_and_relative_ones_for_more_than_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let without_unit = report(&scene(&folder, "", &[Query::new(0), Query::new(1)]), &["--backend", "cpu"]);
    for key in ["unit", "median_translation", "share_5cm_5deg", "share_5cm_5deg_ci95"] {
        assert!(without_unit[key].is_null(), "{key}");
    }
    assert!(without_unit["median_translation_percent"].as_f64() < Some(0.01));
    let other = r#""units":"SfM units""#;
    let other = report(&scene(&folder, other, &[Query::new(0), Query::new(1)]), &["--backend", "cpu"]);
    assert!(other["unit"] == "SfM units" && other["median_translation"].as_f64() < Some(1e-4));
    assert!(other["share_5cm_5deg"].is_null());
    let one = report(&scene(&folder, METRES, &[Query::new(0)]), &["--backend", "cpu"]);
    assert!(one["median_translation_percent"].is_null() && one["share_5cm_5deg"] == 1.0);
}

#[test]
fn queries_without_a_truth_or_a_camera_are_left_out_and_none_but_such_is_an_error() {
    let no_truth = || Query { truth: None, ..Query::new(1) };
    let no_camera = || Query { has_camera: false, ..Query::new(1) };
    for without in [no_truth, no_camera] as [fn() -> Query; 2] {
        let report = beside_good_ones(without());
        assert_eq!((&report["pairs"], &report["pairs_without_truth"]), (&2.into(), &1.into()));
        let folder = tempfile::tempdir().unwrap();
        let output = eval(&scene(&folder, METRES, &[without()]), &[]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            message.contains("true pose (R, t) and camera (K)") && message.contains("none of the 1 pairs"),
            "{message}"
        );
    }
}

#[test]
fn no_network_ranks_the_matches_of_a_pose() {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder, METRES, &[Query::new(0)]);
    let output = eval(&path, &["--sampler", "learned"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("no network is shipped that ranks matches for the pose model"), "{message}");
    assert_eq!(report(&path, &["--backend", "cpu"])["settings"]["sampler"], "auto");
}

#[test]
fn what_no_pose_follows_from_is_a_failure_with_its_reason() {
    let mut nan = Query::new(1);
    nan.points3d[7].y = f64::NAN;
    fails_with(&beside_good_ones(nan), "points in the world");
    fails_with(&beside_good_ones(Query::new(1).keep(2)), "at least 3");
    let mut same = Query::new(1);
    same.points3d.fill(DVec3::new(1.0, 2.0, 3.0));
    fails_with(&beside_good_ones(same), "one point");
    let mut same = Query::new(1);
    same.points2d.fill(DVec2::new(100.0, 200.0));
    fails_with(&beside_good_ones(same), "one point");
    let mut line = Query::new(1);
    line.points3d.iter_mut().enumerate().for_each(|(i, p)| *p = DVec3::new(1.0, 2.0, 3.0) + i as f64 * DVec3::X);
    fails_with(&beside_good_ones(line), "one line");
}

#[test]
fn three_points_and_points_behind_the_camera_have_an_outcome() {
    // three matches leave up to four poses: one of them, or none
    let report = beside_good_ones(Query::new(1).keep(3));
    assert!(report["failures"].as_array().unwrap().is_empty() && report["no_model"].as_u64() <= Some(1), "{report}");
    let mut behind = Query::new(1);
    let truth = behind.truth.unwrap();
    let mirror = |p: DVec3| truth.inverse().transform(-truth.transform(p));
    behind.points3d.iter_mut().for_each(|p| *p = mirror(*p));
    let report = beside_good_ones(behind);
    assert!(report["failures"].as_array().unwrap().is_empty(), "{report}");
    let share = report["share_2cm_2deg"].as_f64().unwrap();
    assert!((share - 2.0 / 3.0).abs() < 1e-9, "{share}");
    assert!(report["low_right_share"]["pairs"] == 1);
}
