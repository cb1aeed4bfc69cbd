//! Matches that share a point with others. Of matches of one point to different ones at most one can be right, yet all of them
//! would count for a model that fits one. An exact copy of a match agrees with it, but says nothing that it does not say.

use super::Known;
use crate::{
    cpu::{scaled::Scaled, search::sample_minimal::fixed_bits},
    geometry::Sharing,
};

/// The credit of each match in 0..=1, 0 of all copies of a match but the surest; `None` where every match has full credit.
///
/// It is a power of the match's share in how likely the matches of its points are right, by their ratios where these are known,
/// so that what is hardly ever right takes no credit from what is: the third, by which a match that is as likely as its
/// competitors together has an eighth; 1 to 4 serve alike on the training and validation scenes, and all far better than 0.
///
/// In space, where many rows a point are the rule if each has several hypotheses, or all points of a neighbourhood, competitors
/// are counted in what is usual for the set, and the power is the second; 1 to 3 serve alike.
pub(super) fn credits(known: &Known<'_>, shares: Option<&[Scaled]>, spatial: bool) -> Option<Vec<Scaled>> {
    let sharing = if spatial { Sharing::in_space(known.matches) } else { Sharing::of_two_views(known.matches) }?;
    let count = sharing.original.len();
    let likelihoods: Vec<u32> = match shares {
        Some(shares) if !spatial => shares.iter().map(|share| share.fixed(-fixed_bits(count))).collect(),
        _ => vec![1; count],
    };
    let likeliest = likeliest(&sharing.original, &likelihoods);
    let totals = totals(&sharing, &likeliest);
    let usual = if spatial { median(&totals) } else { 1 };
    let surest = surest(known, &sharing.original);
    let credit = |i: usize| {
        let original = sharing.original[i] as usize;
        if surest[original] as usize != i {
            return Scaled::ZERO;
        }
        let share = Scaled::quotient((usual * likeliest[original]).min(totals[i]), totals[i]);
        if spatial { share.squared() } else { share.cubed() }
    };
    let credits: Vec<Scaled> = (0..count).map(credit).collect();
    credits.iter().any(|&credit| credit != Scaled::ONE).then_some(credits)
}

/// Of each match that is no copy, how likely the likeliest of its copies is; copies are one match.
fn likeliest(original: &[u32], likelihoods: &[u32]) -> Vec<u32> {
    let mut likeliest = vec![0; original.len()];
    for (&original, &likelihood) in original.iter().zip(likelihoods) {
        let of_original: &mut u32 = &mut likeliest[original as usize];
        *of_original = likelihood.max(*of_original);
    }
    likeliest
}

/// Of each match the likelihoods of all matches of its point together, on the side where that is more.
fn totals(Sharing { first, original, .. }: &Sharing, likeliest: &[u32]) -> Vec<u32> {
    let sums = first.each_ref().map(|first| {
        let mut sums = vec![0; first.len()];
        for i in (0..original.len()).filter(|&i| original[i] as usize == i) {
            sums[first[i] as usize] += likeliest[i];
        }
        sums
    });
    let of_side = |side: usize, i: usize| sums[side][first[side][i] as usize];
    (0..original.len()).map(|i| u32::max(of_side(0, i), of_side(1, i))).collect()
}

/// Of each match and its copies the one of the highest weight or, without weights, of the lowest ratio, at the place of the first.
fn surest(known: &Known<'_>, original: &[u32]) -> Vec<u32> {
    let mut surest: Vec<u32> = (0..original.len() as u32).collect();
    let doubt = |i: u32| match (known.weights, known.ratios) {
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

/// The upper one.
fn median(counts: &[u32]) -> u32 {
    let mut counts = counts.to_vec();
    let middle = counts.len() / 2;
    *counts.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::super::share_of_right;
    use super::*;

    fn of(known: &Known<'_>) -> Option<Vec<f32>> {
        let shares: Option<Vec<Scaled>> =
            known.ratios.map(|ratios| ratios.iter().copied().map(share_of_right).collect());
        let found = credits(known, shares.as_deref(), false)?;
        Some(found.into_iter().map(Scaled::to_f32).collect())
    }

    fn matches(points1: &[f32], points2: &[f32]) -> Vec<[f32; 4]> {
        points1.iter().zip(points2).map(|(&x1, &x2)| [x1, 1.0, x2, 1.0]).collect()
    }

    fn of_points(points1: &[f32], points2: &[f32]) -> Option<Vec<f32>> {
        of(&Known { matches: &matches(points1, points2), ..Known::default() })
    }

    #[track_caller]
    fn are_close(found: &[f32], expected: &[f32]) {
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(found.len() == expected.len() && close, "{found:?}");
    }

    #[test]
    fn matches_of_a_point_to_different_ones_lose_credit() {
        let found = of_points(&[1.0, 2.0, 3.0, 4.0, 4.0], &[5.0, 5.0, 5.0, 6.0, 7.0]).unwrap();
        are_close(&found, &[1.0 / 27.0, 1.0 / 27.0, 1.0 / 27.0, 0.125, 0.125]);
    }

    #[test]
    fn what_is_hardly_ever_right_takes_no_credit_from_what_is() {
        let matches = matches(&[1.0, 1.0, 2.0, 2.0], &[5.0, 6.0, 7.0, 8.0]);
        let found = of(&Known { matches: &matches, ratios: Some(&[0.5, 0.95, 1e30, 1e30]), weights: None }).unwrap();
        assert!(found[0] > 0.9 && found[1] < 1e-4, "{found:?}");
        are_close(&found[2..], &[0.125; 2]);
    }

    #[test]
    fn points_of_their_own_cost_nothing() {
        assert_eq!(of_points(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn zero_has_one_sign() {
        are_close(&of_points(&[0.0, -0.0], &[5.0, 6.0]).unwrap(), &[0.125; 2]);
    }

    #[test]
    fn copies_count_once_and_do_not_compete() {
        are_close(&of_points(&[1.0, 2.0, 1.0, 1.0], &[5.0, 6.0, 5.0, 5.0]).unwrap(), &[1.0, 1.0, 0.0, 0.0]);
        // and with another partner the one that counts is one of two
        are_close(&of_points(&[1.0, 1.0, 1.0], &[5.0, 5.0, 6.0]).unwrap(), &[0.125, 0.0, 0.125]);
    }

    #[test]
    fn of_copies_the_surest_counts() {
        let matches = matches(&[1.0, 2.0, 1.0], &[1.0, 2.0, 1.0]);
        let plain = Known { matches: &matches, ratios: Some(&[0.8, 0.5, 0.7]), weights: None };
        are_close(&of(&plain).unwrap(), &[0.0, 1.0, 1.0]);
        are_close(&of(&Known { weights: Some(&[0.9, 1.0, 0.2]), ..plain }).unwrap(), &[1.0, 1.0, 0.0]);
    }

    #[test]
    fn in_space_only_more_partners_than_usual_cost_credit() {
        // three points in all their nine rows, and one with four partners
        let point = |i: usize| [i as f32, 1.0, 2.0, 0.0];
        let mut matches: Vec<[f32; 4]> = (0..9).flat_map(|k| [point(k / 3), point(k % 3)]).collect();
        let of = |matches: &[[f32; 4]]| credits(&Known { matches, ..Known::default() }, None, true);
        assert_eq!(of(&matches), None);
        matches.extend((20..24).flat_map(|k| [point(10), point(k)]));
        let found: Vec<f32> = of(&matches).unwrap().into_iter().map(Scaled::to_f32).collect();
        assert!(found[..9].iter().all(|&credit| credit == 1.0), "{found:?}");
        are_close(&found[9..], &[9.0 / 16.0; 4]);
    }
}
