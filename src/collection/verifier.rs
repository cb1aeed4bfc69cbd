use super::candidates::Candidates;
use super::decide::geometry;
use super::watermark::is_watermark;
use super::{Configuration, Pair, TwoViewGeometry};
use crate::error::no_answer;
use crate::network::LearnedEstimator;
use crate::parallel::parallel_map;
use crate::ransac::{Estimate, Outcome};
use crate::{Backend, Error, Estimator, ModelKind, Options, Problem, Result};

/// ln of how much rarer by chance a fundamental matrix must be than what was found with known intrinsics, to go before it: of the
/// validation pairs that it merely has more inliers on, nearly all are wrong matches and none has wrong intrinsics.
const LN_EVIDENCE: f64 = 12.0 * std::f64::consts::LN_10;

/// How the pairs of a collection are verified.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyOptions {
    /// The estimator's own options. A pair with fewer than their `min_inliers` is [`Configuration::Undefined`].
    pub estimator: Options,
    /// Times that random matches would have as good a geometry, on average; with more the pair is undefined.
    pub max_false_alarms: f64,
    /// Where an essential matrix has less than this share of the inliers of a fundamental one that is by far the less likely by chance,
    /// the intrinsics do not fit and the pair is [`Configuration::Uncalibrated`].
    pub min_essential_share: f64,
    /// Whether inliers along the border that are merely shifted make a pair a [`Configuration::Watermark`].
    pub detect_watermark: bool,
    /// Whether more geometries are looked for among the outliers of the first.
    pub multiple_models: bool,
}

impl Default for VerifyOptions {
    /// COLMAP's, among them a threshold of 4 pixels and 15 inliers; at most 2000 hypotheses, more of which find no more pairs; and 1e-10 false
    /// alarms: wrong matches are not independent where structures repeat. On validation photographs that takes away two thirds of the wrong
    /// geometries and none of the right ones.
    fn default() -> Self {
        Self {
            estimator: Options { threshold_px: 4.0, min_inliers: 15, max_iterations: 2000, ..Options::default() },
            max_false_alarms: 1e-10,
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
    ln_false_alarms: f64,
    /// Whether a fundamental matrix may explain clearly more than the essential one.
    is_misfit: bool,
}

impl Default for Decided {
    /// Nothing found.
    fn default() -> Self {
        Self { geometry: TwoViewGeometry::default(), ln_false_alarms: f64::INFINITY, is_misfit: false }
    }
}

impl Verifier {
    /// A verifier on the backend that the options name.
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    pub fn new(options: VerifyOptions) -> Result<Self> {
        let asked = &options.estimator;
        let refit = Options { use_all: true, min_inliers: 0, diagnose: false, backend: Backend::Cpu, ..asked.clone() };
        let essential = LearnedEstimator::new(asked.clone(), ModelKind::Essential)?;
        let fundamental =
            LearnedEstimator::beside(essential.estimator(), asked.clone(), ModelKind::Fundamental, |_| {})?;
        Ok(Self { essential, fundamental, refit: Estimator::new(refit)?, options })
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
        self.verify_batch(std::slice::from_ref(pair)).pop().unwrap_or_else(no_answer)
    }

    /// [`Self::verify`] of many pairs, side by side.
    pub fn verify_batch(&self, pairs: &[Pair<'_>]) -> Vec<Result<TwoViewGeometry>> {
        let mut found = self.verify_once(pairs);
        if self.options.multiple_models {
            self.find_more(pairs, &mut found);
        }
        found
    }

    fn verify_once(&self, pairs: &[Pair<'_>]) -> Vec<Result<TwoViewGeometry>> {
        let mut found: Vec<Result<Decided>> = pairs.iter().map(|_| Ok(Decided::default())).collect();
        let (both_known, mut others): (Vec<usize>, Vec<usize>) =
            (0..pairs.len()).partition(|&index| pairs[index].cameras().is_some());
        let essential = self.estimate(ModelKind::Essential, pairs, &both_known);
        let decided = parallel_map(self.threads(), essential.len(), |place| self.decide(&essential[place]));
        for ((index, decided), estimated) in both_known.into_iter().zip(decided).zip(essential) {
            if decided.is_misfit {
                others.push(index);
            }
            found[index] = estimated.map(|_| decided);
        }
        let fundamental = self.estimate(ModelKind::Fundamental, pairs, &others);
        let decided = parallel_map(self.threads(), fundamental.len(), |place| self.decide(&fundamental[place]));
        for ((index, other), estimated) in others.into_iter().zip(decided).zip(fundamental) {
            match (&found[index], estimated) {
                (Ok(known), Ok(_)) if pairs[index].cameras().is_some() && !self.replaces(&other, known) => {}
                (_, estimated) => found[index] = estimated.map(|_| other),
            }
        }
        let settled = |(pair, found): (&Pair<'_>, Result<Decided>)| Ok(self.without_watermark(pair, found?.geometry));
        pairs.iter().zip(found).map(settled).collect()
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
        let Ok(Estimated { candidates, outcome }) = estimated else { return Decided::default() };
        let is_calibrated = candidates.is_calibrated();
        let geometry = geometry(candidates, outcome);
        let ln_false_alarms = self.ln_false_alarms(candidates, &geometry);
        let count = geometry.inliers.len();
        if count < self.min_inliers() || ln_false_alarms >= self.options.max_false_alarms.ln() {
            let is_misfit = is_calibrated && candidates.len() >= self.min_inliers();
            let nothing = TwoViewGeometry { iterations: geometry.iterations, ..TwoViewGeometry::default() };
            return Decided { geometry: nothing, is_misfit, ..Decided::default() };
        }
        let refit =
            outcome.estimate.as_ref().filter(|_| is_calibrated).map(|one| self.inliers_of_refit(candidates, one));
        let is_misfit = refit.is_some_and(|refit| self.is_clearly_less(count, refit));
        Decided { geometry, ln_false_alarms, is_misfit }
    }

    /// ln of the false alarms of its fundamental matrix or its homography, whichever says more.
    fn ln_false_alarms(&self, candidates: &Candidates, geometry: &TwoViewGeometry) -> f64 {
        let reach_px = self.options.estimator.threshold_px;
        let kind = if candidates.is_calibrated() { ModelKind::Essential } else { ModelKind::Fundamental };
        let chance = candidates.chance();
        let by_fundamental = geometry.fundamental.map(|f| chance.ln_of_fundamental(&f, kind.sample_size(), reach_px));
        let by_homography = geometry.homography.map(|h| chance.ln_of_homography(&h, reach_px));
        [by_fundamental, by_homography].into_iter().flatten().fold(f64::INFINITY, f64::min)
    }

    /// Whether a fundamental matrix goes before what was found with the intrinsics.
    fn replaces(&self, other: &Decided, known: &Decided) -> bool {
        let ln_known = known.ln_false_alarms.min(self.options.max_false_alarms.ln());
        self.is_clearly_less(known.geometry.inliers.len(), other.geometry.inliers.len())
            && other.ln_false_alarms < ln_known - LN_EVIDENCE
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

    /// Looks for more geometries among the outliers of all pairs, until there is none; of several only the inliers are kept.
    fn find_more(&self, pairs: &[Pair<'_>], found: &mut [Result<TwoViewGeometry>]) {
        let mut open: Vec<usize> =
            (0..pairs.len()).filter(|&index| found[index].as_ref().is_ok_and(is_model)).collect();
        while !open.is_empty() {
            let rests = parallel_map(self.threads(), open.len(), |place| {
                Rest::new(&pairs[open[place]], found[open[place]].as_ref().map_or(&[], |first| &first.inliers))
            });
            let asked: Vec<Pair<'_>> = open.iter().zip(&rests).map(|(&index, rest)| rest.of(&pairs[index])).collect();
            let next = self.verify_once(&asked);
            let more = open.into_iter().zip(&rests).zip(next);
            open = more
                .filter_map(|((index, rest), next)| {
                    rest.join(found[index].as_mut().ok()?, &next.ok()?).then_some(index)
                })
                .collect();
        }
    }
}

const fn is_model(found: &TwoViewGeometry) -> bool {
    !matches!(found.configuration, Configuration::Undefined | Configuration::Watermark)
}

/// The matches of a pair that are no inliers yet.
struct Rest {
    places: Vec<u32>,
    matches: Vec<[u32; 2]>,
    ratios: Option<Vec<f32>>,
}

impl Rest {
    fn new(pair: &Pair<'_>, inliers: &[u32]) -> Self {
        let is_left = |place: &u32| inliers.binary_search(place).is_err();
        let places: Vec<u32> = (0..pair.matches.len() as u32).filter(is_left).collect();
        let ratios = pair.ratios.map(|ratios| pick(ratios, &places));
        Self { matches: pick(pair.matches, &places), ratios, places }
    }

    fn of<'a>(&'a self, pair: &Pair<'a>) -> Pair<'a> {
        Pair { matches: &self.matches, ratios: self.ratios.as_deref(), ..*pair }
    }

    /// Adds what was found of it; whether it was a model.
    fn join(&self, first: &mut TwoViewGeometry, next: &TwoViewGeometry) -> bool {
        if !is_model(next) {
            return false;
        }
        let mut inliers = std::mem::take(&mut first.inliers);
        inliers.extend(next.inliers.iter().map(|&place| self.places[place as usize]));
        inliers.sort_unstable();
        let iterations = first.iterations;
        *first = TwoViewGeometry { configuration: Configuration::Multiple, inliers, iterations, ..Default::default() };
        true
    }
}

fn pick<T: Copy>(values: &[T], places: &[u32]) -> Vec<T> {
    places.iter().map(|&place| values[place as usize]).collect()
}
