//! What `eval` says of all pairs.

use super::effort::Effort;
use super::figures::{Figures, LIMITS_DEG, LOW_SHARE, by_limit, mean};
use super::json::number;
use super::measure::{INLIER_PX, Ranking};
use super::pair_result::{Ending, PairResult};
use super::refined_truth::LostPairs;
use crate::cli::sampling::SamplerName;
use crate::geometry::accuracy::{AUC_BIN_DEG, auc_bins};
use crate::{Backend, Estimator, ModelKind, Options};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// What a run was asked for, beside the options of the estimator.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) scenes: &'a [PathBuf],
    pub(crate) model: ModelKind,
    pub(crate) snn: Option<f64>,
    pub(crate) sampler: SamplerName,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
    pub(crate) warnings: &'a [String],
}

/// Figures over the pairs of a run.
pub(crate) struct Summary<'a> {
    asked: Asked<'a>,
    results: &'a [PairResult],
    without_truth: usize,
    all: Figures,
    /// The pairs with few right matches.
    low: Figures,
    /// Means of AUROC and average precision over the pairs that have them.
    ranking: Option<[f64; 2]>,
    lost: Option<LostPairs>,
    effort: Effort,
    backend: Backend,
    device: String,
    options: &'a Options,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(
        asked: Asked<'a>,
        results: &'a [PairResult],
        without_truth: usize,
        estimator: &'a Estimator,
    ) -> Self {
        let of_fundamental = asked.model == ModelKind::Fundamental;
        let is_low = |result: &&PairResult| result.ranking.right_share.is_some_and(|share| share < LOW_SHARE);
        Self {
            asked,
            results,
            without_truth,
            all: Figures::new(results.iter(), of_fundamental),
            low: Figures::new(results.iter().filter(is_low), of_fundamental),
            ranking: mean_of(results, |ranking| ranking.auroc)
                .zip(mean_of(results, |ranking| ranking.average_precision))
                .map(|(auroc, average_precision)| [auroc, average_precision]),
            lost: LostPairs::of(results),
            effort: Effort::of(results),
            backend: estimator.backend(),
            device: estimator.device_name(),
            options: estimator.options(),
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

    fn auc_bins(&self) -> [f64; 3] {
        LIMITS_DEG.map(|limit| auc_bins(self.all.errors_deg(), limit))
    }

    pub(crate) fn json(&self) -> Value {
        let failure = |(result, message): (&PairResult, &str)| json!({ "scene": result.scene, "pair": result.pair, "message": message });
        let mut report = self.all.json();
        let mut put = |key: &str, value| drop(report.insert(key.to_owned(), value));
        put("pairs_without_truth", json!(self.without_truth));
        put("auc_bins", by_limit(self.auc_bins()));
        put("low_right_share", self.low_json());
        if let Some([auroc, average_precision]) = self.ranking {
            put("ranking_auroc", number(auroc));
            put("ranking_ap", number(average_precision));
        }
        self.lost.iter().flat_map(LostPairs::json).for_each(|(key, value)| put(key, value));
        self.effort.json().into_iter().for_each(|(key, value)| put(&key, value));
        put("backend", json!(self.backend));
        put("device", json!(self.device));
        put("failures", self.failures().into_iter().map(failure).collect());
        put("no_model", json!(self.without_model()));
        put("peak_memory_mib", json!(peak_memory_mib()));
        put("settings", self.settings());
        put("warnings", json!(self.asked.warnings));
        Value::Object(report)
    }

    fn low_json(&self) -> Value {
        let mut low = Map::from_iter([("below".to_owned(), json!(LOW_SHARE))]);
        low.extend(self.low.json());
        Value::Object(low)
    }

    fn settings(&self) -> Value {
        json!({
            "scenes": self.asked.scenes.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "model": self.asked.model,
            "snn": self.asked.snn,
            "sampler": self.asked.sampler,
            "seed": self.asked.seed,
            "threads": self.asked.threads,
            "options": self.options,
        })
    }

    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let areas = |areas: [f64; 3]| areas.map(|area| format!("{area:.3}")).join(" / ");
        writeln!(text, "{} pairs, {}", self.results.len(), self.asked.model.name())?;
        writeln!(text, "pose error   AUC@5/10/20°, exact      {}", areas(self.all.auc_exact()))?;
        if let [Some(at5), Some(at10), Some(at20)] = LIMITS_DEG.map(|limit| self.all.auc_interval(limit)) {
            let range = |[low, high]: [f64; 2]| format!("{low:.3}–{high:.3}");
            writeln!(text, "             95 % of resamples        {} / {} / {}", range(at5), range(at10), range(at20))?;
        }
        writeln!(text, "             AUC@5/10/20°, {AUC_BIN_DEG}° bins    {}", areas(self.auc_bins()))?;
        writeln!(text, "             median                   {:.3}°", self.all.median_error_deg())?;
        if let Some(f1_percent) = self.all.f1_percent() {
            writeln!(text, "inliers      F1 at {INLIER_PX} px               {f1_percent:.2} %")?;
        }
        if let Some(median_px) = self.all.median_epipolar_px() {
            writeln!(text, "             median epipolar error    {median_px:.3} px")?;
        }
        if self.low.pairs() > 0 {
            let (pairs, auc) = (self.low.pairs(), areas(self.low.auc_exact()));
            let f1 = self.low.f1_percent().map_or_else(String::new, |f1| format!(", F1 {f1:.2} %"));
            writeln!(text, "{pairs} pairs with fewer than {LOW_SHARE} right: AUC {auc}{f1}")?;
        }
        if let Some([auroc, average_precision]) = self.ranking {
            writeln!(text, "ranking      AUROC / average prec.    {auroc:.3} / {average_precision:.3}")?;
        }
        if let Some(lost) = &self.lost {
            writeln!(text, "{lost}")?;
        }
        writeln!(text, "{}", self.effort.text())?;
        self.write_failures(&mut text)?;
        let on = if self.backend == Backend::Gpu {
            self.device.clone()
        } else {
            format!("CPU, {} threads", self.asked.threads)
        };
        writeln!(text, "on {on}; seed {}, matches {}", self.asked.seed, self.matches())?;
        let sampler = serde_json::to_string(&self.asked.sampler)?;
        writeln!(text, "settings: sampler {sampler}, {}", serde_json::to_string(self.options)?)?;
        Ok(text)
    }

    fn write_failures(&self, text: &mut String) -> anyhow::Result<()> {
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
        Ok(())
    }

    fn matches(&self) -> String {
        self.asked.snn.map_or("all".to_owned(), |snn| format!("with SNN ratio < {snn}"))
    }
}

/// Over the pairs that have the figure; `None` where none has.
fn mean_of(results: &[PairResult], figure: impl Fn(&Ranking) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = results.iter().filter_map(|result| figure(&result.ranking)).collect();
    (!values.is_empty()).then(|| mean(&values))
}

/// The most memory that the process has held so far; only Linux tells.
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
