//! Which of a sample's models is the one to train: that closest to the truth.

use super::normalize_matches::matrix_of;
use super::residual::{ModelRows, essential_rows};
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
