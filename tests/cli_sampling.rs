//! The samplers of the command line: the learned one, the ranking figures, and the pairs of `synthesize`.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/ranked.rs"]
mod ranked;

use nabla_ransac::ModelKind;
use nabla_ransac::data::{CameraSet, Scene};
use nabla_ransac::network::{NetworkConfig, Storage};
use ranked::random_weights;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn nabla(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
}

#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = nabla(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fails(arguments: &[&str], status: i32, part: &str) {
    let output = nabla(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert!(stderr.contains(part), "{stderr:?} does not say {part:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn synthesized(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("pairs.safetensors");
    succeeds(&["synthesize", text(&path), "--pairs", "6", "--seed", "3", "--matches", "100", "400"]);
    path
}

fn network(folder: &TempDir, model: ModelKind) -> PathBuf {
    let path = folder.path().join(format!("{}.safetensors", model.name()));
    let config = NetworkConfig { model, channels: 16, blocks: 1, ..NetworkConfig::default() };
    fs::write(&path, random_weights(config, 1).to_bytes(Storage::F32).unwrap()).unwrap();
    path
}

fn eval(path: &Path, sampler: &[&str]) -> Value {
    let fixed = ["eval", text(path), "--model", "essential", "--iterations", "50", "--backend", "cpu", "--json"];
    serde_json::from_str(&succeeds(&[&fixed[..], sampler].concat())).unwrap()
}

#[test]
fn synthesized_pairs_repeat_with_the_seed_and_can_be_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let path = synthesized(&folder);
    let open = || Scene::open(&path, ModelKind::Essential, CameraSet::default()).unwrap();
    let scene = open();
    synthesized(&folder);
    assert!((0..6).all(|pair| scene.pair(pair).unwrap() == open().pair(pair).unwrap()));
    assert_eq!((scene.len(), scene.id(5)), (6, "000005"));
    let report = eval(&path, &["--sampler", "ratio"]);
    assert_eq!(report["pairs"], 6);
    fails(&["synthesize", "pairs.npz", "--pairs", "1"], 1, ".safetensors");
    fails(&["synthesize", text(&path), "--pairs", "0"], 2, "0");
    fails(&["synthesize", text(&path), "--pairs", "1", "--right-share", "0.9", "0.1"], 1, "right_share");
    fails(&["synthesize", text(&folder.path().join("no/a.safetensors")), "--pairs", "1"], 1, "no/a.safetensors");
}

#[test]
fn ranking_figures_are_of_what_the_sampler_goes_by() {
    let folder = tempfile::tempdir().unwrap();
    let path = synthesized(&folder);
    let ratio = eval(&path, &["--sampler", "ratio"]);
    let area = ratio["ranking_auroc"].as_f64().unwrap();
    assert!((0.6..1.0).contains(&area), "{area}");
    assert!((0.3..=1.0).contains(&ratio["ranking_ap"].as_f64().unwrap()));
    let auto = eval(&path, &["--sampler", "auto"]);
    assert_eq!((&auto["ranking_auroc"], &auto["settings"]["sampler"]), (&ratio["ranking_auroc"], &"auto".into()));
    let uniform = eval(&path, &["--sampler", "uniform"]);
    assert!(uniform.get("ranking_auroc").is_none() && uniform.get("ranking_ap").is_none());
    let weights = network(&folder, ModelKind::Essential);
    let learned = eval(&path, &["--sampler", "learned", "--weights", text(&weights)]);
    assert_eq!(learned["settings"]["sampler"], "learned");
    assert_ne!(learned["ranking_auroc"], ratio["ranking_auroc"]);
    assert_eq!(learned["ranking_auroc"], eval(&path, &["--weights", text(&weights)])["ranking_auroc"]);
    let [low, high] = [0, 1].map(|end| learned["auc_exact_ci95"]["10"][end].as_f64().unwrap());
    assert!(low <= learned["auc_exact"]["10"].as_f64().unwrap() && low <= high);
}

#[test]
fn estimate_samples_by_a_network_or_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = synthesized(&folder);
    let weights = network(&folder, ModelKind::Fundamental);
    let estimate = |sampler: &[&str]| -> Value {
        let fixed = ["estimate", text(&path), "--model", "fundamental", "--json"];
        serde_json::from_str(&succeeds(&[&fixed[..], sampler].concat())).unwrap()
    };
    let learned = estimate(&["--weights", text(&weights)]);
    assert_eq!(learned["sampler"], "learned");
    let weighed =
        |report: &Value| ["weigh_score", "weigh_refinement", "coherent"].map(|what| report["settings"][what].as_bool());
    assert_eq!(weighed(&learned), [Some(true); 3]);
    let asked = ["--weights", text(&weights), "--weigh-score=false", "--coherent=false"];
    assert_eq!(weighed(&estimate(&asked)), [Some(false), Some(true), Some(false)]);
    assert_eq!(estimate(&["--sampler", "ratio"])["sampler"], "ratio");
    assert_eq!(estimate(&["--sampler", "uniform"])["sampler"], "uniform");
    // the shipped weights where there are any
    assert!(["learned", "auto"].contains(&estimate(&[])["sampler"].as_str().unwrap()));
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = synthesized(&folder);
    let weights = network(&folder, ModelKind::Fundamental);
    let with = |weights: &str, sampler: &str, part: &str| {
        let arguments = ["eval", text(&path), "--model", "essential", "--sampler", sampler, "--weights", weights];
        fails(&arguments, 1, part);
    };
    let clnet = folder.path().join("clnet.safetensors");
    let config = NetworkConfig { channels: 16, blocks: 1, ..NetworkConfig::clnet(ModelKind::Fundamental) };
    fs::write(&clnet, random_weights(config, 1).to_bytes(Storage::F32).unwrap()).unwrap();
    with(text(&clnet), "learned", "expected a network for essential, but it is for fundamental");
    with(text(&weights), "ratio", "--weights is for --sampler learned");
    with(text(&path), "learned", "network weights");
    with("nowhere.safetensors", "learned", "nowhere.safetensors");
    let homography = ["estimate", text(&path), "--model", "homography", "--sampler", "learned"];
    fails(&homography, 1, "no network is shipped");
}

#[test]
fn the_gpu_ranks_as_the_cpu_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = synthesized(&folder);
    let weights = network(&folder, ModelKind::Essential);
    let on = |backend: &str| {
        let options = ["--sampler", "learned", "--weights", text(&weights), "--iterations", "64", "--backend", backend];
        let fixed = ["eval", text(&path), "--model", "essential", "--json"];
        serde_json::from_str::<Value>(&succeeds(&[&fixed[..], &options].concat())).unwrap()
    };
    let [cpu, gpu] = ["cpu", "gpu"].map(on);
    assert_eq!((&gpu["backend"], &gpu["failures"]), (&"gpu".into(), &Value::Array(Vec::new())));
    for key in ["ranking_auroc", "ranking_ap"] {
        let [cpu, gpu] = [&cpu, &gpu].map(|report| report[key].as_f64().unwrap());
        assert!((cpu - gpu).abs() < 1e-3, "{key}: {cpu} and {gpu}");
    }
}
