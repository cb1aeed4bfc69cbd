//! What a two-view estimate leaves open: planes, missing translation, a second motion.

use super::{final_score::FinalScore, schedule::FINAL, search::Scored};
use crate::ransac::outcome::Diagnosis;
use crate::{
    cpu::{
        recover::degeneracy::{TwoViews, homography_explains, rotation_explains},
        residual::ModelRows,
        search::{
            normalize_matches::{NormalizedMatches, pose_of, rows_of_matrix},
            refine_model::refine_model,
        },
    },
    geometry::{ModelKind, Pose},
};

/// Share of the inliers from which on a homography or a rotation explains a pair; as of COLMAP (Schönberger 2016).
const EXPLAINED: f64 = 0.8;
/// Hypotheses of either search at most.
const HYPOTHESES: u32 = 200;
/// Motions closer than this, in rotation and in translation direction, are the same.
const SAME_MOTION_RAD: f64 = 0.0873;

/// The diagnosis of a two-view estimate; of other kinds nothing is left open.
pub(crate) fn diagnose(
    final_score: &FinalScore<'_>,
    model: &ModelRows,
    inliers: &[bool],
    refined: &[Scored],
    seed: u64,
) -> Diagnosis {
    let matches = final_score.matches;
    if !matches!(matches.kind, ModelKind::Essential | ModelKind::Fundamental) {
        return Diagnosis::default();
    }
    let [points1, points2] = matches.two_view_points(|i| inliers[i]);
    let views = TwoViews { points1: &points1, points2: &points2, metric: matches.metric };
    let enough = |count: usize| count as f64 >= EXPLAINED * points1.len() as f64;
    let homography = homography_explains(&views, seed, HYPOTHESES);
    let calibrated = matches.kind == ModelKind::Essential;
    let rotation = if calibrated { rotation_explains(&views, seed, HYPOTHESES) } else { None };
    Diagnosis {
        planar: homography.is_some_and(|(_, count)| enough(count)),
        rotation_only: rotation.is_some_and(|(_, count)| enough(count)),
        homography: homography.map(|(h, count)| (in_pixels(matches, &h), count)),
        second_motion: if calibrated { second_motion(final_score, model, refined) } else { None },
    }
}

fn in_pixels(matches: &NormalizedMatches, homography: &glam::DMat3) -> glam::DMat3 {
    matches.denormalize_homography(&rows_of_matrix(homography))
}

/// The best of the refined models that is not the winner's motion.
fn second_motion(final_score: &FinalScore<'_>, winner: &ModelRows, refined: &[Scored]) -> Option<(Pose, f64)> {
    let different = refined.iter().filter(|(model, _)| !is_same_motion(&pose_of(winner), &pose_of(model)));
    let (model, _) = different.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let last = refine_model(model, final_score.matches, &FINAL);
    let model = if is_same_motion(&pose_of(winner), &pose_of(&last)) { model } else { &last };
    Some((pose_of(model), f64::from(final_score.score(model))))
}

fn is_same_motion(a: &Pose, b: &Pose) -> bool {
    let cos_rotation = 0.5 * ((a.rotation.transpose() * b.rotation).diagonal().element_sum() - 1.0);
    cos_rotation > SAME_MOTION_RAD.cos() && a.translation.dot(b.translation) > SAME_MOTION_RAD.cos()
}
