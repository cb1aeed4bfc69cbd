//! C gives what Rust gives.

use crate::border::nabla_status;
use crate::both_sides::{c_estimator, estimate, pair, problem_of, rust_estimator};
use crate::camera::nabla_camera;
use crate::estimator::nabla_estimator_destroy;
use crate::options::nabla_model;
use crate::problem::nabla_problem;
use crate::result::nabla_result;
use nabla_ransac::data::{CameraSet, Intrinsics};
use nabla_ransac::geometry::CameraModel;
use nabla_ransac::{Model, ModelKind, Outcome};
use std::ptr;

/// A lens that sees some pixels of the image along no ray.
const FISHEYE: [f64; 8] = [500.0, 500.0, 500.0, 400.0, -0.3, 0.0, 0.0, 0.0];

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
