#[cfg(not(target_arch = "wasm32"))]
use super::gpu_ranking::GpuRanking;
use super::{Architecture, RankInput, Ranker, Weights, guided, guiding_weights};
use crate::error::no_answer;
use crate::gpu::Context;
use crate::parallel::parallel_map;
use crate::ransac::GpuEstimator;
use crate::{Estimator, ModelKind, Options, Outcome, Problem, Result, Sampler};
use std::sync::Arc;

/// The estimator of one kind of model, with the network that ranks its matches first, on the same backend: what the command line does
/// by default.
#[derive(Debug)]
pub struct LearnedEstimator {
    estimator: Estimator,
    ranking: Option<Ranking>,
}

#[derive(Debug)]
struct Ranking {
    ranker: Ranker,
    on_gpu: Option<OnGpu>,
}

/// How a GPU has a part in the ranking.
#[derive(Debug)]
enum OnGpu {
    /// The network goes before the estimator in one submission: the estimator that has it.
    InFront(GpuEstimator),
    /// The logits are read back: those of CLNet, whose rows the CPU makes, and for [`Options::use_all`], which works there. Not in
    /// browsers, where nothing may wait for them: the CPU ranks there.
    #[cfg(not(target_arch = "wasm32"))]
    ReadBack(Box<GpuRanking>),
}

impl LearnedEstimator {
    /// An estimator that ranks by the shipped network, where one ships for the model and the options leave the sampling to it: that is
    /// with [`Sampler::Auto`] and without [`use_all`](Options::use_all).
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new(options: Options, kind: ModelKind) -> Result<Self> {
        Self::adjusted(options, kind, |_| {})
    }

    /// [`Self::new`], with the last word on the options that it comes to: those that go with the network, where matches are ranked.
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn adjusted(options: Options, kind: ModelKind, adjust: impl FnOnce(&mut Options)) -> Result<Self> {
        Self::made(options, kind, adjust, Estimator::new)
    }

    /// [`Self::adjusted`], where another estimator works: one device serves both.
    ///
    /// # Errors
    /// Those of [`Estimator::with_options`].
    pub fn beside(
        other: &Estimator,
        options: Options,
        kind: ModelKind,
        adjust: impl FnOnce(&mut Options),
    ) -> Result<Self> {
        Self::made(options, kind, adjust, |options| other.with_options(options))
    }

    fn made(
        options: Options,
        kind: ModelKind,
        adjust: impl FnOnce(&mut Options),
        estimator: impl FnOnce(Options) -> Result<Estimator>,
    ) -> Result<Self> {
        let ranker = match options.sampler {
            Sampler::Auto if !options.use_all => Ranker::shipped_if_any(kind)?,
            _ => None,
        };
        let mut options = if ranker.is_some() { guided(options, kind) } else { options };
        adjust(&mut options);
        Self::with_ranker(estimator(options)?, ranker)
    }

    /// This estimator, after this network: [`guided`] makes the options that suit it.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) when the device does not take the network.
    pub fn with_ranker(estimator: Estimator, ranker: Option<Ranker>) -> Result<Self> {
        let on_gpu = |ranker: &Ranker| match estimator.context() {
            Some(context) => OnGpu::new(context, estimator.options(), ranker),
            None => Ok(None),
        };
        let make = |ranker: Ranker| Ok(Ranking { on_gpu: on_gpu(&ranker)?, ranker });
        Ok(Self { ranking: ranker.map(make).transpose()?, estimator })
    }

    /// The estimator itself.
    pub const fn estimator(&self) -> &Estimator {
        &self.estimator
    }

    /// Whether matches are ranked by a network.
    pub const fn is_learned(&self) -> bool {
        self.ranking.is_some()
    }

    /// Ranks the matches of a problem, unless it has weights of its own, and estimates its model.
    ///
    /// # Errors
    /// Those of [`Ranker::logits`] and [`Estimator::estimate`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn estimate(&self, problem: &Problem<'_>) -> Result<Outcome> {
        self.estimate_batch(std::slice::from_ref(problem)).pop().unwrap_or_else(no_answer)
    }

    /// [`Self::estimate`] of many problems, side by side.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        let Some(ranking) = &self.ranking else { return self.estimator.estimate_batch(problems) };
        if let Some(OnGpu::InFront(estimator)) = &ranking.on_gpu {
            return estimator.estimate_batch(problems);
        }
        let weights = ranking.weights_of_all(problems, self.estimator.options().threads);
        with_faults(self.estimator.estimate_batch(&weighed(problems, &weights)), weights)
    }

    /// [`Self::estimate_batch`] for an executor that is not to be held up: as
    /// [`Estimator::estimate_batch_async`], but for a ranking that is not the GPU's, which all problems wait for.
    pub async fn estimate_batch_async(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        let Some(ranking) = &self.ranking else { return self.estimator.estimate_batch_async(problems).await };
        if let Some(OnGpu::InFront(estimator)) = &ranking.on_gpu {
            return estimator.estimate_batch_async(problems).await;
        }
        let weights = ranking.weights_of_all(problems, self.estimator.options().threads);
        with_faults(self.estimator.estimate_batch_async(&weighed(problems, &weights)).await, weights)
    }
}

/// Of each problem the weights that it is given, `None` where it has its own, or what is wrong with it.
type WeightsOfAll = Vec<Result<Option<Vec<f32>>>>;

/// The problems that nothing is wrong with, with their weights.
fn weighed<'a>(problems: &[Problem<'a>], weights: &'a WeightsOfAll) -> Vec<Problem<'a>> {
    let of_each = problems.iter().zip(weights).filter_map(|(problem, weights)| {
        let weights = weights.as_ref().ok()?.as_deref();
        Some(Problem { weights: weights.or(problem.weights), ..*problem })
    });
    of_each.collect()
}

/// The outcomes of those, and what is wrong with the others.
fn with_faults(outcomes: Vec<Result<Outcome>>, weights: WeightsOfAll) -> Vec<Result<Outcome>> {
    let mut outcomes = outcomes.into_iter();
    weights.into_iter().map(|weights| weights.and_then(|_| outcomes.next().unwrap_or_else(no_answer))).collect()
}

impl OnGpu {
    fn new(context: &Context, options: &Options, ranker: &Ranker) -> Result<Option<Self>> {
        let weights = ranker.weights();
        if weights.config().architecture == Architecture::Clnet || options.use_all {
            return Self::read_back(context, weights);
        }
        let estimator = GpuEstimator::new(context.clone(), options.clone())?;
        Ok(Some(Self::InFront(estimator.with_ranking(Arc::new(weights.clone())))))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn read_back(context: &Context, weights: &Weights) -> Result<Option<Self>> {
        Ok(Some(Self::ReadBack(Box::new(GpuRanking::new(context, weights)?))))
    }

    #[cfg(target_arch = "wasm32")]
    const fn read_back(_: &Context, _: &Weights) -> Result<Option<Self>> {
        Ok(None)
    }
}

impl Ranking {
    fn weights(&self, problem: &Problem<'_>) -> Result<Vec<f32>> {
        self.ranker.logits(&RankInput::of(problem)).map(|logits| guiding_weights(&logits))
    }

    fn weights_of_all(&self, problems: &[Problem<'_>], threads: usize) -> WeightsOfAll {
        let mut from_gpu: Vec<Option<Vec<f32>>> = match &self.on_gpu {
            #[cfg(not(target_arch = "wasm32"))]
            Some(OnGpu::ReadBack(on_gpu)) => {
                let inputs: Vec<_> = problems.iter().map(RankInput::of).collect();
                on_gpu.logits(&inputs)
            }
            _ => Vec::new(),
        };
        from_gpu.resize(problems.len(), None);
        parallel_map(threads, problems.len(), |index| match (&problems[index], &from_gpu[index]) {
            (problem, _) if problem.weights.is_some() => Ok(None),
            (_, Some(logits)) => Ok(Some(guiding_weights(logits))),
            (problem, None) => self.weights(problem).map(Some),
        })
    }
}
