//! Matches that share a point: of them at most one can be right, yet all of them would count for a model that fits one.

use crate::geometry::{MatchesView, for_each_shared_point};
use glam::{DVec2, DVec3};

/// The credit of a match among `n` that share its point is `n` to minus this power; 1 to 4 serve alike on the training and
/// validation scenes, and all far better than 0.
const POWER: i32 = 3;

/// The credit of each match in 0..=1; `None` where every match has its points to itself.
pub(crate) fn credits(matches: &MatchesView<'_>) -> Option<Vec<f32>> {
    let flat = |points: &[DVec2]| points.iter().map(|p| p.extend(0.0)).collect::<Vec<_>>();
    let sides = match *matches {
        MatchesView::Essential { points1_px, points2_px, .. }
        | MatchesView::Fundamental { points1_px, points2_px }
        | MatchesView::Homography { points1_px, points2_px } => [flat(points1_px), flat(points2_px)],
        MatchesView::Pose { points_px, points_world, .. } => [flat(points_px), points_world.to_vec()],
        MatchesView::Rigid { points1, points2 } => [points1.to_vec(), points2.to_vec()],
    };
    let [first, second] = sides.map(|points| sharers(&points));
    let sharers = first.into_iter().zip(second).map(|(a, b)| a.max(b));
    let credits: Vec<f32> = sharers.map(|count| (count as f32).powi(-POWER)).collect();
    credits.iter().any(|&credit| credit < 1.0).then_some(credits)
}

/// How many matches have each match's point, itself included.
fn sharers(points: &[DVec3]) -> Vec<u32> {
    let mut counts = vec![1; points.len()];
    for_each_shared_point(points, |group| group.iter().for_each(|&i| counts[i as usize] = group.len() as u32));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_that_share_a_point_on_either_side_lose_credit() {
        let point = |x: f64| DVec2::new(x, 1.0);
        let points1_px = [1.0, 2.0, 3.0, 4.0, 4.0].map(point);
        let points2_px = [5.0, 5.0, 5.0, 6.0, 7.0].map(point);
        let found = credits(&MatchesView::Homography { points1_px: &points1_px, points2_px: &points2_px }).unwrap();
        let expected = [1.0 / 27.0, 1.0 / 27.0, 1.0 / 27.0, 0.125, 0.125];
        assert!(found.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn points_of_their_own_cost_nothing() {
        let points_px = [1.0, 2.0, 3.0].map(|x| DVec2::new(x, x));
        assert_eq!(credits(&MatchesView::Fundamental { points1_px: &points_px, points2_px: &points_px }), None);
    }
}
