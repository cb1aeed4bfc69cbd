//! Pose of a calibrated camera from three points of known position (P3P).
//!
//! The depths λ along the unit rays y satisfy λᵢ² + λⱼ² − 2 λᵢλⱼ yᵢ·yⱼ = |Xᵢ − Xⱼ|². Two differences of these without
//! a constant are cones in λ; a singular member of their pencil (one real root of a cubic) is a pair of planes, each of
//! which meets the other cone in up to two rays (Persson and Nordberg 2018, "Lambda twist: an accurate fast robust
//! perspective three point (P3P) solver"; the pair is split as in Ding et al. 2023, "Revisiting the P3P problem").

pub use super::fit_pose::fit_pose;
use super::solve_rigid_3pt::FlatTriangle;
use crate::algebra::Solutions;
use crate::algebra::cubic::{pencil_determinant, real_roots};
use crate::geometry::{Pose, cross_matrix};
use glam::{DMat3, DVec2, DVec3};

/// Poses camera_from_world that project the three world points to the three image points; at most four.
///
/// `points` are normalised image points (K⁻¹ applied), `world` in any unit. Only poses with all three points in front of
/// the camera. None for world points that are collinear or repeated and for values that are not finite; rays that coincide
/// give none or finite poses.
pub fn solve_pose_p3p(points: &[DVec2; 3], world: &[DVec3; 3]) -> Solutions<Pose, 4> {
    let mut poses = Solutions::new(Pose::IDENTITY);
    let Some(world_triangle) = FlatTriangle::new(world) else { return poses };
    let rays = points.map(|point| point.extend(1.0).normalize());
    for &depths in Triangle::new(&rays, world).depths().iter() {
        let camera = [rays[0] * depths.x, rays[1] * depths.y, rays[2] * depths.z];
        if let Some(pose) = FlatTriangle::new(&camera).and_then(|triangle| world_triangle.motion_to(&triangle)) {
            poses.push(pose);
        }
    }
    poses
}

/// Cosines between the rays and squared lengths of the opposite sides, for the pairs (1, 2), (0, 2) and (0, 1), the
/// longest side scaled to 1.
struct Triangle {
    cosines: DVec3,
    sides_sq: DVec3,
    longest: f64,
}

impl Triangle {
    fn new(rays: &[DVec3; 3], world: &[DVec3; 3]) -> Self {
        let cosines = DVec3::new(rays[1].dot(rays[2]), rays[0].dot(rays[2]), rays[0].dot(rays[1]));
        let sides_sq = DVec3::new(
            world[1].distance_squared(world[2]),
            world[0].distance_squared(world[2]),
            world[0].distance_squared(world[1]),
        );
        let longest_sq = sides_sq.max_element();
        Self { cosines, sides_sq: sides_sq / longest_sq, longest: longest_sq.sqrt() }
    }

    /// Positive depths that satisfy all three equations.
    fn depths(&self) -> Solutions<DVec3, 4> {
        let mut found = Solutions::new(DVec3::ZERO);
        let cones = self.cones();
        // The most isolated root is the best conditioned, and any real one leads to all real solutions.
        let roots = real_roots(pencil_determinant(&cones[0], &cones[1]));
        let Some(&[x, y]) = roots.first() else { return found };
        let other = if x.abs() > y.abs() { &cones[1] } else { &cones[0] };
        for normal in split(&(cones[0] * x + cones[1] * y)).iter() {
            for &direction in plane_meets_cone(*normal, other).iter() {
                if let Some(depths) = self.scale_and_polish(direction) {
                    found.push(depths * self.longest);
                }
            }
        }
        found
    }

    /// The cones a₁₂ (pair 01) − a₀₁ (pair 12) and a₁₂ (pair 02) − a₀₂ (pair 12), as symmetric matrices.
    fn cones(&self) -> [DMat3; 2] {
        let (a, b) = (self.sides_sq, self.cosines);
        [
            DMat3::from_cols(
                DVec3::new(a.x, -a.x * b.z, 0.0),
                DVec3::new(-a.x * b.z, a.x - a.z, a.z * b.x),
                DVec3::new(0.0, a.z * b.x, -a.z),
            ),
            DMat3::from_cols(
                DVec3::new(a.x, 0.0, -a.x * b.y),
                DVec3::new(0.0, -a.y, a.y * b.x),
                DVec3::new(-a.x * b.y, a.y * b.x, a.x - a.y),
            ),
        ]
    }

    /// Violation of the three equations.
    fn residual(&self, d: DVec3) -> DVec3 {
        let (next, after) = (DVec3::new(d.y, d.z, d.x), DVec3::new(d.z, d.x, d.y));
        next * next + after * after - 2.0 * self.cosines * next * after - self.sides_sq
    }

    /// Newton's method on the three equations, from depths known up to scale; `None` if it does not end at a solution in
    /// front of the camera.
    fn scale_and_polish(&self, direction: DVec3) -> Option<DVec3> {
        let direction = direction * direction.element_sum().signum();
        if direction.cmple(DVec3::ZERO).any() {
            return None;
        }
        let form = (self.residual(direction) + self.sides_sq).element_sum();
        let mut d = direction * (self.sides_sq.element_sum() / form).sqrt();
        let mut residual = self.residual(d);
        let b = self.cosines;
        for _ in 0..5 {
            if residual.abs().max_element() < 1e-15 * (1.0 + d.length_squared()) {
                break;
            }
            let jacobian = DMat3::from_cols(
                DVec3::new(0.0, d.x - b.y * d.z, d.x - b.z * d.y),
                DVec3::new(d.y - b.x * d.z, 0.0, d.y - b.z * d.x),
                DVec3::new(d.z - b.x * d.y, d.z - b.y * d.x, 0.0),
            );
            let next = d - jacobian.inverse() * residual * 0.5;
            let next_residual = self.residual(next);
            if next_residual.length_squared() >= residual.length_squared() || !next.is_finite() {
                break;
            }
            (d, residual) = (next, next_residual);
        }
        let solved = residual.abs().max_element() < 1e-9 * (1.0 + d.length_squared());
        (solved && d.cmpgt(DVec3::ZERO).all()).then_some(d)
    }
}

/// The two planes (normals) of a symmetric matrix of rank 2 that is a product of real planes.
fn split(cone: &DMat3) -> Solutions<DVec3, 2> {
    let mut planes = Solutions::new(DVec3::ZERO);
    // The adjugate is −p pᵀ with p the line where the planes meet, and cone + [p]× has rank 1: one plane times the other.
    let adjugate = [cone.y_axis.cross(cone.z_axis), cone.z_axis.cross(cone.x_axis), cone.x_axis.cross(cone.y_axis)];
    let diagonal = DVec3::new(adjugate[0].x, adjugate[1].y, adjugate[2].z);
    let pivot = diagonal.abs().max_position();
    let norm_sq = cone.x_axis.length_squared() + cone.y_axis.length_squared() + cone.z_axis.length_squared();
    let meet = if diagonal[pivot].abs() <= 1e-15 * norm_sq {
        DVec3::ZERO
    } else if diagonal[pivot] < 0.0 {
        adjugate[pivot] / (-diagonal[pivot]).sqrt()
    } else {
        return planes;
    };
    let product = *cone + cross_matrix(meet);
    let columns = [product.x_axis, product.y_axis, product.z_axis];
    let largest = DVec3::from_array(columns.map(|c| c.abs().max_element()));
    let column = columns[largest.max_position()];
    planes.push(column);
    planes.push(product.row(column.abs().max_position()));
    planes
}

/// Directions in which a plane through the origin meets a cone.
fn plane_meets_cone(normal: DVec3, cone: &DMat3) -> Solutions<DVec3, 2> {
    let mut directions = Solutions::new(DVec3::ZERO);
    // The plane is spanned by u and v, whose k-th components make up for the others.
    let k = normal.abs().max_position();
    let (i, j) = ((k + 1) % 3, (k + 2) % 3);
    let (mut u, mut v) = (DVec3::ZERO, DVec3::ZERO);
    (u[i], u[k]) = (1.0, -normal[i] / normal[k]);
    (v[j], v[k]) = (1.0, -normal[j] / normal[k]);
    let (cone_u, cone_v) = (*cone * u, *cone * v);
    let (a, b, c) = (u.dot(cone_u), u.dot(cone_v), v.dot(cone_v));
    // a s² + 2 b s t + c t² = 0. Solutions that coincide but for rounding are kept: the polish decides.
    let discriminant = b * b - a * c;
    if discriminant >= -1e-13 * (b * b + (a * c).abs()) {
        let q = -(b + discriminant.max(0.0).sqrt().copysign(b));
        directions.push(u * q + v * a);
        directions.push(u * c + v * q);
    }
    directions
}
