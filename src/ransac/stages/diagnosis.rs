//! What an estimate leaves open: planes, missing translation, a second motion, a rotation that its matches do not determine.

use super::final_score::FinalScore;
use crate::constants::{EXPLAINED_PERCENT, HYPOTHESES, UNDETERMINED_RAD};
use crate::ransac::outcome::Diagnosis;
use crate::{
    cpu::{
        recover::{
            certify_rotation::rotation_deviation_rad, explain_by_homography::homography_explains,
            explain_by_rotation::rotation_explains, two_views::TwoViews,
        },
        search::{
            choose_finalists::{Scored, choose_others},
            mark_inliers::mark_inliers,
            normalize_matches::{pose_of, rows_of_matrix},
            settle_winner::{first_other, is_ambiguous, settle_winner},
        },
    },
    geometry::ModelKind,
};

/// The model in the end, its inliers, and what it leaves open.
pub(crate) struct Settled {
    pub(crate) winner: Scored,
    pub(crate) inliers: Vec<bool>,
    pub(crate) diagnosis: Diagnosis,
}

impl Settled {
    /// A winner that nothing more is said of.
    pub(crate) fn undiagnosed(final_score: &FinalScore<'_>, winner: Scored) -> Self {
        let inliers = mark_inliers(&final_score.scorer, &winner.0, final_score.matches);
        Self { winner, inliers, diagnosis: Diagnosis::default() }
    }
}

/// Looks for what the winner leaves open. Of two motions the better one wins, both refined alike.
pub(crate) fn settle(final_score: &FinalScore<'_>, winner: Scored, refined: &[Scored], seed: u64) -> Settled {
    let kind = final_score.matches.kind;
    let second = if kind == ModelKind::Essential { second_motion(final_score, winner, refined) } else { None };
    let (winner, second) = settle_winner(winner, second);
    let mut settled = Settled::undiagnosed(final_score, winner);
    match kind {
        ModelKind::Essential | ModelKind::Fundamental => diagnose_two_views(final_score, &mut settled, second, seed),
        ModelKind::Pose | ModelKind::Rigid => {
            let deviation = rotation_deviation_rad(&settled.winner.0, final_score.matches);
            settled.diagnosis.rotation_undetermined = deviation > UNDETERMINED_RAD;
        }
        ModelKind::Homography => {}
    }
    settled
}

fn diagnose_two_views(final_score: &FinalScore<'_>, settled: &mut Settled, second: Option<Scored>, seed: u64) {
    let matches = final_score.matches;
    let [points1, points2] = matches.two_view_points(|i| settled.inliers[i]);
    let views = TwoViews { points1: &points1, points2: &points2, metric: matches.metric };
    let enough = |count: usize| 100 * count >= EXPLAINED_PERCENT as usize * points1.len();
    let homography = homography_explains(&views, seed, HYPOTHESES);
    let calibrated = matches.kind == ModelKind::Essential;
    let rotation = if calibrated { rotation_explains(&views, seed, HYPOTHESES) } else { None };
    let rotation_only = rotation.is_some_and(|(_, count)| enough(count));
    // without translation all motions of this rotation are alike
    let second = second.filter(|_| !rotation_only);
    let in_pixels = |h: &glam::DMat3| matches.denormalize_homography(&rows_of_matrix(h));
    settled.diagnosis = Diagnosis {
        planar: homography.is_some_and(|(_, count)| enough(count)),
        rotation_only,
        homography: homography.map(|(h, count)| (in_pixels(&h), count)),
        ambiguous: second.is_some_and(|second| is_ambiguous(&settled.winner, &second)),
        second_motion: second.map(|(model, score)| (pose_of(&model), f64::from(score))),
        rotation_undetermined: false,
    };
}

/// The best of the refined models that is another motion than the winner and stays so when it is refined as the winner was, with
/// more inliers than any sample has.
fn second_motion(final_score: &FinalScore<'_>, winner: Scored, refined: &[Scored]) -> Option<Scored> {
    let others = choose_others(&winner, refined);
    let second = first_other(&winner, others.into_iter().map(|other| final_score.refine_fully(other)))?;
    let inliers = mark_inliers(&final_score.scorer, &second.0, final_score.matches);
    let count = inliers.into_iter().filter(|&inlier| inlier).count();
    (count > final_score.matches.kind.sample_size()).then_some(second)
}
