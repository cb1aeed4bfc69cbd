//! Fundamental matrix `x2ᵀ F x1 = 0` of seven matches.
//!
//! The seven equations leave F = x F₁ + y F₂ with F₁, F₂ a basis of their null space; det F = 0 is a cubic form in
//! (x, y) (Hartley and Zisserman 2004, section 11.1.2). A real pair of cameras has all points on one side of their epipoles:
//! (e₂ × x₂)·(F x₁) has one sign (Chum, Werner and Matas 2004, "Epipolar geometry estimation via RANSAC benefits from the
//! oriented epipolar constraint").

use crate::algebra::Solutions;
use crate::algebra::cubic::{pencil_determinant, real_roots};
use crate::algebra::matrix3::unit_frobenius;
use crate::algebra::null_space::null_space;
use glam::{DMat3, DVec2, DVec3};

/// The fundamental matrices of seven matches; at most three.
///
/// Any unit, but of a spread near 1 for accuracy; Frobenius norm 1 and rank 2. Those that put the sample's points on
/// different sides of the cameras are dropped. Degenerate samples (repeated points, a common plane) give none or some of
/// the many that satisfy the equations, values that are not finite none.
pub fn solve_fundamental_7pt(points1: &[DVec2; 7], points2: &[DVec2; 7]) -> Solutions<DMat3, 3> {
    let mut solutions = Solutions::new(DMat3::ZERO);
    let mut rows: [[f64; 9]; 7] = std::array::from_fn(|i| {
        let (p, q) = (points1[i], points2[i]);
        // Coefficients of F by columns.
        [q.x * p.x, q.y * p.x, p.x, q.x * p.y, q.y * p.y, p.y, q.x, q.y, 1.0]
    });
    let [f1, f2] = null_space::<7, 9, 2>(&mut rows).map(|f| DMat3::from_cols_array(&f));
    for [x, y] in real_roots(pencil_determinant(&f1, &f2)).iter() {
        if let Some(f) = unit_frobenius(&(f1 * *x + f2 * *y))
            && is_oriented(&f, points1, points2)
        {
            solutions.push(f);
        }
    }
    solutions
}

/// Whether all matches can be in front of both cameras (or behind both) for this F of rank 2.
///
/// Slices of one entry a match, in the units of F. Matches at an epipole say nothing.
pub fn is_oriented(f: &DMat3, points1: &[DVec2], points2: &[DVec2]) -> bool {
    let epipole2 = left_epipole(f);
    let (mut positive, mut negative) = (false, false);
    for (p, q) in points1.iter().zip(points2) {
        let side = epipole2.cross(q.extend(1.0)).dot(*f * p.extend(1.0));
        positive |= side > 0.0;
        negative |= side < 0.0;
    }
    !(positive && negative)
}

/// The epipole e₂ with e₂ᵀ F = 0, up to scale, of an F of rank 2.
pub fn left_epipole(f: &DMat3) -> DVec3 {
    let candidates = [f.x_axis.cross(f.y_axis), f.y_axis.cross(f.z_axis), f.z_axis.cross(f.x_axis)];
    let mut best = candidates[0];
    for candidate in &candidates[1..] {
        if candidate.length_squared() > best.length_squared() {
            best = *candidate;
        }
    }
    best
}
