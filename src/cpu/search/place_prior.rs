//! A model that the caller expects, such as that of the last frame, as one more candidate of the first round.

use super::{
    normalize_matches::{NormalizedMatches, closest_motion, matrix_of, rows_of_matrix},
    score_models::Scorer,
    select_best::Candidate,
};
use crate::algebra::svd3::Svd3;
use crate::constants::{FARTHEST, NEAR_ROTATION, UNREACHED};
use crate::cpu::residual::ModelRows;
use crate::geometry::{Model, ModelKind};
use glam::{DMat3, DVec3};

/// The candidate, of no hypothesis; `None` where the prior is of another kind than the matches, or no model.
pub fn place_prior(prior: &Model, matches: &NormalizedMatches, scorer: &Scorer) -> Option<Candidate> {
    let model = closest_model(matches.kind, &matches.normalize_model(prior)?)?;
    let score = scorer.score(&model, matches, f32::NEG_INFINITY);
    Some(Candidate { model, score, hypothesis: UNREACHED })
}

/// The model closest to the rows, which are off the models of their kind by rounding at most.
fn closest_model(kind: ModelKind, rows: &ModelRows) -> Option<ModelRows> {
    let matrix = matrix_of(rows);
    match kind {
        ModelKind::Fundamental => {
            let svd = Svd3::new(&matrix);
            let DVec3 { x, y, .. } = svd.singular_values;
            Some(rows_of_matrix(&svd.recompose(DVec3::new(x, y, 0.0))))
        }
        ModelKind::Homography => Some(*rows),
        ModelKind::Essential | ModelKind::Pose | ModelKind::Rigid => {
            let is_in_reach = rows.iter().all(|row| row[3].abs() <= f64::from(FARTHEST));
            (is_in_reach && is_near_rotation(&matrix)).then(|| closest_motion(kind, rows))
        }
    }
}

/// Whether a matrix is a rotation but for rounding.
pub(crate) fn is_near_rotation(matrix: &DMat3) -> bool {
    let off = matrix.transpose() * *matrix - DMat3::IDENTITY;
    off.to_cols_array().iter().all(|x| x.abs() < NEAR_ROTATION) && matrix.determinant() > 0.0
}
