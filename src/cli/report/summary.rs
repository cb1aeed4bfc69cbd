//! What `eval` says of all pairs.

use super::accuracy::{Accuracy, Figures};
use super::bootstrap::mean;
use super::effort::Effort;
use super::json::number;
use super::pair_result::{Ending, PairResult};
use super::ranking::Ranking;
use super::refined_truth::LostPairs;
use crate::cli::sampling::SamplerName;
use crate::{Backend, Estimator, ModelKind, Options};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// Pairs with a smaller share of right matches are told of separately.
const LOW_SHARE: f64 = 0.35;

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
pub(crate) struct Summary<'a, A: Accuracy> {
    asked: Asked<'a>,
    results: &'a [PairResult<A>],
    without_truth: usize,
    all: A::Figures,
    /// The pairs with few right matches, and how many they are.
    low: (A::Figures, usize),
    /// Means of AUROC and average precision over the pairs that have them.
    ranking: Option<[f64; 2]>,
    lost: Option<LostPairs>,
    effort: Effort,
    backend: Backend,
    device: String,
    options: &'a Options,
}

impl<'a, A: Accuracy> Summary<'a, A> {
    pub(crate) fn new(
        asked: Asked<'a>,
        results: &'a [PairResult<A>],
        facts: &[A::Facts],
        without_truth: usize,
        estimator: &'a Estimator,
    ) -> Self {
        let is_low = |result: &&PairResult<A>| result.ranking.right_share.is_some_and(|share| share < LOW_SHARE);
        let all: Vec<_> = results.iter().collect();
        let low: Vec<_> = results.iter().filter(is_low).collect();
        let figures = |results: &[&PairResult<A>]| A::Figures::new(results, asked.model, facts);
        Self {
            asked,
            results,
            without_truth,
            all: figures(&all),
            low: (figures(&low), low.len()),
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

    fn failures(&self) -> Vec<(&PairResult<A>, &str)> {
        let failure = |result: &'a PairResult<A>| match &result.ending {
            Ending::Failed(message) => Some((result, message.as_str())),
            _ => None,
        };
        self.results.iter().filter_map(failure).collect()
    }

    fn without_model(&self) -> usize {
        self.results.iter().filter(|result| result.ending == Ending::NoModel).count()
    }

    pub(crate) fn json(&self) -> Value {
        let failure = |(result, message): (&PairResult<A>, &str)| json!({ "scene": result.scene, "pair": result.pair, "message": message });
        let mut report = self.all.json();
        let mut put = |key: &str, value| drop(report.insert(key.to_owned(), value));
        put("pairs", json!(self.results.len()));
        put("pairs_without_truth", json!(self.without_truth));
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
        let (figures, pairs) = &self.low;
        let about = [("below", json!(LOW_SHARE)), ("pairs", json!(pairs))];
        let mut low = Map::from_iter(about.map(|(name, value)| (name.to_owned(), value)));
        low.extend(figures.json());
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
        writeln!(text, "{} pairs, {}", self.results.len(), self.asked.model.name())?;
        writeln!(text, "{}", self.all.text())?;
        let (low, pairs) = &self.low;
        if *pairs > 0 {
            writeln!(text, "{pairs} pairs with fewer than {LOW_SHARE} right: {}", low.brief())?;
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
fn mean_of<A: Accuracy>(results: &[PairResult<A>], figure: fn(&Ranking) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = results.iter().filter_map(|result| figure(&result.ranking)).collect();
    (!values.is_empty()).then(|| mean(&values))
}

/// The most memory that the process has held so far; only Linux tells.
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
