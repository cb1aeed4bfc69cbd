//! Eigenvalues and eigenvectors of small symmetric matrices by cyclic Jacobi rotations.

/// Eigenvalues in ascending order and the unit eigenvectors that belong to them, one a row.
#[derive(Clone, Copy, Debug)]
pub struct SymmetricEigen<const N: usize> {
    /// Eigenvalues, ascending.
    pub values: [f64; N],
    /// `vectors[k]` belongs to `values[k]`; orthonormal.
    pub vectors: [[f64; N]; N],
}

impl<const N: usize> SymmetricEigen<N> {
    /// Decomposes a symmetric matrix; `None` where an entry is not finite.
    pub fn new(mut matrix: [[f64; N]; N]) -> Option<Self> {
        if !matrix.iter().flatten().all(|entry| entry.is_finite()) {
            return None;
        }
        let mut vectors: [[f64; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
        for _ in 0..30 {
            let mut rotated = false;
            for p in 0..N {
                for q in p + 1..N {
                    rotated |= annihilate(&mut matrix, &mut vectors, p, q);
                }
            }
            if !rotated {
                break;
            }
        }
        let mut order: [usize; N] = std::array::from_fn(|i| i);
        order.sort_unstable_by(|&i, &j| matrix[i][i].total_cmp(&matrix[j][j]));
        Some(Self { values: order.map(|i| matrix[i][i]), vectors: order.map(|i| vectors[i]) })
    }
}

/// Rotates entry (p, q) to zero; false if it was negligible.
fn annihilate<const N: usize>(matrix: &mut [[f64; N]; N], vectors: &mut [[f64; N]; N], p: usize, q: usize) -> bool {
    let (diagonal_p, diagonal_q, entry) = (matrix[p][p], matrix[q][q], matrix[p][q]);
    if entry.abs() <= 1e-17 * (diagonal_p.abs() + diagonal_q.abs()) || entry.abs() < f64::MIN_POSITIVE {
        return false;
    }
    let zeta = (diagonal_q - diagonal_p) / (2.0 * entry);
    let tangent = 1.0f64.copysign(zeta) / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cos = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sin = cos * tangent;
    rotate_rows(matrix, p, q, cos, sin);
    rotate_rows(vectors, p, q, cos, sin);
    // The rotated matrix is symmetric, so its columns need no arithmetic of their own but in the 2×2 block.
    let (row_p, row_q) = (matrix[p], matrix[q]);
    for (k, row) in matrix.iter_mut().enumerate() {
        row[p] = row_p[k];
        row[q] = row_q[k];
    }
    matrix[p][p] = diagonal_p - tangent * entry;
    matrix[q][q] = diagonal_q + tangent * entry;
    matrix[p][q] = 0.0;
    matrix[q][p] = 0.0;
    true
}

fn rotate_rows<const N: usize>(matrix: &mut [[f64; N]; N], p: usize, q: usize, cos: f64, sin: f64) {
    let (row_p, row_q) = (matrix[p], matrix[q]);
    for k in 0..N {
        matrix[p][k] = cos * row_p[k] - sin * row_q[k];
        matrix[q][k] = sin * row_p[k] + cos * row_q[k];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn satisfies_its_definition(entries in prop::collection::vec(-10.0f64..10.0, 81)) {
            let matrix: [[f64; 9]; 9] =
                std::array::from_fn(|i| std::array::from_fn(|j| entries[9 * i.min(j) + i.max(j)]));
            let eigen = SymmetricEigen::new(matrix).unwrap();
            prop_assert!(eigen.values.is_sorted());
            for (value, vector) in eigen.values.iter().zip(&eigen.vectors) {
                for (row, component) in matrix.iter().zip(vector) {
                    let product: f64 = row.iter().zip(vector).map(|(a, b)| a * b).sum();
                    prop_assert!((product - value * component).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_not_finite() {
        assert!(SymmetricEigen::new([[1.0, f64::NAN], [f64::NAN, 1.0]]).is_none());
        assert_eq!(SymmetricEigen::new([[0.0; 3]; 3]).unwrap().values, [0.0; 3]);
    }
}
