//! What a call from C costs beside one from Rust: `cargo run --release -p nabla-ransac-c --example call_overhead` prints the figures of README.md.
//!
//! A program cannot link the C library of its own package by its Rust names: the modules are compiled here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement prints, and fails by panicking"
)]
#![expect(non_camel_case_types, reason = "types have their names in C")]

#[path = "../src/array.rs"]
mod array;
#[path = "../src/border.rs"]
mod border;
#[path = "../src/both_sides.rs"]
mod both_sides;
#[path = "../src/camera.rs"]
mod camera;
#[path = "../src/estimator.rs"]
mod estimator;
#[path = "../src/handles.rs"]
mod handles;
#[path = "../src/options.rs"]
mod options;
#[path = "../src/problem.rs"]
mod problem;
#[path = "../src/result.rs"]
mod result;
#[path = "../src/versioned.rs"]
mod versioned;

use border::nabla_status;
use both_sides::{c_estimator, estimate, pair, problem_of, rust_estimator};
use estimator::{nabla_estimate, nabla_estimator_destroy};
use nabla_ransac::ModelKind;
use nabla_ransac::data::PairRecord;
use options::nabla_model;
use result::nabla_result;
use std::time::Instant;
use versioned::Versioned;

/// The medians of what takes how long in turns, µs.
fn medians_us(rounds: usize, mut of_c: impl FnMut(), mut of_rust: impl FnMut()) -> [f64; 2] {
    let seconds = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    let mut all: Vec<[f64; 2]> = (0..rounds).map(|_| [seconds(&mut of_c), seconds(&mut of_rust)]).collect();
    [0, 1].map(|which| {
        all.sort_by(|a, b| a[which].total_cmp(&b[which]));
        1e6 * all[rounds / 2][which]
    })
}

/// What an estimation takes from C and from Rust, µs.
fn estimation_us(pair: &PairRecord) -> [f64; 2] {
    let (in_c, in_rust) = (c_estimator(nabla_model::Fundamental), rust_estimator(ModelKind::Fundamental));
    let (of_c, of_rust) = (problem_of(pair), pair.problem(ModelKind::Fundamental, 3).unwrap());
    let mut mask = vec![0; pair.matches.len()];
    let run = || assert_eq!(estimate(in_c, &of_c, &mut mask).found, 1);
    let medians = medians_us(200, run, || assert!(in_rust.estimate(&of_rust).is_ok()));
    assert_eq!(nabla_estimator_destroy(in_c), nabla_status::Ok);
    medians
}

/// What the call itself takes, µs: seen where nothing is computed, because the last weight is refused.
fn call_us(mut pair: PairRecord) -> f64 {
    let mut weights = vec![1.0; pair.matches.len()];
    weights.last_mut().into_iter().for_each(|last| *last = -1.0);
    pair.weights = Some(weights);
    let (in_c, in_rust) = (c_estimator(nabla_model::Fundamental), rust_estimator(ModelKind::Fundamental));
    let (of_c, of_rust) = (problem_of(&pair), pair.problem(ModelKind::Fundamental, 3).unwrap());
    let mut result = nabla_result::defaults();
    let run = || {
        // SAFETY: structs of this function
        let status = unsafe { nabla_estimate(in_c, &raw const of_c, &raw mut result) };
        assert_eq!(status, nabla_status::BadInput);
    };
    let [c, rust] = medians_us(2000, run, || assert!(in_rust.estimate(&of_rust).is_err()));
    assert_eq!(nabla_estimator_destroy(in_c), nabla_status::Ok);
    c - rust
}

fn main() {
    for matches in [100, 500, 2000] {
        let [c, rust] = estimation_us(&pair(matches));
        let call = call_us(pair(matches));
        println!(
            "{matches} matches: C {c:.0} µs, Rust {rust:.0} µs, ratio {:.3}; the call alone {call:.1} µs",
            c / rust
        );
    }
}
