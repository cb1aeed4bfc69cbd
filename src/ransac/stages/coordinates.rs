//! The matches in single precision, as the GPU has them.

use crate::geometry::{Bulk, MatchesView};
use glam::{DVec2, DVec3};

/// Coordinates have no larger size.
const FARTHEST_RAW: f64 = 1e30;

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
