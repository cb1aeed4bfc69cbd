//! Figures over a set of poses, and how sure they are.

use super::accuracy::{PoseAccuracy, RIGHT_PX};
use super::scene::{PoseScene, is_metres};
use crate::ModelKind;
use crate::cli::report::accuracy::Figures;
use crate::cli::report::bootstrap::{interval_95, mean};
use crate::cli::report::json::number;
use crate::cli::report::pair_result::PairResult;
use crate::geometry::accuracy::median;
use serde_json::{Map, Value, json};

/// Limits of position (metres) and rotation (degrees) with the names of the shares below both.
const METRIC: [(&str, f64, f64); 3] =
    [("share_10cm_5deg", 0.1, 5.0), ("share_5cm_5deg", 0.05, 5.0), ("share_2cm_2deg", 0.02, 2.0)];
/// The same of the position in percent of the distance between the scene's farthest cameras.
const RELATIVE: [(&str, f64, f64); 3] = [("0.2", 0.2, 5.0), ("0.1", 0.1, 5.0), ("0.05", 0.05, 2.0)];

/// How well a set of poses was estimated.
pub(crate) struct PoseFigures {
    /// The unit of the positions where all scenes have the same.
    unit: Option<String>,
    rotation_deg: Vec<f64>,
    position: Vec<f64>,
    position_percent: Vec<f64>,
    inliers: Vec<f64>,
    f1_percent: Vec<f64>,
    reprojection_px: Vec<f64>,
}

impl Figures<PoseAccuracy> for PoseFigures {
    fn new(results: &[&PairResult<PoseAccuracy>], _: ModelKind, scenes: &[PoseScene]) -> Self {
        let all = |of: fn(&PoseAccuracy) -> f64| results.iter().map(|result| of(&result.accuracy)).collect();
        Self {
            unit: PoseScene::common_unit(scenes).map(str::to_owned),
            rotation_deg: all(|accuracy| accuracy.rotation_error_deg),
            position: all(|accuracy| accuracy.position_error),
            position_percent: all(|accuracy| accuracy.position_percent),
            inliers: all(|accuracy| accuracy.inliers as f64),
            f1_percent: all(|accuracy| 100.0 * accuracy.f1),
            reprojection_px: all(|accuracy| accuracy.median_px),
        }
    }

    fn json(&self) -> Map<String, Value> {
        let position = if self.unit.is_some() { &self.position[..] } else { &[] };
        let mut figures = Map::new();
        let mut put = |name: &str, value: Value, interval: Option<[f64; 2]>| {
            figures.insert(name.to_owned(), value);
            figures.insert(format!("{name}_ci95"), json!(interval.map(|ends| ends.map(number))));
        };
        let medians = [
            ("median_translation", position),
            ("median_translation_percent", &self.position_percent),
            ("median_rotation_deg", &self.rotation_deg),
            ("median_reprojection_px", &self.reprojection_px),
            ("median_inliers", &self.inliers),
        ];
        for (name, values) in medians {
            put(name, number(middle(values)), interval_95(values, middle));
        }
        put("f1_percent", number(mean(&self.f1_percent)), interval_95(&self.f1_percent, mean));
        for limits @ (name, ..) in METRIC {
            let below = if self.is_metric() { self.below(&self.position, limits) } else { Vec::new() };
            put(name, number(mean(&below)), interval_95(&below, mean));
        }
        let relative = RELATIVE.map(|limits| (limits.0, self.below(&self.position_percent, limits)));
        let each = |of: &dyn Fn(&[f64]) -> Value| -> Value {
            relative.iter().map(|(name, below)| ((*name).to_owned(), of(below))).collect::<Map<_, _>>().into()
        };
        let entries = [
            ("unit", json!(self.unit)),
            ("share_percent", each(&|below| number(mean(below)))),
            ("share_percent_ci95", each(&|below| json!(interval_95(below, mean)))),
        ];
        figures.extend(entries.map(|(name, value)| (name.to_owned(), value)));
        figures
    }

    fn text(&self) -> String {
        let unit = self.unit.as_deref().unwrap_or("units");
        let (position, percent) = (middle(&self.position), middle(&self.position_percent));
        let position = if self.unit.is_some() { format!("{position:.4} {unit}, ") } else { String::new() };
        let mut lines = vec![
            format!("position     median                   {position}{percent:.4} % of the scene"),
            format!("rotation     median                   {:.4}°", middle(&self.rotation_deg)),
        ];
        if self.is_metric() {
            let shares = self.shares(METRIC, &self.position);
            lines.push(format!("poses        10 cm 5° / 5 cm 5° / 2 cm 2°    {shares} %"));
        }
        let shares = self.shares(RELATIVE, &self.position_percent);
        lines.push(format!("poses        .2 % 5° / .1 % 5° / .05 % 2°    {shares} %"));
        let (f1, inliers, px) = (mean(&self.f1_percent), middle(&self.inliers), middle(&self.reprojection_px));
        lines.push(format!("inliers      F1 at {RIGHT_PX} px               {f1:.2} %"));
        lines.push(format!("             median number / error    {inliers:.0} / {px:.3} px"));
        lines.join("\n")
    }

    fn brief(&self) -> String {
        let (percent, rotation) = (middle(&self.position_percent), middle(&self.rotation_deg));
        format!("median {percent:.4} % of the scene, {rotation:.4}°")
    }
}

impl PoseFigures {
    fn is_metric(&self) -> bool {
        self.unit.as_deref().is_some_and(is_metres)
    }

    /// 1 for each pose below both limits, else 0.
    fn below(&self, position: &[f64], (_, limit, limit_deg): (&str, f64, f64)) -> Vec<f64> {
        let errors = position.iter().zip(&self.rotation_deg);
        errors.map(|(&error, &error_deg)| f64::from(u8::from(error < limit && error_deg < limit_deg))).collect()
    }

    /// In percent.
    fn shares(&self, limits: [(&str, f64, f64); 3], position: &[f64]) -> String {
        limits.map(|limits| format!("{:.1}", 100.0 * mean(&self.below(position, limits)))).join(" / ")
    }
}

/// The median; NaN of no values.
fn middle(values: &[f64]) -> f64 {
    median(values).unwrap_or(f64::NAN)
}
