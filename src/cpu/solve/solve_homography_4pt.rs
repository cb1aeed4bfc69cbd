//! Homography `x2 ~ H x1` of four matches in closed form, and of n matches by the normalised direct linear transform.
//!
//! With x4 and y4 as origins, H = Σ (eᵢ/dᵢ) yᵢ (xⱼ × xₖ)ᵀ over the cyclic (i, j, k), where dᵢ and eᵢ are the doubled
//! areas of the triangles (j, k, 4) in the two images: both quadrangles are sent to the same projective basis (Hartley
//! and Zisserman 2004, section 4.1; Semple and Kneebone 1952).

use crate::algebra::eigen::SymmetricEigen;
use crate::algebra::matrix3::{outer_product, unit_frobenius};
use crate::algebra::similarity::Similarity;
use glam::{DMat3, DVec2};

/// Doubled triangle areas below this share of the squared extent count as three collinear points.
const COLLINEAR: f64 = 1e-9;

/// The homography that maps four points to four points; at most one.
///
/// Any unit; H has Frobenius norm 1 and maps the four to positive third coordinates. `None` where three points of a side
/// are collinear or repeated, where a triple of points changes its orientation (no camera sees a plane so, and a
/// mirrored plane is seen from behind), or where a coordinate is not finite.
pub fn solve_homography_4pt(points1: &[DVec2; 4], points2: &[DVec2; 4]) -> Option<DMat3> {
    let (local1, areas1) = triangles(points1)?;
    let (local2, areas2) = triangles(points2)?;
    if areas1.iter().zip(&areas2).any(|(a, b)| a * b <= 0.0) {
        return None;
    }
    let mut h = DMat3::ZERO;
    for (i, j, k) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
        let side = local1[j] - local1[k];
        let target = local2[i].extend(1.0) * (areas2[i] / areas1[i]);
        h.x_axis += target * side.y;
        h.y_axis -= target * side.x;
        h.z_axis += target * areas1[i];
    }
    // Back from the origins x4 and y4.
    h.z_axis -= h.x_axis * points1[3].x + h.y_axis * points1[3].y;
    for column in [&mut h.x_axis, &mut h.y_axis, &mut h.z_axis] {
        *column += (points2[3] * column.z).extend(0.0);
    }
    unit_frobenius(&(h * areas2[3].signum()))
}

/// The first three points seen from the fourth, and the doubled areas of the triangles (2, 3, 4), (3, 1, 4), (1, 2, 4)
/// and (1, 2, 3).
fn triangles(points: &[DVec2; 4]) -> Option<([DVec2; 3], [f64; 4])> {
    let [a, b, c, origin] = *points;
    let [a, b, c] = [a - origin, b - origin, c - origin];
    let [bc, ca, ab] = [b.perp_dot(c), c.perp_dot(a), a.perp_dot(b)];
    let areas = [bc, ca, ab, bc + ca + ab];
    let extent_sq = a.length_squared().max(b.length_squared()).max(c.length_squared());
    // Written so that NaN fails it too.
    let spread = extent_sq.is_finite() && areas.iter().all(|area| area.abs() > COLLINEAR * extent_sq);
    spread.then_some(([a, b, c], areas))
}

/// The homography that fits n ≥ 4 matches best in the algebraic sense (Hartley and Zisserman 2004, algorithm 4.2).
///
/// Slices of one entry a match, any unit; weights ≥ 0 multiply squared residuals. Frobenius norm 1, positive third
/// coordinate for most of the weight. `None` for fewer than four matches of positive weight, for lengths that differ, for
/// collinear points and for values that are not finite.
pub fn fit_homography(points1: &[DVec2], points2: &[DVec2], weights: Option<&[f64]>) -> Option<DMat3> {
    let to_unit1 = Similarity::hartley(points1, weights, 4)?;
    let to_unit2 = Similarity::hartley(points2, weights, 4)?;
    if points1.len() != points2.len() {
        return None;
    }
    let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
    // Sums over the matches of x xᵀ times 1, u, v and u² + v², where (u, v) = y: the blocks of AᵀWA.
    let mut sums = [DMat3::ZERO; 4];
    for i in 0..points1.len() {
        let x = to_unit1.apply(points1[i]).extend(1.0);
        let y = to_unit2.apply(points2[i]);
        for (sum, factor) in sums.iter_mut().zip([1.0, y.x, y.y, y.length_squared()]) {
            let scaled = x * (weight(i) * factor);
            *sum += outer_product(scaled, x);
        }
    }
    let zero = DMat3::ZERO;
    let [one, u, v, uv] = sums;
    let blocks = [[one, zero, -u], [zero, one, -v], [-u, -v, uv]];
    let normal: [[f64; 9]; 9] =
        std::array::from_fn(|r| std::array::from_fn(|c| blocks[r / 3][c / 3].col(c % 3)[r % 3]));
    let eigen = SymmetricEigen::new(normal)?;
    if eigen.values[1] <= 1e-13 * eigen.values[8] {
        return None;
    }
    let unit_h = DMat3::from_cols_array(&eigen.vectors[0]).transpose();
    let h = unit_frobenius(&(to_unit2.inverse_matrix() * unit_h * to_unit1.matrix()))?;
    let depth_row = h.row(2);
    let in_front: f64 = (0..points1.len()).map(|i| weight(i) * depth_row.dot(points1[i].extend(1.0)).signum()).sum();
    Some(if in_front < 0.0 { -h } else { h })
}
