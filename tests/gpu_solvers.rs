//! Every minimal solver and fit on the GPU: against the truth of random problems, against its CPU twin, and on input that
//! determines no model. Needs a Vulkan, Metal or DX12 adapter; a software one will do (apt-get install
//! mesa-vulkan-drivers).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "common/minimal.rs"]
mod minimal;

use glam::{DMat3, DVec2, DVec3, DVec4};
use minimal::{Minimal, Rows, SOLVERS, Solver, matrix_error, matrix_rows, pose_error, pose_rows, rows_f64};
use nabla_ransac::cpu;
use nabla_ransac::data::synthetic::problems::{Scene, generator};
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::solve::run_solver::{Rows as Rows32, run_fit, run_solver};
use nabla_ransac::kernels::solve::{solve_fundamental_8pt, solve_homography_4pt, solve_rigid_3pt};
use rand::{RngExt, rngs::StdRng};

fn context() -> Context {
    Context::request_blocking(true).expect("a GPU adapter, software ones included: apt-get install mesa-vulkan-drivers")
}

fn solver(name: &str) -> &'static Solver {
    SOLVERS.iter().find(|solver| solver.name == name).unwrap()
}

fn solve(context: &Context, solver: &Solver, samples: &[Vec<DVec4>]) -> Vec<Vec<Rows>> {
    let points: Vec<_> = samples.iter().flatten().map(|point| point.as_vec4().to_array()).collect();
    let found = run_solver(context, &solver.shader, &points, solver.vec4s, solver.most_models).unwrap();
    found.iter().map(|models| models.iter().map(rows_f64).collect()).collect()
}

#[test]
fn f32_recovers_the_truth_and_what_the_twin_finds() {
    let context = context();
    for solver in &SOLVERS {
        let mut rng = generator(3);
        let problems: Vec<Minimal> = (0..10_000).map(|_| (solver.draw)(&mut rng)).collect();
        let samples: Vec<_> = problems.iter().map(|problem| problem.points.clone()).collect();
        let (mut recovered, mut shared, mut of_twin) = (0, 0, 0);
        for (problem, models) in problems.iter().zip(solve(&context, solver, &samples)) {
            let near = |model: &Rows, limit: f64| models.iter().any(|m| (solver.error)(m, model) < limit);
            recovered += usize::from(near(&problem.truth, 1e-3));
            let twin = (solver.twin)(&problem.points);
            of_twin += twin.len();
            shared += twin.iter().filter(|model| near(model, 1e-2)).count();
        }
        let least = if solver.name == "essential 5-point" { 0.994 } else { 0.998 };
        assert!(recovered as f64 >= least * problems.len() as f64, "{}: {recovered} recovered", solver.name);
        assert!(shared as f64 >= least * of_twin as f64, "{}: {shared} of the twin's {of_twin}", solver.name);
    }
}

#[test]
fn solutions_are_rotations_unit_translations_and_unit_matrices() {
    let context = context();
    for solver in &SOLVERS {
        let mut rng = generator(4);
        let samples: Vec<_> = (0..500).map(|_| (solver.draw)(&mut rng).points).collect();
        let solved = solve(&context, solver, &samples);
        assert!(solved.iter().filter(|models| !models.is_empty()).count() > 490, "{}", solver.name);
        for rows in solved.iter().flatten() {
            let m = DMat3::from_cols(rows[0].truncate(), rows[1].truncate(), rows[2].truncate()).transpose();
            let t = DVec3::new(rows[0].w, rows[1].w, rows[2].w);
            if solver.name.starts_with("fundamental") || solver.name.starts_with("homography") {
                let norm_sq: f64 = m.to_cols_array().iter().map(|x| x * x).sum();
                assert!((norm_sq - 1.0).abs() < 1e-5 && t == DVec3::ZERO, "{}", solver.name);
                assert!(solver.name.starts_with("homography") || m.determinant().abs() < 1e-5, "{}", solver.name);
            } else {
                let gram = m * m.transpose() - DMat3::IDENTITY;
                assert!(gram.to_cols_array().iter().all(|x| x.abs() < 1e-5) && m.determinant() > 0.0);
                assert!(solver.name != "essential 5-point" || (t.length() - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn degenerate_samples_give_nothing_that_is_not_finite() {
    let context = context();
    for solver in &SOLVERS {
        let models = solve(&context, solver, &degenerate_samples(solver));
        for (k, rows) in models.iter().enumerate().flat_map(|(k, models)| models.iter().map(move |rows| (k, rows))) {
            assert!(rows.iter().all(|row| row.is_finite()), "{}, sample {k}", solver.name);
        }
    }
}

/// All zero, one point repeated, two points equal, a line, a plane, no motion, NaN, huge.
fn degenerate_samples(solver: &Solver) -> Vec<Vec<DVec4>> {
    let mut rng = generator(5);
    let mut samples = vec![];
    for _ in 0..50 {
        let usual = (solver.draw)(&mut rng).points;
        let sides = if solver.vec4s == 6 { 2 } else { 1 };
        let along = |k: usize| {
            let (a, b) = (usual[k % sides], usual[k % sides + sides]);
            a + (b - a) * (k / sides) as f64
        };
        let mut two_equal = usual.clone();
        (0..sides).for_each(|k| two_equal[sides + k] = two_equal[k]);
        let mut with_nan = usual.clone();
        with_nan[sides].x = f64::NAN;
        samples.extend([
            vec![DVec4::ZERO; solver.vec4s],
            (0..solver.vec4s).map(|k| usual[k % sides]).collect(),
            two_equal,
            (0..solver.vec4s).map(along).collect(),
            usual.iter().map(|p| DVec4::new(p.x, p.y, p.x, p.y)).collect(),
            usual.iter().map(|p| DVec4::new(p.x, p.y, p.x * 2.0 + p.y, p.y)).collect(),
            usual.iter().map(|p| *p * 1e12).collect(),
            with_nan,
        ]);
    }
    samples
}

#[test]
fn points_that_no_two_cameras_see_give_no_fundamental_matrix() {
    let context = context();
    let mut rng = generator(6);
    for name in ["fundamental 7-point", "fundamental 8-point"] {
        let solver = solver(name);
        let problems: Vec<Minimal> = (0..300).map(|_| behind_one_camera(&mut rng, solver.vec4s)).collect();
        let samples: Vec<_> = problems.iter().map(|problem| problem.points.clone()).collect();
        for (problem, models) in problems.iter().zip(solve(&context, solver, &samples)) {
            assert!(models.iter().all(|model| matrix_error(model, &problem.truth) > 1e-3), "{name}");
        }
    }
}

/// A sample whose last point 1 is moved along its epipolar line to the other side of the epipole.
fn behind_one_camera(rng: &mut StdRng, count: usize) -> Minimal {
    loop {
        let scene = Scene::general(rng, count);
        let pose = scene.camera2_from_camera1;
        let centre2 = pose.inverse().translation;
        let epipole1 = centre2.truncate() / centre2.z;
        if epipole1.length() < 2.0 {
            let mut points1 = scene.points1();
            points1[count - 1] = 2.0 * epipole1 - points1[count - 1];
            let pair = |(a, b): (&DVec2, DVec2)| DVec4::new(a.x, a.y, b.x, b.y);
            let points = points1.iter().zip(scene.points2()).map(pair).collect();
            return Minimal { points, truth: matrix_rows(&pose.essential()) };
        }
    }
}

#[test]
fn a_triple_that_changes_its_orientation_gives_no_homography() {
    let context = context();
    let solver = solver("homography 4-point");
    let mut rng = generator(7);
    let samples: Vec<_> = (0..300)
        .map(|_| {
            let mut points = (solver.draw)(&mut rng).points;
            let (first, second) = (points[0], points[1]);
            points[0] = DVec4::new(first.x, first.y, second.z, second.w);
            points[1] = DVec4::new(second.x, second.y, first.z, first.w);
            points
        })
        .collect();
    assert!(solve(&context, solver, &samples).iter().all(Vec::is_empty));
}

/// The matches with noise of up to 1e-3, of which every fifth is wrong and has weight 0; and the weights.
fn weighted(rng: &mut StdRng, points: &[DVec4], vec4s: usize) -> (Vec<DVec4>, Vec<f64>) {
    let mut noisy = vec![];
    let mut weights = vec![];
    for (i, match_) in points.chunks(vec4s).enumerate() {
        let wrong = i % 5 == 0;
        let size = if wrong { 0.5 } else { 1e-3 };
        let noise = DVec3::from_array(std::array::from_fn(|_| rng.random_range(-size..size)));
        noisy.extend(match_.iter().map(|point| (*point + noise.extend(0.0)).as_vec4().as_dvec4()));
        weights.push(if wrong { 0.0 } else { f64::from(rng.random_range(0.5_f32..2.0)) });
        // Of a 3-D match only one side is moved, or nothing would be wrong.
        if vec4s == 2 {
            noisy[2 * i] = match_[0].as_vec4().as_dvec4();
        }
    }
    (noisy, weights)
}

#[test]
fn weighted_fits_agree_with_their_twins() {
    type Fit = fn(&[DVec4], &[f64]) -> Option<Rows>;
    fn views(points: &[DVec4]) -> (Vec<DVec2>, Vec<DVec2>) {
        points.iter().map(|p| (DVec2::new(p.x, p.y), DVec2::new(p.z, p.w))).unzip()
    }
    let fundamental: Fit = |points, weights| {
        let (a, b) = views(points);
        cpu::solve::solve_fundamental_8pt::solve_fundamental_8pt(&a, &b, Some(weights)).map(|m| matrix_rows(&m))
    };
    let homography: Fit = |points, weights| {
        let (a, b) = views(points);
        cpu::solve::solve_homography_4pt::fit_homography(&a, &b, Some(weights)).map(|m| matrix_rows(&m))
    };
    let rigid: Fit = |points, weights| {
        let (a, b): (Vec<DVec3>, Vec<DVec3>) = points.chunks(2).map(|p| (p[0].truncate(), p[1].truncate())).unzip();
        cpu::solve::solve_rigid_3pt::fit_rigid(&a, &b, Some(weights)).map(|pose| pose_rows(&pose))
    };
    let cases = [
        (solve_fundamental_8pt::FIT_SHADER, minimal::fundamental as fn(&mut StdRng, usize) -> Minimal, fundamental, 1),
        (solve_homography_4pt::FIT_SHADER, minimal::homography, homography, 1),
        (solve_rigid_3pt::FIT_SHADER, minimal::rigid, rigid, 2),
    ];
    let context = context();
    for (shader, draw, twin, vec4s) in cases {
        let mut rng = generator(8);
        let (mut points, mut weights, mut ranges, mut expected) = (vec![], vec![], vec![], vec![]);
        for _ in 0..100 {
            let problem = draw(&mut rng, 40);
            let (noisy, match_weights) = weighted(&mut rng, &problem.points, vec4s);
            expected.push(twin(&noisy, &match_weights));
            ranges.push([weights.len() as u32, match_weights.len() as u32]);
            points.extend(noisy.iter().map(|p| p.as_vec4().to_array()));
            weights.extend(match_weights.iter().map(|&w| w as f32));
        }
        let found = run_fit(&context, &shader, &points, &weights, &ranges).unwrap();
        let error = if vec4s == 2 { pose_error } else { matrix_error };
        for (found, expected) in found.iter().zip(&expected) {
            let difference = error(&rows_f64(&found.unwrap()), &expected.unwrap());
            assert!(difference < 2e-3, "{}: {difference}", shader.name);
        }
    }
}

/// Matches at random: no model fits them, so that the three smallest singular values are close and not only the two.
#[test]
fn fits_with_close_singular_values_agree_with_their_twins() {
    const FITS: usize = 1000;
    type Fit = fn(&[DVec2], &[DVec2], Option<&[f64]>) -> Option<DMat3>;
    let context = context();
    let cases = [
        (solve_fundamental_8pt::FIT_SHADER, cpu::solve::solve_fundamental_8pt::solve_fundamental_8pt as Fit, 40_usize),
        (solve_homography_4pt::FIT_SHADER, cpu::solve::solve_homography_4pt::fit_homography, 12),
    ];
    for (shader, twin, count) in cases {
        let mut rng = generator(9);
        let points: Vec<[f32; 4]> =
            (0..FITS * count).map(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0))).collect();
        let ranges: Vec<_> = (0..FITS).map(|k| [(k * count) as u32, count as u32]).collect();
        let found = run_fit(&context, &shader, &points, &vec![1.0; points.len()], &ranges).unwrap();
        let agrees = |(found, points): (&Option<Rows32>, &[[f32; 4]])| {
            let pair = |p: &[f32; 4]| (DVec2::new(p[0].into(), p[1].into()), DVec2::new(p[2].into(), p[3].into()));
            let (points1, points2): (Vec<_>, Vec<_>) = points.iter().map(pair).unzip();
            let expected = matrix_rows(&twin(&points1, &points2, None).unwrap());
            matrix_error(&rows_f64(&found.unwrap()), &expected) < 1e-3
        };
        let agreeing = found.iter().zip(points.chunks(count)).filter(|&pair| agrees(pair)).count();
        assert!(agreeing as f64 >= 0.98 * FITS as f64, "{}: {agreeing}", shader.name);
    }
}

#[test]
fn fits_of_too_few_or_equal_points_give_nothing() {
    let context = context();
    let cases = [solve_fundamental_8pt::FIT_SHADER, solve_homography_4pt::FIT_SHADER, solve_rigid_3pt::FIT_SHADER];
    for shader in cases {
        let points = vec![[0.3, 0.2, 0.1, 0.4]; 40];
        let found = run_fit(&context, &shader, &points, &[1.0; 20], &[[0, 20], [0, 2], [0, 0]]).unwrap();
        assert!(found.iter().all(Option::is_none), "{}", shader.name);
        let found = run_fit(&context, &shader, &points, &[0.0; 20], &[[0, 20]]).unwrap();
        assert!(found.iter().all(Option::is_none), "{}", shader.name);
    }
}
