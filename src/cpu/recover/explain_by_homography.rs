//! The homography that explains the most of the inliers of two views: of a dominant plane, or of a camera that only turned.

use super::compared::{Compared, search};
use super::two_views::TwoViews;
use crate::constants::{COMPARED, EXPLAINED_SQ};
use crate::cpu::residual::SampsonTransfer;
use crate::cpu::search::sample_minimal::{SampleSource, sample_minimal};
use crate::cpu::solve::solve_homography_4pt::solve_homography_4pt;
use glam::{DMat3, DVec2};

/// The homography that explains the most of the matches, with their number; meant for the inliers of an epipolar
/// geometry. `None` for matches that give none.
pub fn homography_explains(views: &TwoViews<'_>, seed: u64, max_hypotheses: u32) -> Option<(DMat3, usize)> {
    let source = SampleSource::Uniform(u32::try_from(views.len()).ok()?);
    let homography_of = |hypothesis| {
        let [a, b, c, d] = sample_minimal::<4>(&source, seed, hypothesis)?.map(|i| i as usize);
        let pick = |points: &[DVec2]| [points[a], points[b], points[c], points[d]];
        solve_homography_4pt(&pick(views.points1), &pick(views.points2))
    };
    let compared = Compared::new(views, COMPARED);
    let (homography, _) = search::<4, SampsonTransfer>(max_hypotheses, &compared, EXPLAINED_SQ, homography_of)?;
    Some(views.refit(&homography, |last, weights| views.step_homography(last, weights)))
}
