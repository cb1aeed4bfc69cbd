//! What the last frame's answer is worth as a prior: of sequences with few right matches, the share of frames whose model is found from a
//! fixed number of hypotheses without and with it, and the time of a frame, on the CPU and on a GPU. Of a first frame all is known.
//!
//!     cargo run --release --example prior_gain -- --frames 100
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example prints")]

#[path = "../tests/common/scenes.rs"]
mod scenes;

use glam::{DMat3, DVec3};
use nabla_ransac::{Backend, Estimator, Model, ModelKind, Options, Pose, Problem};
use rand::{SeedableRng, rngs::StdRng};
use scenes::Scene;
use std::time::Instant;

/// Unless told otherwise.
const FRAMES: u64 = 4;
const MATCHES: usize = 500;
const BUDGETS: [u32; 4] = [16, 64, 256, 1024];

fn main() -> nabla_ransac::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let frames = match arguments.as_slice() {
        [_, name, frames] if name == "--frames" => frames.parse().unwrap_or(FRAMES),
        _ => FRAMES,
    };
    println!("{frames} frames of {MATCHES} matches; found without → with prior, and ms a frame without → with\n");
    println!("| model | inliers | backend | {} |", BUDGETS.map(|budget| format!("{budget} hypotheses")).join(" | "));
    println!("|---|---:|---|{}", "---|".repeat(BUDGETS.len()));
    for (kind, inliers) in [
        (ModelKind::Essential, 0.25),
        (ModelKind::Fundamental, 0.35),
        (ModelKind::Homography, 0.15),
        (ModelKind::Pose, 0.1),
        (ModelKind::Rigid, 0.1),
    ] {
        let sequence: Vec<Scene> = (0..=frames).map(|frame| scene(kind, frame, inliers)).collect();
        for backend in [Backend::Cpu, Backend::Gpu] {
            let cells: nabla_ransac::Result<Vec<String>> =
                BUDGETS.iter().map(|&budget| compare(&sequence, backend, budget)).collect();
            println!("| {} | {inliers} | {backend:?} | {} |", kind.name(), cells?.join(" | "));
        }
    }
    Ok(())
}

/// A camera that turns by half a degree a frame and moves by a hundredth of its distance from the first one.
fn scene(kind: ModelKind, frame: u64, inliers: f64) -> Scene {
    let turn_rad = 0.2 + (0.5 * frame as f64).to_radians();
    let direction = DVec3::new(1.0, 0.01 * frame as f64, 0.2).normalize();
    let pose = Pose { rotation: DMat3::from_rotation_y(turn_rad), translation: direction };
    let noise = if kind == ModelKind::Rigid { 0.01 } else { 0.5 };
    Scene::seen(kind, &mut StdRng::seed_from_u64(frame), MATCHES, inliers, noise, pose)
}

fn compare(sequence: &[Scene], backend: Backend, budget: u32) -> nabla_ransac::Result<String> {
    let kind = sequence[0].kind;
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    let on = |backend| Options { threshold_px, backend, threads: 1, ..Options::default() };
    let first = Estimator::new(on(Backend::Cpu))?.estimate(&Problem::new(sequence[0].view()))?;
    let first_model = first.estimate.map(|found| found.model);
    let tracker = Estimator::new(Options { min_iterations: budget, max_iterations: budget, ..on(backend) })?;
    let [without, with] = [None, first_model].map(|first| track(&tracker, sequence, first));
    let ([without, ms_without], [with, ms_with]) = (without?, with?);
    Ok(format!("{without:.0} → {with:.0} %, {ms_without:.2} → {ms_with:.2}"))
}

/// The percentage of frames found, and the median of their milliseconds.
fn track(tracker: &Estimator, sequence: &[Scene], first: Option<Model>) -> nabla_ransac::Result<[f64; 2]> {
    let mut last = first;
    let (mut found, mut times_ms) = (0, Vec::new());
    for (seed, scene) in (0..).zip(&sequence[1..]) {
        let problem = Problem { seed, prior: last, ..Problem::new(scene.view()) };
        let start = Instant::now();
        let model = tracker.estimate(&problem)?.estimate.map(|found| found.model);
        times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        found += u32::from(model.is_some_and(|model| scene.error(&model) < tolerance(scene.kind)));
        last = first.and(model.or(last));
    }
    times_ms.sort_by(f64::total_cmp);
    Ok([100.0 * f64::from(found) / times_ms.len() as f64, times_ms[times_ms.len() / 2]])
}

/// Of what `Scene::error` measures: pixels, else radians and lengths.
const fn tolerance(kind: ModelKind) -> f64 {
    match kind {
        ModelKind::Fundamental | ModelKind::Homography => 4.0,
        _ => 0.03,
    }
}
