//! How samples are drawn, with the learned ranking beside the estimator's own samplers.

use super::arguments::OptionArgs;
use crate::data::PairRecord;
use crate::gpu;
use crate::network::{Architecture, GpuRanking, NetworkConfig, Ranker, Weights, guided, guiding_weights};
use crate::{ModelKind, Options, Sampler};
use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// The library's samplers and the learned one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum SamplerName {
    /// Rather from the matches of high weight and low ratio, where these are known
    Auto,
    /// Every match alike
    Uniform,
    /// Rather from the matches of low SNN ratio
    Ratio,
    /// In proportion to the weights given, without replacement
    Weights,
    /// By the probabilities that a network predicts
    Learned,
}

/// Which sampler, and the network of the learned one.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sampler")]
pub(super) struct SamplerArgs {
    /// How samples are drawn
    #[arg(long, value_enum)]
    sampler: Option<SamplerName>,
    /// Weights of the network that ranks the matches, in place of the shipped ones
    #[arg(long, value_name = "FILE.safetensors")]
    weights: Option<PathBuf>,
}

/// A sampler that was asked for, ready to use.
pub(super) struct Sampling {
    sampler: Sampler,
    ranker: Option<Ranker>,
    on_gpu: Option<GpuRanking>,
}

impl SamplerArgs {
    /// Puts the sampler into the options that were made of `given`. Where none is named, on the command line or in the
    /// options file, the learned one is taken if there is a network for the model; weights of the user's own, of the matches, go before it.
    pub(super) fn prepare(
        &self,
        options: &mut Options,
        given: &OptionArgs,
        kind: ModelKind,
        given_weights: bool,
    ) -> anyhow::Result<Sampling> {
        let named = self.sampler.or(self.weights.is_some().then_some(SamplerName::Learned));
        if let Some(sampler) = named.and_then(SamplerName::of_library) {
            ensure!(self.weights.is_none(), "--weights is for --sampler learned");
            options.sampler = sampler;
        }
        let ranker = match named {
            Some(SamplerName::Learned) => Some(self.ranker(kind)?),
            None if !given_weights && !options.use_all && options.sampler == Sampler::Auto => {
                Ranker::shipped_if_any(kind)?
            }
            _ => None,
        };
        if ranker.is_some() {
            let asked = options.clone();
            *options = guided(asked.clone(), kind);
            // what was asked for goes before
            if given.weigh_refinement.is_some() {
                options.weigh_refinement = asked.weigh_refinement;
            }
            if given.coherent.is_some() {
                options.coherent = asked.coherent;
            }
            if given.weigh_score.is_some() {
                options.weigh_score = asked.weigh_score;
            }
        }
        Ok(Sampling { sampler: options.sampler, ranker, on_gpu: None })
    }

    fn ranker(&self, kind: ModelKind) -> anyhow::Result<Ranker> {
        let Some(path) = &self.weights else {
            let missing = format!("no network is shipped that ranks matches for the {} model", kind.name());
            return Ranker::shipped_if_any(kind)?
                .context(missing + ": give one with --weights, or name another --sampler");
        };
        let weights = Weights::read(path)?;
        let NetworkConfig { architecture, model, .. } = *weights.config();
        // the default architecture sees nothing of the model: one network serves both
        let fits = architecture == Architecture::Neighbours || model == kind;
        ensure!(
            fits && matches!(kind, ModelKind::Essential | ModelKind::Fundamental),
            "{}: expected a network for {}, but it is for {}",
            path.display(),
            kind.name(),
            model.name()
        );
        Ok(Ranker::new(weights))
    }
}

impl SamplerName {
    const fn of_library(self) -> Option<Sampler> {
        match self {
            Self::Auto => Some(Sampler::Auto),
            Self::Uniform => Some(Sampler::Uniform),
            Self::Ratio => Some(Sampler::Ratio),
            Self::Weights => Some(Sampler::Weights),
            Self::Learned => None,
        }
    }
}

impl Sampling {
    /// The name of the sampler.
    pub(super) const fn name(&self) -> SamplerName {
        match (&self.ranker, self.sampler) {
            (Some(_), _) => SamplerName::Learned,
            (None, Sampler::Auto) => SamplerName::Auto,
            (None, Sampler::Uniform) => SamplerName::Uniform,
            (None, Sampler::Ratio) => SamplerName::Ratio,
            (None, Sampler::Weights) => SamplerName::Weights,
        }
    }

    /// Puts the weights that the network gives into a record; for the other samplers it stays as it is.
    ///
    /// # Errors
    /// Those of the network.
    pub(super) fn rank(&self, record: &mut PairRecord, kind: ModelKind) -> crate::Result<()> {
        let Some(ranker) = &self.ranker else { return Ok(()) };
        let logits = ranker.logits(&record.rank_input(kind)?)?;
        record.weights = Some(guiding_weights(&logits));
        Ok(())
    }

    /// Lets [`Self::rank_all`] work on this device.
    pub(super) fn on(self, context: &gpu::Context) -> crate::Result<Self> {
        let on_gpu = self.ranker.as_ref().map(|ranker| GpuRanking::new(context, ranker.weights())).transpose()?;
        Ok(Self { on_gpu, ..self })
    }

    /// [`Self::rank`] of many records: on the GPU where there is one. A record that cannot be ranked becomes its error.
    pub(super) fn rank_all(&self, records: &mut [crate::Result<PairRecord>], kind: ModelKind) {
        let logits = match &self.on_gpu {
            Some(ranking) => {
                let inputs: Vec<_> = records.iter().flatten().flat_map(|record| record.rank_input(kind)).collect();
                ranking.logits(&inputs)
            }
            None => Vec::new(),
        };
        let mut logits = logits.into_iter();
        for slot in records.iter_mut() {
            let Ok(record) = slot else { continue };
            let of_gpu = if record.rank_input(kind).is_ok() { logits.next().flatten() } else { None };
            match of_gpu {
                Some(logits) => record.weights = Some(guiding_weights(&logits)),
                None => {
                    if let Err(error) = self.rank(record, kind) {
                        *slot = Err(error);
                    }
                }
            }
        }
    }

    /// What the sampler goes by, higher for matches that are drawn rather; `None` where it goes by nothing.
    pub(super) fn quality(&self, record: &PairRecord) -> Option<Vec<f32>> {
        let by_ratio = || record.ratios.as_ref().map(|ratios| ratios.iter().map(|ratio| -ratio).collect());
        match self.sampler {
            Sampler::Uniform => None,
            Sampler::Ratio => by_ratio(),
            Sampler::Weights => record.weights.clone(),
            Sampler::Auto => record.weights.clone().or_else(by_ratio),
        }
    }
}
