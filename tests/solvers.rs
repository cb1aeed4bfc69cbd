//! What the solvers promise: the truth is among the solutions of noise-free problems, degenerate samples never give NaN,
//! and fits of many matches respect their weights.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::Pose;
use nabla_ransac::cpu::solve::solve_fundamental_7pt::{is_oriented, solve_fundamental_7pt};
use nabla_ransac::cpu::solve::solve_fundamental_8pt::{solve_essential_8pt, solve_fundamental_8pt};
use nabla_ransac::cpu::solve::solve_homography_4pt::{fit_homography, solve_homography_4pt};
use nabla_ransac::cpu::solve::solve_pose_p3p::{fit_pose, solve_pose_p3p};
use nabla_ransac::cpu::solve::solve_rigid_3pt::{fit_rigid, solve_rigid_3pt};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const PROBLEMS: usize = 20_000;

/// A random scene in front of two calibrated cameras.
struct Scene {
    camera2_from_camera1: Pose,
    /// In the frame of camera 1.
    points: Vec<DVec3>,
    /// The homography of the plane that the points are on, if they are.
    homography: Option<DMat3>,
}

impl Scene {
    fn new(rng: &mut StdRng, n: usize) -> Self {
        let pose = random_motion(rng);
        let points = std::iter::repeat_with(|| random_point(rng)).filter(|point| pose.transform(*point).z > 0.5);
        Self { camera2_from_camera1: pose, points: points.take(n).collect(), homography: None }
    }

    /// All points on a plane that both cameras see from the same side.
    fn planar(rng: &mut StdRng, n: usize) -> Self {
        loop {
            let pose = random_motion(rng);
            let normal = (random_direction(rng) * 0.8 + DVec3::Z).normalize();
            let distance = rng.random_range(1.5..4.0);
            let onto_plane = |p: DVec3| p * (distance / normal.dot(p));
            let points: Vec<DVec3> = (0..n).map(|_| onto_plane(random_point(rng))).collect();
            let Pose { rotation, translation: t } = pose;
            let homography = rotation + DMat3::from_cols(t * normal.x, t * normal.y, t * normal.z) * distance.recip();
            let visible = points.iter().all(|p| p.z > 0.5 && pose.transform(*p).z > 0.5);
            if visible && homography.determinant() > 0.05 {
                return Self { camera2_from_camera1: pose, points, homography: Some(homography) };
            }
        }
    }

    fn images(&self) -> (Vec<DVec2>, Vec<DVec2>) {
        let project = |p: DVec3| p.truncate() / p.z;
        let second = self.points.iter().map(|p| project(self.camera2_from_camera1.transform(*p)));
        (self.points.iter().map(|p| project(*p)).collect(), second.collect())
    }

    /// The points in the frame of camera 2.
    fn moved(&self) -> Vec<DVec3> {
        self.points.iter().map(|p| self.camera2_from_camera1.transform(*p)).collect()
    }
}

fn random_motion(rng: &mut StdRng) -> Pose {
    let translation = random_direction(rng) * rng.random_range(0.2..1.0);
    let rotation = DQuat::from_scaled_axis(random_direction(rng) * rng.random_range(0.0..0.6));
    Pose { rotation: DMat3::from_quat(rotation), translation }
}

fn random_point(rng: &mut StdRng) -> DVec3 {
    let depth = rng.random_range(2.0..6.0);
    DVec3::new(rng.random_range(-0.7..0.7) * depth, rng.random_range(-0.7..0.7) * depth, depth)
}

fn random_direction(rng: &mut StdRng) -> DVec3 {
    loop {
        let v = DVec3::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
        if v.length_squared() <= 1.0 && v.length_squared() > 1e-4 {
            return v.normalize();
        }
    }
}

fn frobenius(m: &DMat3) -> f64 {
    m.to_cols_array().iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Distance of two matrices after scaling to norm 1, sign ignored.
fn matrix_error(a: &DMat3, b: &DMat3) -> f64 {
    let (a, b) = (*a * frobenius(a).recip(), *b * frobenius(b).recip());
    frobenius(&(a - b)).min(frobenius(&(a + b)))
}

fn pose_error(a: &Pose, b: &Pose) -> f64 {
    frobenius(&(a.rotation - b.rotation)).max((a.translation - b.translation).length())
}

fn array<T: Copy, const N: usize>(slice: &[T]) -> &[T; N] {
    slice.first_chunk().unwrap()
}

fn is_rotation(m: &DMat3) -> bool {
    (*m * m.transpose()).abs_diff_eq(DMat3::IDENTITY, 1e-12) && m.determinant() > 0.0
}

/// Solves many random problems; `solve` gives the error of the closest solution. At least 99.9 % must be within.
fn assert_recovers(tolerance: f64, solve: impl FnMut(&mut StdRng) -> f64) {
    assert_share_recovers(0.999, tolerance, solve);
}

fn assert_share_recovers(share: f64, tolerance: f64, mut solve: impl FnMut(&mut StdRng) -> f64) {
    let mut rng = StdRng::seed_from_u64(7);
    let errors: Vec<f64> = (0..PROBLEMS).map(|_| solve(&mut rng)).collect();
    let recovered = errors.iter().filter(|&&error| error < tolerance).count();
    println!("{recovered} of {PROBLEMS} within {tolerance:e}");
    assert!(recovered as f64 >= share * PROBLEMS as f64, "{recovered} of {PROBLEMS} within {tolerance:e}");
}

#[test]
fn seven_matches_give_the_fundamental_matrix() {
    let mut counts = [0; 4];
    assert_recovers(1e-7, |rng| {
        let scene = Scene::new(rng, 7);
        let (points1, points2) = scene.images();
        let solutions = solve_fundamental_7pt(array(&points1), array(&points2));
        counts[solutions.len()] += 1;
        for f in solutions.iter() {
            let residual = |(p, q): (&DVec2, &DVec2)| q.extend(1.0).dot(*f * p.extend(1.0)).abs();
            assert!(points1.iter().zip(&points2).map(residual).fold(0.0, f64::max) < 1e-13);
            assert!((frobenius(f) - 1.0).abs() < 1e-12 && f.determinant().abs() < 1e-12);
        }
        let truth = scene.camera2_from_camera1.essential();
        solutions.iter().map(|f| matrix_error(f, &truth)).fold(1.0, f64::min)
    });
    println!("problems with 0..=3 solutions: {counts:?}");
    assert!(counts.iter().skip(1).all(|&count| count > PROBLEMS / 20));
}

#[test]
fn a_point_behind_one_camera_breaks_the_orientation() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut broken = 0;
    for _ in 0..1000 {
        let scene = Scene::new(&mut rng, 7);
        let truth = scene.camera2_from_camera1.essential();
        let (mut points1, mut points2) = scene.images();
        assert!(is_oriented(&truth, &points1, &points2) && is_oriented(&-truth, &points1, &points2));
        // Where camera 2 is ahead of camera 1, a point between them: in front of one and behind the other.
        let behind2 = DVec3::new(0.01, 0.02, -0.1);
        let ahead1 = scene.camera2_from_camera1.inverse().transform(behind2);
        if ahead1.z > 0.01 {
            [points1[3], points2[3]] = [ahead1, behind2].map(|p| p.truncate() / p.z);
            broken += 1;
            assert!(!is_oriented(&truth, &points1, &points2));
        }
        let solutions = solve_fundamental_7pt(array(&points1), array(&points2));
        assert!(solutions.iter().all(|f| is_oriented(f, &points1, &points2)));
    }
    assert!(broken > 100);
}

#[test]
fn four_matches_give_the_homography() {
    assert_recovers(1e-8, |rng| {
        let scene = Scene::planar(rng, 4);
        let (points1, points2) = scene.images();
        let Some(h) = solve_homography_4pt(array(&points1), array(&points2)) else { return 1.0 };
        assert!(points1.iter().all(|p| (h * p.extend(1.0)).z > 0.0));
        matrix_error(&h, &scene.homography.unwrap())
    });
}

#[test]
fn three_points_give_the_camera_pose() {
    let mut counts = [0; 5];
    assert_recovers(1e-8, |rng| {
        let scene = Scene::new(rng, 3);
        let (_, points) = scene.images();
        let poses = solve_pose_p3p(array(&points), array(&scene.points));
        counts[poses.len()] += 1;
        for pose in poses.iter() {
            assert!(is_rotation(&pose.rotation));
            for (point, world) in points.iter().zip(&scene.points) {
                let camera = pose.transform(*world);
                assert!(camera.z > 0.0 && (camera.truncate() / camera.z).distance(*point) < 1e-6);
            }
        }
        poses.iter().map(|pose| pose_error(pose, &scene.camera2_from_camera1)).fold(1.0, f64::min)
    });
    println!("problems with 0..=4 solutions: {counts:?}");
    assert!(counts.iter().skip(1).all(|&count| count > PROBLEMS / 20));
}

#[test]
fn three_points_give_the_rigid_transform() {
    assert_recovers(1e-10, |rng| {
        let scene = Scene::new(rng, 3);
        let pose = solve_rigid_3pt(array(&scene.points), array(&scene.moved()));
        pose.map_or(1.0, |pose| pose_error(&pose, &scene.camera2_from_camera1))
    });
}

#[test]
fn the_rigid_solver_of_three_is_the_least_squares_one() {
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..1000 {
        let points = [(); 6].map(|()| random_point(&mut rng));
        let (a, b) = (array(&points), array(&points[3..]));
        let pose = solve_rigid_3pt(a, b).unwrap();
        assert!(is_rotation(&pose.rotation));
        assert!(pose_error(&pose, &fit_rigid(a, b, None).unwrap()) < 1e-9);
    }
}

#[test]
fn symmetric_triangles_seen_from_the_front_have_their_pose() {
    let pose = Pose { rotation: DMat3::IDENTITY, translation: DVec3::new(0.0, 0.0, 4.0) };
    let corner = |degrees: f64| DVec3::new(degrees.to_radians().cos(), degrees.to_radians().sin(), 0.0);
    for angles in [[0.0, 120.0, 240.0], [0.0, 90.0, 180.0], [90.0, 0.0, 180.0], [0.0, 20.0, -20.0]] {
        let world = angles.map(corner);
        let points = world.map(|p| pose.transform(p)).map(|p| p.truncate() / p.z);
        let poses = solve_pose_p3p(&points, &world);
        let error = poses.iter().map(|found| pose_error(found, &pose)).fold(1.0, f64::min);
        assert!(error < 1e-6, "{angles:?}: {} poses, closest {error:e}", poses.len());
    }
}

#[test]
fn fits_of_many_exact_matches_give_the_truth() {
    assert_recovers(1e-7, |rng| {
        let n = rng.random_range(10..40);
        let scene = Scene::new(rng, n);
        let (points1, points2) = scene.images();
        let truth = scene.camera2_from_camera1;
        let f = solve_fundamental_8pt(&points1, &points2, None).unwrap();
        let e = solve_essential_8pt(&points1, &points2, None).unwrap();
        let rigid = fit_rigid(&scene.points, &scene.moved(), None).unwrap();
        matrix_error(&f, &truth.essential()).max(matrix_error(&e, &truth.essential())).max(pose_error(&rigid, &truth))
    });
    assert_recovers(1e-7, |rng| {
        let n = rng.random_range(4..30);
        let scene = Scene::planar(rng, n);
        let (points1, points2) = scene.images();
        let h = fit_homography(&points1, &points2, None).unwrap();
        assert!(points1.iter().all(|p| (h * p.extend(1.0)).z > 0.0));
        matrix_error(&h, &scene.homography.unwrap())
    });
}

#[test]
fn a_pose_is_fitted_to_planar_and_other_points() {
    // Four exact points not on a plane now and then have another minimum that no start leaves.
    for (n, share) in [(4, 0.997), (5, 0.999), (6, 0.999), (20, 0.999)] {
        let error = |scene: &Scene| {
            let (_, points) = scene.images();
            let pose = fit_pose(&points, &scene.points, None);
            pose.map_or(1.0, |pose| pose_error(&pose, &scene.camera2_from_camera1))
        };
        println!("{n} points, any and planar");
        assert_share_recovers(share, 1e-6, |rng| error(&Scene::new(rng, n)));
        assert_share_recovers(share, 1e-6, |rng| error(&Scene::planar(rng, n)));
    }
}

/// Noisy inliers first, then as many outliers, and weights that are zero on the outliers.
fn contaminated(rng: &mut StdRng, planar: bool) -> (Scene, Vec<DVec2>, Vec<DVec2>, Vec<f64>) {
    let n = 30;
    let mut scene = if planar { Scene::planar(rng, n) } else { Scene::new(rng, n) };
    let (mut points1, mut points2) = scene.images();
    for point in points1.iter_mut().chain(&mut points2) {
        *point += DVec2::new(rng.random_range(-1e-4..1e-4), rng.random_range(-1e-4..1e-4));
    }
    let mut weights: Vec<f64> = (0..n).map(|_| rng.random_range(0.5..2.0)).collect();
    for _ in 0..n {
        points1.push(DVec2::new(rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)));
        points2.push(DVec2::new(rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)));
        scene.points.push(random_point(rng));
        weights.push(0.0);
    }
    (scene, points1, points2, weights)
}

#[test]
fn zero_weights_leave_matches_out_and_noise_moves_fits_little() {
    let mut rng = StdRng::seed_from_u64(11);
    let n = 30;
    for _ in 0..200 {
        let (scene, x1, x2, w) = contaminated(&mut rng, false);
        let truth = scene.camera2_from_camera1;
        for solve in [solve_fundamental_8pt, solve_essential_8pt] {
            let all = solve(&x1, &x2, Some(&w)).unwrap();
            let inliers = solve(&x1[..n], &x2[..n], Some(&w[..n])).unwrap();
            assert!(matrix_error(&all, &inliers) < 1e-9);
            assert!(matrix_error(&all, &truth.essential()) < 0.2, "{}", matrix_error(&all, &truth.essential()));
        }
        let all = fit_pose(&x2, &scene.points, Some(&w)).unwrap();
        let inliers = fit_pose(&x2[..n], &scene.points[..n], Some(&w[..n])).unwrap();
        assert!(pose_error(&all, &inliers) < 1e-9 && pose_error(&all, &truth) < 0.01);

        let moved = scene.moved().iter().map(|p| *p + random_direction(&mut rng) * 1e-3).collect::<Vec<_>>();
        let all = fit_rigid(&scene.points, &moved, Some(&w)).unwrap();
        let inliers = fit_rigid(&scene.points[..n], &moved[..n], Some(&w[..n])).unwrap();
        assert!(pose_error(&all, &inliers) < 1e-9 && pose_error(&all, &truth) < 0.01);

        let (scene, x1, x2, w) = contaminated(&mut rng, true);
        let all = fit_homography(&x1, &x2, Some(&w)).unwrap();
        let inliers = fit_homography(&x1[..n], &x2[..n], Some(&w[..n])).unwrap();
        assert!(matrix_error(&all, &inliers) < 1e-9);
        assert!(matrix_error(&all, &scene.homography.unwrap()) < 0.02);
    }
}

#[test]
fn equal_weights_are_no_weights_and_double_weights_are_repeats() {
    let mut rng = StdRng::seed_from_u64(12);
    let (_, x1, x2, _) = contaminated(&mut rng, false);
    let (x1, x2) = (&x1[..12], &x2[..12]);
    let plain = solve_fundamental_8pt(x1, x2, None).unwrap();
    assert!(matrix_error(&plain, &solve_fundamental_8pt(x1, x2, Some(&[3.0; 12])).unwrap()) < 1e-9);
    let mut weights = [1.0; 12];
    weights[4] = 2.0;
    let repeated = |x: &[DVec2]| x.iter().chain(&x[4..5]).copied().collect::<Vec<_>>();
    let (repeated1, repeated2) = (repeated(x1), repeated(x2));
    let doubled = solve_fundamental_8pt(x1, x2, Some(&weights)).unwrap();
    assert!(matrix_error(&doubled, &solve_fundamental_8pt(&repeated1, &repeated2, None).unwrap()) < 1e-9);
    assert!(matrix_error(&doubled, &plain) > 1e-9);
}

/// Coordinates of which many coincide, are collinear or extreme.
fn awkward() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-2i32..=2).prop_map(f64::from),
        2 => -1.0f64..1.0,
        1 => prop::sample::select(vec![1e-160, -1e160, 1e300, f64::MAX, f64::NAN, f64::INFINITY]),
    ]
}

fn awkward2(n: usize) -> impl Strategy<Value = Vec<DVec2>> {
    prop::collection::vec((awkward(), awkward()).prop_map(|(x, y)| DVec2::new(x, y)), n)
}

fn awkward3(n: usize) -> impl Strategy<Value = Vec<DVec3>> {
    prop::collection::vec((awkward(), awkward(), awkward()).prop_map(|(x, y, z)| DVec3::new(x, y, z)), n)
}

fn is_finite(pose: &Pose) -> bool {
    pose.rotation.is_finite() && pose.translation.is_finite()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn degenerate_image_samples_give_nothing_or_finite_models(a in awkward2(9), b in awkward2(9)) {
        prop_assert!(solve_fundamental_7pt(array(&a), array(&b)).iter().all(DMat3::is_finite));
        prop_assert!(solve_homography_4pt(array(&a), array(&b)).is_none_or(|h| h.is_finite()));
        prop_assert!(fit_homography(&a, &b, None).is_none_or(|h| h.is_finite()));
        prop_assert!(solve_fundamental_8pt(&a, &b, None).is_none_or(|f| f.is_finite()));
        prop_assert!(solve_essential_8pt(&a, &b, None).is_none_or(|e| e.is_finite()));
    }

    #[test]
    fn degenerate_world_samples_give_nothing_or_finite_models(x in awkward2(5), a in awkward3(5), b in awkward3(5)) {
        for pose in solve_pose_p3p(array(&x), array(&a)).iter() {
            prop_assert!(is_finite(pose) && is_rotation(&pose.rotation));
        }
        let poses = [solve_rigid_3pt(array(&a), array(&b)), fit_rigid(&a, &b, None), fit_pose(&x, &a, None)];
        for pose in poses.iter().flatten() {
            prop_assert!(is_finite(pose) && is_rotation(&pose.rotation), "{pose:?}");
        }
    }

    #[test]
    fn three_collinear_points_give_nothing(
        start in prop::array::uniform3(-1.0f64..1.0), step in prop::array::uniform3(0.1f64..1.0), at in -3.0f64..3.0,
    ) {
        let (start, step) = (DVec3::from(start), DVec3::from(step));
        let line = [start, start + step, start + step * at];
        let free = [DVec3::X, DVec3::Y, DVec3::Z * 2.0];
        prop_assert!(solve_rigid_3pt(&line, &free).is_none() && solve_rigid_3pt(&free, &line).is_none());
        prop_assert!(fit_rigid(&line, &free, None).is_none());
        let points = [DVec2::ZERO, DVec2::new(0.1, 0.2), DVec2::new(-0.1, 0.1)];
        prop_assert!(solve_pose_p3p(&points, &line).is_empty());
        let flat = [line[0].truncate(), line[1].truncate(), DVec2::new(5.0, -7.0), line[2].truncate()];
        let square = [DVec2::ZERO, DVec2::X, DVec2::ONE, DVec2::Y];
        prop_assert!(solve_homography_4pt(&flat, &square).is_none() && solve_homography_4pt(&square, &flat).is_none());
    }

    #[test]
    fn a_quadrangle_that_folds_or_flips_has_no_homography(
        corner in 0usize..4, jitter in prop::array::uniform8(-0.2f64..0.2),
    ) {
        let square = [DVec2::ZERO, DVec2::X, DVec2::ONE, DVec2::Y];
        let quadrangle: [DVec2; 4] =
            std::array::from_fn(|i| square[i] + DVec2::new(jitter[2 * i], jitter[2 * i + 1]));
        prop_assert!(solve_homography_4pt(&square, &quadrangle).is_some());
        let flipped = quadrangle.map(|p| DVec2::new(-p.x, p.y));
        prop_assert!(solve_homography_4pt(&square, &flipped).is_none());
        let mut folded = quadrangle;
        folded[corner] = quadrangle[(corner + 2) % 4] * 2.5 - quadrangle[corner] * 1.5;
        prop_assert!(solve_homography_4pt(&square, &folded).is_none());
    }
}

#[test]
fn fits_refuse_too_few_matches_wrong_lengths_and_bad_weights() {
    let mut rng = StdRng::seed_from_u64(5);
    let scene = Scene::new(&mut rng, 8);
    let (x1, x2) = scene.images();
    let moved = scene.moved();
    let seven_of_eight = [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    for weights in [Some(&seven_of_eight[..]), Some(&[1.0; 7]), Some(&[-1.0; 8]), Some(&[f64::NAN; 8])] {
        assert!(solve_fundamental_8pt(&x1, &x2, weights).is_none() && solve_essential_8pt(&x1, &x2, weights).is_none());
    }
    for weights in [Some(&[1.0; 7][..]), Some(&[-1.0; 8]), Some(&[f64::NAN; 8]), Some(&[0.0; 8])] {
        assert!(fit_homography(&x1, &x2, weights).is_none());
        assert!(fit_rigid(&scene.points, &moved, weights).is_none());
        assert!(fit_pose(&x2, &scene.points, weights).is_none());
    }
    assert!(solve_fundamental_8pt(&x1, &x2[..7], None).is_none());
    assert!(fit_homography(&x1[..3], &x2[..3], None).is_none() && fit_homography(&x1, &x2[..7], None).is_none());
    assert!(fit_rigid(&moved[..2], &moved[..2], None).is_none() && fit_rigid(&moved, &moved[..7], None).is_none());
    assert!(fit_pose(&x2[..3], &moved[..3], None).is_none() && fit_pose(&x2, &moved[..7], None).is_none());
}

#[test]
fn exactly_planar_matches_leave_the_fundamental_matrix_open() {
    let scene = Scene::planar(&mut StdRng::seed_from_u64(6), 20);
    let (x1, x2) = scene.images();
    assert!(solve_fundamental_8pt(&x1, &x2, None).is_none());
    assert!(solve_fundamental_7pt(array(&x1), array(&x2)).iter().all(DMat3::is_finite));
}
