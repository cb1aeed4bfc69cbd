//! What the command line promises: its JSON, its pictures, its messages and its exit statuses.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod files;

use files::{Tensor, example, safetensors};
use glam::{DMat3, DVec2, DVec3, EulerRot};
use nabla_ransac::{Camera, Pose};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const CAMERA: &str = "800,800,320,240";

fn nabla(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
}

#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = nabla(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&succeeds(arguments)).unwrap()
}

/// Fails with this status and, where it is 1, one line on standard error that says all this.
#[track_caller]
fn fails(arguments: &[&str], status: i32, parts: &[&str]) {
    let output = nabla(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed a result");
    assert!(parts.iter().all(|part| stderr.contains(part)), "{stderr:?} does not say {parts:?}");
    assert!(status != 1 || stderr.lines().count() == 1, "{stderr:?} has more than one line");
}

/// A camera motion seen by 60 exact matches, followed by 20 wrong ones.
struct TwoViews {
    truth: Pose,
    points1: Vec<DVec2>,
    points2: Vec<DVec2>,
}

fn two_views() -> TwoViews {
    let rotation = DMat3::from_euler(EulerRot::XYZ, 0.05, -0.2, 0.1);
    let truth = Pose { rotation, translation: DVec3::new(0.8, 0.1, -0.2).normalize() };
    let camera = Camera { focal_px: DVec2::splat(800.0), principal_point_px: DVec2::new(320.0, 240.0), skew_px: 0.0 };
    let image = |point: DVec3| camera.project(point.truncate() / point.z);
    // Numbers in -1..1 without a pattern: the fractions of multiples of irrational numbers.
    let spread = |index: usize, ratio: f64| (index as f64 * ratio).fract() * 2.0 - 1.0;
    let world = |index: usize| {
        let (x, y, z) = (spread(index, 0.618_034), spread(index, 0.754_878), spread(index, 0.569_840));
        DVec3::new(1.2 * x, y, 5.0 + 1.5 * z)
    };
    let wrong = |index: usize, ratio: f64| {
        DVec2::new(320.0, 240.0) + 200.0 * DVec2::new(spread(index, ratio), spread(index, ratio + 0.3))
    };
    let right = (0..60).map(|index| (image(world(index)), image(truth.transform(world(index)))));
    let (points1, points2) = right.chain((60..80).map(|index| (wrong(index, 0.41), wrong(index, 0.83)))).unzip();
    TwoViews { truth, points1, points2 }
}

fn csv(folder: &TempDir) -> PathBuf {
    let TwoViews { points1, points2, .. } = two_views();
    let mut text = "x1,y1,x2,y2\n".to_owned();
    for (point1, point2) in points1.iter().zip(&points2) {
        writeln!(text, "{},{},{},{}", point1.x, point1.y, point2.x, point2.y).unwrap();
    }
    let path = folder.path().join("matches.csv");
    fs::write(&path, text).unwrap();
    path
}

/// Four pairs of the same views; the second has no proper rotation, the last no true motion.
fn scene(folder: &TempDir) -> PathBuf {
    let TwoViews { truth, points1, points2 } = two_views();
    let flat = |points: &[DVec2]| points.iter().flat_map(|point| [point.x as f32, point.y as f32]).collect::<Vec<_>>();
    let k = [800.0, 0.0, 320.0, 0.0, 800.0, 240.0, 0.0, 0.0, 1.0];
    let ratios: Vec<f32> = (0..points1.len()).map(|index| 0.3 + 0.008 * index as f32).collect();
    let pair = |index: usize| {
        let rotation = if index == 1 { [1.0; 9] } else { truth.rotation.transpose().to_cols_array() };
        let name = |field: &str| format!("{index:04}/{field}");
        let count = points1.len();
        [
            Tensor::f32(&name("points1"), &[count, 2], &flat(&points1)),
            Tensor::f32(&name("points2"), &[count, 2], &flat(&points2)),
            Tensor::f32(&name("ratio"), &[count], &ratios),
            Tensor::f64(&name("K1"), &[3, 3], &k),
            Tensor::f64(&name("K2"), &[3, 3], &k),
            Tensor::f64(&name("R"), &[3, 3], &rotation),
            Tensor::f64(&name("t"), &[3], &truth.translation.to_array()),
        ]
    };
    let path = folder.path().join("scene.safetensors");
    let tensors = (0..4).flat_map(pair).filter(|tensor| tensor.name != "0003/R");
    fs::write(&path, safetensors(&tensors.collect::<Vec<_>>())).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn estimate_finds_the_motion_and_the_inliers() {
    let folder = tempfile::tempdir().unwrap();
    let path = csv(&folder);
    let report = json(&["estimate", text(&path), "--model", "essential", "--camera", CAMERA, "--json"]);
    let inliers: Vec<bool> = serde_json::from_value(report["inliers"].clone()).unwrap();
    assert!(inliers[..60].iter().all(|&inlier| inlier));
    assert!(inliers[60..].iter().filter(|&&inlier| inlier).count() < 5);
    let truth = two_views().truth;
    let translation: [f64; 3] = serde_json::from_value(report["camera2_from_camera1"]["translation"].clone()).unwrap();
    assert!((DVec3::from(translation) - truth.translation).length() < 1e-3, "{translation:?}");
    let rotation: [[f64; 3]; 3] = serde_json::from_value(report["camera2_from_camera1"]["rotation"].clone()).unwrap();
    let rotation = DMat3::from_cols_array_2d(&rotation).transpose();
    assert!((rotation - truth.rotation).to_cols_array().iter().all(|entry| entry.abs() < 1e-3), "{rotation}");
    assert_eq!(
        (&report["found"], &report["model"], &report["matches"]),
        (&true.into(), &"essential".into(), &80.into())
    );
}

#[test]
fn the_readme_example_estimates_and_draws() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("matches.png");
    let paths = ["leuven.npz", "leuvenA.jpg", "leuvenB.jpg"].map(example);
    let [matches, image1, image2] = paths.each_ref().map(|path| text(path));
    let arguments =
        ["estimate", matches, "--model", "fundamental", "--images", image1, image2, "--draw", text(&picture)];
    let report = json(&[&arguments[..], &["--json"]].concat());
    let count = report["inlier_count"].as_u64().unwrap();
    assert!((350..450).contains(&count), "{count} inliers");
    let picture = image::open(&picture).unwrap().to_rgb8();
    assert!(picture.width() > 1500 && picture.height() > 500);
    let blue = picture.pixels().filter(|pixel| pixel.0 == [86, 180, 233]).count();
    let orange = picture.pixels().filter(|pixel| pixel.0 == [230, 159, 0]).count();
    assert!(blue > 1000 && orange > 1000, "{blue} blue and {orange} orange pixels");
}

#[test]
#[cfg(not(feature = "rerun"))]
fn a_program_without_rerun_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (csv(&folder), folder.path().join("out.rrd"));
    let arguments = ["estimate", text(&path), "--model", "fundamental", "--rerun", text(&file)];
    fails(&arguments, 1, &["without rerun", "--features rerun"]);
    assert!(!file.exists());
}

#[test]
fn matches_are_drawn_without_images_too() {
    let folder = tempfile::tempdir().unwrap();
    let (path, picture) = (csv(&folder), folder.path().join("matches.png"));
    succeeds(&["estimate", text(&path), "--model", "essential", "--camera", CAMERA, "--draw", text(&picture)]);
    assert!(image::open(&picture).unwrap().width() > 600);
}

#[test]
fn the_same_seed_gives_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = csv(&folder);
    let run = |seed: &str| {
        let options = ["--camera", CAMERA, "--iterations", "20", "--seed", seed, "--json"];
        let mut report = json(&[&["estimate", text(&path), "--model", "essential"], &options[..]].concat());
        report.as_object_mut().unwrap().remove("ms");
        report
    };
    assert_eq!(run("7"), run("7"));
}

#[test]
fn options_come_from_a_file_and_the_command_line_goes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, options) = (csv(&folder), folder.path().join("options.toml"));
    fs::write(&options, "threshold_px = 2.5\nscore = \"magsac++\"\nmin_iterations = 50\nmax_iterations = 60\n")
        .unwrap();
    let common =
        ["estimate", text(&path), "--model", "essential", "--camera", CAMERA, "--json", "--options", text(&options)];
    let report = json(&[&common[..], &["--threshold-px", "3.5"]].concat());
    let settings = &report["settings"];
    assert_eq!(
        (&settings["threshold_px"], &settings["score"], &settings["max_iterations"]),
        (&3.5.into(), &"magsac++".into(), &60.into())
    );
    assert_eq!(json(&[&common[..], &["--weigh-score=false"]].concat())["settings"]["weigh_score"], false);
    assert_eq!(json(&[&common[..], &["--weigh-score"]].concat())["settings"]["weigh_score"], true);
    fs::write(&options, "treshold = 2.5\n").unwrap();
    fails(&common, 1, &["options.toml", "treshold"]);
}

#[test]
fn one_bound_of_the_iterations_moves_the_other_out_of_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = csv(&folder);
    let run = |option: &str, value: &str| {
        let arguments = ["estimate", text(&path), "--model", "essential", "--camera", CAMERA, "--json", option, value];
        let settings = json(&arguments)["settings"].clone();
        [settings["min_iterations"].as_u64().unwrap(), settings["max_iterations"].as_u64().unwrap()]
    };
    assert_eq!(run("--iterations", "37"), [37, 37]);
    assert_eq!(run("--max-iterations", "10"), [10, 10]);
    let [least, most] = run("--min-iterations", "2000");
    assert!(least == 2000 && most >= 2000);
}

#[test]
fn eval_reports_the_accuracy_and_goes_on_after_a_bad_pair() {
    let folder = tempfile::tempdir().unwrap();
    let (path, table) = (scene(&folder), folder.path().join("pairs.csv"));
    let picture = folder.path().join("curves.png");
    for model in ["essential", "fundamental"] {
        let outputs = ["--per-pair", text(&table), "--plot", text(&picture)];
        let report =
            json(&[&["eval", text(&path), "--model", model, "--backend", "cpu", "--json"], &outputs[..]].concat());
        assert_eq!((&report["pairs"], &report["pairs_without_truth"]), (&3.into(), &1.into()));
        assert_eq!(report["failures"][0]["pair"], "0001");
        assert_eq!(report["failures"].as_array().unwrap().len(), 1);
        assert!(report["failures"][0]["message"].as_str().unwrap().contains("rotation"));
        for auc in ["auc_exact", "auc_bins"] {
            for limit in ["5", "10", "20"] {
                let area = report[auc][limit].as_f64().unwrap();
                assert!((area - 2.0 / 3.0).abs() < 0.02, "{model} {auc} {limit}: {area}");
            }
        }
        assert_eq!((&report["truth_outscored_share"], &report["lost_share"]["score"]), (&0.0.into(), &0.0.into()));
        let f1 = report["f1_percent"].as_f64();
        if model == "essential" {
            assert!(f1.is_none() && report["median_epipolar_px"].is_null());
        } else {
            assert!(
                f1.is_some_and(|f1| (60.0..67.0).contains(&f1))
                    && report["median_epipolar_px"].as_f64().unwrap() < 0.05
            );
        }
        // with two comparable pairs of three, a resample has none to three of them right
        let interval = &report["auc_exact_ci95"]["20"];
        assert!(interval[0].as_f64().unwrap() < 0.4 && interval[1].as_f64().unwrap() > 0.95, "{interval}");
        assert_eq!(
            (&report["low_right_share"]["pairs"], &report["low_right_share"]["below"]),
            (&0.into(), &0.35.into())
        );
        assert!(report["ms_median"].as_f64().unwrap() > 0.0 && report["ms_mean"].as_f64().unwrap() > 0.0);
        assert_eq!((&report["backend"], &report["device"]), (&"cpu".into(), &"CPU".into()));
        let lines = fs::read_to_string(&table).unwrap();
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(
            lines[0],
            "scene,pair,pose_error_deg,f1_percent,median_epipolar_px,ms,found,right_share,ranking_auroc,ranking_ap,\
             truth_score_gap,truth_error_deg,iterations,confidence,budget_spent,second_score_share,second_error_deg"
        );
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("scene,0000,") && lines[1].contains(",true,0.7"));
        assert!(lines[2].starts_with("scene,0001,,") && lines[2].ends_with(",false,,,,,,0,0,false,,"));
        assert!(image::open(&picture).unwrap().width() > 1000);
    }
}

#[test]
fn eval_runs_in_batches_on_the_gpu() {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder);
    let report =
        json(&["eval", text(&path), "--model", "essential", "--backend", "gpu", "--iterations", "64", "--json"]);
    assert_eq!(report["backend"], "gpu");
    assert_eq!((&report["pairs"], &report["failures"][0]["pair"]), (&3.into(), &"0001".into()));
    let area = report["auc_exact"]["5"].as_f64().unwrap();
    assert!((area - 2.0 / 3.0).abs() < 0.02, "{area}");
}

#[test]
fn eval_does_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder);
    let run = |threads: &str| {
        json(&["eval", text(&path), "--model", "essential", "--snn", "0.8", "--json", "--threads", threads])
    };
    let (one, three) = (run("1"), run("3"));
    assert_eq!(one["auc_exact"], three["auc_exact"]);
    assert_eq!(one["median_error_deg"], three["median_error_deg"]);
    assert_eq!(one["settings"]["snn"], 0.8);
}

#[test]
fn no_model_found_is_an_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    // No camera can see these three points in these directions.
    fs::write(
        &path,
        "152.297,348.307,-0.260,0.208,0.251\n41.938,8.428,0.675,-0.481,-0.531\n637.213,300.969,0.673,-0.047,0.278\n",
    )
    .unwrap();
    let common = ["estimate", text(&path), "--model", "pose", "--camera", "500,500,320,240"];
    assert!(succeeds(&common).contains("no model found"));
    let report = json(&[&common[..], &["--json"]].concat());
    assert_eq!((&report["found"], &report["inliers"]), (&false.into(), &Value::Null));
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, scene) = (csv(&folder), scene(&folder));
    let (path, scene) = (text(&path), text(&scene));
    fails(&["estimate", path, "--model", "essential"], 1, &["intrinsics", "--camera1"]);
    fails(&["estimate", scene, "--model", "essential", "--pair", "0042"], 1, &["0042", "0000"]);
    fails(&["estimate", scene, "--model", "rigid"], 1, &["rigid", "3-D"]);
    fails(&["estimate", "none.npz", "--model", "rigid"], 1, &["none.npz"]);
    fails(&["estimate", path, "--model", "fundamental", "--threshold-px", "-1"], 1, &["threshold_px", "above 0", "-1"]);
    for threshold in ["nan", "inf", "0", "1e-320", "1e300"] {
        fails(
            &["estimate", path, "--model", "fundamental", "--threshold-px", threshold],
            1,
            &["threshold_px", "above 0"],
        );
    }
    for confidence in ["1", "-0.1", "nan"] {
        fails(&["estimate", path, "--model", "fundamental", "--confidence", confidence], 1, &["confidence", "0..1"]);
    }
    fails(&["estimate", path, "--model", "fundamental", "--iterations", "0"], 1, &["max_iterations", "at least 1"]);
    fails(&["estimate", path, "--model", "fundamental", "--sampler", "weights"], 1, &["weights"]);
    fails(
        &["estimate", path, "--model", "fundamental", "--draw", "x.png", "--images", "none.jpg", "none.jpg"],
        1,
        &["none.jpg"],
    );
    fails(&["eval", scene, "none.safetensors", "--model", "essential"], 1, &["none.safetensors"]);
    fails(&["eval", scene, path, "--model", "fundamental"], 1, &[path, "true motion", "none of the 1 pairs"]);
}

#[test]
fn wrong_usage_exits_with_2() {
    fails(&[], 2, &["Usage"]);
    fails(&["estimate", "x.npz"], 2, &["--model"]);
    fails(&["estimate", "x.npz", "--model", "affine"], 2, &["affine", "essential"]);
    fails(&["eval", "x.safetensors", "--model", "rigid"], 2, &["expected essential, fundamental or pose"]);
    fails(
        &["estimate", "x.npz", "--model", "rigid", "--iterations", "5", "--max-iterations", "9"],
        2,
        &["cannot be used with"],
    );
    fails(&["estimate", "x.npz", "--model", "pose", "--camera", "1,2,3"], 2, &["fx,fy,cx,cy"]);
    fails(&["estimate", "x.npz", "--model", "pose", "--camera", "1,2,nan,4"], 2, &["finite"]);
    fails(&["estimate", "x.npz", "--model", "rigid", "--snn", "nan"], 2, &["--snn", "a number"]);
    for option in ["--seed", "--iterations", "--min-iterations", "--max-iterations", "--threads"] {
        fails(&["estimate", "x.npz", "--model", "rigid", option, "-1"], 2, &[option, "'-1'"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_text_is_read_and_told_about() {
    use std::os::unix::ffi::OsStringExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsString::from_vec(b"m\xff.safetensors".to_vec()));
    fs::copy(scene(&folder), &path).unwrap();
    for command in ["estimate", "eval"] {
        let run = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"))
            .args([command, "--model", "fundamental", "--backend", "cpu", "--json"])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        let name = if command == "eval" { &report["settings"]["scenes"][0] } else { &report["file"] };
        assert!(name.as_str().unwrap().ends_with("m\u{fffd}.safetensors"), "{name}");
    }
}

/// Both streams may be on a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_without_a_panic() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let run = |arguments: &[&str]| {
        let command = &mut Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
        command.args(arguments).stdout(full()).stderr(full()).status().unwrap().code()
    };
    assert_eq!(run(&["estimate", "none.csv", "--model", "rigid"]), Some(1));
    assert_eq!(run(&["completions", "bash"]), Some(1));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    let mut run = command.args(["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(run.stdout.take());
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn devices_lists_adapters_and_what_auto_takes() {
    let report = json(&["devices", "--json"]);
    assert!(report["adapters"].is_array() && report["auto"].is_string());
    assert!(succeeds(&["devices"]).contains("--backend auto takes: "));
}

#[test]
fn completions_are_printed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(succeeds(&["completions", shell]).contains("nabla-ransac"));
    }
}

#[test]
fn bench_reports_rates() {
    let report =
        json(&["bench", "--seconds", "0.01", "--pairs", "2", "--matches", "200", "--backend", "cpu", "--json"]);
    let rates = report["rates"].as_array().unwrap();
    let of = |unit: &str| {
        rates.iter().filter(|rate| rate["unit"] == unit && rate["per_second"].as_f64() > Some(0.0)).count()
    };
    assert_eq!((of("solves/s"), of("model-match evaluations/s"), of("pairs/s")), (6, 1, 2));
    fails(&["bench", "--seconds", "-1"], 1, &["--seconds", "negative"]);
    fails(&["bench", "--matches", "0"], 2, &["8.."]);
}
