//! The fundamental matrix of two views with a dominant plane, from the plane and the parallax of the matches off it (DEGENSAC: Chum,
//! Werner and Matas 2005, "Two-view geometry estimation unaffected by a dominant plane").

use super::compared::{Compared, search};
use super::two_views::TwoViews;
use crate::algebra::matrix3::{outer_product, unit_frobenius};
use crate::constants::{OFF_PLANE_SQ, SAMPLE_SQ};
use crate::cpu::residual::Fundamental;
use crate::cpu::search::sample_minimal::{SampleSource, sample_minimal};
use crate::cpu::solve::solve_fundamental_7pt::left_epipole;
use crate::cpu::solve::solve_homography_4pt::fit_homography;
use crate::geometry::cross_matrix;
use glam::{DMat3, DVec2, DVec3};

/// Every five of seven points hold one of these triplets, each of which gives a homography.
const TRIPLETS: [[usize; 3]; 5] = [[0, 1, 2], [3, 4, 5], [0, 1, 6], [3, 4, 6], [2, 5, 6]];

/// A fundamental matrix made of a homography and the parallax of the points off its plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneAndParallax {
    /// `F = [e₂]× H`, Frobenius norm 1.
    pub fundamental: DMat3,
    /// H of the plane, refitted to the matches on it.
    pub homography: DMat3,
    /// Matches that H explains.
    pub on_plane: usize,
    /// Matches off the plane that F explains; two always can be.
    pub off_plane: usize,
}

/// The homography that explains five or more of a fundamental matrix's seven sample points, if any does.
///
/// F is then one of many that explain the sample. With `A = [e₂]× F` the homographies of F are A − e₂ vᵀ, and three points
/// give v: v · x₁ = (x₂ × A x₁)·(x₂ × e₂) / |x₂ × e₂|². Of three noisy points it is a rough one, so the five points closest
/// to it are fitted.
pub fn homography_of_sample(
    fundamental: &DMat3,
    points1: &[DVec2; 7],
    points2: &[DVec2; 7],
    metric: [f64; 4],
) -> Option<DMat3> {
    let sample = TwoViews { points1, points2, metric };
    let epipole2 = left_epipole(fundamental).normalize();
    let a = cross_matrix(epipole2) * *fundamental;
    TRIPLETS.iter().find_map(|triplet| {
        let x1 = triplet.map(|i| points1[i].extend(1.0));
        let x2 = triplet.map(|i| points2[i].extend(1.0));
        let offsets: [f64; 3] = std::array::from_fn(|k| {
            let parallax = x2[k].cross(epipole2);
            x2[k].cross(a * x1[k]).dot(parallax) / parallax.length_squared()
        });
        let v = DMat3::from_cols(x1[0], x1[1], x1[2]).transpose().inverse() * DVec3::from(offsets);
        let rough = a - outer_product(epipole2, v);
        let transfer = sample.transfer(rough * (rough * x1[0]).z.signum());
        let mut closest: [usize; 7] = std::array::from_fn(|i| i);
        closest.sort_unstable_by(|&i, &j| transfer(i).total_cmp(&transfer(j)));
        let [five @ .., _, _] = closest;
        let h = fit_homography(&five.map(|i| points1[i]), &five.map(|i| points2[i]), None)?;
        let transfer = sample.transfer(h);
        ((0..sample.len()).filter(|&i| transfer(i) < SAMPLE_SQ).count() >= 5).then_some(h)
    })
}

/// The fundamental matrix with the most inliers among those whose epipole two matches off the plane of H give, drawn
/// by `seed`: e₂ = (x₂ × H x₁) × (x₂' × H x₁').
///
/// At most `max_hypotheses` are tried. `None` for fewer than two matches off the plane.
pub fn recover_by_parallax(
    views: &TwoViews<'_>,
    homography: &DMat3,
    seed: u64,
    max_hypotheses: u32,
) -> Option<PlaneAndParallax> {
    let (homography, on_plane) = views.refit(homography, |last, weights| views.step_homography(last, weights));
    let transfer = views.transfer(homography);
    let off_plane: Vec<usize> = (0..views.len()).filter(|&i| transfer(i) > OFF_PLANE_SQ).collect();
    let source = SampleSource::Uniform(u32::try_from(off_plane.len()).ok()?);
    let [points1, points2] =
        [views.points1, views.points2].map(|p| off_plane.iter().map(|&i| p[i]).collect::<Vec<_>>());
    let fundamental_of = |hypothesis| {
        let sample = sample_minimal::<2>(&source, seed, hypothesis)?.map(|k| off_plane[k as usize]);
        views.parallax_fundamental(&homography, sample)
    };
    let compared = Compared::new(&TwoViews { points1: &points1, points2: &points2, ..*views }, usize::MAX);
    let (fundamental, explained) = search::<2, Fundamental>(max_hypotheses, &compared, 1.0, fundamental_of)?;
    Some(PlaneAndParallax { fundamental, homography, on_plane, off_plane: explained })
}

impl TwoViews<'_> {
    /// `[e₂]× H` with e₂ where the parallaxes of two matches meet, on the same side of both.
    fn parallax_fundamental(&self, homography: &DMat3, sample: [usize; 2]) -> Option<DMat3> {
        let x2 = sample.map(|i| self.points2[i].extend(1.0));
        let mapped = sample.map(|i| *homography * self.points1[i].extend(1.0));
        let epipole2 = x2[0].cross(mapped[0]).cross(x2[1].cross(mapped[1]));
        let sides = [0, 1].map(|k| epipole2.cross(x2[k]).dot(epipole2.cross(mapped[k])));
        unit_frobenius(&(cross_matrix(epipole2) * *homography)).filter(|_| sides.iter().all(|&side| side > 0.0))
    }
}
