//! Which photographs tell of one how far away its cells are.

use super::range::{BASELINES, Range, USUAL_BASELINE};
use super::view::View;
use glam::DVec3;

/// Photographs that one is compared with.
const MOST: usize = 8;
/// Cosine of the angle between the axes of photographs that are compared: 40°.
const LEAST_COSINE: f64 = 0.766;
/// An angle of this many radians counts as much as a baseline that is e times the usual one.
const ANGLE: f64 = 0.5;
/// Two that are compared are this much of the distance apart.
const APART: f64 = 0.04;

/// Those that see the same as `index` does from another place, the most useful ones first, not two from about the same place.
pub(super) fn neighbours(views: &[View], index: usize, range: &Range) -> Vec<usize> {
    let view = &views[index];
    let ahead = view.centre + view.axis() * range.usual;
    let useful = |other: usize| {
        let baseline = views[other].centre.distance(view.centre) / range.usual;
        let angle = angle(view, &views[other])?;
        let there = views[other].pose.transform(ahead);
        let seen = there.z > 0.0 && views[other].shows(views[other].pixel(there));
        let in_range = (BASELINES[0]..=BASELINES[1]).contains(&baseline);
        (seen && in_range).then(|| ((baseline / USUAL_BASELINE).ln().abs() + angle / ANGLE, other))
    };
    let mut ranked: Vec<(f64, usize)> = (0..views.len()).filter_map(useful).collect();
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<usize> = Vec::with_capacity(MOST);
    for (_, other) in ranked {
        let far = |&chosen: &usize| views[chosen].centre.distance(views[other].centre) > APART * range.usual;
        if chosen.len() < MOST && chosen.iter().all(far) {
            chosen.push(other);
        }
    }
    chosen
}

/// Those that look the same way from near and far, as their distances are ranked.
pub(super) fn at_all_distances(views: &[View], index: usize) -> Vec<&View> {
    let view = &views[index];
    let mut others: Vec<(f64, usize)> = (0..views.len())
        .filter(|&other| other != index && angle(view, &views[other]).is_some())
        .map(|other| (views[other].centre.distance(view.centre), other))
        .filter(|(distance, _)| *distance > 1e-6 * extent(views))
        .collect();
    others.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let count = 2 * MOST;
    let place = |at: usize| at * others.len().saturating_sub(1) / (count - 1).max(1);
    let mut places: Vec<usize> = if others.is_empty() { Vec::new() } else { (0..count).map(place).collect() };
    places.dedup();
    places.into_iter().map(|place| &views[others[place].1]).collect()
}

/// Between the axes, radians; `None` where they look different ways.
fn angle(a: &View, b: &View) -> Option<f64> {
    let cosine = a.axis().dot(b.axis());
    (cosine > LEAST_COSINE).then(|| cosine.min(1.0).acos())
}

/// The largest side of the box around the cameras.
fn extent(views: &[View]) -> f64 {
    let ends = [DVec3::INFINITY, DVec3::NEG_INFINITY];
    let [low, high] = views.iter().fold(ends, |[low, high], view| [low.min(view.centre), high.max(view.centre)]);
    (high - low).max_element()
}
