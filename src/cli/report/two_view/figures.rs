//! Figures over a set of image pairs, and how sure they are.

use super::accuracy::{INLIER_PX, TwoViewAccuracy};
use crate::ModelKind;
use crate::cli::report::accuracy::Figures;
use crate::cli::report::bootstrap::{interval_95, mean};
use crate::cli::report::json::number;
use crate::cli::report::pair_result::PairResult;
use crate::geometry::accuracy::{AUC_BIN_DEG, auc_bins, auc_exact, median};
use serde_json::{Map, Value, json};

/// Limits of the areas under the recall curve, degrees.
const LIMITS_DEG: [f64; 3] = [5.0, 10.0, 20.0];

/// How well a set of pairs was estimated.
pub(crate) struct TwoViewFigures {
    errors_deg: Vec<f64>,
    f1_percent: Vec<f64>,
    epipolar_px: Vec<f64>,
    of_fundamental: bool,
}

impl TwoViewFigures {
    fn auc_exact(&self) -> [f64; 3] {
        LIMITS_DEG.map(|limit| auc_exact(&self.errors_deg, limit))
    }

    fn auc_bins(&self) -> [f64; 3] {
        LIMITS_DEG.map(|limit| auc_bins(&self.errors_deg, limit))
    }

    fn auc_interval(&self, limit_deg: f64) -> Option<[f64; 2]> {
        interval_95(&self.errors_deg, |errors| auc_exact(errors, limit_deg))
    }

    fn median_error_deg(&self) -> f64 {
        median(&self.errors_deg).unwrap_or(f64::NAN)
    }

    /// Of fundamental matrices only.
    fn f1_percent(&self) -> Option<f64> {
        self.of_fundamental.then(|| mean(&self.f1_percent))
    }

    /// Of fundamental matrices only.
    fn median_epipolar_px(&self) -> Option<f64> {
        median(&self.epipolar_px).filter(|_| self.of_fundamental)
    }
}

impl Figures<TwoViewAccuracy> for TwoViewFigures {
    fn new(results: &[&PairResult<TwoViewAccuracy>], kind: ModelKind, _: &[()]) -> Self {
        let all = |of: fn(&TwoViewAccuracy) -> f64| results.iter().map(|result| of(&result.accuracy)).collect();
        Self {
            errors_deg: all(|accuracy| accuracy.pose_error_deg),
            f1_percent: all(|accuracy| 100.0 * accuracy.epipolar.f1),
            epipolar_px: all(|accuracy| accuracy.epipolar.median_px),
            of_fundamental: kind == ModelKind::Fundamental,
        }
    }

    /// Areas and medians, with the intervals of the areas and of F1.
    fn json(&self) -> Map<String, Value> {
        let intervals = LIMITS_DEG.map(|limit| self.auc_interval(limit));
        let f1_interval = interval_95(&self.f1_percent, mean).filter(|_| self.of_fundamental);
        let figures = [
            ("auc_exact", by_limit(self.auc_exact())),
            ("auc_exact_ci95", by_limit(intervals)),
            ("auc_bins", by_limit(self.auc_bins())),
            ("median_error_deg", number(self.median_error_deg())),
            ("f1_percent", json!(self.f1_percent().map(number))),
            ("f1_percent_ci95", json!(f1_interval)),
            ("median_epipolar_px", json!(self.median_epipolar_px().map(number))),
        ];
        figures.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("pose error   AUC@5/10/20°, exact      {}", areas(self.auc_exact()))];
        if let [Some(at5), Some(at10), Some(at20)] = LIMITS_DEG.map(|limit| self.auc_interval(limit)) {
            let range = |[low, high]: [f64; 2]| format!("{low:.3}–{high:.3}");
            let ranges = [at5, at10, at20].map(range).join(" / ");
            lines.push(format!("             95 % of resamples        {ranges}"));
        }
        lines.push(format!("             AUC@5/10/20°, {AUC_BIN_DEG}° bins    {}", areas(self.auc_bins())));
        lines.push(format!("             median                   {:.3}°", self.median_error_deg()));
        if let Some(f1_percent) = self.f1_percent() {
            lines.push(format!("inliers      F1 at {INLIER_PX} px               {f1_percent:.2} %"));
        }
        if let Some(median_px) = self.median_epipolar_px() {
            lines.push(format!("             median epipolar error    {median_px:.3} px"));
        }
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let f1 = self.f1_percent().map_or_else(String::new, |f1| format!(", F1 {f1:.2} %"));
        format!("AUC {}{f1}", areas(self.auc_exact()))
    }
}

fn areas(areas: [f64; 3]) -> String {
    areas.map(|area| format!("{area:.3}")).join(" / ")
}

/// An entry a limit.
fn by_limit<T: serde::Serialize>(values: [T; 3]) -> Value {
    let [at5, at10, at20] = values;
    json!({ "5": at5, "10": at10, "20": at20 })
}
