//! The same pair and the same estimator, as C has them and as Rust has them: for the tests and the measurement.

use crate::array::{nabla_array, nabla_scalar};
use crate::border::nabla_status;
use crate::estimator::{nabla_estimate, nabla_estimator_create};
use crate::handles::nabla_estimator;
use crate::options::{nabla_backend, nabla_model, nabla_options};
use crate::problem::nabla_problem;
use crate::result::nabla_result;
use crate::versioned::Versioned;
use nabla_ransac::data::{PairRecord, SyntheticOptions, SyntheticPairs};
use nabla_ransac::geometry::Matches;
use nabla_ransac::network::LearnedEstimator;
use nabla_ransac::{Backend, ModelKind, Options};
use std::ptr;

pub(crate) fn pair(matches: usize) -> PairRecord {
    let options = SyntheticOptions { matches: [matches; 2], right_share: [0.5; 2], learned_share: 0.0 };
    SyntheticPairs::new(options, 1).unwrap().pair(0)
}

fn on_the_cpu() -> Options {
    Options { backend: Backend::Cpu, ..Options::default() }
}

pub(crate) fn rust_estimator(kind: ModelKind) -> LearnedEstimator {
    LearnedEstimator::new(on_the_cpu(), kind).unwrap()
}

pub(crate) fn c_estimator(model: nabla_model) -> *mut nabla_estimator {
    let options = nabla_options { backend: nabla_backend::Cpu as i32, ..nabla_options::defaults() };
    let mut estimator = ptr::null_mut();
    // SAFETY: structs of this function, and arrays that outlive the call
    let status = unsafe { nabla_estimator_create(model as i32, &raw const options, &raw mut estimator) };
    assert_eq!(status, nabla_status::Ok);
    estimator
}

/// The pair as C has it.
pub(crate) fn problem_of(pair: &PairRecord) -> nabla_problem {
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

pub(crate) fn estimate(estimator: *mut nabla_estimator, problem: &nabla_problem, mask: &mut [u8]) -> nabla_result {
    let (inliers, inliers_length) = (mask.as_mut_ptr(), mask.len());
    let mut result = nabla_result { inliers, inliers_length, ..nabla_result::defaults() };
    // SAFETY: structs of this function, and arrays that outlive the call
    let status = unsafe { nabla_estimate(estimator, ptr::from_ref(problem), &raw mut result) };
    assert_eq!(status, nabla_status::Ok);
    result
}
