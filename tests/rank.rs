//! What `nabla-ransac rank` promises: a number for each match, as the library gives it, and one-line errors.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/ranked.rs"]
mod ranked;

use nabla_ransac::ModelKind;
use nabla_ransac::network::{NetworkConfig, Ranker, Storage};
use ranked::{Known, random_weights};
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn rank(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).arg("rank").args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = rank(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Matches as CSV, and weights for fundamental matrices.
fn files(folder: &Path) -> [PathBuf; 2] {
    let known = Known::new(30, 1);
    let mut csv = "x1,y1,x2,y2,ratio\n".to_owned();
    for ((p, q), ratio) in known.points1_px.iter().zip(&known.points2_px).zip(&known.ratios) {
        writeln!(csv, "{},{},{},{},{ratio}", p.x, p.y, q.x, q.y).unwrap();
    }
    let [matches, weights] = ["matches.csv", "weights.safetensors"].map(|name| folder.join(name));
    std::fs::write(&matches, csv).unwrap();
    let config = NetworkConfig { model: ModelKind::Fundamental, ..NetworkConfig::default() };
    random_weights(config, 4).write(&weights, Storage::F32).unwrap();
    [matches, weights]
}

#[test]
fn every_match_has_its_logit_and_probability() {
    let folder = tempfile::tempdir().unwrap();
    let [matches, weights] = files(folder.path());
    let [matches, weights] = [&matches, &weights].map(|path| path.to_str().unwrap());
    let known = Known::new(30, 1);
    let config = NetworkConfig { model: ModelKind::Fundamental, ..NetworkConfig::default() };
    let input = nabla_ransac::network::RankInput {
        sizes_px: None,
        scales_px: None,
        angles_deg: None,
        ..known.input(ModelKind::Fundamental)
    };
    let expected = Ranker::new(random_weights(config, 4)).logits(&input).unwrap();
    let text = stdout(&[matches, "--weights", weights]);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("match,logit,probability"));
    for (index, (line, expected)) in lines.zip(&expected).enumerate() {
        let numbers: Vec<f32> = line.split(',').map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers[0] as usize, index);
        assert!((numbers[1] - expected).abs() < 1e-4 * (1.0 + expected.abs()));
        assert!((numbers[2] - 1.0 / (1.0 + (-numbers[1]).exp())).abs() < 1e-5);
    }
    assert_eq!(text.lines().count(), 31);
    let json: Value = serde_json::from_str(&stdout(&[matches, "--weights", weights, "--json"])).unwrap();
    assert_eq!(json["model"], "fundamental");
    assert_eq!(json["logits"].as_array().unwrap().len(), 30);
    let best: Value =
        serde_json::from_str(&stdout(&[matches, "--weights", weights, "--json", "--snn", "0.6"])).unwrap();
    assert!(best["matches"].as_array().unwrap().len() < 30);
}

#[test]
fn what_cannot_be_ranked_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let [matches, weights] = files(folder.path());
    let [matches, weights] = [&matches, &weights].map(|path| path.to_str().unwrap());
    let complains = |arguments: &[&str], part: &str| {
        let output = rank(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(part) && stderr.lines().count() == 1, "{stderr}");
    };
    complains(&[matches, "--weights", matches], "expected a safetensors file of network weights");
    complains(&[matches, "--weights", "none.safetensors"], "none.safetensors");
    complains(&[matches, "--weights", weights, "--model", "essential"], "intrinsics");
    complains(&[matches, "--weights", weights, "--model", "homography"], "ranking by a network");
    complains(&[matches, "--weights", weights, "--pair", "no such"], "no such");
    assert_eq!(rank(&[matches]).status.code(), Some(2));
}
