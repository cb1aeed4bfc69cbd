//! What came of each pair of a run, and the table of all.

use super::accuracy::Accuracy;
use super::ranking::Ranking;
use super::refined_truth::RefinedTruth;
use crate::data::PairRecord;
use crate::geometry::accuracy::pose_error_deg;
use crate::ransac::Outcome;

/// What came of one pair.
#[derive(Debug)]
pub(crate) struct PairResult<A> {
    pub(crate) scene: String,
    pub(crate) pair: String,
    pub(crate) accuracy: A,
    pub(crate) ranking: Ranking,
    pub(crate) truth: Option<RefinedTruth>,
    pub(crate) search: Search,
    pub(crate) milliseconds: f64,
    pub(crate) ending: Ending,
}

/// What the estimator says of its own search.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Search {
    pub(crate) iterations: u32,
    pub(crate) confidence: f64,
    pub(crate) budget_spent: bool,
    pub(crate) second: Option<SecondMotion>,
}

/// The motion that comes next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecondMotion {
    /// Its score, as a share of the winner's.
    pub(crate) score_share: f64,
    pub(crate) pose_error_deg: f64,
}

impl Search {
    pub(crate) fn of(outcome: &Outcome, record: &PairRecord) -> Self {
        let second = outcome.estimate.as_ref().and_then(|estimate| {
            let (motion, score) = estimate.diagnosis.second_motion?;
            let truth = record.truth.as_ref()?;
            let score_share = score / estimate.score;
            Some(SecondMotion { score_share, pose_error_deg: pose_error_deg(&motion, truth) })
        });
        let Outcome { iterations, confidence, budget_spent, .. } = *outcome;
        Self { iterations, confidence, budget_spent, second }
    }
}

/// How the estimation of a pair ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Found,
    NoModel,
    Failed(String),
}

/// A line a pair, under a header; what is not there is empty.
pub(crate) fn per_pair_csv<A: Accuracy>(results: &[PairResult<A>]) -> String {
    let line = |columns: Vec<String>| columns.join(",") + "\n";
    let header =
        results.first().map_or_else(String::new, |first| line(row(first).map(|(name, _)| name.to_owned()).collect()));
    let lines: String = results.iter().map(|result| line(row(result).map(|(_, value)| value).collect())).collect();
    header + &lines
}

/// Name and value of each column.
fn row<A: Accuracy>(result: &PairResult<A>) -> impl Iterator<Item = (&'static str, String)> {
    let known = |value: Option<f64>| value.map_or_else(String::new, finite);
    let PairResult { scene, pair, accuracy, ranking, truth, search, milliseconds, ending } = result;
    let names = [("scene", scene.clone()), ("pair", pair.clone())];
    let rest = [
        ("ms", milliseconds.to_string()),
        ("found", (*ending == Ending::Found).to_string()),
        ("right_share", known(ranking.right_share)),
        ("ranking_auroc", known(ranking.auroc)),
        ("ranking_ap", known(ranking.average_precision)),
        ("truth_score_gap", known(truth.map(|truth| truth.score_gap))),
        ("truth_error_deg", known(truth.map(|truth| truth.error_deg))),
        ("iterations", search.iterations.to_string()),
        ("confidence", search.confidence.to_string()),
        ("budget_spent", search.budget_spent.to_string()),
        ("second_score_share", known(search.second.map(|second| second.score_share))),
        ("second_error_deg", known(search.second.map(|second| second.pose_error_deg))),
    ];
    names.into_iter().chain(accuracy.columns()).chain(rest)
}

/// The number, or nothing where it is not finite.
pub(crate) fn finite(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}
