//! Gradients against central differences of the solver, and the distribution of their errors.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use crate::gradients::{Case, Sample, random_rows};
use crate::minimal::Rows;
use nabla_ransac::data::synthetic::problems::generator;
use rand::rngs::StdRng;

/// The gradient of Σ G·rows and what central differences give; `None` where no difference can be taken.
struct Comparison {
    /// |found − differences| / |differences|, of vectors over all coordinates and weights.
    error: f64,
    /// How far the differences of two steps are apart, relative to them.
    uncertainty: f64,
}

/// At most so many coordinates of a sample are moved.
const MOVED: usize = 24;
const STEPS: [f64; 4] = [1e-4, 1e-5, 1e-6, 1e-7];
/// Differences this close to each other need no smaller step.
const STEADY: f64 = 1e-8;

fn compare(case: &Case, sample: &Sample, model: &Rows, found: &Sample, gradient: &Rows) -> Option<Comparison> {
    let found = found.values(case);
    let stride = found.len().div_ceil(MOVED);
    let (mut error_sq, mut uncertainty_sq, mut norm_sq) = (0.0, 0.0, 0.0);
    for index in (0..found.len()).step_by(stride) {
        let (slope, uncertainty) = difference(case, sample, model, gradient, index)?;
        error_sq += (found[index] - slope).powi(2);
        uncertainty_sq += uncertainty * uncertainty;
        norm_sq += slope * slope;
    }
    let relative = |sum: f64| (sum / norm_sq).sqrt();
    Some(Comparison { error: relative(error_sq), uncertainty: relative(uncertainty_sq) })
}

/// The central difference of fourth order by one coordinate, with the step that agrees best with the one before; and how
/// well.
fn difference(case: &Case, sample: &Sample, model: &Rows, gradient: &Rows, index: usize) -> Option<(f64, f64)> {
    let loss = |step: f64| follow(case, &sample.moved(case, index, step), model).map(|rows| inner(gradient, &rows));
    let slope = |h: f64| {
        let near = loss(h)? - loss(-h)?;
        let far = loss(2.0 * h)? - loss(-2.0 * h)?;
        Some((8.0 * near - far) / (12.0 * h))
    };
    let mut best: Option<(f64, f64)> = None;
    let mut before = None;
    for step in STEPS {
        let now = slope(step);
        if let (Some(before), Some(now)) = (before, now) {
            let apart = f64::abs(now - before);
            best = best.filter(|&(_, least)| least <= apart).or(Some((now, apart)));
            if apart <= STEADY * now.abs() {
                break;
            }
        }
        before = now;
    }
    best
}

/// The solution of a moved sample that belongs to `model`.
fn follow(case: &Case, moved: &Sample, model: &Rows) -> Option<Rows> {
    closest(case, (case.solve)(moved), model)
}

/// The solution closest to `model`, of its sign.
pub(crate) fn closest(case: &Case, solutions: Vec<Rows>, model: &Rows) -> Option<Rows> {
    let distance = |rows: &Rows| (case.distance)(rows, model);
    let closest = solutions.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    Some(if inner(&closest, model) < 0.0 { closest.map(|row| -row) } else { closest })
}

fn inner(a: &Rows, b: &Rows) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.dot(*b)).sum()
}

/// Errors over many samples.
#[derive(Default)]
pub(crate) struct Distribution {
    pub(crate) errors: Vec<f64>,
    /// Models with no usable gradient.
    pub(crate) dropped: usize,
    /// Models that central differences could not follow to within 1e-4 by any step.
    pub(crate) unsteady: usize,
}

impl Distribution {
    fn quantile(&mut self, share: f64) -> f64 {
        self.errors.sort_unstable_by(f64::total_cmp);
        let last = self.errors.len().saturating_sub(1);
        self.errors.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
    }

    /// Median, 90 %, 99 % and the largest.
    pub(crate) fn summary(&mut self) -> [f64; 4] {
        [0.5, 0.9, 0.99, 1.0].map(|share| self.quantile(share))
    }

    /// The models compared, dropped and unsteady, and the summary; as a row of a table.
    pub(crate) fn row(&mut self) -> String {
        let [median, most, nearly_all, largest] = self.summary();
        let counts = format!("{:6} {:7} {:8}", self.errors.len(), self.dropped, self.unsteady);
        if self.errors.is_empty() {
            return counts;
        }
        format!("{counts} | {median:8.1e} {most:8.1e} {nearly_all:8.1e} {largest:8.1e}")
    }
}

/// Every model of `count` samples against central differences.
pub(crate) fn measure(case: &Case, count: usize, seed: u64, draw: impl Fn(&mut StdRng) -> Sample) -> Distribution {
    let mut rng = generator(seed);
    let mut distribution = Distribution::default();
    for _ in 0..count {
        let sample = draw(&mut rng);
        for model in (case.solve)(&sample) {
            let gradient = random_rows(&mut rng);
            let Some(found) = (case.backward)(&sample, &model, &gradient) else {
                distribution.dropped += 1;
                continue;
            };
            match compare(case, &sample, &model, &found, &gradient) {
                Some(comparison) if comparison.uncertainty < 1e-4 => distribution.errors.push(comparison.error),
                _ => distribution.unsteady += 1,
            }
        }
    }
    distribution
}
