//! Results as JSON.

use crate::Pose;
use crate::geometry::Model;
use crate::ransac::{Diagnosis, Estimate};
use glam::DMat3;
use serde_json::{Map, Value, json};

/// A matrix as a list of rows.
pub(crate) fn matrix(m: &DMat3) -> Value {
    json!(m.transpose().to_cols_array_2d())
}

fn pose(pose: &Pose) -> Value {
    json!({ "rotation": matrix(&pose.rotation), "translation": pose.translation.to_array() })
}

/// Finite numbers only; JSON has no others.
pub(crate) fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}

/// The model by its parts: matrices, and the motion where there is one.
pub(crate) fn model(model: &Model) -> Map<String, Value> {
    let mut parts = Map::new();
    match model {
        Model::Essential(motion) => {
            parts.insert("essential".to_owned(), matrix(&motion.essential()));
            parts.insert("camera2_from_camera1".to_owned(), pose(motion));
        }
        Model::Fundamental(f) => drop(parts.insert("fundamental".to_owned(), matrix(f))),
        Model::Homography(h) => drop(parts.insert("homography".to_owned(), matrix(h))),
        Model::Pose(motion) => drop(parts.insert("camera_from_world".to_owned(), pose(motion))),
        Model::Rigid(motion) => drop(parts.insert("points2_from_points1".to_owned(), pose(motion))),
    }
    parts
}

/// Degeneracies and ambiguities.
pub(crate) fn diagnosis(diagnosis: &Diagnosis) -> Value {
    let homography = diagnosis.homography.as_ref().map(|(h, count)| json!({ "matrix": matrix(h), "inliers": count }));
    let second =
        diagnosis.second_motion.as_ref().map(|(motion, score)| json!({ "pose": pose(motion), "score": score }));
    json!({
        "planar": diagnosis.planar,
        "rotation_only": diagnosis.rotation_only,
        "homography": homography,
        "ambiguous": diagnosis.ambiguous,
        "second_motion": second,
        "rotation_undetermined": diagnosis.rotation_undetermined,
    })
}

/// The model, its support and its diagnosis.
pub(crate) fn estimate(estimate: &Estimate) -> Map<String, Value> {
    let mut parts = model(&estimate.model);
    parts.insert("score".to_owned(), number(estimate.score));
    parts.insert("inlier_count".to_owned(), json!(estimate.inlier_count()));
    parts.insert("diagnosis".to_owned(), diagnosis(&estimate.diagnosis));
    parts
}
