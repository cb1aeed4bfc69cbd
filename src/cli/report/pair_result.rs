//! What came of each pair of a run, and the table of all.

use super::measure::{Accuracy, Ranking};
use super::refined_truth::RefinedTruth;

/// What came of one pair.
#[derive(Debug)]
pub(crate) struct PairResult {
    pub(crate) scene: String,
    pub(crate) pair: String,
    pub(crate) accuracy: Accuracy,
    pub(crate) ranking: Ranking,
    pub(crate) truth: Option<RefinedTruth>,
    pub(crate) milliseconds: f64,
    pub(crate) ending: Ending,
}

/// How the estimation of a pair ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Found,
    NoModel,
    Failed(String),
}

/// `scene,pair,pose_error_deg,f1_percent,median_epipolar_px,ms,found,right_share,ranking_auroc,ranking_ap,truth_score_gap,truth_error_deg`;
/// what is not there is empty.
pub(crate) fn per_pair_csv(results: &[PairResult]) -> String {
    let finite = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    let line = |result: &PairResult| {
        let accuracy = &result.accuracy;
        let (f1, epipolar) = (100.0 * accuracy.epipolar.f1, finite(accuracy.epipolar.median_px));
        let found = result.ending == Ending::Found;
        let error = finite(accuracy.pose_error_deg);
        let Ranking { right_share, auroc, average_precision } = result.ranking;
        let [share, auroc, ap] = [right_share, auroc, average_precision].map(|value| finite(value.unwrap_or(f64::NAN)));
        let truth = result.truth.map_or([f64::NAN; 2], |truth| [truth.score_gap, truth.pose_error_deg]);
        let [gap, truth_error] = truth.map(finite);
        let (scene, pair, ms) = (&result.scene, &result.pair, result.milliseconds);
        format!("{scene},{pair},{error},{f1},{epipolar},{ms},{found},{share},{auroc},{ap},{gap},{truth_error}\n")
    };
    let lines: String = results.iter().map(line).collect();
    let header = "scene,pair,pose_error_deg,f1_percent,median_epipolar_px,ms,found,right_share,ranking_auroc,ranking_ap,\
                  truth_score_gap,truth_error_deg";
    format!("{header}\n{lines}")
}
