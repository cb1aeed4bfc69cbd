use super::candidates::Candidates;
use super::decide::geometry;
use super::watermark::is_watermark;
use super::{Configuration, Pair, TwoViewGeometry};
use crate::network::LearnedEstimator;
use crate::parallel::parallel_map;
use crate::ransac::{Estimate, Outcome};
use crate::{Backend, Error, Estimator, ModelKind, Options, Problem, Result};
use glam::DMat3;

/// How the pairs of a collection are verified.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyOptions {
    /// The estimator's own options. A pair with fewer than their `min_inliers` is [`Configuration::Undefined`].
    pub estimator: Options,
    /// Times that random matches would have as good a geometry, on average; with more the pair is undefined.
    pub max_false_alarms: f64,
    /// Where an essential matrix has less than this share of the inliers of a fundamental one, the intrinsics do not fit and the
    /// pair is [`Configuration::Uncalibrated`].
    pub min_essential_share: f64,
    /// Whether inliers along the border that are merely shifted make a pair a [`Configuration::Watermark`].
    pub detect_watermark: bool,
    /// Whether more geometries are looked for among the outliers of the first.
    pub multiple_models: bool,
}

impl Default for VerifyOptions {
    /// COLMAP's, among them a threshold of 4 pixels and 15 inliers.
    fn default() -> Self {
        Self {
            estimator: Options { threshold_px: 4.0, min_inliers: 15, ..Options::default() },
            max_false_alarms: 1.0,
            min_essential_share: 0.95,
            detect_watermark: true,
            multiple_models: false,
        }
    }
}

/// Finds the two-view geometry of pairs, as COLMAP's geometric verification does (`TwoViewGeometry::Estimate`). Made once, used for any
/// number of pairs.
///
/// A pair whose intrinsics are both known has an essential matrix and, where that has clearly fewer inliers than a fundamental
/// matrix fitted to them, a fundamental matrix instead; every other pair has a fundamental matrix. The estimator's diagnosis says
/// whether there is a plane or a rotation alone.
#[derive(Debug)]
pub struct Verifier {
    options: VerifyOptions,
    essential: LearnedEstimator,
    fundamental: LearnedEstimator,
    /// Fits a fundamental matrix to the inliers of an essential one.
    refit: Estimator,
}

/// Matches of one pair that may be inliers, and what the estimator made of them.
struct Estimated {
    candidates: Candidates,
    outcome: Outcome,
}

/// What was decided on a pair.
struct Decided {
    geometry: TwoViewGeometry,
    /// Whether a fundamental matrix may explain clearly more than the essential one.
    is_misfit: bool,
}

impl Verifier {
    /// A verifier on the backend that the options name.
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    pub fn new(options: VerifyOptions) -> Result<Self> {
        let asked = &options.estimator;
        let refit = Options { use_all: true, min_inliers: 0, diagnose: false, backend: Backend::Cpu, ..asked.clone() };
        Ok(Self {
            essential: LearnedEstimator::new(asked.clone(), ModelKind::Essential)?,
            fundamental: LearnedEstimator::new(asked.clone(), ModelKind::Fundamental)?,
            refit: Estimator::new(refit)?,
            options,
        })
    }

    /// Its options.
    pub const fn options(&self) -> &VerifyOptions {
        &self.options
    }

    /// Where it works: the adapter's name, or `CPU`.
    pub fn device_name(&self) -> String {
        self.essential.estimator().device_name()
    }

    /// The geometry of one pair.
    ///
    /// # Errors
    /// [`Error::NoSuchKeyPoint`], [`Error::NotFinite`] or [`Error::LengthMismatch`] of its input. No geometry is an answer, no error.
    pub fn verify(&self, pair: &Pair<'_>) -> Result<TwoViewGeometry> {
        let no_answer = || Err(Error::Device("the batch gave no answer".to_owned()));
        self.verify_batch(std::slice::from_ref(pair)).pop().unwrap_or_else(no_answer)
    }

    /// [`Self::verify`] of many pairs, side by side.
    pub fn verify_batch(&self, pairs: &[Pair<'_>]) -> Vec<Result<TwoViewGeometry>> {
        let mut found = self.verify_once(pairs);
        if self.options.multiple_models {
            for (pair, found) in pairs.iter().zip(&mut found) {
                if let Ok(first) = found {
                    self.find_more(pair, first);
                }
            }
        }
        found
    }

    fn verify_once(&self, pairs: &[Pair<'_>]) -> Vec<Result<TwoViewGeometry>> {
        let mut found: Vec<Result<TwoViewGeometry>> = pairs.iter().map(|_| Ok(TwoViewGeometry::default())).collect();
        let (both_known, mut others): (Vec<usize>, Vec<usize>) =
            (0..pairs.len()).partition(|&index| pairs[index].cameras().is_some());
        let essential = self.estimate(ModelKind::Essential, pairs, &both_known);
        let decided = parallel_map(self.threads(), essential.len(), |place| self.decide(&essential[place]));
        for ((index, decided), estimated) in both_known.into_iter().zip(decided).zip(essential) {
            found[index] = estimated.map(|_| decided.geometry);
            if decided.is_misfit {
                others.push(index);
            }
        }
        let fundamental = self.estimate(ModelKind::Fundamental, pairs, &others);
        let decided = parallel_map(self.threads(), fundamental.len(), |place| self.decide(&fundamental[place]));
        for ((index, other), estimated) in others.into_iter().zip(decided).zip(fundamental) {
            let before = found[index].as_ref().map_or(0, |found| found.inliers.len());
            if estimated.is_err() || self.is_clearly_less(before, other.geometry.inliers.len()) {
                found[index] = estimated.map(|_| other.geometry);
            }
        }
        pairs.iter().zip(found).map(|(pair, found)| found.map(|found| self.without_watermark(pair, found))).collect()
    }

    const fn threads(&self) -> usize {
        self.options.estimator.threads
    }

    const fn min_inliers(&self) -> usize {
        self.options.estimator.min_inliers as usize
    }

    /// What the estimator of a model finds for some of the pairs.
    fn estimate(&self, kind: ModelKind, pairs: &[Pair<'_>], which: &[usize]) -> Vec<Result<Estimated>> {
        let estimator = if kind == ModelKind::Essential { &self.essential } else { &self.fundamental };
        let candidates = parallel_map(self.threads(), which.len(), |place| Candidates::new(&pairs[which[place]], kind));
        let enough = |candidates: &Candidates| candidates.len() >= self.min_inliers().max(kind.sample_size());
        let problems: Vec<Problem<'_>> =
            candidates.iter().flatten().filter(|one| enough(one)).map(Candidates::problem).collect();
        let mut outcomes = estimator.estimate_batch(&problems).into_iter();
        drop(problems);
        let estimated = candidates.into_iter().map(|candidates| {
            let candidates = candidates?;
            let outcome = if enough(&candidates) { outcomes.next() } else { None };
            let outcome = match outcome.unwrap_or_else(|| Ok(Outcome::default())) {
                Err(Error::TooFewMatches { .. } | Error::DegenerateMatches { .. }) => Outcome::default(),
                outcome => outcome?,
            };
            Ok(Estimated { candidates, outcome })
        });
        estimated.collect()
    }

    /// What an estimate says; nothing where it has too few inliers, or no more than chance gives.
    fn decide(&self, estimated: &Result<Estimated>) -> Decided {
        let mut decided = Decided { geometry: TwoViewGeometry::default(), is_misfit: false };
        let Ok(Estimated { candidates, outcome }) = estimated else { return decided };
        if candidates.len() < self.min_inliers() {
            return decided;
        }
        let geometry = geometry(candidates, outcome);
        let count = geometry.inliers.len();
        if count >= self.min_inliers() && !self.is_chance(candidates, &geometry) {
            decided.geometry = geometry;
        } else {
            decided.geometry.iterations = geometry.iterations;
            decided.is_misfit = candidates.is_calibrated();
            return decided;
        }
        if let (true, Some(estimate)) = (candidates.is_calibrated(), &outcome.estimate) {
            decided.is_misfit = self.is_clearly_less(count, self.inliers_of_refit(candidates, estimate));
        }
        decided
    }

    fn is_chance(&self, candidates: &Candidates, geometry: &TwoViewGeometry) -> bool {
        let reach_px = self.options.estimator.threshold_px;
        let sample_size =
            if candidates.is_calibrated() { ModelKind::Essential } else { ModelKind::Fundamental }.sample_size();
        let chance = candidates.chance();
        let is_more = |ln_false_alarms: f64| ln_false_alarms < self.options.max_false_alarms.ln();
        let by_fundamental =
            |fundamental: &DMat3| is_more(chance.ln_of_fundamental(fundamental, sample_size, reach_px));
        let by_homography = |homography: &DMat3| is_more(chance.ln_of_homography(homography, reach_px));
        !geometry.fundamental.as_ref().is_some_and(by_fundamental)
            && !geometry.homography.as_ref().is_some_and(by_homography)
    }

    fn inliers_of_refit(&self, candidates: &Candidates, essential: &Estimate) -> usize {
        let weights: Vec<f32> = essential.inliers.iter().map(|&inlier| f32::from(u8::from(inlier))).collect();
        let problem = Problem { weights: Some(&weights), ..Problem::new(candidates.uncalibrated()) };
        let outcome = self.refit.estimate(&problem);
        outcome.ok().and_then(|outcome| outcome.estimate).map_or(0, |estimate| estimate.inlier_count())
    }

    fn is_clearly_less(&self, essential: usize, fundamental: usize) -> bool {
        (essential as f64) < self.options.min_essential_share * fundamental as f64
    }

    fn without_watermark(&self, pair: &Pair<'_>, found: TwoViewGeometry) -> TwoViewGeometry {
        let [size1, size2] = pair.views.map(|view| view.size_px());
        let watermark = self.options.detect_watermark
            && size1
                .zip(size2)
                .is_some_and(|(size1, size2)| is_watermark(&pair.points_of(&found.inliers), [size1, size2]));
        let configuration = if watermark { Configuration::Watermark } else { found.configuration };
        TwoViewGeometry { configuration, ..found }
    }

    /// Looks for more geometries among the outliers, until there is none; of several only the inliers are kept.
    fn find_more(&self, pair: &Pair<'_>, first: &mut TwoViewGeometry) {
        if matches!(first.configuration, Configuration::Undefined | Configuration::Watermark) {
            return;
        }
        let mut inliers = first.inliers.clone();
        let mut models = 1;
        loop {
            let is_left = |place: &u32| inliers.binary_search(place).is_err();
            let left: Vec<u32> = (0..pair.matches.len() as u32).filter(is_left).collect();
            let matches: Vec<[u32; 2]> = pick(pair.matches, &left);
            let ratios = pair.ratios.map(|ratios| pick(ratios, &left));
            let rest = Pair { matches: &matches, ratios: ratios.as_deref(), ..*pair };
            let Some(Ok(next)) = self.verify_once(&[rest]).pop() else { break };
            if matches!(next.configuration, Configuration::Undefined | Configuration::Watermark) {
                break;
            }
            inliers.extend(next.inliers.iter().map(|&place| left[place as usize]));
            inliers.sort_unstable();
            models += 1;
        }
        if models > 1 {
            let iterations = first.iterations;
            *first =
                TwoViewGeometry { configuration: Configuration::Multiple, inliers, iterations, ..Default::default() };
        }
    }
}

fn pick<T: Copy>(values: &[T], places: &[u32]) -> Vec<T> {
    places.iter().map(|&place| values[place as usize]).collect()
}
