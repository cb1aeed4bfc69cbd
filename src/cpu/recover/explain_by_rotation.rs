//! Two views without translation: the rotation that explains the most of their matches.

use super::{
    compared::{Compared, search},
    two_views::TwoViews,
};
use crate::algebra::{matrix3::outer_product, svd3::Svd3};
use crate::constants::{COMPARED, EXPLAINED_SQ};
use crate::cpu::{
    residual::SampsonTransfer,
    search::sample_minimal::{SampleSource, sample_minimal},
};
use glam::{DMat3, DVec2};

/// The rotation camera2_from_camera1 that explains the most of the matches without any translation, with their number.
///
/// Points in normalised image coordinates of calibrated cameras. `None` for fewer than two matches, or where all rays
/// of a camera coincide.
pub fn rotation_explains(views: &TwoViews<'_>, seed: u64, max_hypotheses: u32) -> Option<(DMat3, usize)> {
    let source = SampleSource::Uniform(u32::try_from(views.len()).ok()?);
    let rotation_of = |hypothesis| {
        let sample = sample_minimal::<2>(&source, seed, hypothesis)?.map(|i| i as usize);
        fit_rotation(&sample.map(|i| views.points1[i]), &sample.map(|i| views.points2[i]), None)
    };
    let compared = Compared::new(views, COMPARED);
    let (rotation, _) = search::<2, SampsonTransfer>(max_hypotheses, &compared, EXPLAINED_SQ, rotation_of)?;
    Some(views.refit(&rotation, |_, weights| fit_rotation(views.points1, views.points2, Some(weights))))
}

/// The rotation that brings the rays of image 1 closest to those of image 2, by the weighted squares of their differences
/// (Kabsch 1976).
fn fit_rotation(points1: &[DVec2], points2: &[DVec2], weights: Option<&[f64]>) -> Option<DMat3> {
    let mut covariance = DMat3::ZERO;
    for (i, (p, q)) in points1.iter().zip(points2).enumerate() {
        let p = p.extend(1.0).normalize();
        let q = q.extend(1.0).normalize() * weights.map_or(1.0, |w| w[i]);
        covariance += outer_product(q, p);
    }
    let svd = Svd3::new(&covariance);
    let sigma = svd.singular_values;
    (covariance.is_finite() && sigma.y > 1e-12 * sigma.x).then(|| svd.closest_rotation())
}
