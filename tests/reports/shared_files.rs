//! The files of the reports themselves, where they are there.

use crate::files::benchmark;
use serde_json::Value;
use std::process::Command;

const CAMERA: &str = "--model essential --camera 554.256258422,554.256258422,320,240";
const POSE: &str = "--model pose --camera 800,820,320,240";

/// The JSON of an estimate of a file of the reports, and what it wrote to standard error.
fn estimate(name: &str, arguments: &str) -> Option<(Value, String)> {
    let path = benchmark(&format!("reports/{name}"))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    command.arg("estimate").arg(path).args(arguments.split_whitespace()).arg("--json").env_remove("XDG_RUNTIME_DIR");
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Some((report, String::from_utf8(output.stderr).unwrap()))
}

#[track_caller]
fn has_inliers(name: &str, arguments: &str, least: u64) {
    let Some((report, stderr)) = estimate(name, arguments) else { return };
    assert!(report["inlier_count"].as_u64() >= Some(least), "{name}: {} inliers; {stderr}", report["inlier_count"]);
}

#[test]
fn copies_and_many_rows_a_point() {
    has_inliers("copies_homography_0.7.csv", "--model homography", 175);
    has_inliers("copies_essential_ratio_0.5.csv", &format!("{CAMERA} --sampler ratio"), 290);
    has_inliers("copies_pose_0.7.csv", POSE, 170);
    has_inliers("kusvod_zoom.csv", "--model fundamental --sampler uniform", 42);
    has_inliers("homogr_BruggeTower.csv", "--model homography --threshold-px 3", 48);
    let cameras =
        "--camera1 965.8191,967.4571,532.2422,352.3855,-0.0011 --camera2 965.8185,967.4561,532.2402,352.3838,-0.0003";
    has_inliers("fountain_joined_0.97.csv", &format!("--model essential --sampler uniform {cameras}"), 950);
    has_inliers("rigid_example.csv", "--model rigid --threshold-px 0.05", 1370);
    let camera = "1075.65087891,1073.90344238,370.068878174,278.721588135";
    has_inliers("tless.csv", &format!("--model pose --threshold-px 4 --camera {camera}"), 270);
}

#[test]
fn far_points() {
    for backend in ["cpu", "gpu"] {
        for far in ["1e+06", "1e+07"] {
            has_inliers(&format!("far_world_one_wrong_{far}_0.csv"), &format!("{POSE} --backend {backend}"), 97);
        }
        has_inliers(
            "far_outlier_1e+09.csv",
            &format!("--model fundamental --sampler uniform --backend {backend}"),
            138,
        );
        has_inliers("far_outlier_1e+12.csv", &format!("--model fundamental --backend {backend}"), 138);
        has_inliers("far_outlier_h_1e+09.csv", &format!("--model homography --backend {backend}"), 98);
        if let Some((report, _)) = estimate("utm_pose.npz", &format!("--model pose --backend {backend}")) {
            assert!(report["position_error"].as_f64().unwrap() < 0.01, "{backend}: {}", report["position_error"]);
        }
    }
}

#[test]
fn what_is_left_open() {
    let says = |name: &str, arguments: &str, flag: &str| {
        let Some((report, _)) = estimate(name, arguments) else { return };
        assert_eq!(report["diagnosis"][flag], true, "{name}");
        let (second, score) = (&report["diagnosis"]["second_motion"]["score"], report["score"].as_f64());
        assert!(second.is_null() || second.as_f64() <= score && flag != "rotation_only", "{name}: {second}");
    };
    says("flag_rotation_0.5.csv", "--model essential --camera 600,600,320,240", "rotation_only");
    says("static_identical.csv", "--model essential --camera 554.25,554.25,320,240", "rotation_only");
    says("flag_plane_0.5.csv", CAMERA, "planar");
    says("collinear_1e-06.csv", "--model rigid --threshold-px 0.02", "rotation_undetermined");
    says("pose_collinear_1e-4.csv", POSE, "rotation_undetermined");
    if let Some((report, _)) = estimate("collinear_outliers.csv", "--model rigid --threshold-px 0.02") {
        assert_eq!(report["found"], false);
    }
}

#[test]
fn files_and_messages() {
    has_inliers("names.safetensors", "--model essential --pair db/1.jpg_query/2.jpg", 138);
    has_inliers("npz_opencv_n_1_2.npz", "--model essential", 138);
    has_inliers("csv_space.csv", "--model fundamental", 138);
    has_inliers("csv_pandas_index_no_header.csv", CAMERA, 138);
    for (name, arguments, said) in [
        ("npz_K_transposed.npz", "--model essential", "[320.0, 240.0, 1.0]]: it is transposed"),
        ("few_3.csv", CAMERA, "at least 5 different matches"),
        ("npz_nan.npz", "--model essential", "must be finite"),
        ("csv_pandas_index_no_header.csv", CAMERA, "warning: the first column counts the lines"),
        ("cams_norm_0.csv", "--model essential --camera 1,1,0,0", "warning: the threshold of 1 is as large"),
        ("det.csv", &format!("{CAMERA} --snn 0.5"), "warning: --snn goes by SNN ratios"),
    ] {
        let Some((_, stderr)) = estimate(name, arguments) else { return };
        assert!(
            stderr.contains(said) && stderr.lines().count() == 1 && !stderr.contains("intrinsics"),
            "{name}: {stderr}"
        );
    }
    if let Some((_, stderr)) = estimate("det.csv", "--model fundamental") {
        assert!(stderr.is_empty(), "{stderr}");
    }
}
