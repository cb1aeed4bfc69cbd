//! What an estimate leaves open: planes, missing translation, a second motion, a rotation that its matches do not determine.

use super::{final_score::FinalScore, search::Scored};
use crate::constants::{EXPLAINED_PERCENT, ROTATION_HYPOTHESES, UNDETERMINED_RAD};
use crate::ransac::outcome::Diagnosis;
use crate::{
    cpu::{
        recover::{
            certify_rotation::rotation_deviation_rad,
            degeneracy::{TwoViews, homography_explains},
            explain_by_rotation::rotation_explains,
        },
        search::{
            mark_inliers::mark_inliers,
            normalize_matches::{pose_of, rows_of_matrix},
        },
    },
    geometry::{ModelKind, Pose},
};

/// Hypotheses for a homography at most.
const HOMOGRAPHY_HYPOTHESES: u32 = 200;
/// Motions closer than this, in rotation and in translation direction, are the same.
const SAME_MOTION_RAD: f64 = 0.0873;
/// A second motion is one that has this share of the winner's score; one with less is no rival.
const RIVAL: f32 = 0.5;
/// A pair whose second motion has this share of the winner's score is ambiguous: on training and validation scenes, as they are and
/// with most right matches taken out, the winner was right on half of such pairs, and on 95 % of those whose second has less.
const AMBIGUOUS: f32 = 0.9;
/// Other motions with a smaller share of the winner's score are not refined: they do not become rivals.
const REFINED: f32 = 0.4;
/// Other motions that are refined at most, until one stays another.
const TRIED: usize = 3;

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
    let (winner, second) = match second {
        Some(second) if second.1 > winner.1 => (second, Some(winner)),
        second => (winner, second),
    };
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
    let homography = homography_explains(&views, seed, HOMOGRAPHY_HYPOTHESES);
    let calibrated = matches.kind == ModelKind::Essential;
    let rotation = if calibrated { rotation_explains(&views, seed, ROTATION_HYPOTHESES) } else { None };
    let rotation_only = rotation.is_some_and(|(_, count)| enough(count));
    // without translation all motions of this rotation are alike
    let second = second.filter(|second| !rotation_only && second.1 >= RIVAL * settled.winner.1);
    let in_pixels = |h: &glam::DMat3| matches.denormalize_homography(&rows_of_matrix(h));
    settled.diagnosis = Diagnosis {
        planar: homography.is_some_and(|(_, count)| enough(count)),
        rotation_only,
        homography: homography.map(|(h, count)| (in_pixels(&h), count)),
        ambiguous: second.is_some_and(|second| second.1 >= AMBIGUOUS * settled.winner.1),
        second_motion: second.map(|(model, score)| (pose_of(&model), f64::from(score))),
        rotation_undetermined: false,
    };
}

/// The best of the refined models that is another motion than the winner and stays so when it is refined as the winner was, with
/// more inliers than any sample has.
fn second_motion(final_score: &FinalScore<'_>, winner: Scored, refined: &[Scored]) -> Option<Scored> {
    let motion = pose_of(&winner.0);
    let is_other = |(model, _): &Scored| !is_same_motion(&motion, &pose_of(model));
    let is_near = |other: &&Scored| other.1 >= REFINED * winner.1;
    let mut others: Vec<Scored> = refined.iter().filter(is_near).copied().filter(is_other).collect();
    others.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut fully = others.into_iter().take(TRIED).map(|other| final_score.refine_fully(other));
    let second = fully.find(is_other)?;
    let inliers = mark_inliers(&final_score.scorer, &second.0, final_score.matches);
    let count = inliers.into_iter().filter(|&inlier| inlier).count();
    (count > final_score.matches.kind.sample_size()).then_some(second)
}

fn is_same_motion(a: &Pose, b: &Pose) -> bool {
    let cos_rotation = 0.5 * ((a.rotation.transpose() * b.rotation).diagonal().element_sum() - 1.0);
    cos_rotation > SAME_MOTION_RAD.cos() && a.translation.dot(b.translation) > SAME_MOTION_RAD.cos()
}
