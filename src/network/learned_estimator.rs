use super::gpu_ranking::GpuRanking;
use super::{RankInput, Ranker, guided, guiding_weights};
use crate::error::no_answer;
use crate::parallel::parallel_map;
use crate::{Estimator, ModelKind, Options, Outcome, Problem, Result, Sampler};

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
    on_gpu: Option<GpuRanking>,
}

impl LearnedEstimator {
    /// An estimator that ranks by the shipped network, where one ships for the model and the options leave the sampling to it: that is
    /// with [`Sampler::Auto`] and without [`use_all`](Options::use_all).
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    pub fn new(options: Options, kind: ModelKind) -> Result<Self> {
        Self::adjusted(options, kind, |_| {})
    }

    /// [`Self::new`], with the last word on the options that it comes to: those that go with the network, where matches are ranked.
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    pub fn adjusted(options: Options, kind: ModelKind, adjust: impl FnOnce(&mut Options)) -> Result<Self> {
        Self::made(options, kind, adjust, Estimator::new)
    }

    /// [`Self::new`], where another estimator works: one device serves both.
    ///
    /// # Errors
    /// Those of [`Estimator::with_options`].
    pub fn beside(other: &Self, options: Options, kind: ModelKind) -> Result<Self> {
        Self::made(options, kind, |_| {}, |options| other.estimator.with_options(options))
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
        let on_gpu =
            |ranker: &Ranker| estimator.context().map(|context| GpuRanking::new(context, ranker.weights())).transpose();
        let ranking = ranker.map(|ranker| Ok(Ranking { on_gpu: on_gpu(&ranker)?, ranker })).transpose()?;
        Ok(Self { estimator, ranking })
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
    pub fn estimate(&self, problem: &Problem<'_>) -> Result<Outcome> {
        let weights = match &self.ranking {
            Some(ranking) if problem.weights.is_none() => Some(ranking.weights(problem)?),
            _ => None,
        };
        self.estimator.estimate(&Problem { weights: weights.as_deref().or(problem.weights), ..*problem })
    }

    /// [`Self::estimate`] of many problems, side by side.
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        let Some(ranking) = &self.ranking else { return self.estimator.estimate_batch(problems) };
        let threads = self.estimator.options().threads;
        let weights = ranking.weights_of_all(problems, threads);
        let ranked: Vec<Problem<'_>> = problems
            .iter()
            .zip(&weights)
            .filter_map(|(problem, weights)| {
                let weights = weights.as_ref().ok()?.as_deref();
                Some(Problem { weights: weights.or(problem.weights), ..*problem })
            })
            .collect();
        let mut outcomes = self.estimator.estimate_batch(&ranked).into_iter();
        weights.into_iter().map(|weights| weights.and_then(|_| outcomes.next().unwrap_or_else(no_answer))).collect()
    }
}

impl Ranking {
    fn weights(&self, problem: &Problem<'_>) -> Result<Vec<f32>> {
        self.ranker.logits(&RankInput::of(problem)).map(|logits| guiding_weights(&logits))
    }

    /// `None` for problems that have weights of their own.
    fn weights_of_all(&self, problems: &[Problem<'_>], threads: usize) -> Vec<Result<Option<Vec<f32>>>> {
        let mut from_gpu = match &self.on_gpu {
            Some(on_gpu) => {
                let inputs: Vec<_> = problems.iter().map(RankInput::of).collect();
                on_gpu.logits(&inputs)
            }
            None => Vec::new(),
        };
        from_gpu.resize(problems.len(), None);
        parallel_map(threads, problems.len(), |index| match (&problems[index], &from_gpu[index]) {
            (problem, _) if problem.weights.is_some() => Ok(None),
            (_, Some(logits)) => Ok(Some(guiding_weights(logits))),
            (problem, None) => self.weights(problem).map(Some),
        })
    }
}
