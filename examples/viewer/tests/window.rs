//! The window as a user starts it, on whatever display and GPU are there; `test.sh` sees to a display.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use glam::{DMat3, DQuat, DVec2, DVec3};
use image::RgbImage;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const VIEWER: &str = env!("CARGO_BIN_EXE_nabla-ransac-viewer");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");
fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn viewer(arguments: &[&str]) -> Command {
    let mut command = Command::new(VIEWER);
    command.args(arguments);
    command
}

/// The picture of the window, and what it said when it closed.
fn shown(name: &str, arguments: &[&str]) -> (RgbImage, Value) {
    assert!(std::env::var_os("DISPLAY").is_some(), "expected a display: examples/viewer/test.sh starts one");
    let picture = file(name);
    let output = viewer(arguments).arg("--screenshot").arg(&picture).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let state = serde_json::from_slice(&output.stdout).unwrap();
    (image::open(picture).unwrap().to_rgb8(), state)
}

/// How many pixels have more of one channel than of another by so much as the photographs do not.
fn count(picture: &RgbImage, [more, less]: [usize; 2]) -> usize {
    picture.pixels().filter(|pixel| pixel.0[more].saturating_sub(pixel.0[less]) > 90).count()
}

/// Of inliers, sky blue.
fn blue(picture: &RgbImage) -> usize {
    count(picture, [2, 0])
}

/// Of outliers.
fn orange(picture: &RgbImage) -> usize {
    count(picture, [0, 2])
}

fn number(state: &Value, key: &str) -> u64 {
    state[key].as_u64().unwrap_or_else(|| panic!("{key} of {state}"))
}

#[test]
fn the_shipped_pair_is_filtered_and_triangulated() {
    let (picture, state) = shown("essential.png", &["--frames", "3"]);
    assert_eq!(picture.dimensions(), (1440, 860));
    assert_eq!((&state["model"], &state["sampler"]), (&"essential".into(), &"network".into()));
    assert_eq!([number(&state, "matches"), number(&state, "matches_used")], [1326, 1326]);
    assert!((370..390).contains(&number(&state, "inliers")), "{state}");
    assert!(number(&state, "points") * 10 > number(&state, "inliers") * 9, "{state}");
    assert!(blue(&picture) > 2000 && orange(&picture) > 1000, "{} {}", blue(&picture), orange(&picture));
}

#[test]
fn models_samplers_and_filters_can_be_chosen() {
    let arguments = ["--model", "fundamental", "--snn", "0.8", "--frames", "2"];
    let (all, state) = shown("fundamental.png", &arguments);
    assert_eq!(number(&state, "matches_used"), 404);
    assert!((320..350).contains(&number(&state, "inliers")), "{state}");
    let (inliers, _) = shown("inliers.png", &[&arguments[..], &["--only-inliers"]].concat());
    let counts = [&all, &inliers].map(|picture| (blue(picture), orange(picture)));
    assert!(counts[1].0 > 5000 && counts[0].1 > counts[1].1 + 500, "{counts:?}");
    for sampler in ["uniform", "ratio"] {
        let (_, state) = shown("homography.png", &["--model", "homography", "--sampler", sampler]);
        assert!(number(&state, "inliers") > 100 && state["points"].is_null(), "{state}");
    }
}

#[test]
fn each_frame_may_estimate_anew() {
    let (_, state) = shown("every_frame.png", &["--every-frame", "--hypotheses", "64", "--frames", "20"]);
    assert!(number(&state, "frames") >= 20 && state["frame_ms"].as_f64() > Some(0.0), "{state}");
    assert!(number(&state, "inliers") > 200, "{state}");
}

/// Matches of a plane seen by two cameras, to which two motions bring it.
fn matches_of_a_plane() -> PathBuf {
    let rotation = DMat3::from_quat(DQuat::from_scaled_axis(DVec3::new(-0.21, 0.035, -0.1)));
    let translation = DVec3::new(0.38, 0.46, -0.8);
    // evenly spread over -0.5 .. 0.5
    let spread = |k: u32, step: f64| (f64::from(k) * step).fract() - 0.5;
    let row = |k: u32| {
        let ray = DVec3::new(1.2 * spread(k, 0.618_034), 0.9 * spread(k, 0.754_878), 1.0);
        let point = 6.0 / (1.0 - 0.2 * ray.x + 0.1 * ray.y) * ray;
        let pixel = |p: DVec3| 500.0 * p.truncate() / p.z + 320.0;
        let noise = DVec2::new(spread(k, 0.414_214), spread(k, 0.732_051));
        let [p, right] = [pixel(point), pixel(rotation * point + translation) + noise];
        let q = if k.is_multiple_of(3) { 320.0 + 640.0 * noise } else { right };
        format!("{},{},{},{}\n", p.x, p.y, q.x, q.y)
    };
    let path = file("plane.csv");
    fs::write(&path, format!("x1,y1,x2,y2\n{}", (1..=300).map(row).collect::<String>())).unwrap();
    path
}

#[test]
fn the_second_motion_of_an_ambiguous_pair_is_shown() {
    let plane = matches_of_a_plane();
    let camera = ["--camera1", "500,500,320,320", "--camera2", "500,500,320,320"];
    let arguments = [&[plane.to_str().unwrap()], &camera[..]].concat();
    let (_, first) = shown("first.png", &arguments);
    let (picture, second) = shown("second.png", &[&arguments[..], &["--second"]].concat());
    assert_eq!([&first["ambiguous"], &first["shows_second"], &second["shows_second"]], [true, false, true]);
    for state in [&first, &second] {
        assert!((180..220).contains(&number(state, "inliers")) && number(state, "points") > 180, "{state}");
    }
    assert!(blue(&picture) > 1000 && orange(&picture) > 500, "{} {}", blue(&picture), orange(&picture));
}

/// What is said where no window comes to be.
fn refused(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    // drivers may have said something, too
    let ours = said.lines().next_back().unwrap_or_default();
    assert!(ours.starts_with("error: "), "{said}");
    ours.to_owned()
}

#[test]
fn bad_files_are_told_of() {
    let text = file("text.npz");
    fs::write(&text, "no archive").unwrap();
    let points = file("points.csv");
    fs::write(&points, "a,b\n1,2\n").unwrap();
    let few = file("few.csv");
    fs::write(&few, "x1,y1,x2,y2\n1,2,3,4\n2,3,4,5\n").unwrap();
    let [text, points, few] = [&text, &points, &few].map(|path| path.to_str().unwrap());
    let leuven = format!("{EXAMPLES}/leuven.npz");
    let [a, notes] = ["leuvenA.jpg", "README.md"].map(|name| format!("{EXAMPLES}/{name}"));
    let turned = file("turned.png");
    image::open(&a).unwrap().rotate90().save(&turned).unwrap();
    let turned = turned.to_str().unwrap();
    let cases: [(&[&str], &str); 10] = [
        (&["nowhere.npz"], "nowhere.npz: No such file"),
        (&[text], "expected an npz archive"),
        (&[points], "expected"),
        (&[few], "needs at least 5 different matches"),
        (&["--snn", "nan"], "option sample_ratio_below: expected a number above 0"),
        (&[&notes], ".safetensors, .npz or .csv"),
        (&[&leuven, "--images", &a, "nowhere.jpg"], "nowhere.jpg: expected a JPEG or PNG photograph"),
        (&[&leuven, "--images", &a, &notes], "README.md: expected a JPEG or PNG photograph"),
        (&[&leuven, "--images", &a, turned], "turned.png: expected the photograph of"),
        (&["--threshold", "0"], "option threshold_px: expected a number above 0"),
    ];
    for (arguments, expected) in cases {
        let said = refused(&mut viewer(arguments));
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let said = refused(&mut viewer(&["--model", "homography", "--sampler", "network"]));
    assert!(said.contains("--sampler network"), "{said}");
}

#[test]
fn without_a_gpu_or_a_display_there_is_no_window() {
    let said =
        refused(viewer(&["--frames", "1"]).env("VK_DRIVER_FILES", "/dev/null").env("VK_ICD_FILENAMES", "/dev/null"));
    assert!(said.contains("no GPU adapter found"), "{said}");
    let said = refused(viewer(&["--frames", "1"]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY"));
    assert!(said.contains("expected a window on a display"), "{said}");
}
