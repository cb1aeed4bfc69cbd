//! How well the matches determine the rotation of a pose or a rigid transform: points on one line leave the turn about it open.

use crate::algebra::svd3::Svd3;
use crate::constants::{CHI_SQ_2, CHI_SQ_3};
use crate::cpu::{
    magsac::degrees_of_freedom,
    residual::ModelRows,
    search::{normalize_matches::NormalizedMatches, refine_model::information},
};
use glam::{DMat3, DVec3};

/// Of a singular value to the largest, below which a translation is taken for one that no match tells anything of.
const LEAST_RATIO: f64 = 1e-12;

/// The standard deviation, in radians, of the rotation about the axis that the inliers of a pose or a rigid transform determine
/// least, if their noise is what the threshold stands for: its quantile of 0.95. Infinite where the axis is not determined at all.
pub fn rotation_deviation_rad(model: &ModelRows, matches: &NormalizedMatches) -> f64 {
    let quantile = if degrees_of_freedom(matches.kind) == 2 { CHI_SQ_2 } else { CHI_SQ_3 };
    let information = information(model, matches);
    let block = |row: usize, column: usize| {
        let entry = |i: usize, j: usize| information[(row + i).max(column + j)][(row + i).min(column + j)];
        DMat3::from_cols_array_2d(&[0, 1, 2].map(|j| [0, 1, 2].map(|i| entry(i, j))))
    };
    // what is left for the rotation where the translation follows it (the Schur complement)
    let rotation = block(0, 0) - block(0, 3) * pseudo_inverse(&block(3, 3)) * block(3, 0);
    let least = Svd3::new(&rotation).singular_values.z;
    if least > 0.0 { (quantile * least).sqrt().recip() } else { f64::INFINITY }
}

fn pseudo_inverse(matrix: &DMat3) -> DMat3 {
    let svd = Svd3::new(matrix);
    let sigma = svd.singular_values;
    let inverse = |value: f64| if value > LEAST_RATIO * sigma.x { value.recip() } else { 0.0 };
    svd.v * DMat3::from_diagonal(DVec3::new(inverse(sigma.x), inverse(sigma.y), inverse(sigma.z))) * svd.u.transpose()
}
