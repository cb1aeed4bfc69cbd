//! Local coordinates of each model: its tangents, and the model at a step along them.
//!
//! A model acts on a match through a 3×4 matrix M that is linear in small steps: M(δ) ≈ M + Σ δ_k T_k.

use super::normalize_matches::{matrix_of, pose_of, rows_of_matrix, rows_of_pose};
use crate::geometry::{Pose, cross_matrix};
use crate::{
    algebra::svd3::Svd3,
    cpu::{
        residual::{ModelRows, essential_rows},
        solve::solve_essential_5pt::{essential_tangents, move_essential},
    },
};
use glam::{DMat3, DQuat, DVec3};

/// A model's manifold of `P` dimensions.
pub trait Manifold<const P: usize> {
    /// M of the model.
    fn matrix(model: &ModelRows) -> ModelRows;
    /// T_k.
    fn tangents(model: &ModelRows) -> [ModelRows; P];
    /// The model at the local coordinates δ.
    fn retract(model: &ModelRows, delta: &[f64; P]) -> ModelRows;
}

/// Motions of unit translation; M = E.
pub struct EssentialManifold;

impl Manifold<5> for EssentialManifold {
    fn matrix(model: &ModelRows) -> ModelRows {
        essential_rows(model).map(|[a, b, c]| [a, b, c, 0.0])
    }

    fn tangents(model: &ModelRows) -> [ModelRows; 5] {
        essential_tangents(&pose_of(model)).map(|t| rows_of_matrix(&t))
    }

    fn retract(model: &ModelRows, delta: &[f64; 5]) -> ModelRows {
        rows_of_pose(&move_essential(&pose_of(model), delta))
    }
}

/// Matrices U diag(cos θ, sin θ, 0) Vᵀ of rank 2 and norm 1 (Bartoli and Sturm, PAMI 2004): rotations of U and V, and θ.
pub struct FundamentalManifold;

impl Manifold<7> for FundamentalManifold {
    fn matrix(model: &ModelRows) -> ModelRows {
        *model
    }

    fn tangents(model: &ModelRows) -> [ModelRows; 7] {
        let Svd3 { u, singular_values: s, v } = Svd3::new(&matrix_of(model));
        let sigma = DMat3::from_diagonal(DVec3::new(s.x, s.y, 0.0));
        let turn_sigma = DMat3::from_diagonal(DVec3::new(-s.y, s.x, 0.0));
        let axes = [DVec3::X, DVec3::Y, DVec3::Z];
        let vt = v.transpose();
        let turn = |k: usize| match k {
            0..3 => u * cross_matrix(axes[k]) * sigma * vt,
            3..6 => u * sigma * cross_matrix(axes[k - 3]).transpose() * vt,
            _ => u * turn_sigma * vt,
        };
        std::array::from_fn(|k| rows_of_matrix(&turn(k)))
    }

    fn retract(model: &ModelRows, delta: &[f64; 7]) -> ModelRows {
        let Svd3 { u, singular_values: s, v } = Svd3::new(&matrix_of(model));
        let angle = s.y.atan2(s.x) + delta[6];
        let sigma = DMat3::from_diagonal(DVec3::new(angle.cos(), angle.sin(), 0.0));
        let [u, v] = [(u, &delta[..3]), (v, &delta[3..6])].map(|(m, d)| m * rotation(d));
        rows_of_matrix(&(u * sigma * v.transpose()))
    }
}

fn rotation(axis_angle: &[f64]) -> DMat3 {
    DMat3::from_quat(DQuat::from_scaled_axis(DVec3::from_slice(axis_angle)))
}

/// Homographies H (I + Σ δ_k G_k) of norm 1, G_k the eight generators of zero trace.
pub struct HomographyManifold;

/// The entry (row, column) of each off-diagonal generator.
const OFF_DIAGONAL: [(usize, usize); 6] = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];

impl Manifold<8> for HomographyManifold {
    fn matrix(model: &ModelRows) -> ModelRows {
        *model
    }

    fn tangents(model: &ModelRows) -> [ModelRows; 8] {
        let h = matrix_of(model);
        let generator = |k: usize| match k {
            0..6 => {
                let (row, column) = OFF_DIAGONAL[k];
                let mut g = DMat3::ZERO;
                g.col_mut(column)[row] = 1.0;
                g
            }
            6 => DMat3::from_diagonal(DVec3::new(1.0, -1.0, 0.0)),
            _ => DMat3::from_diagonal(DVec3::new(0.0, 1.0, -1.0)),
        };
        std::array::from_fn(|k| rows_of_matrix(&(h * generator(k))))
    }

    fn retract(model: &ModelRows, delta: &[f64; 8]) -> ModelRows {
        let tangents = Self::tangents(model);
        let moved: ModelRows = std::array::from_fn(|i| {
            std::array::from_fn(|j| model[i][j] + (0..8).map(|k| delta[k] * tangents[k][i][j]).sum::<f64>())
        });
        let norm = moved.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
        moved.map(|row| row.map(|x| x / norm))
    }
}

/// Rotations and translations `[R exp([ω]×) | t + δt]`, of absolute poses and rigid transforms.
pub struct PoseManifold;

impl Manifold<6> for PoseManifold {
    fn matrix(model: &ModelRows) -> ModelRows {
        *model
    }

    fn tangents(model: &ModelRows) -> [ModelRows; 6] {
        let rotation = pose_of(model).rotation;
        let axes = [DVec3::X, DVec3::Y, DVec3::Z];
        std::array::from_fn(|k| {
            let (rotation, translation) = match k {
                0..3 => (rotation * cross_matrix(axes[k]), DVec3::ZERO),
                _ => (DMat3::ZERO, axes[k - 3]),
            };
            rows_of_pose(&Pose { rotation, translation })
        })
    }

    fn retract(model: &ModelRows, delta: &[f64; 6]) -> ModelRows {
        let Pose { rotation: r, translation } = pose_of(model);
        rows_of_pose(&Pose {
            rotation: r * rotation(&delta[..3]),
            translation: translation + DVec3::from_slice(&delta[3..]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tangents_are_derivatives<M: Manifold<P>, const P: usize>(model: &ModelRows) {
        let step = 1e-6;
        for (k, tangent) in M::tangents(model).iter().enumerate() {
            let at = |size: f64| {
                let mut delta = [0.0; P];
                delta[k] = size;
                M::matrix(&M::retract(model, &delta))
            };
            let (plus, minus) = (at(step), at(-step));
            for i in 0..3 {
                for j in 0..4 {
                    let difference = (plus[i][j] - minus[i][j]) / (2.0 * step);
                    assert!((difference - tangent[i][j]).abs() < 1e-8, "tangent {k} entry {i} {j}");
                }
            }
        }
    }

    fn some_pose() -> ModelRows {
        let rotation = rotation(&[0.3, -0.5, 0.2]);
        rows_of_pose(&Pose { rotation, translation: DVec3::new(0.6, 0.0, 0.8) })
    }

    #[test]
    fn tangents_agree_with_central_differences() {
        tangents_are_derivatives::<EssentialManifold, 5>(&some_pose());
        tangents_are_derivatives::<PoseManifold, 6>(&some_pose());
        let fundamental = EssentialManifold::matrix(&some_pose());
        let fundamental = fundamental.map(|row| row.map(|x| x * 0.5f64.sqrt()));
        let mixed = FundamentalManifold::retract(&fundamental, &[0.1, 0.2, -0.3, 0.1, 0.0, 0.2, 0.4]);
        tangents_are_derivatives::<FundamentalManifold, 7>(&mixed);
    }

    #[test]
    fn tangents_of_a_homography_are_its_derivatives_up_to_scale() {
        let h =
            HomographyManifold::retract(&rows_of_matrix(&DMat3::IDENTITY), &[0.1, 0.2, -0.1, 0.3, 0.0, 0.1, 0.2, 0.1]);
        let flat = |m: &ModelRows| m.iter().flatten().copied().collect::<Vec<f64>>();
        let h_flat = flat(&h);
        for (k, tangent) in HomographyManifold::tangents(&h).iter().enumerate() {
            let mut delta = [0.0; 8];
            delta[k] = 1e-6;
            let moved = flat(&HomographyManifold::retract(&h, &delta));
            let tangent = flat(tangent);
            let along: f64 = tangent.iter().zip(&h_flat).map(|(t, h)| t * h).sum();
            for i in 0..12 {
                let expected = tangent[i] - along * h_flat[i];
                assert!(((moved[i] - h_flat[i]) / 1e-6 - expected).abs() < 1e-5);
            }
        }
    }
}
