//! Two views with a dominant plane or without translation: how they are recognised, and the fundamental matrix of the
//! former recovered (DEGENSAC: Chum, Werner and Matas 2005, "Two-view geometry estimation unaffected by a dominant
//! plane").

use crate::algebra::matrix3::{outer_product, unit_frobenius};
use crate::constants::{COMPARED, EXPLAINED_SQ, MISS, REFITS};
use crate::cpu::residual::{Fundamental, Residual, SampsonTransfer};
use crate::cpu::search::normalize_matches::rows_of_matrix;
use crate::cpu::search::sample_minimal::{SampleSource, sample_minimal};
use crate::cpu::solve::solve_fundamental_7pt::left_epipole;
use crate::cpu::solve::solve_homography_4pt::{fit_homography, solve_homography_4pt};
use crate::geometry::cross_matrix;
use glam::{DMat3, DVec2, DVec3};
use multiversion::multiversion;

/// Every five of seven points hold one of these triplets, each of which gives a homography.
const TRIPLETS: [[usize; 3]; 5] = [[0, 1, 2], [3, 4, 5], [0, 1, 6], [3, 4, 6], [2, 5, 6]];
/// The same of the points of a sample: the noise of few is tried on many homographies, and each false alarm costs a search.
const SAMPLE_SQ: f64 = 0.5;
/// The same from which on a match is off the plane for certain.
const OFF_PLANE_SQ: f64 = 2.0;

/// Matches of two views in normalised coordinates.
#[derive(Clone, Copy, Debug)]
pub struct TwoViews<'a> {
    /// Points in image 1.
    pub points1: &'a [DVec2],
    /// The same points in image 2; as many.
    pub points2: &'a [DVec2],
    /// One threshold in normalised units, for x1, y1, x2, y2.
    pub metric: [f64; 4],
}

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
    let (homography, on_plane) =
        views.refit(homography, |weights| fit_homography(views.points1, views.points2, Some(weights)));
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
    Some(views.refit(&homography, |weights| fit_homography(views.points1, views.points2, Some(weights))))
}

/// Matches that hypotheses are compared by, column-wise and in single precision.
pub(super) struct Compared {
    columns: [Vec<f32>; 4],
    metric: [f64; 4],
}

impl Compared {
    /// At most so many of the matches, spread over all.
    pub(super) fn new(views: &TwoViews<'_>, most: usize) -> Self {
        let step = views.len().div_ceil(most).max(1);
        let column =
            |points: &[DVec2], of: fn(&DVec2) -> f64| points.iter().step_by(step).map(|p| of(p) as f32).collect();
        let [x, y]: [fn(&DVec2) -> f64; 2] = [|p| p.x, |p| p.y];
        let columns =
            [column(views.points1, x), column(views.points1, y), column(views.points2, x), column(views.points2, y)];
        Self { columns, metric: views.metric }
    }

    fn len(&self) -> usize {
        self.columns[0].len()
    }
}

/// The model that explains the most matches, within the squared limit; ends early when a sample of `M` of them was drawn for all
/// but certain.
pub(super) fn search<const M: usize, R: Residual>(
    max_hypotheses: u32,
    compared: &Compared,
    limit_sq: f64,
    model_of: impl Fn(u32) -> Option<DMat3>,
) -> Option<(DMat3, usize)> {
    let mut best: Option<(DMat3, usize)> = None;
    let mut needed = f64::from(max_hypotheses);
    for hypothesis in 0..max_hypotheses {
        if f64::from(hypothesis) >= needed {
            break;
        }
        let Some(model) = model_of(hypothesis) else { continue };
        let residual = R::new(&rows_of_matrix(&model), &compared.metric);
        let explained = count_below(&residual, limit_sq as f32, &compared.columns);
        if best.is_none_or(|(_, most)| explained > most) {
            best = Some((model, explained));
            let clean = (explained as f64 / compared.len() as f64).powi(M as i32);
            needed = needed.min(MISS.ln() / (-clean).ln_1p());
        }
    }
    best
}

/// Matches with a squared residual below a limit.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn count_below<R: Residual>(residual: &R, limit: f32, [x1, y1, x2, y2]: &[Vec<f32>; 4]) -> usize {
    let mut count = 0_u32;
    for ((x1, y1), (x2, y2)) in x1.iter().zip(y1).zip(x2.iter().zip(y2)) {
        count += u32::from(residual.residual_sq([*x1, *y1, *x2, *y2, 0.0, 0.0]) < limit);
    }
    count as usize
}

impl TwoViews<'_> {
    pub(super) fn len(&self) -> usize {
        self.points1.len().min(self.points2.len())
    }

    fn coordinates(&self, index: usize) -> [f64; 6] {
        let (p, q) = (self.points1[index], self.points2[index]);
        [p.x, p.y, q.x, q.y, 0.0, 0.0]
    }

    /// Squared distance of a match from one that the homography maps exactly, in thresholds.
    fn transfer(&self, homography: DMat3) -> impl Fn(usize) -> f64 {
        let residual = SampsonTransfer::new(&rows_of_matrix(&homography), &self.metric);
        move |index| residual.residual_sq(self.coordinates(index))
    }

    fn explained_by_homography(&self, homography: &DMat3) -> usize {
        let transfer = self.transfer(*homography);
        (0..self.len()).filter(|&index| transfer(index) < EXPLAINED_SQ).count()
    }

    /// Fits to what the last fit explains while that does not become less; with the number explained.
    pub(super) fn refit(&self, homography: &DMat3, fit: impl Fn(&[f64]) -> Option<DMat3>) -> (DMat3, usize) {
        let mut best = (*homography, self.explained_by_homography(homography));
        for _ in 0..REFITS {
            let transfer = self.transfer(best.0);
            let weights: Vec<f64> = (0..self.len()).map(|i| f64::from(u8::from(transfer(i) < EXPLAINED_SQ))).collect();
            let Some(next) = fit(&weights) else { break };
            let explained = self.explained_by_homography(&next);
            if explained < best.1 {
                break;
            }
            best = (next, explained);
        }
        best
    }

    /// `[e₂]× H` with e₂ where the parallaxes of two matches meet, on the same side of both.
    fn parallax_fundamental(&self, homography: &DMat3, sample: [usize; 2]) -> Option<DMat3> {
        let x2 = sample.map(|i| self.points2[i].extend(1.0));
        let mapped = sample.map(|i| *homography * self.points1[i].extend(1.0));
        let epipole2 = x2[0].cross(mapped[0]).cross(x2[1].cross(mapped[1]));
        let sides = [0, 1].map(|k| epipole2.cross(x2[k]).dot(epipole2.cross(mapped[k])));
        unit_frobenius(&(cross_matrix(epipole2) * *homography)).filter(|_| sides.iter().all(|&side| side > 0.0))
    }
}
