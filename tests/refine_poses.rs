//! Refined poses: at the minimum of their inliers' loss, with its gradient, on the CPU and on the GPU.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it measured")]

#[path = "common/localisation.rs"]
mod localisation;

use burn::tensor::Tensor;
use glam::{DVec2, DVec3};
use localisation::{
    Frame3d, batch, cpu, difference, entries, gpu, in_pool, moved, random_motion, tensor, values, wild_number,
};
use nabla_ransac::ModelKind;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::search::normalize_matches::{NormalizedMatches, pose_of, rows_of_pose};
use nabla_ransac::cpu::solve::solve_rigid_3pt::fit_rigid;
use nabla_ransac::cpu::train::refine_poses::{Adjoint, Refined, refine_pose};
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::train::ops::{
    Drawing, Packing, Refining, draw_hypotheses, mean_over_hypotheses, pose_loss, refine_poses,
};
use rand::{RngExt, rngs::StdRng};

const KINDS: [ModelKind; 2] = [ModelKind::Pose, ModelKind::Rigid];

fn refined(kind: ModelKind, frame: &Frame3d, start: &ModelRows) -> Option<Refined> {
    refine_pose(start, &NormalizedMatches::of_rows(kind, &frame.rows, frame.metric), 100)
}

/// The gradient of Σ `by_model` ∘ model by all coordinates, from the twin.
fn gradient(kind: ModelKind, frame: &Frame3d, found: &Refined, by_model: &ModelRows) -> Option<Vec<[f64; 6]>> {
    let adjoint = Adjoint::new(&found.model, &found.frame, &found.inverse?, by_model)?;
    let by_row = |row: &[f64; 6]| {
        if !frame.is_within(kind, &found.chosen_by, row) {
            return Some([0.0; 6]);
        }
        let sides = [0, 3].map(|k| DVec3::from_slice(&row[k..]));
        let [a, b] = adjoint.by_match(kind, sides[0], sides[1], &frame.metric)?;
        Some([a.x, a.y, a.z, b.x, b.y, b.z])
    };
    frame.rows.iter().map(by_row).collect()
}

/// Relative errors of the gradient along a random direction of all coordinates of the inliers.
struct Errors {
    all: Vec<f64>,
    flagged: usize,
}

impl Errors {
    fn quantile(&mut self, share: f64) -> f64 {
        self.all.sort_by(f64::total_cmp);
        self.all[((self.all.len() - 1) as f64 * share) as usize]
    }
}

fn total(model: &ModelRows, by_model: &ModelRows) -> f64 {
    entries(model).zip(entries(by_model)).map(|(a, b)| a * b).sum()
}

/// The slope of the loss along a direction, by central differences of the whole refinement; `None` where the inliers change.
fn measured_slope(
    kind: ModelKind,
    frame: &Frame3d,
    start: &ModelRows,
    by_model: &ModelRows,
    direction: &[[f64; 6]],
    step: f64,
) -> Option<f64> {
    let at = |size: f64| {
        let mut moved = frame.clone();
        for (row, d) in moved.rows.iter_mut().zip(direction) {
            (0..6).for_each(|k| row[k] += size * d[k]);
        }
        refined(kind, &moved, start)
    };
    let (plus, minus, here) = (at(step)?, at(-step)?, refined(kind, frame, start)?);
    (plus.inliers == here.inliers && minus.inliers == here.inliers)
        .then(|| (total(&plus.model, by_model) - total(&minus.model, by_model)) / (2.0 * step))
}

fn direction(rng: &mut StdRng, kind: ModelKind, frame: &Frame3d) -> Vec<[f64; 6]> {
    let used = if kind == ModelKind::Pose { 5 } else { 6 };
    frame
        .rows
        .iter()
        .map(|_| std::array::from_fn(|k| if k < used { rng.random_range(-1.0..1.0) } else { 0.0 }))
        .collect()
}

fn random_rows(rng: &mut StdRng) -> ModelRows {
    std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)))
}

fn slope_of(gradient: &[[f64; 6]], direction: &[[f64; 6]]) -> f64 {
    gradient.as_flattened().iter().zip(direction.as_flattened()).map(|(g, d)| g * d).sum()
}

/// Errors of the gradient over frames that `draw` gives.
fn errors(kind: ModelKind, count: usize, seed: u64, draw: impl Fn(&mut StdRng) -> Frame3d) -> Errors {
    let mut rng = generator(seed);
    let mut found = Errors { all: Vec::new(), flagged: 0 };
    for _ in 0..count {
        let frame = draw(&mut rng);
        let start = moved(&frame.truth, &mut rng, frame.start_off);
        let (by_model, along) = (random_rows(&mut rng), direction(&mut rng, kind, &frame));
        let Some(refined) = refined(kind, &frame, &start) else { continue };
        let Some(gradient) = gradient(kind, &frame, &refined, &by_model) else {
            found.flagged += 1;
            continue;
        };
        let Some(expected) = measured_slope(kind, &frame, &start, &by_model, &along, 1e-6) else { continue };
        let size = gradient.as_flattened().iter().map(|g| g * g).sum::<f64>().sqrt();
        found.all.push((slope_of(&gradient, &along) - expected).abs() / (size + 1e-9));
    }
    found
}

#[test]
fn the_gradient_is_that_of_central_differences_on_noisy_data() {
    for kind in KINDS {
        let mut found = errors(kind, 1200, 1, |rng| Frame3d::random(kind, rng, 40, 0.4, 0.3));
        let [median, most, largest] = [0.5, 0.99, 1.0].map(|share| found.quantile(share));
        println!(
            "{kind:?}: {} compared, {} flagged: {median:.1e} {most:.1e} {largest:.1e}",
            found.all.len(),
            found.flagged
        );
        assert!(found.all.len() >= 1000 && found.flagged < 20);
        assert!(median < 1e-6 && most < 1e-5 && largest < 1e-3);
    }
}

#[test]
fn the_gradient_is_right_on_exact_data_too() {
    for kind in KINDS {
        let mut found = errors(kind, 300, 2, |rng| Frame3d::random(kind, rng, 30, 0.0, 0.2));
        let [median, largest] = [0.5, 1.0].map(|share| found.quantile(share));
        println!("{kind:?}: {} compared: {median:.1e} {largest:.1e}", found.all.len());
        assert!(found.all.len() >= 280 && median < 1e-6 && largest < 1e-3);
    }
}

#[test]
fn near_singular_frames_have_the_right_gradient_or_none() {
    for kind in KINDS {
        for (name, shape) in
            [("nearly on a line", 0), ("nearly on a plane", 1), ("small and far away", 2), ("four inliers", 3)]
        {
            let mut found = errors(kind, 1000, 3, |rng| Frame3d::near_singular(kind, rng, shape));
            let [median, most] = [0.5, 0.99].map(|share| found.quantile(share));
            println!(
                "{kind:?}, {name}: {} compared, {} flagged: {median:.1e} {most:.1e}",
                found.all.len(),
                found.flagged
            );
            assert!(found.all.len() + found.flagged > 500, "{kind:?}, {name}");
            assert!(median < 1e-4 && most < 1e-2, "{kind:?}, {name}");
        }
    }
}

/// −(JᵀJ)⁻¹ Jᵀ ∂ρ/∂p of residuals ρ: their norms, as DSAC* computes it, or both components of each.
fn shortcut(frame: &Frame3d, found: &Refined, by_model: &ModelRows, of_norms: bool) -> Vec<[f64; 6]> {
    let pose = pose_of(&found.model);
    let metric = DVec2::new(frame.metric[2], frame.metric[3]);
    let mut normal = nalgebra::Matrix6::<f64>::zeros();
    let mut slopes = Vec::new();
    for (i, row) in frame.rows.iter().enumerate() {
        if !frame.is_within(ModelKind::Pose, &found.chosen_by, row) {
            continue;
        }
        let y = pose.transform(DVec3::from_slice(row));
        let image = DVec2::new(y.x, y.y) / y.z;
        let r = (image - DVec2::new(row[3], row[4])) / metric;
        let directions = if of_norms { vec![r / r.length().max(1e-8)] } else { vec![DVec2::X, DVec2::Y] };
        for along in directions {
            let (p, q) = (along / metric / y.z, -along / metric);
            let by_y = DVec3::new(p.x, p.y, -(p.dot(image)));
            let turn = (y - pose.translation).cross(by_y);
            let j = nalgebra::Vector6::new(turn.x, turn.y, turn.z, by_y.x, by_y.y, by_y.z);
            normal += j * j.transpose();
            let by_world = pose.rotation.transpose() * by_y;
            slopes.push((i, j, [by_world.x, by_world.y, by_world.z, q.x, q.y, 0.0]));
        }
    }
    let g = pose_of(by_model);
    let turn: DVec3 = (0..3).map(|k| pose.rotation.col(k).cross(g.rotation.col(k))).sum();
    let t = g.translation;
    let by_theta = nalgebra::Vector6::new(turn.x, turn.y, turn.z, t.x, t.y, t.z);
    let lambda = normal.try_inverse().unwrap_or_default() * by_theta;
    let mut gradient = vec![[0.0; 6]; frame.rows.len()];
    for (i, j, by_data) in slopes {
        (0..6).for_each(|k| gradient[i][k] -= by_data[k] * j.dot(&lambda));
    }
    gradient
}

/// |a − b| / |b|, and the cosine between them.
fn compared(a: &[[f64; 6]], b: &[[f64; 6]]) -> (f64, f64) {
    let dot = |a: &[[f64; 6]], b: &[[f64; 6]]| slope_of(a, b);
    let (aa, ab, bb) = (dot(a, a), dot(a, b), dot(b, b));
    (((aa - 2.0 * ab + bb) / bb).sqrt(), ab / (aa * bb).sqrt())
}

/// What the gradients of DSAC* and of Gauss and Newton are off by, relative to the whole one, which central differences confirm.
#[test]
fn the_whole_hessian_is_right_where_the_shortcut_of_dsac_is_not() {
    for noise in [0.02, 0.2, 0.5] {
        let mut rng = generator(4);
        let [mut whole, mut dsac, mut cosines, mut newton] = [const { Vec::new() }; 4];
        for _ in 0..300 {
            let frame = Frame3d::random(ModelKind::Pose, &mut rng, 200, noise, 0.3);
            let start = moved(&frame.truth, &mut rng, frame.start_off);
            let (by_model, along) = (random_rows(&mut rng), direction(&mut rng, ModelKind::Pose, &frame));
            let Some(found) = refined(ModelKind::Pose, &frame, &start) else { continue };
            let Some(gradient) = gradient(ModelKind::Pose, &frame, &found, &by_model) else { continue };
            let slope = measured_slope(ModelKind::Pose, &frame, &start, &by_model, &along, 1e-6);
            let Some(slope) = slope else { continue };
            whole.push((slope_of(&gradient, &along) - slope).abs() / slope_of(&gradient, &gradient).sqrt());
            let (error, cosine) = compared(&shortcut(&frame, &found, &by_model, true), &gradient);
            dsac.push(error);
            cosines.push(cosine);
            newton.push(compared(&shortcut(&frame, &found, &by_model, false), &gradient).0);
        }
        let [whole, dsac, cosine, newton] =
            [whole, dsac, cosines, newton].map(|all| Errors { all, flagged: 0 }.quantile(0.5));
        println!(
            "noise {noise} thresholds, medians: whole Hessian {whole:.1e}, Gauss-Newton {newton:.1e}, shortcut {dsac:.2} (cosine {cosine:.2})"
        );
        assert!(whole < 1e-6 && newton > 1e-5 && newton < 0.1 && dsac > 0.3);
    }
}

#[test]
fn a_rigid_transform_is_that_of_kabsch() {
    let mut rng = generator(5);
    for _ in 0..300 {
        let frame = Frame3d::random(ModelKind::Rigid, &mut rng, 30, 0.3, 0.3);
        let start = moved(&frame.truth, &mut rng, frame.start_off);
        let Some(found) = refined(ModelKind::Rigid, &frame, &start) else { continue };
        let inliers = frame.rows.iter().filter(|row| frame.is_within(ModelKind::Rigid, &found.chosen_by, row));
        let (first, second): (Vec<_>, Vec<_>) =
            inliers.map(|row| (DVec3::from_slice(row), DVec3::from_slice(&row[3..]))).unzip();
        let expected = rows_of_pose(&fit_rigid(&first, &second, None).unwrap());
        assert!(entries(&found.model).zip(entries(&expected)).all(|(a, b)| (a - b).abs() < 1e-9));
    }
}

#[test]
fn exact_inliers_give_the_true_pose_whatever_the_outliers() {
    for kind in KINDS {
        let mut rng = generator(6);
        for _ in 0..300 {
            let frame = Frame3d::random(kind, &mut rng, 60, 0.0, 0.5);
            let start = moved(&frame.truth, &mut rng, frame.start_off);
            let found = refined(kind, &frame, &start).unwrap();
            let largest =
                entries(&found.model).zip(entries(&frame.truth)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(found.inliers >= 30 && largest < 1e-9, "{kind:?}: {largest}");
        }
    }
}

#[test]
fn a_match_counts_on_one_side_of_the_threshold_and_never_behind_the_camera() {
    let mut rng = generator(7);
    for kind in KINDS {
        let mut frame = Frame3d::random(kind, &mut rng, 20, 0.0, 0.0);
        let start = frame.truth;
        let place = if kind == ModelKind::Pose { 3 } else { 5 };
        for (off, counts) in [(0.99, true), (1.01, false), (-0.99, true), (-1.01, false)] {
            let mut moved = frame.clone();
            moved.rows[7][place] += off * frame.metric[2];
            let found = refined(kind, &moved, &start).unwrap();
            assert_eq!(found.inliers, if counts { 20 } else { 19 }, "{kind:?} {off}");
            let gradient = gradient(kind, &moved, &found, &random_rows(&mut rng)).unwrap();
            assert_eq!(gradient[7] != [0.0; 6], counts);
        }
        if kind == ModelKind::Pose {
            // the point mirrored at the camera's centre has the same image
            let pose = pose_of(&frame.truth);
            let behind =
                pose.rotation.transpose() * (-pose.transform(DVec3::from_slice(&frame.rows[3])) - pose.translation);
            frame.rows[3][..3].copy_from_slice(&behind.to_array());
            assert_eq!(refined(kind, &frame, &start).unwrap().inliers, 19);
        }
    }
}

#[test]
fn too_few_inliers_and_lines_are_flagged() {
    let mut rng = generator(8);
    for (kind, fewest) in [(ModelKind::Pose, 4), (ModelKind::Rigid, 3)] {
        let frame = Frame3d::random(kind, &mut rng, 20, 0.0, 0.0);
        let with = |count: usize| Frame3d { rows: frame.rows[..count].to_vec(), ..frame.clone() };
        assert!(refined(kind, &with(fewest - 1), &frame.truth).is_none());
        assert!(refined(kind, &with(0), &frame.truth).is_none());
        assert_eq!(refined(kind, &with(fewest), &frame.truth).unwrap().inliers, fewest as u32);
        let line = Frame3d::line(kind, &mut rng, 12);
        let found = refined(kind, &line, &line.truth).unwrap();
        assert!(found.inliers == 12 && found.inverse.is_none());
        assert!(entries(&found.model).all(|x| x.is_finite()));
    }
}

#[test]
fn a_hundred_thousand_wild_frames_give_no_nan() {
    for kind in KINDS {
        let mut rng = generator(9);
        let mut count = 0;
        for _ in 0..100_000 {
            let mut frame = Frame3d::random(kind, &mut rng, 8, 0.3, 0.2);
            let mut start = moved(&frame.truth, &mut rng, frame.start_off);
            for number in frame.rows.as_flattened_mut() {
                *number = wild_number(&mut rng, *number, 0.08);
            }
            if rng.random_range(0.0..1.0) < 0.1 {
                frame.rows[1] = frame.rows[0];
                frame.rows[2] = frame.rows[0];
            }
            for number in start.as_flattened_mut() {
                *number = wild_number(&mut rng, *number, 0.01);
            }
            let Some(found) = refined(kind, &frame, &start) else { continue };
            assert!(entries(&found.model).all(|x| x.is_finite()));
            let wild_gradient = random_rows(&mut rng).map(|row| row.map(|x| wild_number(&mut rng, x, 0.02)));
            if let Some(gradient) = gradient(kind, &frame, &found, &wild_gradient) {
                assert!(gradient.as_flattened().iter().all(|x| x.is_finite()));
                count += 1;
            }
        }
        println!("{kind:?}: {count} with a gradient");
        assert!(count > 10_000);
    }
}

/// Poses, flags and the gradient by the points, of the operation.
fn by_burn(device: burn::tensor::Device, kind: ModelKind, wild: bool) -> [Vec<f32>; 5] {
    let (points, starts, packing) = batch(kind, 12, wild);
    let width = if kind == ModelKind::Pose { 5 } else { 6 };
    let points = tensor(&points, [packing.matches(), width], &device).require_grad();
    let starts = tensor(&starts, [36, 12], &device);
    let found = refine_poses(kind, starts, points.clone(), &packing, &Refining::default()).unwrap();
    let weights: Vec<f32> = (0..36 * 12).map(|k| ((k * 37 % 19) as f32 - 9.0) * 0.1).collect();
    let sum = (found.models.clone() * tensor(&weights, [36, 12], &device)).sum();
    let gradient = values(points.grad(&sum.backward()).unwrap());
    let refined = values(found.valid.clone()).iter().sum::<f32>() - values(found.usable.clone()).iter().sum::<f32>();
    assert_eq!(found.degenerate(), refined as usize);
    [values(found.models), values(found.valid), values(found.inliers), values(found.usable), gradient]
}

#[test]
fn the_shader_refines_and_differentiates_as_its_twin() {
    for kind in KINDS {
        let [models, valid, inliers, usable, gradient] = by_burn(cpu(), kind, false);
        let found = by_burn(gpu(), kind, false);
        let same = (0..36).filter(|&row| inliers[row] == found[2][row] && usable[row] == found[3][row]).count();
        let [by_models, by_points] = [difference(&models, &found[0]), difference(&gradient, &found[4])];
        println!("{kind:?}: {same} of 36 alike, models {by_models:e}, gradients {by_points:e}, {inliers:?}");
        assert_eq!(valid, found[1]);
        assert!(same >= 34 && valid.iter().sum::<f32>() > 30.0);
        assert!(by_models < 2e-3 && by_points < 5e-2);
    }
}

#[test]
fn the_operation_adds_up_the_gradients_of_its_twin() {
    for kind in KINDS {
        let [_, _, _, _, found] = by_burn(cpu(), kind, false);
        let (points, starts, packing) = batch(kind, 12, false);
        let (width, metric) = if kind == ModelKind::Pose { (5, [0.02, 0.02, 0.02, 0.016]) } else { (6, [0.1; 4]) };
        let mut sums = vec![0.0; points.len()];
        for (row, start) in starts.chunks(12).enumerate() {
            let matches = packing.rows(row / 12);
            let mut rows = vec![[0.0; 6]; matches.len()];
            for (row, values) in rows.iter_mut().zip(points[width * matches.start..].chunks(width)) {
                (0..width).for_each(|k| row[k] = f64::from(values[k]));
            }
            let frame = Frame3d {
                rows,
                truth: ModelRows::default(),
                metric: metric.map(|m: f32| f64::from(m)),
                start_off: 0.0,
            };
            let rows_of = |value: &dyn Fn(usize) -> f64| -> ModelRows {
                std::array::from_fn(|i| std::array::from_fn(|k| value(4 * i + k)))
            };
            let by_model = rows_of(&|k| f64::from((((12 * row + k) * 37 % 19) as f32 - 9.0) * 0.1));
            let refined = refined(kind, &frame, &rows_of(&|k| f64::from(start[k]))).unwrap();
            let by_rows = gradient(kind, &frame, &refined, &by_model).unwrap();
            for (i, by_row) in matches.zip(by_rows) {
                (0..width).for_each(|k| sums[width * i + k] += by_row[k]);
            }
        }
        let expected: Vec<f32> = sums.iter().map(|x| *x as f32).collect();
        println!("{kind:?}: {:e}", difference(&expected, &found));
        assert!(difference(&expected, &found) < 1e-4);
    }
}

#[test]
fn nothing_wild_leaves_the_operation_on_either_backend() {
    for kind in KINDS {
        for device in [cpu(), gpu()] {
            let found = by_burn(device, kind, true);
            assert!(found[1].iter().sum::<f32>() > 20.0 && found[1..].iter().flatten().all(|x| x.is_finite()));
            // a pose that was not refined is given back as it came
            let refined = found[0].chunks(12).zip(&found[1]).filter(|(_, valid)| **valid > 0.0);
            assert!(refined.flat_map(|(model, _)| model).all(|x| x.is_finite()));
        }
    }
}

/// From points through hypotheses and refinement to the mean loss, with the gradient by the points.
fn chain(device: burn::tensor::Device, kind: ModelKind, points: &[f32]) -> (f32, Vec<f32>) {
    let (_, _, packing) = batch(kind, 1, false);
    let truth: Vec<f32> = localisation::truths(kind).iter().flat_map(entries).map(|x| x as f32).collect();
    let points = tensor(points, [packing.matches(), points.len() / packing.matches()], &device).require_grad();
    let found = draw_hypotheses(kind, points.clone(), None, &packing, &Drawing::default()).unwrap();
    let refined = refine_poses(kind, found.models, points.clone(), &packing, &Refining::default()).unwrap();
    let loss = pose_loss(kind, refined.models, tensor(&truth, [3, 12], &device)).unwrap();
    let loss = mean_over_hypotheses(loss, refined.valid);
    let gradients = loss.clone().backward();
    (loss.into_scalar::<f32>(), values(points.grad(&gradients).unwrap()))
}

#[test]
fn a_step_down_the_gradient_of_the_chain_lowers_the_loss() {
    for kind in KINDS {
        let (points, _, _) = batch(kind, 1, false);
        let (loss, gradient) = chain(cpu(), kind, &points);
        let (found, by_gpu) = chain(gpu(), kind, &points);
        let size_sq: f32 = gradient.iter().map(|g| g * g).sum();
        // as long as a hundredth of the loss is worth
        let step = 0.01 * loss / size_sq;
        let moved: Vec<f32> = points.iter().zip(&gradient).map(|(x, g)| x - step * g).collect();
        let fall = (loss - chain(cpu(), kind, &moved).0) / (0.01 * loss);
        println!("{kind:?}: {loss} {found}, gradients {:e}, fall {fall}", difference(&gradient, &by_gpu));
        assert!((loss - found).abs() < 1e-2 * loss && difference(&gradient, &by_gpu) < 0.05);
        assert!((0.8..1.2).contains(&fall));
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for kind in KINDS {
        let one = in_pool(1, || by_burn(cpu(), kind, false));
        for threads in [2, 5] {
            assert_eq!(one, in_pool(threads, || by_burn(cpu(), kind, false)));
        }
    }
}

#[test]
fn wrong_shapes_are_errors() {
    let (points, starts, packing) = batch(ModelKind::Pose, 12, false);
    let points = tensor(&points, [packing.matches(), 5], &cpu());
    let starts: Tensor<2> = tensor(&starts, [36, 12], &cpu());
    let refine = |kind, starts: Tensor<2>, points: Tensor<2>, packing: &Packing, max_rounds| {
        refine_poses(kind, starts, points, packing, &Refining { max_rounds }).is_err()
    };
    assert!(refine(ModelKind::Essential, starts.clone(), points.clone(), &packing, 100));
    assert!(refine(ModelKind::Rigid, starts.clone(), points.clone(), &packing, 100));
    assert!(refine(ModelKind::Pose, starts.clone().narrow(0, 0, 35), points.clone(), &packing, 100));
    assert!(refine(ModelKind::Pose, starts.clone().narrow(1, 0, 11), points.clone(), &packing, 100));
    assert!(refine(ModelKind::Pose, starts.clone(), points.clone().narrow(0, 0, 9), &packing, 100));
    assert!(refine(ModelKind::Pose, starts.clone(), points.clone(), &packing, 0));
    let random = random_motion(&mut generator(1), 1.0);
    assert!(entries(&random).all(|x| x.is_finite()));
}
