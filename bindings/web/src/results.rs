//! What was found, as objects of the page. Matrices are row-major.

use crate::errors::Result;
use glam::{DMat3, DVec3};
use js_sys::{Float64Array, Object, Reflect, Uint8Array};
use nabla_ransac::data::OwnedProblem;
use nabla_ransac::geometry::accuracy::fundamental_of_pose;
use nabla_ransac::ransac::Diagnosis;
use nabla_ransac::{MatchesView, Model, ModelKind, Outcome, Pose};
use wasm_bindgen::JsValue;

/// The outcome of a problem.
pub(crate) fn result(kind: ModelKind, problem: &OwnedProblem, outcome: &Outcome) -> Result<JsValue> {
    let estimate = outcome.estimate.as_ref();
    let mask: Vec<u8> = problem.mask(outcome).into_iter().map(u8::from).collect();
    let none = Diagnosis::default();
    let diagnosis = estimate.map_or(&none, |estimate| &estimate.diagnosis);
    let [matrix, pose, fundamental] = match estimate {
        Some(estimate) => model(problem, &estimate.model)?,
        None => [const { JsValue::NULL }; 3],
    };
    object(&[
        ("model", kind.name().into()),
        ("found", estimate.is_some().into()),
        ("matrix", matrix),
        ("pose", pose),
        ("fundamental", fundamental),
        ("inliers", Uint8Array::from(mask.as_slice()).into()),
        ("inlierCount", (mask.iter().filter(|&&inlier| inlier == 1).count() as u32).into()),
        ("score", estimate.map_or(0.0, |estimate| estimate.score).into()),
        ("iterations", outcome.iterations.into()),
        ("confidence", outcome.confidence.into()),
        ("budgetSpent", outcome.budget_spent.into()),
        ("planar", diagnosis.planar.into()),
        ("rotationOnly", diagnosis.rotation_only.into()),
        ("ambiguous", diagnosis.ambiguous.into()),
        ("rotationUndetermined", diagnosis.rotation_undetermined.into()),
        ("homography", diagnosis.homography.as_ref().map_or(JsValue::NULL, |(matrix, _)| matrix_of(matrix))),
        (
            "secondMotion",
            diagnosis
                .second_motion
                .as_ref()
                .map_or(Ok(JsValue::NULL), |(pose, score)| second(problem, pose, *score))?,
        ),
    ])
}

/// The matrix, the motion and the fundamental matrix of a model; null where it has none.
fn model(problem: &OwnedProblem, model: &Model) -> Result<[JsValue; 3]> {
    let fundamental = fundamental(problem, model);
    Ok(match model {
        Model::Essential(pose) => [matrix_of(&pose.essential()), motion(pose)?, fundamental],
        Model::Fundamental(matrix) | Model::Homography(matrix) => [matrix_of(matrix), JsValue::NULL, fundamental],
        Model::Pose(pose) | Model::Rigid(pose) => [JsValue::NULL, motion(pose)?, fundamental],
    })
}

pub(crate) fn motion(pose: &Pose) -> Result<JsValue> {
    object(&[("rotation", matrix_of(&pose.rotation)), ("translation", vector_of(pose.translation))])
}

fn second(problem: &OwnedProblem, pose: &Pose, score: f64) -> Result<JsValue> {
    object(&[
        ("rotation", matrix_of(&pose.rotation)),
        ("translation", vector_of(pose.translation)),
        ("score", score.into()),
        ("fundamental", fundamental(problem, &Model::Essential(*pose))),
    ])
}

/// The fundamental matrix of a model of two views, pixels: for epipolar lines.
fn fundamental(problem: &OwnedProblem, model: &Model) -> JsValue {
    let cameras = || match problem.problem(ModelKind::Essential).ok()?.matches {
        MatchesView::Essential { camera1, camera2, .. } => Some([camera1, camera2]),
        _ => None,
    };
    let matrix = match model {
        Model::Fundamental(matrix) => Some(*matrix),
        Model::Essential(pose) => cameras().map(|cameras| fundamental_of_pose(pose, &cameras)),
        Model::Homography(_) | Model::Pose(_) | Model::Rigid(_) => None,
    };
    matrix.map_or(JsValue::NULL, |matrix| matrix_of(&matrix))
}

pub(crate) fn object(entries: &[(&str, JsValue)]) -> Result<JsValue> {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object.into())
}

fn matrix_of(matrix: &DMat3) -> JsValue {
    Float64Array::from(&matrix.transpose().to_cols_array()[..]).into()
}

fn vector_of(vector: DVec3) -> JsValue {
    Float64Array::from(&vector.to_array()[..]).into()
}
