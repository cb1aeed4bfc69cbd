//! Gradient of the weighted eight-point algorithm, of all that it computes: F = T₂ᵀ R T₁ / |T₂ᵀ R T₁| with R the matrix of
//! rank 2 closest to A, vec A the eigenvector of the smallest eigenvalue of M = Σ w a aᵀ, a = vec(x̂₂ x̂₁ᵀ), x̂ = T x, and T
//! Hartley's similarities, whose centroid and scale depend on points and weights themselves.
//!
//! An eigenvector moves by dA = −(M − μI)⁺ dM A, a singular triple likewise; both follow from the equations that define
//! them.

use super::implicit::{MAX_CONDITION, is_finite};
use super::solve_fundamental_8pt::NormalizedFit;
use crate::algebra::{matrix3::inner_product, similarity::Similarity, svd3::Svd3};
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::matrix_of;
use glam::{DMat3, DVec2};

/// ∂L/∂(x1 y1 x2 y2) and ∂L/∂w of each match of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedGradient {
    /// Of the coordinates, one entry a match.
    pub points: Vec<[f64; 4]>,
    /// Of the weights, one entry a match.
    pub weights: Vec<f64>,
}

/// The gradients of n ≥ 8 matches, from ∂L/∂F of the F of norm 1 (the fourth column of both is ignored) that
/// [`solve_fundamental_8pt`](super::solve_fundamental_8pt::solve_fundamental_8pt) found for them with these weights, one
/// a match, or 1 for all. The F given only says which sign ∂L/∂F is meant for.
///
/// `None` where there is no F, for fits that are [ill-conditioned](MAX_CONDITION) (nearly two solutions; A nearly of two
/// equal small singular values) and for values that are not finite.
pub fn solve_fundamental_8pt_backward(
    points: &[[f64; 4]],
    weights: Option<&[f64]>,
    model: &ModelRows,
    model_gradient: &ModelRows,
) -> Option<WeightedGradient> {
    let points1: Vec<_> = points.iter().map(|p| DVec2::new(p[0], p[1])).collect();
    let points2: Vec<_> = points.iter().map(|p| DVec2::new(p[2], p[3])).collect();
    let fit = NormalizedFit::new(&points1, &points2, weights)?;
    let [to_unit1, to_unit2] = [fit.to_unit1.matrix(), fit.to_unit2.matrix()];
    let svd = Svd3::new(&fit.matrix);
    let rank2 = svd.recompose(svd.singular_values.with_z(0.0));

    let by_rank2 = through_scaling(&to_unit2, &rank2, &to_unit1, &matrix_of(model), &matrix_of(model_gradient))?;
    let by_vector = through_rank_two(&svd, &by_rank2.matrix)?;
    let multiplier = fit.multiplier(&by_vector)?;

    let mut side1 = SimilarityGradient::of_matrix(&fit.to_unit1, &by_rank2.to_unit1);
    let mut side2 = SimilarityGradient::of_matrix(&fit.to_unit2, &by_rank2.to_unit2);
    let mut by_weight = Vec::with_capacity(points.len());
    let mut by_unit = Vec::with_capacity(points.len());
    for i in 0..points.len() {
        let weight = weights.map_or(1.0, |w| w[i]);
        let (x1, x2) = (fit.to_unit1.apply(points1[i]).extend(1.0), fit.to_unit2.apply(points2[i]).extend(1.0));
        let along = |m: &DMat3| x2.dot(*m * x1);
        let (along_vector, along_multiplier) = (along(&fit.matrix), along(&multiplier));
        by_weight.push(along_vector * along_multiplier);
        let slope = (fit.matrix * along_multiplier + multiplier * along_vector) * weight;
        by_unit.push([(slope.transpose() * x2).truncate(), (slope * x1).truncate()]);
    }
    let by_points1 = side1.through(&points1, weights, by_unit.iter().map(|u| u[0]), &mut by_weight);
    let by_points2 = side2.through(&points2, weights, by_unit.iter().map(|u| u[1]), &mut by_weight);
    let by_points = by_points1.iter().zip(&by_points2).map(|(a, b)| [a.x, a.y, b.x, b.y]).collect::<Vec<_>>();
    let finite = is_finite(&by_points) && by_weight.iter().all(|x| x.is_finite());
    finite.then_some(WeightedGradient { points: by_points, weights: by_weight })
}

/// Gradients of the three factors of T₂ᵀ R T₁.
struct FactorGradients {
    to_unit2: DMat3,
    matrix: DMat3,
    to_unit1: DMat3,
}

/// Through F = ±T₂ᵀ R T₁ / |T₂ᵀ R T₁|, of the sign of `model`.
fn through_scaling(to2: &DMat3, r: &DMat3, to1: &DMat3, model: &DMat3, gradient: &DMat3) -> Option<FactorGradients> {
    let product = to2.transpose() * *r * *to1;
    let norm = inner_product(&product, &product).sqrt();
    let norm = if inner_product(&product, model) < 0.0 { -norm } else { norm };
    let unit = product * (1.0 / norm);
    let by_product = (*gradient - unit * inner_product(gradient, &unit)) * (1.0 / norm);
    let gradients = FactorGradients {
        to_unit2: *r * *to1 * by_product.transpose(),
        matrix: *to2 * by_product * to1.transpose(),
        to_unit1: (to2.transpose() * *r).transpose() * by_product,
    };
    gradients.matrix.is_finite().then_some(gradients)
}

/// Through R = A − σ₃ u₃ v₃ᵀ. In the frames U and V only the third row and column mix:
/// ∂L/∂A_k3 = σ_k (σ_k ∂L/∂R_k3 + σ₃ ∂L/∂R_3k) / (σ_k² − σ₃²), and ∂L/∂A_33 = 0.
fn through_rank_two(svd: &Svd3, gradient: &DMat3) -> Option<DMat3> {
    let sigma = svd.singular_values;
    // A double least singular value leaves the plane of u₃ and v₃ open.
    if sigma.x > MAX_CONDITION * (sigma.y - sigma.z) {
        return None;
    }
    let g = svd.u.transpose() * *gradient * svd.v;
    let mut by_a = g;
    for k in 0..2 {
        let (sk, s3) = (sigma[k], sigma.z);
        let (right, below) = (g.col(2)[k], g.col(k)[2]);
        let factor = sk / ((sk - s3) * (sk + s3));
        by_a.col_mut(2)[k] = factor * (sk * right + s3 * below);
        by_a.col_mut(k)[2] = factor * (sk * below + s3 * right);
    }
    by_a.col_mut(2)[2] = 0.0;
    Some(svd.u * by_a * svd.v.transpose())
}

impl NormalizedFit {
    /// −(M − μI)⁺ vec(∂L/∂A), so that dL = multiplierᵀ dM vec A.
    fn multiplier(&self, gradient: &DMat3) -> Option<DMat3> {
        let values = &self.eigen.values;
        // The square roots are the singular values of the rows √w aᵀ.
        let singular = |k: usize| values[k].max(0.0).sqrt();
        if singular(8) > MAX_CONDITION * (singular(1) - singular(0)) {
            return None;
        }
        let gaps = values.map(|value| value - values[0]);
        let mut sum = [0.0; 9];
        for (vector, gap) in self.eigen.vectors.iter().zip(gaps).skip(1) {
            let along = gradient.to_cols_array().iter().zip(vector).map(|(g, v)| g * v).sum::<f64>();
            for (total, entry) in sum.iter_mut().zip(vector) {
                *total -= along / gap * entry;
            }
        }
        Some(DMat3::from_cols_array(&sum))
    }
}

/// Gradients of a similarity x ↦ s (x − c).
struct SimilarityGradient<'a> {
    similarity: &'a Similarity,
    scale: f64,
    centroid: DVec2,
}

impl<'a> SimilarityGradient<'a> {
    /// From that of its matrix.
    fn of_matrix(similarity: &'a Similarity, gradient: &DMat3) -> Self {
        let by_shift = gradient.z_axis.truncate();
        Self {
            similarity,
            scale: gradient.x_axis.x + gradient.y_axis.y - by_shift.dot(similarity.centroid()),
            centroid: by_shift * -similarity.scale(),
        }
    }

    /// Gradients of the points from those of the normalised points, and those of the weights added to `by_weight`: both
    /// also move the centroid c = Σ w x / Σ w and the scale s = √2 / d, d = Σ w |x − c| / Σ w.
    fn through(
        &mut self,
        points: &[DVec2],
        weights: Option<&[f64]>,
        by_unit: impl Iterator<Item = DVec2>,
        by_weight: &mut [f64],
    ) -> Vec<DVec2> {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let (scale, centroid) = (self.similarity.scale(), self.similarity.centroid());
        let total: f64 = (0..points.len()).map(weight).sum();
        let mean_distance = std::f64::consts::SQRT_2 / scale;
        let mut by_points: Vec<DVec2> = by_unit.map(|gradient| gradient * scale).collect();
        for (gradient, point) in by_points.iter().zip(points) {
            self.scale += gradient.dot(*point - centroid) / scale;
            self.centroid -= *gradient;
        }
        let by_distance = -self.scale * scale / mean_distance / total;
        for i in 0..points.len() {
            let offset = points[i] - centroid;
            let slope = offset.normalize_or_zero() * (by_distance * weight(i));
            by_points[i] += slope;
            self.centroid -= slope;
            by_weight[i] += by_distance * (offset.length() - mean_distance);
        }
        for i in 0..points.len() {
            by_points[i] += self.centroid * (weight(i) / total);
            by_weight[i] += self.centroid.dot(points[i] - centroid) / total;
        }
        by_points
    }
}
