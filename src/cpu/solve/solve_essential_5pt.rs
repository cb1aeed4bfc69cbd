//! Essential matrices of five normalised matches: `x2ᵀ E x1 = 0`, `det E = 0`, `2EEᵀE − tr(EEᵀ)E = 0`.
//!
//! Nistér, "An efficient solution to the five-point relative pose problem", PAMI 2004: null space of the 5×9 system,
//! elimination of the ten cubic constraints, a polynomial of degree 10, its real roots by a Sturm sequence.
//! In: five points in each image, normalised by the cameras. Out: at most 10 E of Frobenius norm √2, or their poses with
//! all five points in front. Degenerate samples (repeated points, all on one line) give none or some finite ones.

use crate::algebra::{
    Solutions, linear::solve_general, matrix3::cofactors, null_space::null_space, polynomial::real_roots,
};
use crate::geometry::{Pose, cross_matrix};
use glam::{DMat3, DQuat, DVec2, DVec3};
use multiversion::multiversion;

/// Matches in a sample.
pub const SAMPLE_SIZE: usize = 5;
/// The most solutions of one sample.
pub const MAX_SOLUTIONS: usize = 10;

/// The real essential matrices of five normalised matches.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub fn solve_essential_5pt(points1: &[DVec2; 5], points2: &[DVec2; 5]) -> Solutions<DMat3, MAX_SOLUTIONS> {
    solve(points1, points2)
}

/// The poses camera2_from_camera1, of unit translation, that have all five points in front of both cameras; at most one
/// for each essential matrix.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub fn solve_essential_poses(points1: &[DVec2; 5], points2: &[DVec2; 5]) -> Solutions<Pose, MAX_SOLUTIONS> {
    let mut poses = Solutions::new(Pose::IDENTITY);
    for essential in solve(points1, points2).iter() {
        for pose in &decompose_essential(essential) {
            if all_in_front(pose, points1, points2) {
                if let Some(pose) = polish(pose, points1, points2) {
                    poses.push(pose);
                }
                break;
            }
        }
    }
    poses
}

#[inline(always)]
fn all_in_front(pose: &Pose, points1: &[DVec2; 5], points2: &[DVec2; 5]) -> bool {
    (0..5).all(|i| is_in_front(pose, points1[i].extend(1.0), points2[i].extend(1.0)))
}

/// Newton steps on the five equations `x2ᵀ E x1 = 0` in the five local coordinates of [`essential_tangents`], for the
/// roots that the elimination lost digits on; `None` where they do not reach a solution.
#[inline(always)]
fn polish(pose: &Pose, points1: &[DVec2; 5], points2: &[DVec2; 5]) -> Option<Pose> {
    // digits lost in E leave its R a little off a rotation
    let rotation = DMat3::from_quat(DQuat::from_mat3(&pose.rotation).normalize());
    let mut next = Pose { rotation, ..*pose };
    let mut best = next;
    let mut best_size = f64::INFINITY;
    for _ in 0..3 {
        let residuals = epipolar_residuals(&next.essential(), points1, points2);
        let size = residuals.iter().map(|r| r.abs()).sum::<f64>();
        if size.is_nan() || size >= best_size {
            break;
        }
        (best, best_size) = (next, size);
        if size < 1e-12 {
            break;
        }
        let mut columns = [[0.0; 5]; 5];
        for (column, tangent) in columns.iter_mut().zip(&essential_tangents(&next)) {
            *column = epipolar_residuals(tangent, points1, points2);
        }
        let jacobian = std::array::from_fn(|i| std::array::from_fn(|k| -columns[k][i]));
        let Some(step) = solve_general(jacobian, residuals) else { break };
        next = move_essential(&next, &step);
    }
    (best_size < 1e-7).then_some(best)
}

/// `x2ᵀ M x1` of each match.
#[inline(always)]
fn epipolar_residuals(m: &DMat3, points1: &[DVec2; 5], points2: &[DVec2; 5]) -> [f64; 5] {
    let mut residuals = [0.0; 5];
    for i in 0..5 {
        residuals[i] = points2[i].extend(1.0).dot(*m * points1[i].extend(1.0));
    }
    residuals
}

/// ∂E/∂δ at a motion, in the local coordinates of [`move_essential`]: `[t]× R [e_k]×` and `[b_k]× R`.
#[inline(always)]
pub fn essential_tangents(pose: &Pose) -> [DMat3; 5] {
    let essential = pose.essential();
    let [b1, b2] = tangent_basis(pose.translation);
    [
        essential * cross_matrix(DVec3::X),
        essential * cross_matrix(DVec3::Y),
        essential * cross_matrix(DVec3::Z),
        cross_matrix(b1) * pose.rotation,
        cross_matrix(b2) * pose.rotation,
    ]
}

/// The motion at local coordinates δ = (ω, τ1, τ2): `R exp([ω]×)`, and `t + τ1 b1 + τ2 b2` scaled to length 1.
#[inline(always)]
pub fn move_essential(pose: &Pose, delta: &[f64; 5]) -> Pose {
    let [b1, b2] = tangent_basis(pose.translation);
    let rotation = pose.rotation * DMat3::from_quat(DQuat::from_scaled_axis(DVec3::new(delta[0], delta[1], delta[2])));
    Pose { rotation, translation: (pose.translation + b1 * delta[3] + b2 * delta[4]).normalize_or_zero() }
}

/// Two unit vectors orthogonal to the unit vector `t` and to each other.
#[inline(always)]
pub(crate) fn tangent_basis(t: DVec3) -> [DVec3; 2] {
    let axis = if t.x.abs() < 0.7 { DVec3::X } else { DVec3::Y };
    let b1 = t.cross(axis).normalize();
    [b1, t.cross(b1)]
}

/// The four poses of an essential matrix (Horn, "Recovering baseline and orientation from essential matrix", 1990):
/// with `|t| = 1`, `R = cof(E) − [t]× E`.
#[inline(always)]
pub fn decompose_essential(essential: &DMat3) -> [Pose; 4] {
    let [x, y, z] = [essential.x_axis, essential.y_axis, essential.z_axis];
    let norm = (x.length_squared() + y.length_squared() + z.length_squared()).sqrt();
    let e = *essential * (std::f64::consts::SQRT_2 / norm);
    let cofactors = cofactors(&e);
    // the columns of cof(E) = t tᵀ R are all multiples of t
    let mut t = cofactors.x_axis;
    for column in [cofactors.y_axis, cofactors.z_axis] {
        if column.length_squared() > t.length_squared() {
            t = column;
        }
    }
    let t = t.normalize_or_zero();
    let te = cross_matrix(t) * e;
    let [r1, r2] = [cofactors - te, cofactors + te];
    let pose = |rotation, translation| Pose { rotation, translation };
    [pose(r1, t), pose(r1, -t), pose(r2, t), pose(r2, -t)]
}

/// Whether the match of two rays lies in front of both cameras: with `a = R ray1`, the signs of the two depths that
/// best satisfy `d2 ray2 = d1 a + t`.
#[inline(always)]
pub fn is_in_front(camera2_from_camera1: &Pose, ray1: DVec3, ray2: DVec3) -> bool {
    let a = camera2_from_camera1.rotation * ray1;
    let t = camera2_from_camera1.translation;
    let (ab, ta, tb) = (a.dot(ray2), t.dot(a), t.dot(ray2));
    tb * ab > ta * ray2.length_squared() && tb * a.length_squared() > ab * ta
}

#[inline(always)]
fn solve(points1: &[DVec2; 5], points2: &[DVec2; 5]) -> Solutions<DMat3, MAX_SOLUTIONS> {
    let mut models = Solutions::new(DMat3::ZERO);
    let mut rows = epipolar_rows(points1, points2);
    let basis: [[f64; 9]; 4] = null_space(&mut rows);
    let Some(b) = eliminate(constraints(&basis)) else { return models };
    let polynomial = determinant(&b);
    for &z in real_roots::<11, 10>(&polynomial).iter() {
        let Some((x, y)) = back_substitute(&b, z) else { continue };
        let e: [f64; 9] = std::array::from_fn(|k| x * basis[0][k] + y * basis[1][k] + z * basis[2][k] + basis[3][k]);
        let norm_sq: f64 = e.iter().map(|v| v * v).sum();
        let scale = (2.0 / norm_sq).sqrt();
        if scale.is_finite() && scale > 0.0 {
            // e is row-major
            models.push(DMat3::from_cols_array(&e).transpose() * scale);
        }
    }
    models
}

/// The rows x2 ⊗ x1 of the linear system, E row-major.
#[inline(always)]
pub(crate) fn epipolar_rows<const N: usize>(points1: &[DVec2; N], points2: &[DVec2; N]) -> [[f64; 9]; N] {
    std::array::from_fn(|i| {
        let (p, q) = (points1[i], points2[i]);
        [q.x * p.x, q.x * p.y, q.x, q.y * p.x, q.y * p.y, q.y, p.x, p.y, 1.0]
    })
}

// Polynomials in (x, y, z) with E = x B0 + y B1 + z B2 + B3.
// Degree 1: x y z 1. Degree 2: x² xy y² xz yz z² x y z 1.
type Linear = [f64; 4];
type Quadratic = [f64; 10];
/// Degree 3, in Nistér's order: x³ y³ x²y xy² x²z x² y²z y² xyz xy | xz² xz x yz² yz y z³ z² z 1.
type Cubic = [f64; 20];

#[inline(always)]
fn multiply_add(sum: &mut Quadratic, a: &Linear, b: &Linear, sign: f64) {
    let a = [a[0] * sign, a[1] * sign, a[2] * sign, a[3] * sign];
    sum[0] += a[0] * b[0];
    sum[1] += a[0] * b[1] + a[1] * b[0];
    sum[2] += a[1] * b[1];
    sum[3] += a[0] * b[2] + a[2] * b[0];
    sum[4] += a[1] * b[2] + a[2] * b[1];
    sum[5] += a[2] * b[2];
    sum[6] += a[0] * b[3] + a[3] * b[0];
    sum[7] += a[1] * b[3] + a[3] * b[1];
    sum[8] += a[2] * b[3] + a[3] * b[2];
    sum[9] += a[3] * b[3];
}

#[inline(always)]
fn multiply_add_cubic(sum: &mut Cubic, q: &Quadratic, l: &Linear) {
    let [x, y, z, w] = *l;
    sum[0] += q[0] * x;
    sum[1] += q[2] * y;
    sum[2] += q[0] * y + q[1] * x;
    sum[3] += q[1] * y + q[2] * x;
    sum[4] += q[0] * z + q[3] * x;
    sum[5] += q[0] * w + q[6] * x;
    sum[6] += q[2] * z + q[4] * y;
    sum[7] += q[2] * w + q[7] * y;
    sum[8] += q[1] * z + q[3] * y + q[4] * x;
    sum[9] += q[1] * w + q[6] * y + q[7] * x;
    sum[10] += q[3] * z + q[5] * x;
    sum[11] += q[3] * w + q[6] * z + q[8] * x;
    sum[12] += q[6] * w + q[9] * x;
    sum[13] += q[4] * z + q[5] * y;
    sum[14] += q[4] * w + q[7] * z + q[8] * y;
    sum[15] += q[7] * w + q[9] * y;
    sum[16] += q[5] * z;
    sum[17] += q[5] * w + q[8] * z;
    sum[18] += q[8] * w + q[9] * z;
    sum[19] += q[9] * w;
}

/// The ten cubic constraints on (x, y, z): nine of the trace condition, then the determinant.
#[inline(always)]
fn constraints(basis: &[[f64; 9]; 4]) -> [Cubic; 10] {
    let e: [[Linear; 3]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|j| std::array::from_fn(|k| basis[k][3 * i + j])));
    // EEᵀ − ½ tr(EEᵀ) I, symmetric
    let mut eet = [[[0.0; 10]; 3]; 3];
    for i in 0..3 {
        for j in i..3 {
            for k in 0..3 {
                multiply_add(&mut eet[i][j], &e[i][k], &e[j][k], 1.0);
            }
        }
    }
    let half_trace: Quadratic = std::array::from_fn(|k| 0.5 * (eet[0][0][k] + eet[1][1][k] + eet[2][2][k]));
    for i in 0..3 {
        for k in 0..10 {
            eet[i][i][k] -= half_trace[k];
        }
    }
    let mut rows = [[0.0; 20]; 10];
    for i in 0..3 {
        for j in 0..3 {
            for k in 0..3 {
                let factor = if i <= k { &eet[i][k] } else { &eet[k][i] };
                multiply_add_cubic(&mut rows[3 * i + j], factor, &e[k][j]);
            }
        }
    }
    for (i, j, k) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
        let mut minor = [0.0; 10];
        multiply_add(&mut minor, &e[0][i], &e[1][j], 1.0);
        multiply_add(&mut minor, &e[0][j], &e[1][i], -1.0);
        multiply_add_cubic(&mut rows[9], &minor, &e[2][k]);
    }
    rows
}

/// One row of Nistér's 3×3 matrix of polynomials in z: those of x (degree 3), y (degree 3) and 1 (degree 4), lowest first.
#[derive(Clone, Copy, Default)]
struct PolynomialRow {
    x: [f64; 4],
    y: [f64; 4],
    one: [f64; 5],
}

/// Eliminates the first ten monomials; the rows of x²z, x², y²z, y², xyz, xy give three equations linear in x and y.
#[inline(always)]
fn eliminate(mut rows: [Cubic; 10]) -> Option<[PolynomialRow; 3]> {
    for column in 0..10 {
        let mut pivot = column;
        for row in column + 1..10 {
            if rows[row][column].abs() > rows[pivot][column].abs() {
                pivot = row;
            }
        }
        rows.swap(column, pivot);
        let inverse = 1.0 / rows[column][column];
        if !inverse.is_finite() {
            return None;
        }
        for k in 0..20 {
            rows[column][k] *= inverse;
        }
        let pivot_row = rows[column];
        for row in &mut rows[column + 1..] {
            let factor = row[column];
            for k in 0..20 {
                row[k] -= factor * pivot_row[k];
            }
        }
    }
    for column in (5..10).rev() {
        let pivot_row = rows[column];
        for row in &mut rows[4..column] {
            let factor = row[column];
            for k in 10..20 {
                row[k] -= factor * pivot_row[k];
            }
        }
    }
    Some([polynomial_row(&rows[4], &rows[5]), polynomial_row(&rows[6], &rows[7]), polynomial_row(&rows[8], &rows[9])])
}

/// `a − z b` of two rows whose leading monomials are m z and m.
#[inline(always)]
fn polynomial_row(a: &Cubic, b: &Cubic) -> PolynomialRow {
    PolynomialRow {
        x: [a[12], a[11] - b[12], a[10] - b[11], -b[10]],
        y: [a[15], a[14] - b[15], a[13] - b[14], -b[13]],
        one: [a[19], a[18] - b[19], a[17] - b[18], a[16] - b[17], -b[16]],
    }
}

/// The determinant of the three rows: the polynomial of degree 10 in z, lowest first.
#[inline(always)]
fn determinant(b: &[PolynomialRow; 3]) -> [f64; 11] {
    let mut sum = [0.0; 11];
    for (i, j, k) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
        let mut minor = [0.0; 7];
        for p in 0..4 {
            for q in 0..4 {
                minor[p + q] += b[i].x[p] * b[j].y[q] - b[i].y[p] * b[j].x[q];
            }
        }
        for p in 0..7 {
            for q in 0..5 {
                sum[p + q] += minor[p] * b[k].one[q];
            }
        }
    }
    sum
}

/// (x, y) at a root z: the null vector (x, y, 1) of the rows, by the best conditioned of the three cross products.
#[inline(always)]
fn back_substitute(b: &[PolynomialRow; 3], z: f64) -> Option<(f64, f64)> {
    let row = |r: &PolynomialRow| {
        let cubic = |c: &[f64; 4]| ((c[3] * z + c[2]) * z + c[1]) * z + c[0];
        let one = (((r.one[4] * z + r.one[3]) * z + r.one[2]) * z + r.one[1]) * z + r.one[0];
        DVec3::new(cubic(&r.x), cubic(&r.y), one)
    };
    let [r0, r1, r2] = [row(&b[0]), row(&b[1]), row(&b[2])];
    let mut best = r0.cross(r1);
    for candidate in [r1.cross(r2), r2.cross(r0)] {
        if candidate.z.abs() > best.z.abs() {
            best = candidate;
        }
    }
    let inverse = 1.0 / best.z;
    inverse.is_finite().then_some((best.x * inverse, best.y * inverse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    fn random_problem(rng: &mut StdRng) -> (Pose, [DVec2; 5], [DVec2; 5]) {
        let mut vector = |scale: f64| DVec3::from_array(std::array::from_fn(|_| rng.random_range(-scale..scale)));
        let rotation = glam::DMat3::from_quat(glam::DQuat::from_scaled_axis(vector(0.6)));
        let pose = Pose { rotation, translation: vector(1.0).normalize() };
        let world: [DVec3; 5] = std::array::from_fn(|_| vector(2.0) + DVec3::new(0.0, 0.0, 5.0));
        let image = |p: DVec3| p.truncate() / p.z;
        (pose, world.map(image), world.map(|p| image(pose.transform(p))))
    }

    #[test]
    fn the_true_pose_is_among_the_solutions() {
        let mut rng = StdRng::seed_from_u64(5);
        let (mut found, mut count, total) = (0, 0, 20_000);
        for _ in 0..total {
            let (truth, points1, points2) = random_problem(&mut rng);
            let poses = solve_essential_poses(&points1, &points2);
            count += poses.len();
            let error = |pose: &Pose| {
                let angle = (truth.rotation - pose.rotation).to_cols_array().iter().map(|x| x * x).sum::<f64>().sqrt();
                angle + (truth.translation - pose.translation).length()
            };
            found += usize::from(poses.iter().any(|pose| error(pose) < 1e-3));
        }
        assert!(found * 10_000 >= total * 9_985, "{found} of {total}");
        // on average a sample has 4 to 5 real roots, of which about 3 have all points in front
        assert!((2 * total..4 * total).contains(&count), "{count} poses");
    }

    #[test]
    fn solutions_satisfy_the_epipolar_constraint() {
        let mut rng = StdRng::seed_from_u64(6);
        for _ in 0..1000 {
            let (_, points1, points2) = random_problem(&mut rng);
            for pose in solve_essential_poses(&points1, &points2).iter() {
                let residual = |(p, q): (&DVec2, &DVec2)| q.extend(1.0).dot(pose.essential() * p.extend(1.0)).abs();
                assert!(points1.iter().zip(&points2).all(|match_| residual(match_) < 1e-7));
                assert!((pose.rotation.determinant() - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn degenerate_samples_give_nothing_that_is_not_finite() {
        let line: [DVec2; 5] = std::array::from_fn(|i| DVec2::new(i as f64 * 0.1, i as f64 * 0.2));
        for points in [[DVec2::ZERO; 5], [DVec2::ONE; 5], line, [DVec2::splat(f64::NAN); 5]] {
            assert!(solve_essential_poses(&points, &points).iter().all(|p| p.rotation.is_finite()));
        }
    }
}
