//! Null space of a wide matrix by Householder reflections.

/// An orthonormal basis of the vectors orthogonal to the rows, in the last `COLUMNS − ROWS` entries of the result.
///
/// `rows` is overwritten. The reflections that take the rows, one after the other, onto the first axes are applied in
/// reverse to the remaining unit vectors. A rank-deficient input gives some basis orthogonal to the rows.
#[inline(always)]
pub fn null_space<const ROWS: usize, const COLUMNS: usize, const NULLITY: usize>(
    rows: &mut [[f64; COLUMNS]; ROWS],
) -> [[f64; COLUMNS]; NULLITY] {
    const { assert!(ROWS + NULLITY == COLUMNS) };
    let mut scales = [0.0; ROWS];
    for pivot in 0..ROWS {
        scales[pivot] = reflector(&mut rows[pivot], pivot);
        let (done, rest) = rows.split_at_mut(pivot + 1);
        for row in rest {
            reflect(row, &done[pivot], pivot, scales[pivot]);
        }
    }
    let mut basis = [[0.0; COLUMNS]; NULLITY];
    for (k, vector) in basis.iter_mut().enumerate() {
        vector[ROWS + k] = 1.0;
        for pivot in (0..ROWS).rev() {
            reflect(vector, &rows[pivot], pivot, scales[pivot]);
        }
    }
    basis
}

/// Turns a row into the Householder vector that zeroes its entries behind `pivot`; gives 2 / |v|², 0 for a zero row.
#[inline(always)]
fn reflector<const N: usize>(row: &mut [f64; N], pivot: usize) -> f64 {
    let norm_sq: f64 = row[pivot..].iter().map(|x| x * x).sum();
    let head = row[pivot];
    let norm = norm_sq.sqrt();
    row[pivot] = head + norm.copysign(head);
    let length_sq = 2.0 * (norm_sq + norm * head.abs());
    if length_sq > 0.0 { 2.0 / length_sq } else { 0.0 }
}

#[inline(always)]
fn reflect<const N: usize>(x: &mut [f64; N], v: &[f64; N], pivot: usize, scale: f64) {
    let mut dot = 0.0;
    for k in pivot..N {
        dot += v[k] * x[k];
    }
    dot *= scale;
    for k in pivot..N {
        x[k] -= dot * v[k];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basis_is_orthonormal_and_orthogonal_to_the_rows() {
        let rows: [[f64; 9]; 5] = std::array::from_fn(|i| std::array::from_fn(|j| ((i * 9 + j) as f64 * 1.7).sin()));
        let basis: [[f64; 9]; 4] = null_space(&mut rows.clone());
        let dot = |a: &[f64; 9], b: &[f64; 9]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        for (i, v) in basis.iter().enumerate() {
            assert!(rows.iter().all(|row| dot(row, v).abs() < 1e-14));
            assert!(basis.iter().enumerate().all(|(j, w)| (dot(v, w) - f64::from(i == j)).abs() < 1e-14));
        }
    }
}
