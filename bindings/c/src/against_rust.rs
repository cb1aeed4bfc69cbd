//! C gives what Rust gives, and nearly as fast.

use crate::array::{nabla_array, nabla_scalar};
use crate::border::nabla_status;
use crate::camera::nabla_camera;
use crate::estimator::{nabla_estimate, nabla_estimator_create, nabla_estimator_destroy};
use crate::handles::nabla_estimator;
use crate::options::{nabla_backend, nabla_model, nabla_options};
use crate::problem::nabla_problem;
use crate::result::nabla_result;
use crate::versioned::Versioned;
use nabla_ransac::data::{CameraSet, Intrinsics, PairRecord, SyntheticOptions, SyntheticPairs};
use nabla_ransac::geometry::{CameraModel, Matches};
use nabla_ransac::network::LearnedEstimator;
use nabla_ransac::{Backend, Model, ModelKind, Options, Outcome};
use std::ptr;
use std::time::Instant;

/// A lens that sees some pixels of the image along no ray.
const FISHEYE: [f64; 8] = [500.0, 500.0, 500.0, 400.0, -0.3, 0.0, 0.0, 0.0];

fn pair(matches: usize) -> PairRecord {
    let options = SyntheticOptions { matches: [matches; 2], right_share: [0.5; 2], learned_share: 0.0 };
    SyntheticPairs::new(options, 1).unwrap().pair(0)
}

fn on_the_cpu() -> Options {
    Options { backend: Backend::Cpu, ..Options::default() }
}

fn rust_estimator(kind: ModelKind) -> LearnedEstimator {
    LearnedEstimator::new(on_the_cpu(), kind).unwrap()
}

fn c_estimator(model: nabla_model) -> *mut nabla_estimator {
    let options = nabla_options { backend: nabla_backend::Cpu as i32, ..nabla_options::defaults() };
    let mut estimator = ptr::null_mut();
    // SAFETY: structs of this test
    let status = unsafe { nabla_estimator_create(model as i32, &raw const options, &raw mut estimator) };
    assert_eq!(status, nabla_status::Ok);
    estimator
}

/// The pair as C has it.
fn problem_of(pair: &PairRecord) -> nabla_problem {
    let Matches::TwoView { points1_px, points2_px, .. } = &pair.matches else { panic!("two views") };
    let points =
        |points: &[glam::DVec2]| nabla_array { data: points.as_ptr().cast(), count: points.len(), ..nabla_array::NONE };
    let column = |values: Option<&Vec<f32>>| {
        values.map_or(nabla_array::NONE, |values| nabla_array {
            data: values.as_ptr().cast(),
            count: values.len(),
            scalar: nabla_scalar::Float32 as i32,
            ..nabla_array::NONE
        })
    };
    let [scales, angles] = [pair.scales_px.as_ref(), pair.angles_deg.as_ref()];
    nabla_problem {
        points1: points(points1_px),
        points2: points(points2_px),
        ratios: column(pair.ratios.as_ref()),
        weights: column(pair.weights.as_ref()),
        scales1: column(scales.map(|both| &both[0])),
        scales2: column(scales.map(|both| &both[1])),
        angles1: column(angles.map(|both| &both[0])),
        angles2: column(angles.map(|both| &both[1])),
        seed: 3,
        ..nabla_problem::defaults()
    }
}

fn estimate(estimator: *mut nabla_estimator, problem: &nabla_problem, mask: &mut [u8]) -> nabla_result {
    let (inliers, inliers_length) = (mask.as_mut_ptr(), mask.len());
    let mut result = nabla_result { inliers, inliers_length, ..nabla_result::defaults() };
    // SAFETY: structs of this test
    let status = unsafe { nabla_estimate(estimator, ptr::from_ref(problem), &raw mut result) };
    assert_eq!(status, nabla_status::Ok);
    result
}

fn assert_same(result: &nabla_result, outcome: &Outcome) {
    let found = outcome.estimate.as_ref().unwrap();
    let matrix = match found.model {
        Model::Essential(motion) => motion.essential(),
        Model::Fundamental(matrix) => matrix,
        _ => panic!("an epipolar geometry"),
    };
    assert_eq!(result.matrix, matrix.transpose().to_cols_array());
    assert_eq!((result.score, result.inlier_count), (found.score, found.inlier_count()));
    assert_eq!((result.iterations, result.confidence), (outcome.iterations, outcome.confidence));
}

#[test]
fn c_gives_what_rust_gives() {
    let pair = pair(300);
    let mut mask = [0; 300];
    let estimator = c_estimator(nabla_model::Fundamental);
    let result = estimate(estimator, &problem_of(&pair), &mut mask);
    let outcome = rust_estimator(ModelKind::Fundamental).estimate(&pair.problem(ModelKind::Fundamental, 3).unwrap());
    let outcome = outcome.unwrap();
    assert_same(&result, &outcome);
    assert!(mask.iter().map(|&inlier| inlier == 1).eq(outcome.estimate.unwrap().inliers));
    assert_eq!(nabla_estimator_destroy(estimator), nabla_status::Ok);
}

#[test]
fn matches_without_a_ray_are_no_inliers() {
    let mut pair = pair(300);
    let mut mask = [7; 300];
    let camera = nabla_camera { model: c"OPENCV_FISHEYE".as_ptr(), params: FISHEYE.as_ptr(), param_count: 8 };
    let both = ptr::from_ref(&camera);
    let problem = nabla_problem { camera1: both, camera2: both, ..problem_of(&pair) };
    let estimator = c_estimator(nabla_model::Essential);
    let result = estimate(estimator, &problem, &mut mask);

    let lens = CameraModel::from_name("OPENCV_FISHEYE", [0, 0], FISHEYE.to_vec()).unwrap();
    CameraSet::same(Intrinsics::Model(lens)).put_into(&mut pair);
    let usable = pair.usable();
    assert!((100..300).contains(&usable.len()), "{} of 300 have rays", usable.len());
    let seen = pair.select(&usable);
    let outcome = rust_estimator(ModelKind::Essential).estimate(&seen.problem(ModelKind::Essential, 3).unwrap());
    assert_same(&result, &outcome.unwrap());
    assert!((0..300).all(|index| mask[index] == 0 || mask[index] == 1 && usable.contains(&index)));
    assert_eq!(mask.iter().filter(|&&inlier| inlier == 1).count(), result.inlier_count);
    assert_eq!(nabla_estimator_destroy(estimator), nabla_status::Ok);
}

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
        // SAFETY: structs of this test
        let status = unsafe { nabla_estimate(in_c, &raw const of_c, &raw mut result) };
        assert_eq!(status, nabla_status::BadInput);
    };
    let [c, rust] = medians_us(2000, run, || assert!(in_rust.estimate(&of_rust).is_err()));
    assert_eq!(nabla_estimator_destroy(in_c), nabla_status::Ok);
    c - rust
}

/// `cargo test --release -p nabla-ransac-c -- --ignored --nocapture call_overhead` prints what README.md has.
#[test]
#[ignore = "a measurement"]
fn call_overhead() {
    for matches in [100, 500, 2000] {
        let [c, rust] = estimation_us(&pair(matches));
        let call = call_us(pair(matches));
        println!(
            "{matches} matches: C {c:.0} µs, Rust {rust:.0} µs, ratio {:.3}; the call alone {call:.1} µs",
            c / rust
        );
    }
}
