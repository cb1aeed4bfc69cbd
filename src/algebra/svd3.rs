//! Singular value decomposition of 3×3 matrices by one-sided Jacobi rotations (Hestenes 1958), which keeps small
//! singular values accurate.

use glam::{DMat3, DVec3};

/// `A = U diag(σ) Vᵀ` with orthogonal U and V (of either determinant) and σ descending.
#[derive(Clone, Copy, Debug)]
pub struct Svd3 {
    /// Left singular vectors, one a column.
    pub u: DMat3,
    /// Singular values, descending and not negative.
    pub singular_values: DVec3,
    /// Right singular vectors, one a column.
    pub v: DMat3,
}

impl Svd3 {
    /// The decomposition of any finite matrix; NaN where the input has one.
    pub fn new(matrix: &DMat3) -> Self {
        let mut columns = [matrix.x_axis, matrix.y_axis, matrix.z_axis];
        let mut v = [DVec3::X, DVec3::Y, DVec3::Z];
        for _ in 0..30 {
            let rotated = [(0, 1), (0, 2), (1, 2)].map(|(p, q)| orthogonalize(&mut columns, &mut v, p, q));
            if rotated == [false; 3] {
                break;
            }
        }
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if columns[p].length_squared() < columns[q].length_squared() {
                columns.swap(p, q);
                v.swap(p, q);
            }
        }
        let (u, singular_values) = left_vectors(columns);
        Self { u, singular_values, v: DMat3::from_cols(v[0], v[1], v[2]) }
    }

    /// `U diag(values) Vᵀ`: the matrix with other singular values.
    pub fn recompose(&self, values: DVec3) -> DMat3 {
        self.u * DMat3::from_diagonal(values) * self.v.transpose()
    }

    /// The rotation closest to the matrix in the Frobenius norm (Umeyama 1991: the sign goes to the smallest singular
    /// value).
    pub fn closest_rotation(&self) -> DMat3 {
        let sign = if self.u.determinant() * self.v.determinant() < 0.0 { -1.0 } else { 1.0 };
        self.recompose(DVec3::new(1.0, 1.0, sign))
    }
}

/// Rotates columns p and q until they are orthogonal; false if they were.
fn orthogonalize(columns: &mut [DVec3; 3], v: &mut [DVec3; 3], p: usize, q: usize) -> bool {
    let (norm_p, norm_q) = (columns[p].length_squared(), columns[q].length_squared());
    let product = columns[p].dot(columns[q]);
    if product * product <= 1e-31 * norm_p * norm_q {
        return false;
    }
    let zeta = (norm_q - norm_p) / (2.0 * product);
    let tangent = 1.0f64.copysign(zeta) / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cos = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sin = cos * tangent;
    for m in [columns, v] {
        (m[p], m[q]) = (m[p] * cos - m[q] * sin, m[p] * sin + m[q] * cos);
    }
    true
}

/// Norms of orthogonal columns in descending order, and an orthogonal matrix of their directions.
fn left_vectors(columns: [DVec3; 3]) -> (DMat3, DVec3) {
    let norms = DVec3::new(columns[0].length(), columns[1].length(), columns[2].length());
    let first = if norms.x > 0.0 { columns[0] / norms.x } else { DVec3::X };
    let second = if norms.y > 0.0 { columns[1] / norms.y } else { first.any_orthonormal_vector() };
    let third = first.cross(second);
    let third = if third.dot(columns[2]) < 0.0 { -third } else { third };
    (DMat3::from_cols(first, second, third), norms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(matrix: DMat3) {
        let svd = Svd3::new(&matrix);
        let scale = 1.0 + svd.singular_values.x;
        assert!((svd.recompose(svd.singular_values) - matrix).abs_diff_eq(DMat3::ZERO, 1e-13 * scale));
        for m in [svd.u, svd.v] {
            assert!((m * m.transpose()).abs_diff_eq(DMat3::IDENTITY, 1e-13), "{m}");
        }
        let sigma = svd.singular_values;
        assert!(sigma.x >= sigma.y && sigma.y >= sigma.z && sigma.z >= 0.0);
    }

    proptest! {
        #[test]
        fn decomposes_any_matrix(entries in prop::array::uniform9(-1e3f64..1e3), kept in 0usize..4) {
            let matrix = DMat3::from_cols_array(&entries);
            let svd = Svd3::new(&matrix);
            let values = svd.singular_values.to_array();
            let truncated: [f64; 3] = std::array::from_fn(|k| if k < kept { values[k] } else { 0.0 });
            check(matrix);
            check(svd.recompose(truncated.into()));
        }

        #[test]
        fn closest_rotation_undoes_a_positive_stretch(entries in prop::array::uniform3(-3.0f64..3.0)) {
            let rotation = DMat3::from_rotation_z(entries[0]) * DMat3::from_rotation_x(entries[1]);
            let stretched = rotation * DMat3::from_diagonal(DVec3::new(3.0, 2.0, 0.5));
            prop_assert!(Svd3::new(&stretched).closest_rotation().abs_diff_eq(rotation, 1e-13));
        }
    }

    #[test]
    fn decomposes_special_matrices() {
        for matrix in [DMat3::ZERO, DMat3::IDENTITY, DMat3::from_diagonal(DVec3::new(1e-9, 0.0, -5.0))] {
            check(matrix);
        }
    }
}
