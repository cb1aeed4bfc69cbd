//! What `eval` says of all pairs.

use super::eval::{Ending, EvalArgs, PairResult};
use super::json::number;
use super::measure::INLIER_PX;
use crate::geometry::accuracy::{AUC_BIN_DEG, auc_bins, auc_exact, median};
use crate::{Backend, Estimator, ModelKind, Options};
use serde_json::{Value, json};
use std::fmt::Write;

/// Limits of the areas under the recall curve, degrees.
const LIMITS_DEG: [f64; 3] = [5.0, 10.0, 20.0];

/// Figures over the pairs of a run.
pub(super) struct Summary<'a> {
    arguments: &'a EvalArgs,
    results: &'a [PairResult],
    without_truth: usize,
    auc_exact: [f64; 3],
    auc_bins: [f64; 3],
    median_error_deg: f64,
    f1_percent: Option<f64>,
    median_epipolar_px: Option<f64>,
    ms_median: f64,
    ms_mean: f64,
    backend: Backend,
    device: String,
    options: &'a Options,
    threads: usize,
}

impl<'a> Summary<'a> {
    pub(super) fn new(
        arguments: &'a EvalArgs,
        results: &'a [PairResult],
        without_truth: usize,
        estimator: &'a Estimator,
        threads: usize,
    ) -> Self {
        let errors: Vec<f64> = results.iter().map(|result| result.accuracy.pose_error_deg).collect();
        let times: Vec<f64> = results.iter().map(|result| result.milliseconds).collect();
        let f1: Vec<f64> = results.iter().map(|result| 100.0 * result.accuracy.epipolar.f1).collect();
        let distances: Vec<f64> = results.iter().map(|result| result.accuracy.epipolar.median_px).collect();
        let of_fundamental = arguments.model == ModelKind::Fundamental;
        Self {
            arguments,
            results,
            without_truth,
            auc_exact: LIMITS_DEG.map(|limit| auc_exact(&errors, limit)),
            auc_bins: LIMITS_DEG.map(|limit| auc_bins(&errors, limit)),
            median_error_deg: median(&errors).unwrap_or(f64::NAN),
            f1_percent: of_fundamental.then(|| mean(&f1)),
            median_epipolar_px: median(&distances).filter(|_| of_fundamental),
            ms_median: median(&times).unwrap_or(f64::NAN),
            ms_mean: mean(&times),
            backend: estimator.backend(),
            device: estimator.device_name(),
            options: estimator.options(),
            threads,
        }
    }

    fn failures(&self) -> Vec<(&PairResult, &str)> {
        let failure = |result: &'a PairResult| match &result.ending {
            Ending::Failed(message) => Some((result, message.as_str())),
            _ => None,
        };
        self.results.iter().filter_map(failure).collect()
    }

    fn without_model(&self) -> usize {
        self.results.iter().filter(|result| result.ending == Ending::NoModel).count()
    }

    pub(super) fn json(&self) -> Value {
        let by_limit = |areas: [f64; 3]| json!({ "5": areas[0], "10": areas[1], "20": areas[2] });
        let failure = |(result, message): (&PairResult, &str)| json!({ "scene": result.scene, "pair": result.pair, "message": message });
        json!({
            "pairs": self.results.len(),
            "pairs_without_truth": self.without_truth,
            "auc_exact": by_limit(self.auc_exact),
            "auc_bins": by_limit(self.auc_bins),
            "median_error_deg": number(self.median_error_deg),
            "f1_percent": self.f1_percent.map(number),
            "median_epipolar_px": self.median_epipolar_px.map(number),
            "ms_median": number(self.ms_median),
            "ms_mean": number(self.ms_mean),
            "backend": self.backend,
            "device": self.device,
            "failures": self.failures().into_iter().map(failure).collect::<Vec<_>>(),
            "no_model": self.without_model(),
            "peak_memory_mib": peak_memory_mib(),
            "settings": {
                "scenes": self.arguments.scenes.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
                "model": self.arguments.model,
                "snn": self.arguments.filter.snn,
                "seed": self.arguments.options.seed,
                "threads": self.threads,
                "options": self.options,
            },
        })
    }

    pub(super) fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let areas = |areas: [f64; 3]| areas.map(|area| format!("{area:.3}")).join(" / ");
        writeln!(text, "{} pairs, {}", self.results.len(), self.arguments.model.name())?;
        writeln!(text, "pose error   AUC@5/10/20°, exact      {}", areas(self.auc_exact))?;
        writeln!(text, "             AUC@5/10/20°, {AUC_BIN_DEG}° bins    {}", areas(self.auc_bins))?;
        writeln!(text, "             median                   {:.3}°", self.median_error_deg)?;
        if let Some(f1_percent) = self.f1_percent {
            writeln!(text, "inliers      F1 at {INLIER_PX} px               {f1_percent:.2} %")?;
        }
        if let Some(median_px) = self.median_epipolar_px {
            writeln!(text, "             median epipolar error    {median_px:.3} px")?;
        }
        writeln!(text, "time a pair  median / mean            {:.2} / {:.2} ms", self.ms_median, self.ms_mean)?;
        if self.without_truth > 0 {
            writeln!(text, "{} more pairs have no true motion or no cameras: left out", self.without_truth)?;
        }
        if self.without_model() > 0 {
            writeln!(text, "no model found for {} pairs (they count as failures)", self.without_model())?;
        }
        let failures = self.failures();
        if !failures.is_empty() {
            writeln!(text, "{} pairs failed (they count as failures):", failures.len())?;
        }
        for (result, message) in failures {
            writeln!(text, "  {} {}: {message}", result.scene, result.pair)?;
        }
        let on =
            if self.backend == Backend::Gpu { self.device.clone() } else { format!("CPU, {} threads", self.threads) };
        writeln!(text, "on {on}; seed {}, matches {}", self.arguments.options.seed, self.matches())?;
        writeln!(text, "settings: {}", serde_json::to_string(self.options)?)?;
        Ok(text)
    }

    fn matches(&self) -> String {
        self.arguments.filter.snn.map_or("all".to_owned(), |snn| format!("with SNN ratio < {snn}"))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The most memory that the process has held so far; only Linux tells.
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
