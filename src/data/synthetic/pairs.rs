//! Random image pairs that look like real ones to a network: enough to train on alone.
//!
//! Surfaces before two cameras (facades, streets, objects, clutter) carry key points that both views show by the local
//! affine map of their surface, so that scale, angle and noise are as a detector would give them. Wrong matches are of the
//! kinds real pairs have: repeated details, points that several matches share, neighbours of the right place, things that
//! moved, unrelated points. The constants are fitted to matches of SIFT and XFeat on real scenes, as said beside each.

mod features;
mod layout;
mod mismatches;
pub(crate) mod random;
mod ratios;
mod surface;
mod views;

use super::problems::{generator, pair_seed};
use crate::data::PairRecord;
use crate::geometry::{Matches, Pose};
use crate::{Error, Result};
use features::Detector;
use mismatches::{Match, Mismatches};
use rand::{Rng, RngExt};
use ratios::Ratios;
use serde::{Deserialize, Serialize};
use views::{Views, log_uniform};

/// Right matches that every pair has at least.
const FEWEST_RIGHT: usize = 15;
/// Attempts at a right match before the scene is given up for another.
const ATTEMPTS: usize = 60;

/// Options of the generator; its pairs are drawn within them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticOptions {
    /// Fewest and most matches of a pair.
    pub matches: [usize; 2],
    /// Smallest and largest share of right matches.
    pub right_share: [f64; 2],
    /// Share of pairs as of a learned matcher: mutual, with no scales and angles, and less telling ratios.
    pub learned_share: f64,
}

impl Default for SyntheticOptions {
    fn default() -> Self {
        Self { matches: [50, 2000], right_share: [0.05, 0.95], learned_share: 0.35 }
    }
}

/// An endless set of image pairs; pair `i` of a seed is always the same.
#[derive(Clone, Debug)]
pub struct SyntheticPairs {
    options: SyntheticOptions,
    seed: u64,
}

impl SyntheticPairs {
    /// The pairs of a seed.
    ///
    /// # Errors
    /// [`Error::BadOption`] for an option outside its range.
    pub fn new(options: SyntheticOptions, seed: u64) -> Result<Self> {
        let bad = |name, expected, found: String| Err(Error::BadOption { name, expected, found });
        let SyntheticOptions { matches, right_share, learned_share } = &options;
        if matches[0] < FEWEST_RIGHT || matches[1] < matches[0] || matches[1] > 100_000 {
            return bad("matches", "two ascending numbers in 15..=100000", format!("{matches:?}"));
        }
        if !(0.01..=1.0).contains(&right_share[0]) || !(right_share[0]..=1.0).contains(&right_share[1]) {
            return bad("right_share", "two ascending numbers in 0.01..=1", format!("{right_share:?}"));
        }
        if !(0.0..=1.0).contains(learned_share) {
            return bad("learned_share", "a number in 0..=1", learned_share.to_string());
        }
        Ok(Self { options, seed })
    }

    /// The options that the pairs are drawn with.
    pub const fn options(&self) -> &SyntheticOptions {
        &self.options
    }

    /// Pair `index`, with cameras, true motion, sizes and ratios, its matches sorted by ratio; with scales, angles and
    /// mutual flags unless it is as of a learned matcher.
    pub fn pair(&self, index: u64) -> PairRecord {
        let mut rng = generator(pair_seed(self.seed, index as usize));
        loop {
            if let Some(record) = self.attempt(&mut rng, index) {
                return record;
            }
        }
    }

    /// `None` where the two views have too little in common.
    fn attempt(&self, rng: &mut impl Rng, index: u64) -> Option<PairRecord> {
        let SyntheticOptions { matches: [fewest, most], right_share: [least, largest], learned_share } = self.options;
        let views = Views::draw(rng);
        let learned = rng.random_bool(learned_share);
        let share = least + (largest - least) * rng.random_range(0.0_f64..=1.0).powf(0.7);
        let count = log_uniform(rng, fewest as f64, most as f64 + 1.0);
        let right = ((share * count) as usize).max(FEWEST_RIGHT);
        let wrong = ((right as f64 / share) as usize).min(most) - right.min(most);

        let detector = Detector::draw(rng, &views);
        let mismatches = Mismatches::draw(rng, &views);
        let (detector, ratios, mismatches) = if learned {
            (detector.learned(rng), Ratios::learned(rng, share), mismatches.without_sharing())
        } else {
            (detector, Ratios::sift(rng, share), mismatches)
        };
        let mut matches = collect(right, &mut || right_match(rng, &views, &detector, &ratios))?;
        for _ in 0..wrong {
            matches.push(mismatches.find(rng, &views, &detector, &ratios, &matches)?);
        }
        matches.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
        let mutual = mutual(rng, &matches);
        Some(record(format!("{index:06}"), &views, &matches, (!learned).then_some(mutual)))
    }
}

fn collect<T>(count: usize, find: &mut impl FnMut() -> Option<T>) -> Option<Vec<T>> {
    let mut attempts = count * ATTEMPTS;
    let mut found = Vec::with_capacity(count);
    while found.len() < count {
        attempts = attempts.checked_sub(1)?;
        found.extend(find());
    }
    Some(found)
}

fn right_match(rng: &mut impl Rng, views: &Views, detector: &Detector, ratios: &Ratios) -> Option<Match> {
    let feature = detector.find_in_either(rng, views).filter(|feature| feature.surface < views.first_moving)?;
    let (exact, stretch) = feature.in_both(&views.views)?;
    let repeats = views.views[0].surfaces[feature.surface].pattern.is_some();
    let ratio = ratios.right(rng, stretch, repeats);
    let [point1, point2] = exact;
    let key_points = [detector.detect(rng, &point1, &views.views[0]), detector.detect(rng, &point2, &views.views[1])];
    Some(Match { key_points, ratio })
}

/// Of the matches to one point of image 2 at most the best is mutual. Most low ratios are, and half of the high ones: in
/// the training scenes 86 to 96 % of the right matches and 44 to 60 % of the wrong ones.
fn mutual(rng: &mut impl Rng, matches: &[Match]) -> Vec<bool> {
    let mut seen = std::collections::HashSet::new();
    let place = |m: &Match| m.key_points[1].point_px.to_array().map(f64::to_bits);
    matches.iter().map(|m| seen.insert(place(m)) && rng.random_bool((1.5 - m.ratio).clamp(0.5, 0.97))).collect()
}

fn record(id: String, views: &Views, matches: &[Match], mutual: Option<Vec<bool>>) -> PairRecord {
    let points = |side: usize| matches.iter().map(|m| m.key_points[side].point_px.as_vec2().as_dvec2()).collect();
    let scales = |side: usize| matches.iter().map(|m| m.key_points[side].scale_px as f32).collect();
    let angles = |side: usize| matches.iter().map(|m| m.key_points[side].angle_deg.rem_euclid(360.0) as f32).collect();
    let [view1, view2] = &views.views;
    let truth = view2.camera_from_scene;
    let two_view =
        Matches::TwoView { points1_px: points(0), points2_px: points(1), cameras: Some([view1.camera, view2.camera]) };
    PairRecord {
        ratios: Some(matches.iter().map(|m| m.ratio as f32).collect()),
        scales_px: mutual.is_some().then(|| [scales(0), scales(1)]),
        angles_deg: mutual.is_some().then(|| [angles(0), angles(1)]),
        mutual,
        sizes_px: Some([view1.size_px, view2.size_px]),
        truth: Some(Pose { translation: truth.translation.normalize(), ..truth }),
        ..PairRecord::new(id, two_view)
    }
}
