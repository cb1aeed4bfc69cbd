//! Which pairs are evaluated.

use crate::cli::arguments::FilterArgs;
use crate::cli::report::accuracy::Accuracy;
use crate::cli::warnings;
use crate::data::{PairRecord, Scene};
use crate::{Options, Result};

/// Index of a scene, and of a pair in it.
pub(super) type Job = (usize, usize);

/// The pairs that can be compared with their truth.
pub(super) struct Jobs<A: Accuracy> {
    pub(super) jobs: Vec<Job>,
    /// What the comparison needs to know of each scene.
    pub(super) facts: Vec<A::Facts>,
    /// Pairs that cannot be compared.
    pub(super) without_truth: usize,
}

impl<A: Accuracy> Jobs<A> {
    /// Those of these scenes.
    ///
    /// # Errors
    /// A scene has none.
    pub(super) fn of(scenes: &[Scene]) -> Result<Self> {
        let (mut jobs, mut facts) = (Vec::new(), Vec::new());
        for (index, scene) in scenes.iter().enumerate() {
            let (before, mut truths) = (jobs.len(), Vec::new());
            for pair in 0..scene.len() {
                // A pair that cannot be read is tried again and reported with its message.
                let record = scene.pair(pair).ok();
                if record.as_ref().is_none_or(A::is_defined_for) {
                    jobs.push((index, pair));
                    truths.extend(record.and_then(|record| record.truth));
                }
            }
            if jobs.len() == before {
                let (needed, pairs) = (A::NEEDED, scene.len());
                return Err(scene.error(format!("expected {needed}, but none of the {pairs} pairs has them")));
            }
            facts.push(A::facts(scene, &truths));
        }
        let all: usize = scenes.iter().map(Scene::len).sum();
        let without_truth = all - jobs.len();
        Ok(Self { jobs, facts, without_truth })
    }

    /// How many pairs that can be read are so.
    pub(super) fn count(&self, scenes: &[Scene], is_so: impl Fn(&PairRecord) -> bool) -> usize {
        self.jobs.iter().filter(|&&(scene, pair)| scenes[scene].pair(pair).is_ok_and(|record| is_so(&record))).count()
    }

    /// What is ignored for want of ratios, where any pair has none.
    pub(super) fn ignored_options(&self, scenes: &[Scene], filter: FilterArgs, options: &Options) -> Vec<String> {
        let ignored = warnings::without_ratios(filter, options);
        let lacking = if ignored.is_empty() { 0 } else { self.count(scenes, |record| record.ratios.is_none()) };
        if lacking == 0 {
            return Vec::new();
        }
        let pairs = self.jobs.len();
        ignored.into_iter().map(|warning| format!("for {lacking} of {pairs} pairs, {warning}")).collect()
    }
}
