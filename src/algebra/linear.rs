//! Solves of small dense systems: positive definite by Cholesky, general by Gauss with partial pivoting; inverses.

/// Solves `A x = b` for symmetric positive definite `A` (lower triangle read), or `None` when it is not.
#[inline(always)]
pub fn solve_positive_definite<const N: usize>(a: &[[f64; N]; N], b: &[f64; N]) -> Option<[f64; N]> {
    let mut l = *a;
    for j in 0..N {
        if l[j][j].is_nan() || l[j][j] <= 0.0 {
            return None;
        }
        let inverse = 1.0 / l[j][j].sqrt();
        for row in &mut l[j..] {
            row[j] *= inverse;
        }
        for i in j + 1..N {
            for k in j + 1..=i {
                l[i][k] -= l[i][j] * l[k][j];
            }
        }
    }
    let mut x = *b;
    for i in 0..N {
        x[i] /= l[i][i];
        for k in i + 1..N {
            x[k] -= l[k][i] * x[i];
        }
    }
    for i in (0..N).rev() {
        x[i] /= l[i][i];
        for k in 0..i {
            x[k] -= l[i][k] * x[i];
        }
    }
    Some(x)
}

/// Solves `A x = b` for a general `A`, or `None` when a pivot vanishes.
#[inline(always)]
pub fn solve_general<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    let mut inverses = [0.0; N];
    for column in 0..N {
        let mut pivot = column;
        for row in column + 1..N {
            if a[row][column].abs() > a[pivot][column].abs() {
                pivot = row;
            }
        }
        a.swap(column, pivot);
        b.swap(column, pivot);
        let inverse = 1.0 / a[column][column];
        if !inverse.is_finite() {
            return None;
        }
        inverses[column] = inverse;
        for row in column + 1..N {
            let factor = a[row][column] * inverse;
            for k in column..N {
                a[row][k] -= factor * a[column][k];
            }
            b[row] -= factor * b[column];
        }
    }
    for i in (0..N).rev() {
        b[i] *= inverses[i];
        let solved = b[i];
        for (rest, row) in b[..i].iter_mut().zip(&a) {
            *rest -= row[i] * solved;
        }
    }
    b.iter().all(|x| x.is_finite()).then_some(b)
}

/// The inverse of a general `A` by Gauss–Jordan elimination with partial pivoting, or `None` when a pivot vanishes.
pub fn invert<const N: usize>(mut a: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut inverse: [[f64; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    for column in 0..N {
        let mut pivot = column;
        for row in column + 1..N {
            if a[row][column].abs() > a[pivot][column].abs() {
                pivot = row;
            }
        }
        a.swap(column, pivot);
        inverse.swap(column, pivot);
        let scale = 1.0 / a[column][column];
        if !scale.is_finite() {
            return None;
        }
        a[column] = a[column].map(|x| x * scale);
        inverse[column] = inverse[column].map(|x| x * scale);
        for row in (0..N).filter(|&row| row != column) {
            let factor = a[row][column];
            for k in 0..N {
                a[row][k] -= factor * a[column][k];
                inverse[row][k] -= factor * inverse[column][k];
            }
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_solve_a_known_system() {
        let a = [[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 5.0]];
        let truth = [1.0, -2.0, 0.25];
        let b = std::array::from_fn(|i| (0..3).map(|k| a[i][k] * truth[k]).sum());
        for found in [solve_positive_definite(&a, &b).unwrap(), solve_general(a, b).unwrap()] {
            assert!(found.iter().zip(truth).all(|(x, y): (&f64, f64)| (x - y).abs() < 1e-14));
        }
    }

    #[test]
    fn an_inverse_undoes_its_matrix() {
        let a = [[0.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 5.0]];
        let inverse = invert(a).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| a[i][k] * inverse[k][j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn singular_systems_have_no_solution() {
        let a = [[1.0, 2.0], [2.0, 4.0]];
        assert_eq!(invert(a), None);
        assert_eq!(solve_general(a, [1.0, 0.0]), None);
        assert_eq!(solve_positive_definite(&[[-1.0, 0.0], [0.0, 1.0]], &[1.0, 1.0]), None);
    }
}
