//! Figures over a set of pairs, and how sure they are.

use super::bootstrap::interval_95;
use super::json::number;
use crate::cli::report::pair_result::PairResult;
use crate::geometry::accuracy::{auc_exact, median};
use serde_json::{Map, Value, json};

/// Limits of the areas under the recall curve, degrees.
pub(crate) const LIMITS_DEG: [f64; 3] = [5.0, 10.0, 20.0];
/// Pairs with a smaller share of right matches are told of separately.
pub(crate) const LOW_SHARE: f64 = 0.35;

/// How well a set of pairs was estimated.
pub(crate) struct Figures {
    errors_deg: Vec<f64>,
    f1_percent: Vec<f64>,
    epipolar_px: Vec<f64>,
    of_fundamental: bool,
}

impl Figures {
    pub(crate) fn new<'a>(results: impl Iterator<Item = &'a PairResult>, of_fundamental: bool) -> Self {
        let (mut errors_deg, mut f1_percent, mut epipolar_px) = (Vec::new(), Vec::new(), Vec::new());
        for PairResult { accuracy, .. } in results {
            errors_deg.push(accuracy.pose_error_deg);
            f1_percent.push(100.0 * accuracy.epipolar.f1);
            epipolar_px.push(accuracy.epipolar.median_px);
        }
        Self { errors_deg, f1_percent, epipolar_px, of_fundamental }
    }

    pub(crate) const fn pairs(&self) -> usize {
        self.errors_deg.len()
    }

    pub(crate) fn errors_deg(&self) -> &[f64] {
        &self.errors_deg
    }

    pub(crate) fn auc_exact(&self) -> [f64; 3] {
        LIMITS_DEG.map(|limit| auc_exact(&self.errors_deg, limit))
    }

    pub(crate) fn auc_interval(&self, limit_deg: f64) -> Option<[f64; 2]> {
        interval_95(&self.errors_deg, |errors| auc_exact(errors, limit_deg))
    }

    pub(crate) fn median_error_deg(&self) -> f64 {
        median(&self.errors_deg).unwrap_or(f64::NAN)
    }

    /// Of fundamental matrices only.
    pub(crate) fn f1_percent(&self) -> Option<f64> {
        self.of_fundamental.then(|| mean(&self.f1_percent))
    }

    /// Of fundamental matrices only.
    pub(crate) fn median_epipolar_px(&self) -> Option<f64> {
        median(&self.epipolar_px).filter(|_| self.of_fundamental)
    }

    /// Areas and medians, with the intervals of the areas and of F1.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let intervals = LIMITS_DEG.map(|limit| self.auc_interval(limit));
        let f1_interval = interval_95(&self.f1_percent, mean).filter(|_| self.of_fundamental);
        let mut figures = Map::new();
        let mut put = |key: &str, value| drop(figures.insert(key.to_owned(), value));
        put("pairs", json!(self.pairs()));
        put("auc_exact", by_limit(self.auc_exact()));
        put("auc_exact_ci95", by_limit(intervals));
        put("median_error_deg", number(self.median_error_deg()));
        put("f1_percent", json!(self.f1_percent().map(number)));
        put("f1_percent_ci95", json!(f1_interval));
        put("median_epipolar_px", json!(self.median_epipolar_px().map(number)));
        figures
    }
}

/// An entry a limit.
pub(crate) fn by_limit<T: serde::Serialize>(values: [T; 3]) -> Value {
    let [at5, at10, at20] = values;
    json!({ "5": at5, "10": at10, "20": at20 })
}

/// NaN of no values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
