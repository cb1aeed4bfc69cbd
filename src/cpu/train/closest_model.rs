//! Which of a sample's models is the one to train: that closest to the truth.

use crate::cpu::residual::{ModelRows, essential_rows};
use crate::cpu::search::normalize_matches::matrix_of;
use crate::geometry::ModelKind;

/// The index of the model closest to the true one in the Frobenius norm; `None` where there is no finite one.
///
/// Motions of two views are compared as essential matrices, those and F and H after scaling to norm 1 and up to sign; poses
/// and rigid transforms as the rows that they are.
pub fn closest_model(kind: ModelKind, models: &[ModelRows], truth: &ModelRows) -> Option<usize> {
    let truth = comparable(kind, truth);
    let distance_sq = |model: &ModelRows| {
        let model = comparable(kind, model);
        let to = |sign: f64| model.iter().zip(&truth).map(|(a, b)| (a - sign * b).powi(2)).sum::<f64>();
        if matches!(kind, ModelKind::Pose | ModelKind::Rigid) { to(1.0) } else { to(1.0).min(to(-1.0)) }
    };
    let distances = models.iter().map(distance_sq).enumerate();
    distances.filter(|(_, d)| d.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

/// The entries that are compared.
fn comparable(kind: ModelKind, rows: &ModelRows) -> [f64; 12] {
    let entries = |m: &dyn Fn(usize, usize) -> f64| std::array::from_fn(|k| m(k / 4, k % 4));
    let unit = |matrix: [[f64; 3]; 3]| {
        let norm = matrix.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
        entries(&|i, j| matrix[i].get(j).map_or(0.0, |x| x / norm))
    };
    match kind {
        ModelKind::Essential => unit(essential_rows(rows)),
        ModelKind::Fundamental | ModelKind::Homography => unit(matrix_of(rows).transpose().to_cols_array_2d()),
        ModelKind::Pose | ModelKind::Rigid => entries(&|i, j| rows[i][j]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::search::normalize_matches::{rows_of_matrix, rows_of_pose};
    use crate::geometry::Pose;
    use glam::{DMat3, DVec3};

    fn pose(angle: f64) -> Pose {
        Pose { rotation: DMat3::from_rotation_y(angle), translation: DVec3::new(0.6, 0.0, 0.8) }
    }

    #[test]
    fn motions_are_compared_as_essential_matrices_of_either_sign() {
        let truth = rows_of_pose(&pose(0.3));
        let backwards = rows_of_pose(&Pose { translation: -pose(0.31).translation, ..pose(0.31) });
        let models = [rows_of_pose(&pose(0.4)), backwards, [[f64::NAN; 4]; 3]];
        assert_eq!(closest_model(ModelKind::Essential, &models, &truth), Some(1));
        assert_eq!(closest_model(ModelKind::Pose, &models, &truth), Some(0));
    }

    #[test]
    fn matrices_are_compared_up_to_sign_and_scale() {
        let matrix = |angle: f64, scale: f64| rows_of_matrix(&(DMat3::from_rotation_x(angle) * scale));
        for kind in [ModelKind::Fundamental, ModelKind::Homography] {
            assert_eq!(closest_model(kind, &[matrix(0.5, 1.0), matrix(0.2, -7.0)], &matrix(0.1, 1.0)), Some(1));
        }
    }

    #[test]
    fn nothing_is_closest_to_what_is_not_finite() {
        let some = rows_of_pose(&pose(0.1));
        for kind in ModelKind::ALL {
            assert_eq!(closest_model(kind, &[], &some), None);
            assert_eq!(closest_model(kind, &[[[f64::INFINITY; 4]; 3]], &some), None);
            assert_eq!(closest_model(kind, &[some], &[[f64::NAN; 4]; 3]), None);
        }
    }
}
