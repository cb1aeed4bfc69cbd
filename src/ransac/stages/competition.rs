//! Matches that share a point with others. Of matches of one point to different ones at most one can be right, yet all of them
//! would count for a model that fits one. An exact copy of a match agrees with it, but says nothing that it does not say.

use super::weights::shares_of_right;
use crate::geometry::{MatchesView, Sharing};
use crate::ransac::Problem;
use glam::{DVec2, DVec3};

/// The credit of a match that is as likely as its competitors together is one half to this power; 1 to 4 serve alike on the
/// training and validation scenes, and all far better than 0.
const POWER: i32 = 3;
/// That of 3-D points, where competitors are counted in what is usual for the set: many rows a point are the rule where each has
/// several hypotheses, or all points of a neighbourhood. 1 to 3 serve alike.
const SPATIAL_POWER: i32 = 2;

/// The credit of each match in 0..=1, 0 of all copies of a match but the surest; `None` where every match has full credit.
///
/// It is a power of the match's share in how likely the matches of its points are right, by their ratios where these are known,
/// so that what is hardly ever right takes no credit from what is.
pub(crate) fn credits(problem: &Problem<'_>) -> Option<Vec<f32>> {
    let sides = points(&problem.matches);
    let sharing = Sharing::of(sides.each_ref().map(Vec::as_slice))?;
    let count = sharing.original.len();
    let (likelihoods, usual, power) = match (&problem.matches, problem.ratios) {
        (MatchesView::Pose { .. } | MatchesView::Rigid { .. }, _) => {
            (vec![1.0; count], median(&sharing.partners) as f32, SPATIAL_POWER)
        }
        (_, Some(ratios)) => (shares_of_right(ratios), 1.0, POWER),
        (_, None) => (vec![1.0; count], 1.0, POWER),
    };
    let shares = shares(&sharing, &likelihoods);
    let mut credits: Vec<f32> = shares.into_iter().map(|share| (usual * share).min(1.0).powi(power)).collect();
    let surest = surest(problem, &sharing.original);
    for (i, &original) in sharing.original.iter().enumerate() {
        if surest[original as usize] as usize != i {
            credits[i] = 0.0;
        }
    }
    credits.iter().any(|&credit| credit < 1.0).then_some(credits)
}

/// Of each match, its share in the likelihood of all matches of its point, on the side where that is less; copies are one match,
/// as likely as the likeliest of them.
fn shares(Sharing { first, original, .. }: &Sharing, likelihoods: &[f32]) -> Vec<f32> {
    // never 0, which would leave nothing to share
    let mut of_original = vec![f32::MIN_POSITIVE; original.len()];
    for (&original, &likelihood) in original.iter().zip(likelihoods) {
        let likeliest = &mut of_original[original as usize];
        *likeliest = likeliest.max(likelihood);
    }
    let totals = first.each_ref().map(|first| {
        let mut totals = vec![0.0; first.len()];
        for i in (0..original.len()).filter(|&i| original[i] as usize == i) {
            totals[first[i] as usize] += of_original[i];
        }
        totals
    });
    let share = |i: usize| {
        let [total1, total2] = [0, 1].map(|side| totals[side][first[side][i] as usize]);
        of_original[original[i] as usize] / total1.max(total2)
    };
    (0..original.len()).map(share).collect()
}

/// Of each match and its copies the one of the highest weight or, without weights, of the lowest ratio, at the place of the first.
fn surest(problem: &Problem<'_>, original: &[u32]) -> Vec<u32> {
    let mut surest: Vec<u32> = (0..original.len() as u32).collect();
    let doubt = |i: u32| match (problem.weights, problem.ratios) {
        (Some(weights), _) => -weights[i as usize],
        (None, Some(ratios)) => ratios[i as usize],
        (None, None) => 0.0,
    };
    for (i, &original) in (0..).zip(original) {
        let best = &mut surest[original as usize];
        if doubt(i) < doubt(*best) {
            *best = i;
        }
    }
    surest
}

fn median(counts: &[u32]) -> u32 {
    let mut counts = counts.to_vec();
    let middle = counts.len() / 2;
    *counts.select_nth_unstable(middle).1
}

/// The points of both sides, those of images at depth 0.
fn points(matches: &MatchesView<'_>) -> [Vec<DVec3>; 2] {
    let flat = |points: &[DVec2]| points.iter().map(|p| p.extend(0.0)).collect();
    match *matches {
        MatchesView::Essential { points1_px, points2_px, .. }
        | MatchesView::Fundamental { points1_px, points2_px }
        | MatchesView::Homography { points1_px, points2_px } => [flat(points1_px), flat(points2_px)],
        MatchesView::Pose { points_px, points_world, .. } => [flat(points_px), points_world.to_vec()],
        MatchesView::Rigid { points1, points2 } => [points1.to_vec(), points2.to_vec()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(points1: &[f64], points2: &[f64]) -> Option<Vec<f32>> {
        let [points1_px, points2_px] =
            [points1, points2].map(|points| points.iter().map(|&x| DVec2::new(x, 1.0)).collect::<Vec<_>>());
        credits(&Problem::new(MatchesView::Homography { points1_px: &points1_px, points2_px: &points2_px }))
    }

    #[track_caller]
    fn are_close(found: &[f32], expected: &[f32]) {
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(found.len() == expected.len() && close, "{found:?}");
    }

    #[test]
    fn matches_of_a_point_to_different_ones_lose_credit() {
        let found = of(&[1.0, 2.0, 3.0, 4.0, 4.0], &[5.0, 5.0, 5.0, 6.0, 7.0]).unwrap();
        are_close(&found, &[1.0 / 27.0, 1.0 / 27.0, 1.0 / 27.0, 0.125, 0.125]);
    }

    #[test]
    fn what_is_hardly_ever_right_takes_no_credit_from_what_is() {
        let [points1_px, points2_px] =
            [[1.0, 1.0, 2.0, 2.0], [5.0, 6.0, 7.0, 8.0]].map(|points| points.map(|x| DVec2::new(x, 1.0)));
        let problem = Problem::new(MatchesView::Fundamental { points1_px: &points1_px, points2_px: &points2_px });
        let found = credits(&Problem { ratios: Some(&[0.5, 0.95, 1e30, 1e30]), ..problem }).unwrap();
        assert!(found[0] > 0.9 && found[1] < 1e-4, "{found:?}");
        are_close(&found[2..], &[0.125; 2]);
    }

    #[test]
    fn points_of_their_own_cost_nothing() {
        assert_eq!(of(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn copies_count_once_and_do_not_compete() {
        are_close(&of(&[1.0, 2.0, 1.0, 1.0], &[5.0, 6.0, 5.0, 5.0]).unwrap(), &[1.0, 1.0, 0.0, 0.0]);
        // and with another partner the one that counts is one of two
        are_close(&of(&[1.0, 1.0, 1.0], &[5.0, 5.0, 6.0]).unwrap(), &[0.125, 0.0, 0.125]);
    }

    #[test]
    fn of_copies_the_surest_counts() {
        let points = [1.0, 2.0, 1.0].map(|x| DVec2::new(x, x));
        let plain = Problem::new(MatchesView::Fundamental { points1_px: &points, points2_px: &points });
        are_close(&credits(&Problem { ratios: Some(&[0.8, 0.5, 0.7]), ..plain }).unwrap(), &[0.0, 1.0, 1.0]);
        let both = Problem { ratios: Some(&[0.8, 0.5, 0.7]), weights: Some(&[0.9, 1.0, 0.2]), ..plain };
        are_close(&credits(&both).unwrap(), &[1.0, 1.0, 0.0]);
    }

    #[test]
    fn in_space_only_more_partners_than_usual_cost_credit() {
        // three points in all their nine rows, and one with four partners
        let grid = |i: usize| DVec3::new(i as f64, 1.0, 2.0);
        let mut points1: Vec<DVec3> = (0..9).map(|k| grid(k / 3)).collect();
        let mut points2: Vec<DVec3> = (0..9).map(|k| grid(k % 3)).collect();
        let of = |points1: &[DVec3], points2: &[DVec3]| credits(&Problem::new(MatchesView::Rigid { points1, points2 }));
        assert_eq!(of(&points1, &points2), None);
        points1.extend([grid(10); 4]);
        points2.extend((20..24).map(grid));
        let found = of(&points1, &points2).unwrap();
        assert!(found[..9].iter().all(|&credit| credit == 1.0), "{found:?}");
        are_close(&found[9..], &[9.0 / 16.0; 4]);
    }
}
