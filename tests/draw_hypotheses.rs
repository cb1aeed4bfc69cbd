//! Hypotheses of camera localisation: every one agrees with its own sample, or there is none and a status says so.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it measured")]

#[path = "common/localisation.rs"]
mod localisation;

use burn::tensor::{Device, Tensor};
use glam::{DVec2, DVec3};
use localisation::{
    Frame3d, batch, cpu, difference, entries, gpu, in_pool, random_motion, tensor, values, vector, wild_number,
};
use nabla_ransac::ModelKind;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::search::normalize_matches::{pose_of, rows_of_pose};
use nabla_ransac::cpu::solve::solve_pose_p3p::solve_pose_p3p;
use nabla_ransac::cpu::solve::solve_pose_p3p_backward::solve_pose_p3p_backward;
use nabla_ransac::cpu::train::draw_hypotheses::{fit_pose_of_four, fit_rigid_of_three};
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::train::ops::{Drawing, Packing, draw_hypotheses};
use rand::{RngExt, rngs::StdRng};

const KINDS: [ModelKind; 2] = [ModelKind::Pose, ModelKind::Rigid];
const METRIC: [f64; 4] = [0.02; 4];

fn far(a: &ModelRows, b: &ModelRows) -> f64 {
    entries(a).zip(entries(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Four exact matches of a pose.
fn exact(rng: &mut StdRng) -> ([[f64; 6]; 4], ModelRows) {
    let frame = Frame3d::random(ModelKind::Pose, rng, 4, 0.0, 0.0);
    (std::array::from_fn(|k| frame.rows[k]), frame.truth)
}

fn sides(matches: &[[f64; 6]; 4]) -> ([DVec2; 3], [DVec3; 3]) {
    let image = std::array::from_fn(|k| DVec2::new(matches[k][3], matches[k][4]));
    (image, std::array::from_fn(|k| DVec3::from_slice(&matches[k])))
}

#[test]
fn exact_samples_give_the_true_pose() {
    let mut rng = generator(1);
    let mut errors: Vec<f64> = (0..2000)
        .map(|_| {
            let (matches, truth) = exact(&mut rng);
            far(&fit_pose_of_four(&matches, &METRIC).unwrap(), &truth)
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    println!("median {:.1e}, 99 % {:.1e}, largest {:.1e}", errors[1000], errors[1980], errors[1999]);
    // where the fourth agrees with two roots, or two roots nearly coincide, the pose may be the other
    assert!(errors[1000] < 1e-12 && errors[1980] < 1e-6);
}

#[test]
fn the_fourth_match_chooses_any_of_the_roots() {
    let mut rng = generator(2);
    let mut of_roots = [0; 5];
    for _ in 0..2000 {
        let (matches, _) = exact(&mut rng);
        let (image, world) = sides(&matches);
        let poses = solve_pose_p3p(&image, &world);
        of_roots[poses.len()] += 1;
        for pose in poses.iter() {
            let y = pose.transform(DVec3::from_slice(&matches[3]));
            if y.z <= 0.0 {
                continue;
            }
            let mut asked = matches;
            (asked[3][3], asked[3][4]) = (y.x / y.z, y.y / y.z);
            let found = fit_pose_of_four(&asked, &METRIC).unwrap();
            let other = pose_of(&found).transform(DVec3::from_slice(&matches[3]));
            let image = DVec2::new(other.x / other.z, other.y / other.z);
            assert!(
                far(&found, &rows_of_pose(pose)) < 1e-6 || image.distance(DVec2::new(asked[3][3], asked[3][4])) < 1e-6
            );
        }
    }
    println!("samples with 0 to 4 roots: {of_roots:?}");
    assert!(of_roots[2] > 100 && of_roots[4] > 20);
}

#[test]
fn a_sample_counts_on_one_side_of_the_threshold_only() {
    let mut rng = generator(3);
    for _ in 0..200 {
        let (matches, truth) = exact(&mut rng);
        for (off, counts) in [(0.99, true), (1.01, false)] {
            let mut moved = matches;
            let angle: f64 = rng.random_range(0.0..6.0);
            moved[3][3] += off * METRIC[2] * angle.cos();
            moved[3][4] += off * METRIC[3] * angle.sin();
            let found = fit_pose_of_four(&moved, &METRIC);
            // another root may agree; this one does on one side of the threshold alone
            let same = found.is_some_and(|found| far(&found, &truth) < 1e-6);
            assert!(same == counts || found.is_some_and(|found| far(&found, &truth) > 1e-3), "{off}");
        }
        let frame = Frame3d::random(ModelKind::Rigid, &mut rng, 3, 0.0, 0.0);
        let matches = [frame.rows[0], frame.rows[1], frame.rows[2]];
        assert!(far(&fit_rigid_of_three(&matches, &frame.metric).unwrap(), &frame.truth) < 1e-9);
        let mut bent = matches;
        bent[1][4] += 20.0;
        assert!(fit_rigid_of_three(&bent, &frame.metric).is_none());
    }
}

#[test]
fn lines_repeats_and_points_behind_give_no_pose() {
    let mut rng = generator(4);
    for _ in 0..500 {
        let line = Frame3d::line(ModelKind::Pose, &mut rng, 4);
        assert!(fit_pose_of_four(&std::array::from_fn(|k| line.rows[k]), &METRIC).is_none());
        let line = Frame3d::line(ModelKind::Rigid, &mut rng, 3);
        assert!(fit_rigid_of_three(&std::array::from_fn(|k| line.rows[k]), &METRIC).is_none());
        let (mut matches, truth) = exact(&mut rng);
        matches[2] = matches[0];
        assert!(fit_pose_of_four(&matches, &METRIC).is_none());
        // the fourth far behind the camera, with the image it would have
        let (mut matches, _) = exact(&mut rng);
        let pose = pose_of(&truth);
        let y = DVec3::new(0.2, 0.1, -50.0) + vector(&mut rng, 0.1);
        let world = pose.rotation.transpose() * (y - pose.translation);
        matches[3] = [world.x, world.y, world.z, y.x / y.z, y.y / y.z, 0.0];
        let found = fit_pose_of_four(&matches, &METRIC);
        assert!(found.is_none_or(|found| pose_of(&found).transform(world).z > 0.0));
    }
}

#[test]
fn the_gradient_at_the_chosen_root_is_that_of_central_differences() {
    let mut rng = generator(5);
    let (mut errors, mut flagged) = (Vec::new(), 0);
    while errors.len() < 1500 {
        let (mut matches, _) = exact(&mut rng);
        // noise of half a threshold, so that the fourth does not fit exactly
        matches.iter_mut().for_each(|m| (3..5).for_each(|k| m[k] += rng.random_range(-0.5..0.5) * METRIC[k - 1]));
        let by_model: ModelRows = std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
        let direction: [[f64; 5]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
        let at = |size: f64| {
            let mut moved = matches;
            (0..3).for_each(|i| (0..5).for_each(|k| moved[i][k] += size * direction[i][k]));
            fit_pose_of_four(&moved, &METRIC)
        };
        let step = 1e-6;
        let (Some(here), Some(plus), Some(minus)) = (at(0.0), at(step), at(-step)) else { continue };
        let sample: [[f64; 4]; 6] = std::array::from_fn(|k| {
            let m = matches[k / 2];
            if k % 2 == 0 { [m[0], m[1], m[2], 0.0] } else { [m[3], m[4], 0.0, 0.0] }
        });
        let Some(gradient) = solve_pose_p3p_backward(&sample, &here, &by_model) else {
            flagged += 1;
            continue;
        };
        // the other root, where the fourth cannot tell
        if far(&plus, &here) > 1e-2 || far(&minus, &here) > 1e-2 {
            continue;
        }
        let total = |model: &ModelRows| entries(model).zip(entries(&by_model)).map(|(a, b)| a * b).sum::<f64>();
        let expected = (total(&plus) - total(&minus)) / (2.0 * step);
        let coordinates = |i: usize| [sample_part(&gradient, i, 0, 3), sample_part(&gradient, i, 1, 2)].concat();
        let found: f64 = (0..3).map(|i| coordinates(i).iter().zip(direction[i]).map(|(g, d)| g * d).sum::<f64>()).sum();
        let size = gradient.as_flattened().iter().map(|g| g * g).sum::<f64>().sqrt();
        errors.push((found - expected).abs() / size);
    }
    errors.sort_by(f64::total_cmp);
    println!(
        "{} compared, {flagged} flagged: {:.1e} {:.1e} {:.1e}",
        errors.len(),
        errors[750],
        errors[1485],
        errors[1499]
    );
    assert!(errors[750] < 1e-8 && errors[1485] < 1e-5 && flagged < 50);
}

fn sample_part(gradient: &[[f64; 4]; 6], i: usize, side: usize, count: usize) -> Vec<f64> {
    gradient[2 * i + side][..count].to_vec()
}

#[test]
fn a_hundred_thousand_wild_samples_give_no_nan() {
    let mut rng = generator(6);
    let mut found = 0;
    for _ in 0..100_000 {
        let (mut matches, _) = exact(&mut rng);
        matches.as_flattened_mut().iter_mut().for_each(|x| *x = wild_number(&mut rng, *x, 0.05));
        if rng.random_range(0.0..1.0) < 0.05 {
            matches[1] = matches[rng.random_range(0..4)];
        }
        let poses =
            [fit_pose_of_four(&matches, &METRIC), fit_rigid_of_three(&[matches[0], matches[1], matches[2]], &METRIC)];
        for pose in poses.iter().flatten() {
            assert!(entries(pose).all(|x| x.is_finite()));
            found += 1;
        }
    }
    println!("{found} found");
    assert!(found > 20_000);
}

/// Indices, models, valid, tries and the gradient by the points, of the operation.
fn by_burn(device: Device, kind: ModelKind, wild: bool, weighted: bool, drawing: &Drawing) -> [Vec<f32>; 5] {
    let (points, _, packing) = batch(kind, 1, wild);
    let (width, count) = (if kind == ModelKind::Pose { 5 } else { 6 }, packing.matches());
    let points = tensor(&points, [count, width], &device).require_grad();
    let weights: Vec<f32> = (0..count).map(|i| if i % 5 == 0 { 0.0 } else { 1.0 + (i % 7) as f32 }).collect();
    let weights = weighted.then(|| tensor(&weights, [count], &device));
    let found = draw_hypotheses(kind, points.clone(), weights, &packing, drawing).unwrap();
    let rows = found.models.dims()[0];
    let by_models: Vec<f32> = (0..rows * 12).map(|k| ((k * 37 % 19) as f32 - 9.0) * 0.1).collect();
    let sum = (found.models.clone() * tensor(&by_models, [rows, 12], &device)).sum();
    let gradient = values(points.grad(&sum.backward()).unwrap());
    assert!(found.degenerate().unwrap() < rows / 10);
    let indices = found.indices.into_data().iter::<i64>().map(|i| i as f32).collect();
    [indices, values(found.models), values(found.valid), values(found.tries), gradient]
}

#[test]
fn the_shader_draws_and_differentiates_as_its_twin() {
    for kind in KINDS {
        for weighted in [false, true] {
            let drawing = Drawing { seed: 4_000_000_007, step: 3, ..Drawing::default() };
            let expected = by_burn(cpu(), kind, false, weighted, &drawing);
            let found = by_burn(gpu(), kind, false, weighted, &drawing);
            let size = if kind == ModelKind::Pose { 4 } else { 3 };
            let rows = expected[2].len();
            let alike = |row: usize| {
                let [a, b] = [&expected, &found].map(|of| &of[0][size * row..size * (row + 1)]);
                let [c, d] = [&expected, &found].map(|of| &of[1][12 * row..12 * (row + 1)]);
                a == b && expected[2][row] == found[2][row] && difference(c, d) < 5e-3
            };
            let same = (0..rows).filter(|&row| alike(row)).count();
            let valid = expected[2].iter().sum::<f32>();
            println!(
                "{kind:?}: {same} of {rows} alike, {valid} valid, gradients {:e}",
                difference(&expected[4], &found[4])
            );
            assert!(same * 100 >= rows * 97 && valid > 0.9 * rows as f32);
            assert!(!weighted || expected[0].iter().chain(&found[0]).all(|i| *i < 0.0 || !is_unweighted(*i)));
        }
    }
}

fn is_unweighted(index: f32) -> bool {
    (index as usize).is_multiple_of(5)
}

#[test]
fn every_hypothesis_agrees_with_its_sample_and_samples_are_inliers_mostly() {
    for kind in KINDS {
        let (points, _, packing) = batch(kind, 1, false);
        let [indices, models, valid, tries, gradient] = by_burn(cpu(), kind, false, false, &Drawing::default());
        let (size, width) = if kind == ModelKind::Pose { (4, 5) } else { (3, 6) };
        let metric = if kind == ModelKind::Pose { [0.02, 0.02, 0.02, 0.016] } else { [0.1; 4] };
        let frame = Frame3d { rows: vec![], truth: ModelRows::default(), metric, start_off: 0.0 };
        for row in (0..192).filter(|&row| valid[row] > 0.0) {
            let model: ModelRows =
                std::array::from_fn(|i| std::array::from_fn(|k| f64::from(models[12 * row + 4 * i + k])));
            let drawn = &indices[size * row..size * (row + 1)];
            for (k, index) in drawn.iter().enumerate() {
                assert!(packing.rows(row / 64).contains(&(*index as usize)) && !drawn[..k].contains(index));
                let first = *index as usize * width;
                let mut coordinates = [0.0; 6];
                (0..width).for_each(|k| coordinates[k] = f64::from(points[first + k]));
                assert!(frame.is_within(kind, &model, &coordinates));
            }
        }
        let mean = tries.iter().sum::<f32>() / 192.0;
        println!("{kind:?}: {mean} tries");
        // 60 % are inliers
        assert!((1.0..20.0).contains(&mean) && gradient.iter().any(|g| *g != 0.0));
    }
}

#[test]
fn where_no_sample_agrees_the_status_says_so() {
    for device in [cpu(), gpu()] {
        for kind in KINDS {
            // pair 0 of unrelated sides, pair 1 with too few, pair 2 with as few as a sample has once what is not finite is gone
            let mut rng = generator(7);
            let (size, width) = if kind == ModelKind::Pose { (4, 5) } else { (3, 6) };
            let counts = [40, size - 1, size + 1];
            let mut points: Vec<f32> = (0..40 * width).map(|_| rng.random_range(-1.0..1.0)).collect();
            let frame = Frame3d::random(kind, &mut rng, 2 * size, 0.0, 0.0);
            points.extend(frame.rows.iter().flat_map(|row| &row[..width]).map(|x| *x as f32));
            let bad = (40 + size - 1 + 2) * width + 3;
            points[bad] = f32::NAN;
            let packing = Packing::new(&counts, &[[1e-3; 4]; 3]).unwrap();
            let points: Tensor<2> = tensor(&points, [packing.matches(), width], &device).require_grad();
            let drawing = Drawing { hypotheses: 5, tries: 9, ..Drawing::default() };
            let found = draw_hypotheses(kind, points.clone(), None, &packing, &drawing).unwrap();
            assert_eq!(values(found.valid.clone()), [[0.0; 10].as_slice(), &[1.0; 5]].concat(), "{kind:?}");
            let tries = values(found.tries.clone());
            assert_eq!(&tries[..10], &[[9.0; 5], [0.0; 5]].concat());
            let indices: Vec<i64> = found.indices.clone().into_data().iter::<i64>().collect();
            assert!(indices[..10 * size].iter().all(|i| *i == -1));
            assert!(indices[10 * size..].iter().all(|i| *i >= 40 + size as i64 - 1 && *i as usize != bad / width));
            assert!(values(found.models.clone())[..120].iter().all(|x| *x == 0.0));
            let gradients = (found.models * 0.3).sum().backward();
            let gradient = values(points.grad(&gradients).unwrap());
            assert!(gradient[..40 * width].iter().all(|g| *g == 0.0) && gradient.iter().all(|g| g.is_finite()));
        }
    }
}

#[test]
fn nothing_wild_leaves_the_operation_on_either_backend() {
    for kind in KINDS {
        for device in [cpu(), gpu()] {
            let found = by_burn(device, kind, true, false, &Drawing { tries: 256, ..Drawing::default() });
            assert!(found.iter().flatten().all(|x| x.is_finite()));
            assert!(found[2].iter().sum::<f32>() > 100.0);
        }
    }
}

#[test]
fn matches_are_drawn_by_their_share() {
    // the first of any sample, from exact matches that all agree
    let mut rng = generator(8);
    let frame = Frame3d::random(ModelKind::Rigid, &mut rng, 6, 0.0, 0.0);
    let points: Vec<f32> = frame.rows.iter().flatten().map(|x| *x as f32).collect();
    let packing = Packing::new(&[6], &[[0.1; 4]]).unwrap();
    let weights = [1.0, 2.0, 3.0, 4.0, 0.0, -1.0];
    let drawing = Drawing { hypotheses: 20_000, ..Drawing::default() };
    let (points, weights) = (tensor(&points, [6, 6], &cpu()), tensor(&weights, [6], &cpu()));
    let found = draw_hypotheses(ModelKind::Rigid, points, Some(weights), &packing, &drawing).unwrap();
    let indices: Vec<i64> = found.indices.into_data().iter::<i64>().collect();
    let mut counts = [0_i32; 6];
    indices.chunks(3).for_each(|sample| counts[sample[0] as usize] += 1);
    println!("{counts:?}");
    for (count, expected) in counts.iter().zip([2000, 4000, 6000, 8000, 0, 0]) {
        // four standard deviations
        assert!((count - expected).abs() < 280, "{counts:?}");
    }
}

#[test]
fn steps_and_parts_of_a_step_draw_what_the_seed_says() {
    let drawing = Drawing { seed: 5, step: 2, ..Drawing::default() };
    let draw = |drawing: &Drawing| by_burn(cpu(), ModelKind::Pose, false, false, drawing)[0].clone();
    assert_eq!(draw(&drawing), draw(&drawing));
    assert_ne!(draw(&drawing), draw(&Drawing { step: 3, ..drawing }));
    assert_ne!(draw(&drawing), draw(&Drawing { seed: 6, ..drawing }));
    // the second pair alone, as the second of the step
    let (points, _, packing) = batch(ModelKind::Pose, 1, false);
    let rows = packing.rows(1);
    let alone = Packing::new(&[rows.len()], &[[0.02, 0.02, 0.02, 0.016]]).unwrap();
    let points = tensor(&points[5 * rows.start..5 * rows.end], [rows.len(), 5], &cpu());
    let part = Drawing { first_pair: 1, ..drawing };
    let found = draw_hypotheses(ModelKind::Pose, points, None, &alone, &part).unwrap();
    let indices: Vec<f32> = found.indices.into_data().iter::<i64>().map(|i| (i + rows.start as i64) as f32).collect();
    assert_eq!(indices, &draw(&drawing)[256..512]);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for kind in KINDS {
        let drawing = Drawing::default();
        let one = in_pool(1, || by_burn(cpu(), kind, false, true, &drawing));
        for threads in [2, 5] {
            assert_eq!(one, in_pool(threads, || by_burn(cpu(), kind, false, true, &drawing)));
        }
    }
}

#[test]
fn wrong_shapes_are_errors() {
    let (points, _, packing) = batch(ModelKind::Pose, 1, false);
    let points: Tensor<2> = tensor(&points, [packing.matches(), 5], &cpu());
    let fails = |kind, points: Tensor<2>, weights: Option<Tensor<1>>, drawing: Drawing| {
        draw_hypotheses(kind, points, weights, &packing, &drawing).is_err()
    };
    let (fine, drawing) = (points.clone(), Drawing::default());
    assert!(fails(ModelKind::Homography, fine.clone(), None, drawing));
    assert!(fails(ModelKind::Rigid, fine.clone(), None, drawing));
    assert!(fails(ModelKind::Pose, points.narrow(0, 0, 7), None, drawing));
    assert!(fails(ModelKind::Pose, fine.clone(), Some(Tensor::ones([7], &cpu())), drawing));
    assert!(fails(ModelKind::Pose, fine.clone(), None, Drawing { hypotheses: 0, ..drawing }));
    assert!(fails(ModelKind::Pose, fine, None, Drawing { tries: 0, ..drawing }));
    assert!(entries(&random_motion(&mut generator(1), 1.0)).all(|x| x.is_finite()));
}
