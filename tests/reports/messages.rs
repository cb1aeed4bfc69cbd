//! Files as people write them are read, and what is wrong, ignored or taken for granted is said in plain words.

use crate::files::{Tensor, npz, safetensors};
use crate::scenes::Scene;
use glam::DVec2;
use nabla_ransac::ModelKind;
use serde_json::Value;
use std::fmt::Write;
use std::process::{Command, Output};
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use zip::CompressionMethod;

const CAMERAS: [&str; 4] = ["--camera1", "900,918,640,480", "--camera2", "1200,1224,640,480"];

/// A folder with one file in it.
struct Written {
    folder: TempDir,
    name: &'static str,
}

impl Written {
    fn new(name: &'static str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        Self { folder, name }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    /// Of `estimate` on the file, on a machine without a session.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
        command.arg("estimate").arg(self.path()).args(arguments).env_remove("XDG_RUNTIME_DIR").output().unwrap()
    }

    /// The JSON of an estimate that succeeds, and the lines on standard error.
    fn estimate(&self, model: &str, arguments: &[&str]) -> (Value, Vec<String>) {
        let output = self.run(&[&["--model", model, "--json"], arguments].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        (serde_json::from_slice(&output.stdout).unwrap(), stderr.lines().map(str::to_owned).collect())
    }

    /// The one line of an estimate that fails.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && stderr.lines().count() == 1, "{stderr}");
        stderr
    }
}

fn scene(seed: u64) -> Scene {
    Scene::new(ModelKind::Essential, seed, 90, 0.8, 0.3)
}

fn flat(points: &[DVec2]) -> Vec<f32> {
    points.iter().flat_map(|p| p.as_vec2().to_array()).collect()
}

/// The fields of a pair, the points of this shape.
fn fields(prefix: &str, scene: &Scene, shape: &[usize]) -> Vec<Tensor> {
    let name = |field: &str| format!("{prefix}{field}");
    let [k1, k2] = scene.cameras.map(|camera| camera.matrix().transpose().to_cols_array());
    vec![
        Tensor::f32(&name("points1"), shape, &flat(&scene.image1)),
        Tensor::f32(&name("points2"), shape, &flat(&scene.image2)),
        Tensor::f64(&name("K1"), &[3, 3], &k1),
        Tensor::f64(&name("K2"), &[3, 3], &k2),
    ]
}

/// A line a match, with these between the numbers; the decimal point may be a comma.
fn lines(scene: &Scene, between: &str, point: &str) -> String {
    let mut text = String::new();
    for (p, q) in scene.image1.iter().zip(&scene.image2) {
        let numbers = [p.x, p.y, q.x, q.y].map(|x| format!("{x:.4}").replace('.', point));
        writeln!(text, "{}", numbers.join(between)).unwrap();
    }
    text
}

fn inliers(report: &Value) -> u64 {
    report["inlier_count"].as_u64().unwrap()
}

#[test]
fn names_of_pairs_may_have_slashes() {
    let pairs = ["north/1.jpg_south/22.jpg", "north/1.jpg_south/3.jpg"];
    let tensors = pairs.iter().zip(0..).flat_map(|(name, seed)| fields(&format!("{name}/"), &scene(seed), &[90, 2]));
    let file = Written::new("pairs.safetensors", safetensors(&tensors.collect::<Vec<_>>()));
    for name in pairs {
        let (report, stderr) = file.estimate("essential", &["--pair", name]);
        assert!(report["pair"] == name && inliers(&report) >= 70 && stderr.is_empty(), "{report} {stderr:?}");
    }
    let message = file.fails(&["--model", "essential", "--pair", "north"]);
    assert!(message.contains(pairs[0]) && message.contains(pairs[1]), "{message}");
}

#[test]
fn arrays_of_opencv_are_read() {
    for shape in [[90, 1, 2], [1, 90, 2]] {
        let archive = npz(&fields("", &scene(5), &shape), CompressionMethod::Stored);
        let (report, _) = Written::new("pair.npz", archive).estimate("essential", &[]);
        assert!(inliers(&report) >= 70);
    }
    let message = Written::new("pair.npz", npz(&fields("", &scene(5), &[45, 2, 2]), CompressionMethod::Stored))
        .fails(&["--model", "essential"]);
    assert!(message.contains("[45, 2, 2]"), "{message}");
}

#[test]
fn intrinsics_that_are_transposed_are_called_so_and_rounding_is_none() {
    let mut tensors = fields("", &scene(6), &[90, 2]);
    let k = [900.0, 0.0, 640.0, 0.0, 918.0, 480.0, 0.0, 0.0, 1.0];
    let transposed = [900.0, 0.0, 0.0, 0.0, 918.0, 0.0, 640.0, 480.0, 1.0];
    tensors[2] = Tensor::f64("K1", &[3, 3], &transposed);
    let file = Written::new("pair.npz", npz(&tensors, CompressionMethod::Stored));
    let message = file.fails(&["--model", "essential"]);
    assert!(message.contains("[[900.0, 0.0, 0.0], [0.0, 918.0, 0.0], [640.0, 480.0, 1.0]]"), "{message}");
    assert!(message.contains("K1") && message.contains("transposed"), "{message}");
    let mut rounded = k;
    (rounded[3], rounded[6], rounded[7]) = (-1e-17, 3e-14, 1e-17);
    tensors[2] = Tensor::f64("K1", &[3, 3], &rounded);
    let (report, _) = Written::new("pair.npz", npz(&tensors, CompressionMethod::Stored)).estimate("essential", &[]);
    assert!(inliers(&report) >= 70);
}

#[test]
fn what_is_refused_is_not_blamed_on_the_intrinsics() {
    let few = lines(&scene(7), ",", ".").lines().take(4).collect::<Vec<_>>().join("\n");
    let nan = "nan,2,3,4\n".to_owned() + &lines(&scene(7), ",", ".");
    for (text, said) in [(few, "at least 5 different matches"), (nan, "must be finite")] {
        let message = Written::new("matches.csv", text).fails(&[&["--model", "essential"][..], &CAMERAS].concat());
        assert!(message.contains(said) && !message.contains("intrinsics"), "{message}");
    }
    let message = Written::new("matches.csv", lines(&scene(7), ",", ".")).fails(&["--model", "essential"]);
    assert!(message.contains("--camera1"), "{message}");
}

#[test]
fn numbers_may_be_parted_by_blanks_tabs_and_semicolons() {
    let scene = scene(8);
    let (expected, _) = Written::new("matches.csv", lines(&scene, ",", ".")).estimate("fundamental", &[]);
    for (between, point) in [(" ", "."), ("   ", "."), ("\t", "."), (" \t ", "."), (";", "."), ("; ", ","), (", ", ".")]
    {
        for name in ["matches.csv", "matches.txt"] {
            for head in ["", "# two views\n\n"] {
                let text = head.to_owned() + &lines(&scene, between, point);
                let (report, stderr) = Written::new(name, text).estimate("fundamental", &[]);
                assert_eq!(report["fundamental"], expected["fundamental"], "parted by {between:?}");
                assert!(stderr.is_empty(), "{stderr:?}");
            }
            let named = ["x2", "y2", "x1", "y1"].join(between) + "\n" + &lines(&scene, between, point);
            let (report, _) = Written::new(name, named).estimate("fundamental", &[]);
            assert!(inliers(&report) >= 70, "parted by {between:?}");
        }
    }
}

#[test]
fn an_index_before_the_coordinates_is_noticed() {
    let scene = scene(9);
    for start in [0, 1] {
        let text: String =
            lines(&scene, ",", ".").lines().zip(start..).map(|(line, index)| format!("{index},{line}\n")).collect();
        let (report, stderr) = Written::new("frame.csv", text).estimate("essential", &CAMERAS);
        assert!(inliers(&report) >= 70);
        assert!(stderr.len() == 1 && stderr[0].starts_with("warning: the first column counts the lines"), "{stderr:?}");
        assert_eq!(report["warnings"][0].as_str(), stderr[0].strip_prefix("warning: "));
    }
    // a weight behind the coordinates is one
    let text: String = lines(&scene, ",", ".").lines().map(|line| format!("{line},1.0\n")).collect();
    let (report, stderr) = Written::new("weights.csv", text).estimate("essential", &CAMERAS);
    assert!(inliers(&report) >= 70 && stderr.is_empty(), "{stderr:?}");
}

#[test]
fn a_threshold_as_large_as_the_points_are_spread_is_noticed() {
    let mut normalised = scene(10);
    let [camera1, camera2] = normalised.cameras;
    normalised.image1.iter_mut().for_each(|p| *p = camera1.normalize(*p));
    normalised.image2.iter_mut().for_each(|p| *p = camera2.normalize(*p));
    let file = Written::new("normalised.csv", lines(&normalised, ",", "."));
    let (report, stderr) = file.estimate("essential", &["--camera", "1,1,0,0"]);
    assert!(
        stderr.len() == 1 && stderr[0].contains("threshold of 1 ") && stderr[0].contains("focal length"),
        "{stderr:?}"
    );
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1);
    let (report, stderr) = file.estimate("essential", &["--camera", "1,1,0,0", "--threshold-px", "0.001"]);
    assert!(stderr.is_empty() && report["warnings"] == serde_json::json!([]), "{stderr:?}");
    let rigid = Scene::new(ModelKind::Rigid, 3, 60, 0.9, 0.001);
    let rows = rigid.world1.iter().zip(&rigid.world2);
    let text: String = rows.map(|(p, q)| format!("{} {} {} {} {} {}\n", p.x, p.y, p.z, q.x, q.y, q.z)).collect();
    let file = Written::new("points.txt", text);
    assert_eq!(file.estimate("rigid", &["--threshold-px", "2"]).1.len(), 1);
    assert!(file.estimate("rigid", &["--threshold-px", "0.02"]).1.is_empty());
}

#[test]
fn options_without_the_ratios_that_they_go_by_are_told_of() {
    let file = Written::new("matches.csv", lines(&scene(11), ",", "."));
    for option in ["--snn", "--sample-ratio-below"] {
        let (report, stderr) = file.estimate("essential", &[&CAMERAS[..], &[option, "0.7"]].concat());
        assert!(stderr.len() == 1 && stderr[0].contains(option) && stderr[0].contains("ratios"), "{stderr:?}");
        assert_eq!(report["matches_used"], 90);
    }
    let text: String = lines(&scene(11), ",", ".").lines().map(|line| format!("{line},0.5\n")).collect();
    let file = Written::new("ratios.csv", "x1,y1,x2,y2,ratio\n".to_owned() + &text);
    assert!(file.estimate("essential", &[&CAMERAS[..], &["--snn", "0.7"]].concat()).1.is_empty());
}

#[test]
fn a_run_that_succeeds_says_nothing_on_standard_error() {
    let file = Written::new("matches.csv", lines(&scene(12), ",", "."));
    for backend in ["auto", "cpu", "gpu"] {
        let output = file.run(&["--model", "fundamental", "--backend", backend]);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
