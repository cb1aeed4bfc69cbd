//! The distances among which those of cells are looked for.

use super::neighbours::at_all_distances;
use super::view::View;
use super::volume;
use crate::parallel::parallel_map;

/// Planes to look for cells on.
pub(super) struct Range {
    /// 1 / z of each, ascending.
    pub(super) inverse: Vec<f32>,
    /// The distance that is usual.
    pub(super) usual: f64,
    /// Others count for a plane whose baselines are so many of its distances.
    pub(super) baselines: [f64; 2],
}

/// Photographs that the range is found from, about.
const SAMPLE: usize = 24;
/// Cells of them at least.
const LEAST_CELLS: usize = 100;
/// From one distance to the next.
const RATIO: f64 = 1.05;
/// Planes at first, at most.
const MOST_AT_FIRST: usize = 400;
/// Least and most planes in the end.
const PLANES: [f64; 2] = [48.0, 128.0];
/// Pixels that a cell moves from plane to plane, over the usual baseline.
const STEP_PX: f64 = 1.0;
/// Baselines in distances: of use, and usual.
pub(super) const BASELINES: [f64; 2] = [0.03, 0.4];
pub(super) const USUAL_BASELINE: f64 = 0.15;

impl Range {
    /// Of what some photographs show; the number of cells found where that is too few.
    pub(super) fn find(views: &[View], threads: usize) -> Result<Self, usize> {
        let step = views.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<usize> = (step / 2..views.len()).step_by(step).collect();
        let found = parallel_map(threads, sample.len(), |index| {
            let others = at_all_distances(views, sample[index]);
            let Some(range) = Self::all(&views[sample[index]], &others) else { return Vec::new() };
            volume::depths(&views[sample[index]], &others, &range).into_iter().flatten().collect()
        });
        let mut depths: Vec<f32> = found.into_iter().flatten().collect();
        if depths.len() < LEAST_CELLS {
            return Err(depths.len());
        }
        depths.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| f64::from(depths[(share * (depths.len() - 1) as f64) as usize]);
        let focal_px = views.iter().map(View::focal_px).sum::<f64>() / views.len() as f64;
        Ok(Self::between(0.7 * at(0.02), at(0.5), 1.5 * at(0.98), focal_px))
    }

    /// All distances that the others could tell.
    fn all(view: &View, others: &[&View]) -> Option<Self> {
        let baselines = others.iter().map(|other| other.centre.distance(view.centre));
        let [low, high] = baselines.fold([f64::INFINITY, 0.0_f64], |[low, high], b| [low.min(b), high.max(b)]);
        let (near, far) = (low / BASELINES[1], high / BASELINES[0]);
        let count = ((far / near).ln() / RATIO.ln()).ceil();
        if !(count.is_finite() && count > 2.0) {
            return None;
        }
        let count = (count as usize).min(MOST_AT_FIRST);
        let ratio = (far / near).powf(1.0 / (count - 1) as f64);
        let inverse = (0..count).map(|plane| (ratio.powi(plane as i32) / far) as f32).collect();
        Some(Self { inverse, usual: (near * far).sqrt(), baselines: BASELINES })
    }

    fn between(near: f64, usual: f64, far: f64, focal_px: f64) -> Self {
        let [low, high] = [1.0 / far, 1.0 / near];
        let moved_px = focal_px * USUAL_BASELINE * usual * (high - low);
        let count = (moved_px / STEP_PX).clamp(PLANES[0], PLANES[1]).ceil() as usize;
        let step = (high - low) / (count - 1) as f64;
        let inverse = (0..count).map(|plane| (low + step * plane as f64) as f32).collect();
        tracing::debug!(near, usual, far, count, "distances");
        Self { inverse, usual, baselines: [0.0, f64::INFINITY] }
    }
}
