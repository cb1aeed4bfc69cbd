//! The matches in single precision and what is known of them, as the GPU has them.

use crate::geometry::{Bulk, MatchesView};
use glam::{DVec2, DVec3};
use std::borrow::Cow;

/// Coordinates have no larger size.
const FARTHEST_RAW: f64 = 1e30;
/// A ratio that is not known.
const UNKNOWN_RATIO: f32 = -1.0;

/// What is taken off the points of either side in f64, so that f32 holds what is left of them: where their bulk is. Points of a
/// calibrated image are near its principal point anyway.
pub(crate) fn origins(matches: &MatchesView<'_>) -> [DVec3; 2] {
    let image = |points: &[DVec2]| Bulk::of(points.len(), |i| points[i].extend(0.0)).centre;
    let space = |points: &[DVec3]| Bulk::of(points.len(), |i| points[i]).centre;
    match matches {
        MatchesView::Essential { .. } => [DVec3::ZERO; 2],
        MatchesView::Fundamental { points1_px, points2_px } | MatchesView::Homography { points1_px, points2_px } => {
            [image(points1_px), image(points2_px)]
        }
        MatchesView::Pose { points_world, .. } => [space(points_world), DVec3::ZERO],
        MatchesView::Rigid { points1, points2 } => [space(points1), space(points2)],
    }
}

/// The matches from the origins on.
pub(crate) fn coordinates(matches: &MatchesView<'_>, [origin1, origin2]: &[DVec3; 2]) -> Vec<[f32; 4]> {
    // finite in f32 too, and far below what overflows when it is squared
    let single = |x: f64| x.clamp(-FARTHEST_RAW, FARTHEST_RAW) as f32;
    let packed = |p: DVec3| [single(p.x), single(p.y), single(p.z), 0.0];
    match *matches {
        MatchesView::Essential { points1_px, points2_px, .. }
        | MatchesView::Fundamental { points1_px, points2_px }
        | MatchesView::Homography { points1_px, points2_px } => {
            let of_both = |(&p, &q)| (p - origin1.truncate(), q - origin2.truncate());
            let both = points1_px.iter().zip(points2_px).map(of_both);
            both.map(|(p, q): (DVec2, DVec2)| [p.x, p.y, q.x, q.y].map(single)).collect()
        }
        MatchesView::Pose { points_px, points_world, .. } => {
            let both = points_world.iter().zip(points_px);
            both.flat_map(|(&x, p)| [packed(x - *origin1), packed(p.extend(0.0))]).collect()
        }
        MatchesView::Rigid { points1, points2 } => {
            let both = points1.iter().zip(points2);
            both.flat_map(|(&p, &q)| [packed(p - *origin1), packed(q - *origin2)]).collect()
        }
    }
}

/// The SNN ratios of so many matches, below 0 where they are not known.
pub(crate) fn ratios_of(ratios: Option<&[f32]>, count: usize) -> Cow<'_, [f32]> {
    ratios.map_or_else(|| vec![UNKNOWN_RATIO; count].into(), Cow::Borrowed)
}

/// The key points of so many matches: their scales in image 1 and 2, pixels, 0 where they are not known, and their orientations, degrees.
pub(crate) fn key_points_of(
    scales_px: Option<[&[f32]; 2]>,
    angles_deg: Option<[&[f32]; 2]>,
    count: usize,
) -> Vec<[f32; 4]> {
    let (Some([s1, s2]), Some([a1, a2])) = (scales_px, angles_deg) else { return vec![[0.0; 4]; count] };
    (0..count).map(|i| [s1[i], s2[i], a1[i], a2[i]]).collect()
}
