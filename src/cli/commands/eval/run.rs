//! The estimation of all pairs, and what came of each.

use super::EvalArgs;
use super::jobs::{Job, Jobs};
use crate::cli::progress;
use crate::cli::report::accuracy::Accuracy;
use crate::cli::report::pair_result::{Ending, PairResult, Search};
use crate::cli::report::ranking::Ranking;
use crate::cli::report::refined_truth::RefinedTruth;
use crate::cli::sampling::Sampling;
use crate::data::synthetic::problems::pair_seed;
use crate::data::{PairRecord, Scene};
use crate::parallel::parallel_map;
use crate::ransac::Outcome;
use crate::{Backend, Estimator, Result};
use indicatif::ProgressBar;
use std::time::Instant;

/// Pairs in one batch on the GPU.
const GPU_BATCH: usize = 128;

pub(super) struct Run<'a, A: Accuracy> {
    pub(super) arguments: &'a EvalArgs,
    pub(super) scenes: &'a [Scene],
    pub(super) jobs: &'a Jobs<A>,
    pub(super) estimator: &'a Estimator,
    pub(super) sampling: &'a Sampling,
}

impl<A: Accuracy> Run<'_, A> {
    /// What came of every pair, in order.
    pub(super) fn all(&self, threads: usize) -> Vec<PairResult<A>> {
        let jobs = &self.jobs.jobs;
        let bar = progress::bar(jobs.len() as u64, "pairs");
        let results = match self.estimator.backend() {
            Backend::Gpu => {
                // With the first batch shaders are compiled and buffers made, which is no time of its pairs.
                jobs.chunks(GPU_BATCH).take(1).for_each(|first| drop(self.batch(first, &ProgressBar::hidden())));
                jobs.chunks(GPU_BATCH).flat_map(|batch| self.batch(batch, &bar)).collect()
            }
            _ => self.threads(jobs, threads, &bar),
        };
        bar.finish_and_clear();
        results
    }

    fn threads(&self, jobs: &[Job], threads: usize, bar: &ProgressBar) -> Vec<PairResult<A>> {
        parallel_map(threads, jobs.len(), |index| {
            let result = self.pair(jobs[index]);
            bar.inc(1);
            result
        })
    }

    fn pair(&self, job: Job) -> PairResult<A> {
        let record = self.record(job);
        let mut record = match record {
            Ok(record) => record,
            Err(error) => return self.result(job, None, Err(error), 0.0),
        };
        let start = Instant::now();
        let ranked = self.sampling.rank(&mut record, self.arguments.model);
        let problem = ranked.and_then(|()| record.problem(self.arguments.model, self.seed(job)));
        let outcome = problem.and_then(|problem| self.estimator.estimate(&problem));
        self.result(job, Some(&record), outcome, start.elapsed().as_secs_f64() * 1e3)
    }

    /// One submission; the time of a pair is its share of the whole.
    fn batch(&self, jobs: &[Job], bar: &ProgressBar) -> Vec<PairResult<A>> {
        let mut records: Vec<Result<PairRecord>> = jobs.iter().map(|&job| self.record(job)).collect();
        let start = Instant::now();
        self.sampling.rank_all(&mut records, self.arguments.model);
        let problems: Vec<_> = records
            .iter()
            .zip(jobs)
            .filter_map(|(record, &job)| record.as_ref().ok()?.problem(self.arguments.model, self.seed(job)).ok())
            .collect();
        let mut outcomes = self.estimator.estimate_batch(&problems).into_iter();
        let milliseconds = start.elapsed().as_secs_f64() * 1e3 / jobs.len() as f64;
        bar.inc(jobs.len() as u64);
        let result = |(record, &job): (Result<PairRecord>, &Job)| match record {
            Err(error) => self.result(job, None, Err(error), milliseconds),
            Ok(record) => {
                let outcome = match record.problem(self.arguments.model, self.seed(job)) {
                    Ok(_) => outcomes.next().unwrap_or_else(|| Ok(Outcome::default())),
                    Err(error) => Err(error),
                };
                self.result(job, Some(&record), outcome, milliseconds)
            }
        };
        records.into_iter().zip(jobs).map(result).collect()
    }

    fn seed(&self, (_, pair): Job) -> u64 {
        pair_seed(self.arguments.options.seed, pair)
    }

    /// The pair with the matches that the filter leaves.
    fn record(&self, (scene, pair): Job) -> Result<PairRecord> {
        let record = self.scenes[scene].pair(pair)?;
        let indices = self.arguments.filter.indices(&record, self.arguments.model);
        Ok(indices.map(|indices| record.select(&indices)).unwrap_or(record))
    }

    fn result(
        &self,
        job: Job,
        record: Option<&PairRecord>,
        outcome: Result<Outcome>,
        milliseconds: f64,
    ) -> PairResult<A> {
        let facts = &self.jobs.facts[job.0];
        let search =
            record.zip(outcome.as_ref().ok()).map_or_else(Search::default, |(record, found)| Search::of(found, record));
        let estimate = outcome.map(|outcome| outcome.estimate);
        let truth = record.zip(estimate.as_ref().ok()).and_then(|(record, estimate)| {
            let problem = record.problem(self.arguments.model, self.seed(job)).ok()?;
            RefinedTruth::of::<A>(estimate.as_ref(), &problem, record, self.estimator.options(), facts)
        });
        let (accuracy, ending) = match (estimate, record) {
            (Err(error), _) => (A::FAILURE, Ending::Failed(error.to_string())),
            (Ok(Some(estimate)), Some(record)) => match A::of(&estimate.model, &estimate.inliers, record, facts) {
                Some(accuracy) => (accuracy, Ending::Found),
                None => (A::FAILURE, Ending::Failed("its truth and cameras are not known".to_owned())),
            },
            _ => (A::FAILURE, Ending::NoModel),
        };
        let ranking = record
            .and_then(|record| Some(Ranking::of(&A::right_matches(record)?, self.sampling.quality(record).as_deref())))
            .unwrap_or_default();
        let (scene, pair) = (&self.scenes[job.0], job.1);
        let (scene, pair) = (scene.name(), scene.id(pair).to_owned());
        PairResult { scene, pair, accuracy, ranking, truth, search, milliseconds, ending }
    }
}
