//! Whether it is the score or the search that loses a pair: the refined true model under the estimator's own score.

use super::accuracy::Accuracy;
use super::json::number;
use crate::cli::report::pair_result::PairResult;
use crate::data::PairRecord;
use crate::ransac::{Estimate, estimate_from};
use crate::{Options, Problem};
use serde_json::{Value, json};
use std::fmt;

/// Models whose scores differ by a smaller share are taken for the same.
const SAME_SCORE: f64 = 1e-3;
/// A pair with a larger error is lost, degrees.
const LOST_DEG: f64 = 5.0;

/// The true model of one pair, refined and scored as a candidate of the search would be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefinedTruth {
    /// Its score less that of the estimate, as a share of the latter; infinite where nothing was found.
    pub(crate) score_gap: f64,
    /// Its own error.
    pub(crate) error_deg: f64,
}

impl RefinedTruth {
    /// Beside the estimate of this problem, on the CPU whatever the backend; `None` where the truth is not known.
    pub(crate) fn of<A: Accuracy>(
        estimate: Option<&Estimate>,
        problem: &Problem<'_>,
        record: &PairRecord,
        options: &Options,
        facts: &A::Facts,
    ) -> Option<Self> {
        let truth = A::true_model(problem.matches.kind(), record)?;
        let refined = estimate_from(&truth, problem, options).ok()??;
        let score_gap = estimate.map_or(f64::INFINITY, |estimate| refined.score / estimate.score - 1.0);
        let error_deg = A::of(&refined.model, &refined.inliers, record, facts)?.error_deg();
        Some(Self { score_gap, error_deg })
    }

    fn is_outscored(&self) -> bool {
        self.score_gap < -SAME_SCORE
    }
}

/// Shares of all pairs for which the refined truth is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LostPairs {
    /// The refined truth scores below the estimate.
    outscored: f64,
    /// Lost although the refined truth is not: the wrong model scores better.
    by_score: f64,
    /// Lost although the refined truth is not and scores better: it was not found.
    by_search: f64,
    /// Lost, and so is the refined truth.
    by_accuracy: f64,
}

impl LostPairs {
    /// `None` where of no pair the truth is known.
    pub(crate) fn of<A: Accuracy>(results: &[PairResult<A>]) -> Option<Self> {
        let known = results.iter().filter_map(|result| Some((result.accuracy.error_deg(), result.truth?)));
        Self::of_errors(&known.collect::<Vec<_>>())
    }

    /// Of the errors of the estimates, degrees, and the refined truth of the same pairs.
    fn of_errors(known: &[(f64, RefinedTruth)]) -> Option<Self> {
        let share = |of: &dyn Fn(f64, &RefinedTruth) -> bool| {
            known.iter().filter(|(error, truth)| of(*error, truth)).count() as f64 / known.len() as f64
        };
        let lost = |error: f64| error > LOST_DEG;
        (!known.is_empty()).then(|| Self {
            outscored: share(&|_, truth| truth.is_outscored()),
            by_score: share(&|error, truth| lost(error) && !lost(truth.error_deg) && truth.score_gap <= 0.0),
            by_search: share(&|error, truth| lost(error) && !lost(truth.error_deg) && truth.score_gap > 0.0),
            by_accuracy: share(&|error, truth| lost(error) && lost(truth.error_deg)),
        })
    }

    /// What goes into the report, by name.
    pub(crate) fn json(&self) -> [(&'static str, Value); 2] {
        let [score, search, accuracy] = [self.by_score, self.by_search, self.by_accuracy].map(number);
        let lost = json!({ "above_deg": LOST_DEG, "score": score, "search": search, "accuracy": accuracy });
        [("truth_outscored_share", number(self.outscored)), ("lost_share", lost)]
    }
}

impl fmt::Display for LostPairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = [self.outscored, self.by_score, self.by_search, self.by_accuracy].map(|share| 100.0 * share);
        let [outscored, score, search, accuracy] = percent;
        write!(
            f,
            "truth        outscored                {outscored:.1} %; lost (> {LOST_DEG}°) by score {score:.1} %, search \
             {search:.1} %, accuracy {accuracy:.1} %"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::two_view::TwoViewAccuracy;
    use crate::data::synthetic::problems::{Scene, generator};
    use crate::geometry::Matches;
    use crate::{Backend, Camera, Estimator, ModelKind};
    use glam::DVec2;

    const CAMERA: Camera =
        Camera { focal_px: DVec2::splat(800.0), principal_point_px: DVec2::splat(500.0), skew_px: 0.0 };

    /// Exact matches of two scenes that move differently, with the motion of the first for the truth.
    fn two_motions(of_truth: usize, of_other: usize) -> PairRecord {
        let mut rng = generator(4);
        let scenes = [of_truth, of_other].map(|count| Scene::general(&mut rng, count));
        let pixels = |points: fn(&Scene) -> Vec<DVec2>| {
            scenes.iter().flat_map(points).map(|point| CAMERA.project(point)).collect::<Vec<_>>()
        };
        let (points1_px, points2_px) = (pixels(Scene::points1), pixels(Scene::points2));
        let matches = Matches::TwoView { points1_px, points2_px, cameras: Some([CAMERA; 2]) };
        let mut truth = scenes[0].camera2_from_camera1;
        truth.translation = truth.translation.normalize();
        PairRecord { truth: Some(truth), ..PairRecord::new(String::new(), matches) }
    }

    fn compared(record: &PairRecord, kind: ModelKind) -> (f64, RefinedTruth) {
        let options = Options { backend: Backend::Cpu, diagnose: false, ..Options::default() };
        let problem = record.problem(kind, 1).unwrap();
        let estimate = Estimator::new(options.clone()).unwrap().estimate(&problem).unwrap().estimate.unwrap();
        let truth = RefinedTruth::of::<TwoViewAccuracy>(Some(&estimate), &problem, record, &options, &()).unwrap();
        (TwoViewAccuracy::of(&estimate.model, &estimate.inliers, record, &()).unwrap().pose_error_deg, truth)
    }

    #[test]
    fn the_truth_that_is_found_scores_as_the_estimate() {
        for kind in [ModelKind::Essential, ModelKind::Fundamental] {
            let (error, truth) = compared(&two_motions(60, 30), kind);
            assert!(error < 0.01 && truth.error_deg < 0.01, "{kind:?} {error} {truth:?}");
            assert!(truth.score_gap.abs() < SAME_SCORE, "{kind:?} {truth:?}");
        }
    }

    #[test]
    fn a_motion_of_more_matches_outscores_the_truth_by_their_share() {
        let (error, truth) = compared(&two_motions(30, 60), ModelKind::Essential);
        assert!(error > LOST_DEG && truth.error_deg < 0.01, "{error} {truth:?}");
        // some matches of the one motion fit the other by chance
        assert!((-0.55..-0.35).contains(&truth.score_gap), "{truth:?}");
    }

    #[test]
    fn each_lost_pair_has_one_cause() {
        let truth = |score_gap, error_deg| RefinedTruth { score_gap, error_deg };
        let pairs = [
            (1.0, truth(0.0, 1.0)),
            (1.0, truth(-0.01, 1.2)),
            (9.0, truth(-0.02, 1.0)),
            (9.0, truth(0.02, 1.0)),
            (f64::INFINITY, truth(f64::INFINITY, 1.0)),
            (9.0, truth(0.0, 9.0)),
            (9.0, truth(-0.1, 30.0)),
            (9.0, truth(0.1, 30.0)),
        ];
        let lost = LostPairs::of_errors(&pairs);
        let expected = LostPairs { outscored: 0.375, by_score: 0.125, by_search: 0.25, by_accuracy: 0.375 };
        assert_eq!(lost, Some(expected));
        assert_eq!(LostPairs::of_errors(&[]), None);
    }
}
