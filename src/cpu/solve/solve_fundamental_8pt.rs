//! Fundamental and essential matrix of n ≥ 8 matches by the normalised, weighted eight-point algorithm.
//!
//! f = vec(F) minimises fᵀ (Σ w a aᵀ) f, |f| = 1, with a = x1 ⊗ x2 in the coordinates of Hartley 1997 ("In defense of the
//! eight-point algorithm"); the constraint on the singular values is enforced afterwards.

use crate::algebra::eigen::SymmetricEigen;
use crate::algebra::matrix3::unit_frobenius;
use crate::algebra::similarity::Similarity;
use crate::algebra::svd3::Svd3;
use glam::{DMat3, DVec2, DVec3};

/// The smallest two eigenvalues both below this share of the largest leave a family of solutions.
const AMBIGUOUS: f64 = 1e-13;

/// The fundamental matrix that fits n ≥ 8 matches best in the algebraic sense; rank 2, Frobenius norm 1.
///
/// Slices of one entry a match, any unit; weights ≥ 0 multiply squared residuals. `None` for fewer than eight matches of
/// positive weight, for lengths that differ, for exactly degenerate matches (repeated points, a common plane) and for
/// values that are not finite.
pub fn solve_fundamental_8pt(points1: &[DVec2], points2: &[DVec2], weights: Option<&[f64]>) -> Option<DMat3> {
    let NormalizedFit { matrix, to_unit1, to_unit2, .. } = NormalizedFit::new(points1, points2, weights)?;
    let svd = Svd3::new(&matrix);
    let rank2 = svd.recompose(svd.singular_values.with_z(0.0));
    unit_frobenius(&(to_unit2.matrix().transpose() * rank2 * to_unit1.matrix()))
}

/// The essential matrix that fits n ≥ 8 matches in normalised image coordinates (K⁻¹ applied): as
/// [`solve_fundamental_8pt`], with the singular values (1, 1, 0) of a translation of length 1.
pub fn solve_essential_8pt(points1: &[DVec2], points2: &[DVec2], weights: Option<&[f64]>) -> Option<DMat3> {
    let NormalizedFit { matrix, to_unit1, to_unit2, .. } = NormalizedFit::new(points1, points2, weights)?;
    let e = to_unit2.matrix().transpose() * matrix * to_unit1.matrix();
    let e = Svd3::new(&e).recompose(DVec3::new(1.0, 1.0, 0.0));
    e.is_finite().then_some(e)
}

/// The unconstrained minimiser in normalised coordinates, with what brings each image there.
pub(crate) struct NormalizedFit {
    pub(crate) matrix: DMat3,
    /// Of Σ w a aᵀ; its first vector is the matrix by columns.
    pub(crate) eigen: SymmetricEigen<9>,
    pub(crate) to_unit1: Similarity,
    pub(crate) to_unit2: Similarity,
}

impl NormalizedFit {
    pub(crate) fn new(points1: &[DVec2], points2: &[DVec2], weights: Option<&[f64]>) -> Option<Self> {
        let to_unit1 = Similarity::hartley(points1, weights, 8)?;
        let to_unit2 = Similarity::hartley(points2, weights, 8)?;
        if points1.len() != points2.len() {
            return None;
        }
        // a aᵀ = (x1 x1ᵀ) ⊗ (x2 x2ᵀ): 6 × 6 different products.
        let mut sums = [[0.0; 6]; 6];
        for i in 0..points1.len() {
            let left = symmetric_products(to_unit1.apply(points1[i])).map(|p| p * weights.map_or(1.0, |w| w[i]));
            let right = symmetric_products(to_unit2.apply(points2[i]));
            for (row, l) in sums.iter_mut().zip(left) {
                for (sum, r) in row.iter_mut().zip(right) {
                    *sum += l * r;
                }
            }
        }
        /// Where the product of two homogeneous coordinates stands in [`symmetric_products`].
        const PLACE: [[usize; 3]; 3] = [[0, 1, 2], [1, 3, 4], [2, 4, 5]];
        let normal: [[f64; 9]; 9] =
            std::array::from_fn(|r| std::array::from_fn(|c| sums[PLACE[r / 3][c / 3]][PLACE[r % 3][c % 3]]));
        let eigen = SymmetricEigen::new(normal)?;
        if eigen.values[1] <= AMBIGUOUS * eigen.values[8] {
            return None;
        }
        // The index of x1 is the slower one, so that the vector holds F by columns.
        Some(Self { matrix: DMat3::from_cols_array(&eigen.vectors[0]), eigen, to_unit1, to_unit2 })
    }
}

/// x², xy, x, y², y, 1.
fn symmetric_products(p: DVec2) -> [f64; 6] {
    [p.x * p.x, p.x * p.y, p.x, p.y * p.y, p.y, 1.0]
}
