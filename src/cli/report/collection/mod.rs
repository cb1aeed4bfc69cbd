//! `verify --report`: one page on a collection that needs nothing but itself.

mod page;
mod pictures;

use crate::collection::{Configuration, Pair, TwoViewGeometry, VerifiedBatch, images_of_pair};
use glam::DVec2;
pub(crate) use page::Page;
use std::collections::BTreeMap;

/// Pairs that are drawn of each kind.
const DRAWN: usize = 6;
/// Matches that are drawn of a pair.
const LINES: usize = 300;
/// Lower ends of the bins of the histograms.
const BINS: [usize; 9] = [0, 15, 30, 60, 125, 250, 500, 1000, 2000];

/// What the page shows of a collection, gathered while its pairs are verified.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Pairs by inliers, of each configuration.
    histograms: BTreeMap<Configuration, [u64; BINS.len()]>,
    /// Those with the smallest share of inliers.
    worst: Lowest,
    /// The ambiguous ones with the most inliers.
    ambiguous: Lowest,
}

/// A pair to draw.
#[derive(Debug)]
struct Drawn {
    images: [u32; 2],
    configuration: Configuration,
    matches: usize,
    inliers: usize,
    sizes_px: [DVec2; 2],
    /// Points in both images, inliers last, and whether they are one.
    lines: Vec<([DVec2; 2], bool)>,
}

/// The few pairs with the lowest keys, the lowest first.
#[derive(Debug, Default)]
struct Lowest(Vec<(f64, Drawn)>);

impl Lowest {
    fn offer(&mut self, key: f64, drawn: impl FnOnce() -> Drawn) {
        let place = self.0.partition_point(|(other, _)| *other <= key);
        if place < DRAWN {
            self.0.truncate(DRAWN - 1);
            self.0.insert(place, (key, drawn()));
        }
    }
}

impl Gathered {
    pub(crate) fn add(&mut self, batch: &VerifiedBatch<'_>) {
        for ((&id, pair), geometry) in batch.ids.iter().zip(batch.pairs).zip(batch.geometries) {
            let (Some(pair), Ok(geometry)) = (pair, geometry) else { continue };
            let inliers = geometry.inliers.len();
            let bin = BINS.partition_point(|&low| low <= inliers) - 1;
            self.histograms.entry(geometry.configuration).or_default()[bin] += 1;
            if inliers > 0 {
                let drawn = || Drawn::new(images_of_pair(id), pair, geometry);
                self.worst.offer(inliers as f64 / pair.matches.len() as f64, drawn);
                if geometry.ambiguous {
                    self.ambiguous.offer(-(inliers as f64), drawn);
                }
            }
        }
    }
}

impl Drawn {
    fn new(images: [u32; 2], pair: &Pair<'_>, geometry: &TwoViewGeometry) -> Self {
        let stride = pair.matches.len().div_ceil(LINES).max(1);
        let is_inlier = |place: usize| geometry.inliers.binary_search(&(place as u32)).is_ok();
        let points = |place: usize| {
            let [a, b] = pair.matches[place];
            [pair.views[0].points_px()[a as usize], pair.views[1].points_px()[b as usize]]
        };
        let mut lines: Vec<_> =
            (0..pair.matches.len()).step_by(stride).map(|place| (points(place), is_inlier(place))).collect();
        lines.sort_by_key(|(_, is_inlier)| *is_inlier);
        let farthest = |side: usize| lines.iter().map(|(points, _)| points[side]).fold(DVec2::ONE, DVec2::max);
        let size = |side: usize| match pair.views[side].size_px() {
            Some([width, height]) if width > 0 && height > 0 => DVec2::new(width as f64, height as f64),
            _ => farthest(side),
        };
        Self {
            images,
            configuration: geometry.configuration,
            matches: pair.matches.len(),
            inliers: geometry.inliers.len(),
            sizes_px: [size(0), size(1)],
            lines,
        }
    }
}
