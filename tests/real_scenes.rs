//! Accuracy on real scenes, and the same seed on CPU and GPU. The bars are a little below what was measured.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod files;

use files::{benchmark, example};
use nabla_ransac::data::{CameraSet, PairRecord, Scene};
use nabla_ransac::geometry::accuracy::pose_error_deg;
use nabla_ransac::{Backend, Estimator, Model, ModelKind, Options, Outcome, Problem};
use std::path::PathBuf;
use std::process::Command;

/// The validation scenes, where they are there.
fn scenes() -> Option<[PathBuf; 2]> {
    Some([benchmark("val/lund.safetensors")?, benchmark("val/sceaux.safetensors")?])
}

/// What `eval` says of the matches with an SNN ratio below 0.8.
fn eval(scenes: &[PathBuf], model: &str, iterations: &str) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    command.arg("eval").args(scenes).args(["--model", model, "--iterations", iterations]);
    let output = command.args(["--snn", "0.8", "--backend", "cpu", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn areas_reach(report: &serde_json::Value, bars: [f64; 3]) {
    assert_eq!(report["pairs"], 153);
    assert!(report["failures"].as_array().unwrap().is_empty());
    for (limit, bar) in ["5", "10", "20"].into_iter().zip(bars) {
        let area = report["auc_exact"][limit].as_f64().unwrap();
        assert!(area >= bar, "AUC@{limit} is {area}, below {bar}");
    }
}

#[test]
fn essential_matrices_of_real_scenes_are_as_accurate_as_measured() {
    let Some(scenes) = scenes() else { return };
    areas_reach(&eval(&scenes, "essential", "1000"), [0.875, 0.912, 0.932]);
    areas_reach(&eval(&scenes, "essential", "100"), [0.865, 0.905, 0.926]);
}

#[test]
fn fundamental_matrices_of_real_scenes_are_as_accurate_as_measured() {
    let Some(scenes) = scenes() else { return };
    for (iterations, areas, f1) in [("1000", [0.772, 0.840, 0.880], 86.5), ("100", [0.766, 0.836, 0.878], 85.7)] {
        let report = eval(&scenes, "fundamental", iterations);
        areas_reach(&report, areas);
        let [found, median_px] = ["f1_percent", "median_epipolar_px"].map(|key| report[key].as_f64().unwrap());
        assert!(found >= f1, "F1 is {found} %, below {f1} %");
        assert!(median_px < 0.22, "the median epipolar error is {median_px} px");
    }
}

#[test]
fn poses_of_real_scenes_are_as_accurate_as_measured() {
    // 3 px; medians of position (% of the scene) and rotation, and the share within .1 % and 5°
    for (scene, sampler, bars) in [
        ("castle_p30", "ratio", [0.03, 0.0235, 0.96]),
        ("castle_p30", "uniform", [0.03, 0.0235, 0.96]),
        ("southb", "ratio", [0.025, 0.05, 0.84]),
    ] {
        let Some(path) = benchmark(&format!("localisation/loc_{scene}.safetensors")) else { return };
        let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
        command.arg("eval").arg(path).args(["--model", "pose", "--threshold-px", "3", "--iterations", "1000"]);
        let output = command.args(["--sampler", sampler, "--backend", "cpu", "--json"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let [position, rotation] =
            ["median_translation_percent", "median_rotation_deg"].map(|key| report[key].as_f64().unwrap());
        let share = report["share_percent"]["0.1"].as_f64().unwrap();
        let found = (scene, sampler, position, rotation, share);
        assert!(position < bars[0] && rotation < bars[1] && share > bars[2], "{found:?}");
        assert!(report["failures"].as_array().unwrap().is_empty());
    }
}

/// Of CPU and GPU, with the same fixed budget.
fn on_both(kind: ModelKind, records: &[PairRecord]) -> [Vec<Outcome>; 2] {
    let problems: Vec<Problem<'_>> =
        records.iter().zip(0..).map(|(record, seed)| record.problem(kind, seed).unwrap()).collect();
    [Backend::Cpu, Backend::Gpu].map(|backend| {
        let options = Options { backend, min_iterations: 256, max_iterations: 256, ..Options::default() };
        let outcomes = Estimator::new(options).unwrap().estimate_batch(&problems);
        outcomes.into_iter().map(Result::unwrap).collect()
    })
}

fn models(outcome: &Outcome) -> (Model, &[bool]) {
    let estimate = outcome.estimate.as_ref().unwrap();
    (estimate.model, &estimate.inliers)
}

#[test]
fn the_same_seed_gives_the_same_models_on_cpu_and_gpu() {
    let Some(scenes) = scenes() else { return };
    let open = |path: &PathBuf| Scene::open(path, ModelKind::Essential, CameraSet::default()).unwrap();
    // fourteen pairs
    let records: Vec<PairRecord> = (scenes.iter().map(open))
        .flat_map(|scene| (0..scene.len()).step_by(12).map(move |pair| scene.pair(pair).unwrap()).collect::<Vec<_>>())
        .map(|record| record.select(&record.best_by_ratio(0.8, 7, 2000)))
        .collect();
    let [cpu, gpu] = on_both(ModelKind::Essential, &records);
    let agree = |cpu: &Outcome, gpu: &Outcome| match (models(cpu), models(gpu)) {
        ((Model::Essential(a), _), (Model::Essential(b), _)) => pose_error_deg(&a, &b) < 0.1,
        _ => false,
    };
    let same = cpu.iter().zip(&gpu).filter(|(cpu, gpu)| agree(cpu, gpu)).count();
    assert!(same * 10 >= 9 * records.len(), "{same} of {} motions agree", records.len());

    let [cpu, gpu] = on_both(ModelKind::Fundamental, &records);
    let agree = |cpu: &Outcome, gpu: &Outcome| {
        let ((_, a), (_, b)) = (models(cpu), models(gpu));
        a.iter().zip(b).filter(|(a, b)| a != b).count() * 100 <= a.len()
    };
    let same = cpu.iter().zip(&gpu).filter(|(cpu, gpu)| agree(cpu, gpu)).count();
    assert!(same * 10 >= 8 * records.len(), "{same} of {} masks agree", records.len());
}

#[test]
fn the_example_pair_has_about_390_inliers_on_cpu_and_gpu() {
    let scene = Scene::open(&example("leuven.npz"), ModelKind::Fundamental, CameraSet::default()).unwrap();
    for outcomes in on_both(ModelKind::Fundamental, &[scene.pair(0).unwrap()]) {
        let count = outcomes[0].estimate.as_ref().unwrap().inlier_count();
        assert!((380..=405).contains(&count), "{count} inliers");
    }
}
