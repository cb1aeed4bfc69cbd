//! The weighted mean of poses and its gradient (the soft argmax of DSAC; Brachmann et al., CVPR 2017); f64.
//!
//! R̄ is the chordal mean, the rotation closest to M = Σ p R (Moakher 2002), and the camera centres c = −Rᵀ t are averaged, not
//! the translations: t̄ = −R̄ c̄. So the mean moves along when the world is moved or turned; that of the translations would
//! depend on where its origin is.
//!
//! With M = U Σ Vᵀ and D = diag(1, 1, det UVᵀ), R̄ = U D Vᵀ and S = R̄ᵀ M = V Σ D Vᵀ is symmetric. With K = tr S · I − S, and with
//! `vee` of a skew matrix the vector of its cross product, the skew part of
//! R̄ᵀ dM = \[ω\]× S + dS is K ω = vee(R̄ᵀ dM − dMᵀ R̄), dR̄ = R̄ \[ω\]×. Backwards, of G = ∂L/∂R̄:
//! ∂L/∂M = R̄ \[w\]×, w = K⁻¹ vee(R̄ᵀ G − Gᵀ R̄). The eigenvalues of K are sums of two of the signed singular values; where the
//! least of them is 0, M has more than one closest rotation.

use super::is_moderate;
use crate::algebra::matrix3::{inner_product, outer_product};
use crate::algebra::svd3::Svd3;
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::{pose_of, rows_of_pose};
use crate::geometry::{Pose, cross_matrix};
use glam::{DMat3, DVec3};

/// Means with a smaller sum of the two least signed singular values of M, which are at most 1, are undefined.
pub const LEAST_GAP: f64 = 1e-3;
/// Poses with an entry beyond this take no part.
pub const LARGEST_ENTRY: f64 = 1e9;

/// The weighted sums of a pair's poses.
#[derive(Clone, Copy, Debug)]
struct Moments {
    /// Σ p.
    total: f64,
    /// Σ p R / Σ p.
    rotations: DMat3,
    /// Σ p c / Σ p.
    centre: DVec3,
}

/// What became of a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Average {
    /// No pose has a weight.
    Nothing,
    /// The rotations are so far apart that they have no mean.
    Undefined,
    /// There is one.
    Mean {
        /// camera_from_world.
        pose: Pose,
        /// The sum of the two least signed singular values of M, which [`LEAST_GAP`] bounds.
        gap: f64,
    },
}

/// Whether a pose takes part: it has a positive weight, is finite and is not zero, which says that there is none.
pub fn takes_part(model: &ModelRows, weight: f64) -> bool {
    let is_bounded = model.iter().flatten().all(|entry| entry.abs() < LARGEST_ENTRY);
    let is_model = model.iter().any(|row| row[..3].iter().any(|entry| *entry != 0.0));
    weight > 0.0 && weight < LARGEST_ENTRY && is_bounded && is_model
}

fn centre_of(pose: &Pose) -> DVec3 {
    -(pose.rotation.transpose() * pose.translation)
}

fn parts<'a>(models: &'a [ModelRows], weights: &'a [f64]) -> impl Iterator<Item = (Pose, f64)> + 'a {
    let each = models.iter().zip(weights).filter(|(model, weight)| takes_part(model, **weight));
    each.map(|(model, weight)| (pose_of(model), *weight))
}

/// The sums over the poses that take part; `None` without any.
fn moments(models: &[ModelRows], weights: &[f64]) -> Option<Moments> {
    let zero = (0.0, DMat3::ZERO, DVec3::ZERO);
    let (total, rotations, centre) = parts(models, weights).fold(zero, |(total, rotations, centre), (pose, weight)| {
        (total + weight, rotations + pose.rotation * weight, centre + centre_of(&pose) * weight)
    });
    (total > 0.0).then(|| Moments { total, rotations: rotations * total.recip(), centre: centre / total })
}

/// The mean of the poses with these weights ≥ 0, whatever their sum.
pub fn average_poses(models: &[ModelRows], weights: &[f64]) -> Average {
    let Some(moments) = moments(models, weights) else { return Average::Nothing };
    let Some(projection) = Projection::new(&moments.rotations) else { return Average::Undefined };
    Average::Mean { pose: projection.pose(moments.centre), gap: projection.signed.y + projection.signed.z }
}

/// The rotation closest to a matrix.
struct Projection {
    rotation: DMat3,
    /// Descending; the last has the sign of the determinant.
    signed: DVec3,
    /// The axes of S.
    axes: DMat3,
}

impl Projection {
    /// `None` where there is more than one, or nearly.
    fn new(matrix: &DMat3) -> Option<Self> {
        let svd = Svd3::new(matrix);
        let mut signed = svd.singular_values;
        signed.z *= if svd.u.determinant() * svd.v.determinant() < 0.0 { -1.0 } else { 1.0 };
        // false for NaN too
        (signed.y + signed.z > LEAST_GAP).then(|| Self { rotation: svd.closest_rotation(), signed, axes: svd.v })
    }

    fn pose(&self, centre: DVec3) -> Pose {
        Pose { rotation: self.rotation, translation: -(self.rotation * centre) }
    }

    /// ∂L/∂M of ∂L/∂R̄.
    fn backward(&self, by_rotation: &DMat3) -> DMat3 {
        let a = self.rotation.transpose() * *by_rotation;
        let skew = DVec3::new(a.y_axis.z - a.z_axis.y, a.z_axis.x - a.x_axis.z, a.x_axis.y - a.y_axis.x);
        // the eigenvalue of an axis of S is the sum of the other two singular values
        let DVec3 { x, y, z } = self.signed;
        let w = self.axes * (self.axes.transpose() * skew / DVec3::new(y + z, z + x, x + y));
        self.rotation * cross_matrix(w)
    }
}

/// Gradients by each pose and each weight.
pub struct AverageGradients {
    /// By the entries of the poses.
    pub models: Vec<ModelRows>,
    /// By the weights.
    pub weights: Vec<f64>,
}

/// The gradients of that by the mean; 0 for what takes no part, and where there is no mean.
pub fn average_poses_backward(models: &[ModelRows], weights: &[f64], by_mean: &ModelRows) -> AverageGradients {
    let nothing =
        || AverageGradients { models: vec![ModelRows::default(); models.len()], weights: vec![0.0; weights.len()] };
    let Some(moments) = moments(models, weights) else { return nothing() };
    let Some(projection) = Projection::new(&moments.rotations) else { return nothing() };
    let by_mean = pose_of(by_mean);
    // t̄ = −R̄ c̄
    let by_centre = -(projection.rotation.transpose() * by_mean.translation);
    let by_rotation = by_mean.rotation - outer_product(by_mean.translation, moments.centre);
    let by_moments = projection.backward(&by_rotation);
    let at_mean = inner_product(&by_moments, &moments.rotations) + by_centre.dot(moments.centre);
    let mut gradients = nothing();
    for (row, (model, &weight)) in models.iter().zip(weights).enumerate() {
        if !takes_part(model, weight) {
            continue;
        }
        let share = weight / moments.total;
        let pose = pose_of(model);
        // c = −Rᵀ t
        let rotation = (by_moments - outer_product(pose.translation, by_centre)) * share;
        let by_model = rows_of_pose(&Pose { rotation, translation: pose.rotation * by_centre * -share });
        let by_weight = inner_product(&by_moments, &pose.rotation) + by_centre.dot(centre_of(&pose)) - at_mean;
        if by_model.iter().flatten().chain([&by_weight]).all(|g| is_moderate(*g)) {
            gradients.models[row] = by_model;
            gradients.weights[row] = by_weight / moments.total;
        }
    }
    gradients
}
