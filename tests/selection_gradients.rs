//! The differentiable selection of DSAC on the CPU, in f64, against central differences.
#![allow(clippy::print_stdout, reason = "says what it measured")]

#[path = "common/packed.rs"]
mod packed;

use glam::{DMat3, DQuat, DVec3};
use nabla_ransac::ModelKind;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::search::normalize_matches::{pose_of, rows_of_pose};
use nabla_ransac::cpu::train::average_poses::{Average, LEAST_GAP, average_poses, average_poses_backward};
use nabla_ransac::cpu::train::error_images::{
    BoundedMatches, each_residual_of, residuals_backward_of, residuals_points_backward_of,
};
use nabla_ransac::cpu::train::match_losses::Match;
use nabla_ransac::cpu::train::select_hypotheses::{select_hypotheses, select_hypotheses_backward};
use nabla_ransac::cpu::train::soft_inliers::{soft_inlier_slope, soft_inliers};
use nabla_ransac::geometry::Pose;
use packed::{Batch, THRESHOLD};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// The derivative along one number.
fn slope(h: f64, at: impl Fn(f64) -> f64) -> f64 {
    (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
}

/// |found − expected| / |expected|, where that is more than 1e-4.
fn relative(expected: &[f64], found: &[f64]) -> f64 {
    let off: f64 = expected.iter().zip(found).map(|(a, b)| (a - b).powi(2)).sum();
    (off / (expected.iter().map(|a| a * a).sum::<f64>() + 1e-8)).sqrt()
}

/// Prints and gives median, 90 %, 99 % and largest.
fn quantiles(what: &str, mut errors: Vec<f64>) -> [f64; 4] {
    errors.sort_by(f64::total_cmp);
    let found = [0.5, 0.9, 0.99, 1.0].map(|share| errors[((errors.len() - 1) as f64 * share) as usize]);
    println!("{what:40} {:6} | {}", errors.len(), found.map(|error| format!("{error:8.1e}")).join(" "));
    found
}

fn vector(rng: &mut StdRng, scale: f64) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|_| rng.random_range(-scale..scale)))
}

/// An enumerated pool of hypotheses: E = Σ p l by the scores, by the losses, and by each alone.
#[test]
fn the_expected_loss_has_its_gradient_along_either_path() {
    let mut rng = StdRng::seed_from_u64(1);
    let (mut by_scores, mut by_losses) = (Vec::new(), Vec::new());
    for case in 0..2000 {
        let count = rng.random_range(1..9);
        let scale = [0.01, 1.0, 30.0][case % 3];
        let mut scores: Vec<f64> = (0..count).map(|_| rng.random_range(-scale..scale)).collect();
        let mut losses: Vec<f64> = (0..count).map(|_| rng.random_range(0.0..5.0)).collect();
        let mut valid: Vec<bool> = (0..count).map(|_| rng.random_range(0.0..1.0) < 0.8).collect();
        valid[0] = true;
        // ties, and hypotheses that are as good
        if case % 4 == 0 {
            scores[count - 1] = scores[0];
            losses[count - 1] = losses[0];
        }
        let sharpness = rng.random_range(0.1..3.0);
        let expected = |scores: &[f64], losses: &[f64]| -> f64 {
            let p = select_hypotheses(scores, &valid, sharpness).each;
            p.iter().zip(losses).map(|(p, l)| p * l).sum()
        };
        let p = select_hypotheses(&scores, &valid, sharpness).each;
        let found = select_hypotheses_backward(&p, &losses, sharpness);
        let along = |of: &[f64], k: usize, step: f64| {
            let mut moved = of.to_vec();
            moved[k] += step;
            moved
        };
        let numeric: Vec<f64> =
            (0..count).map(|k| slope(1e-4, |step| expected(&along(&scores, k, step), &losses))).collect();
        by_scores.push(numeric.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max));
        let numeric: Vec<f64> =
            (0..count).map(|k| slope(1e-4, |step| expected(&scores, &along(&losses, k, step)))).collect();
        by_losses.push(numeric.iter().zip(&p).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max));
    }
    let [.., most] = quantiles("expected loss, by scores", by_scores);
    assert!(most < 1e-9, "{most}");
    let [.., most] = quantiles("expected loss, by losses", by_losses);
    assert!(most < 1e-9, "{most}");
}

#[test]
fn the_entropy_is_that_of_the_probabilities_and_what_has_no_model_has_none() {
    let even = select_hypotheses(&[0.3; 8], &[true; 8], 5.0);
    assert!((even.entropy_bits - 3.0).abs() < 1e-12 && even.choices == 8);
    let sure = select_hypotheses(&[0.0, 1.0, 0.5], &[true; 3], 1e6);
    assert!(sure.each[1] == 1.0 && sure.each[0] + sure.each[2] + sure.entropy_bits < 1e-80);
    let some = select_hypotheses(&[9.0, 1.0, f64::NAN, 1.0, f64::INFINITY], &[false, true, true, true, true], 2.0);
    assert_eq!((some.each, some.choices), (vec![0.0, 0.5, 0.0, 0.5, 0.0], 2));
    let lost = select_hypotheses(&[1.0, 2.0], &[false; 2], 1.0);
    assert_eq!((lost.each, lost.entropy_bits, lost.choices), (vec![0.0; 2], 0.0, 0));
    let mut rng = StdRng::seed_from_u64(2);
    for _ in 0..1000 {
        let scores: Vec<f64> = (0..20).map(|_| rng.random_range(-3.0..3.0)).collect();
        let found = select_hypotheses(&scores, &[true; 20], 1.5);
        let direct: f64 = found.each.iter().map(|p| -p * p.log2()).sum();
        assert!((found.entropy_bits - direct).abs() < 1e-12);
    }
}

/// Poses up to `spread` radians apart.
fn pool(rng: &mut StdRng, count: usize, spread: f64) -> (Vec<ModelRows>, Vec<f64>) {
    let base = DQuat::from_scaled_axis(vector(rng, 2.0));
    let pose = |rng: &mut StdRng| {
        let rotation = DMat3::from_quat(base * DQuat::from_scaled_axis(vector(rng, spread)));
        rows_of_pose(&Pose { rotation, translation: vector(rng, 3.0) })
    };
    let poses = (0..count).map(|_| pose(rng)).collect();
    let mut weights: Vec<f64> = (0..count).map(|_| rng.random_range(0.05..1.0)).collect();
    if rng.random_range(0.0..1.0) < 0.2 {
        weights[0] = 0.0;
    }
    (poses, weights)
}

fn mean_of(models: &[ModelRows], weights: &[f64]) -> Option<(Pose, f64)> {
    match average_poses(models, weights) {
        Average::Mean { pose, gap } => Some((pose, gap)),
        _ => None,
    }
}

#[test]
fn mean_poses_have_their_gradient_by_poses_and_weights_near_singular_ones_too() {
    let mut rng = StdRng::seed_from_u64(3);
    let (mut by_models, mut by_weights, mut near) = (Vec::new(), Vec::new(), Vec::new());
    for case in 0..3000 {
        // rotations all over the place have means that are nearly undefined
        let spread = [0.01, 0.5, 3.0][case % 3];
        let nearly_undefined = case % 10 == 0;
        let count = if nearly_undefined { 2 } else { rng.random_range(2..7) };
        let (mut models, mut weights) = pool(&mut rng, count, spread);
        if nearly_undefined {
            let pose = pose_of(&models[0]);
            let rotation = DMat3::from_axis_angle(vector(&mut rng, 1.0).normalize(), 3.1) * pose.rotation;
            models[1] = rows_of_pose(&Pose { rotation, ..pose });
            let off = 10.0_f64.powf(rng.random_range(-3.5..-1.5));
            weights = vec![0.5 + off, 0.5 - off];
        }
        let Some((_, gap)) = mean_of(&models, &weights) else { continue };
        let by_mean: ModelRows = std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
        let value = |models: &[ModelRows], weights: &[f64]| {
            let rows = rows_of_pose(&mean_of(models, weights).unwrap().0);
            rows.as_flattened().iter().zip(by_mean.as_flattened()).map(|(a, b)| a * b).sum::<f64>()
        };
        let found = average_poses_backward(&models, &weights, &by_mean);
        let h = 1e-4 * gap.min(0.1);
        let mut numeric = Vec::new();
        for k in 0..count {
            for entry in 0..12 {
                let along = |step: f64| {
                    let mut moved = models.clone();
                    moved[k].as_flattened_mut()[entry] += step;
                    value(&moved, &weights)
                };
                numeric.push(if weights[k] > 0.0 { slope(h, along) } else { 0.0 });
            }
        }
        let flat: Vec<f64> = found.models.iter().flat_map(|model| model.as_flattened()).copied().collect();
        let error = relative(&numeric, &flat);
        let numeric: Vec<f64> = (0..count)
            .map(|k| {
                let along = |step: f64| {
                    let mut moved = weights.clone();
                    moved[k] += step;
                    value(&models, &moved)
                };
                // only one side of weight 0 is there
                if weights[k] > 0.0 { slope(h, along) } else { found.weights[k] }
            })
            .collect();
        by_weights.push(relative(&numeric, &found.weights));
        if gap < 0.05 {
            near.push(error);
        }
        by_models.push(error);
    }
    let [median, _, most, _] = quantiles("mean pose, by poses", by_models);
    assert!(median < 1e-9 && most < 1e-6, "{median} {most}");
    let [median, _, most, _] = quantiles("mean pose, by weights", by_weights);
    assert!(median < 1e-9 && most < 1e-6, "{median} {most}");
    assert!(near.len() > 20, "{}", near.len());
    let [.., most] = quantiles("mean pose, nearly undefined, by poses", near);
    assert!(most < 1e-4, "{most}");
}

#[test]
fn the_mean_under_all_weight_on_one_pose_is_that_pose() {
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..1000 {
        let (models, _) = pool(&mut rng, 5, 3.0);
        let chosen = rng.random_range(0..5);
        let weights: Vec<f64> = (0..5).map(|k| f64::from(u8::from(k == chosen))).collect();
        let mean = rows_of_pose(&mean_of(&models, &weights).unwrap().0);
        assert!(relative(models[chosen].as_flattened(), mean.as_flattened()) < 1e-14);
    }
}

/// x' = Q x + q: the mean of the moved poses is the moved mean.
#[test]
fn the_mean_does_not_depend_on_where_the_origin_of_the_world_is() {
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..1000 {
        let (models, weights) = pool(&mut rng, 6, 0.4);
        let turn = DMat3::from_quat(DQuat::from_scaled_axis(vector(&mut rng, 3.0)));
        let shift = vector(&mut rng, 100.0);
        let moved = |pose: &Pose| {
            let rotation = pose.rotation * turn.transpose();
            Pose { rotation, translation: pose.translation - rotation * shift }
        };
        let of_moved: Vec<ModelRows> = models.iter().map(|model| rows_of_pose(&moved(&pose_of(model)))).collect();
        let expected = moved(&mean_of(&models, &weights).unwrap().0);
        let found = mean_of(&of_moved, &weights).unwrap().0;
        assert!((found.rotation - expected.rotation).abs_diff_eq(DMat3::ZERO, 1e-11));
        assert!(found.translation.abs_diff_eq(expected.translation, 1e-9));
    }
}

#[test]
fn rotations_without_a_mean_are_flagged_and_have_no_gradient() {
    let turned = |axis: DVec3, angle: f64| {
        rows_of_pose(&Pose { rotation: DMat3::from_axis_angle(axis, angle), translation: DVec3::ONE })
    };
    let half = std::f64::consts::PI;
    let opposite = [turned(DVec3::Z, 0.0), turned(DVec3::Z, half)];
    // of negative determinant
    let three = [turned(DVec3::X, half), turned(DVec3::Y, half), turned(DVec3::Z, half)];
    for models in [&opposite[..], &three[..]] {
        let weights = vec![0.5; models.len()];
        assert!(matches!(average_poses(models, &weights), Average::Undefined));
        let gradients = average_poses_backward(models, &weights, &[[1.0; 4]; 3]);
        assert!(gradients.models.iter().all(|model| *model == ModelRows::default()));
        assert!(gradients.weights.iter().all(|g| *g == 0.0));
    }
    // on either side of the bound
    for (gap, is_mean) in [(1.01 * LEAST_GAP, true), (0.99 * LEAST_GAP, false)] {
        // M = diag(gap / 2, gap / 2, 1)
        let weights = [0.5 + 0.25 * gap, 0.5 - 0.25 * gap];
        assert_eq!(mean_of(&opposite, &weights).is_some(), is_mean, "{gap}");
    }
    assert!(matches!(average_poses(&opposite, &[0.0, 0.0]), Average::Nothing));
    assert!(matches!(average_poses(&[[[0.0; 4]; 3]], &[1.0]), Average::Nothing));
}

fn rows(values: &[f32]) -> ModelRows {
    std::array::from_fn(|i| std::array::from_fn(|k| f64::from(values[4 * i + k])))
}

/// Matches in the layout of kernels, and the numbers of it that are coordinates.
fn laid_out(batch: &Batch) -> (Vec<Match>, Vec<usize>) {
    let order: &[usize] = match batch.kind {
        ModelKind::Pose => &[0, 1, 2, 4, 5],
        ModelKind::Rigid => &[0, 1, 2, 4, 5, 6],
        _ => &[0, 1, 2, 3],
    };
    let row = |x: &[f32]| {
        let mut match_ = Match::default();
        for (place, value) in order.iter().zip(x) {
            match_[*place] = f64::from(*value);
        }
        match_
    };
    (batch.points.chunks(batch.width).map(row).collect(), order.to_vec())
}

const BETA: f64 = 5.0;

/// By the models and by the matches, of noisy matches whose errors are on both sides of the clamp.
#[test]
fn soft_inlier_scores_have_their_gradients() {
    for kind in ModelKind::ALL {
        let (mut by_model, mut by_points) = (Vec::new(), Vec::new());
        for seed in 0..130 {
            let batch = Batch::new(kind, &[20], seed);
            let (matches, places) = laid_out(&batch);
            let metric = [f64::from(THRESHOLD) * 10.0; 4];
            let pair = BoundedMatches { matches: &matches, metric, max_error: 6.0 };
            let slope_of = |_: usize, r: f64| soft_inlier_slope(r, BETA) / 20.0;
            for model in batch.models_near_truth(8, seed).chunks(12) {
                let model = rows(model);
                let found = residuals_backward_of(kind, &model, &pair, slope_of);
                let numeric: Vec<f64> = (0..12)
                    .map(|entry| {
                        slope(1e-6, |step| {
                            let mut moved = model;
                            moved.as_flattened_mut()[entry] += step;
                            soft_inliers(kind, &moved, &pair, BETA)
                        })
                    })
                    .collect();
                by_model.push(relative(&numeric, found.as_flattened()));
                let mut sums = vec![Match::default(); matches.len()];
                residuals_points_backward_of(kind, &model, &pair, slope_of, &mut sums);
                let (mut numeric, mut found) = (Vec::new(), Vec::new());
                for (i, &place) in (0..20).flat_map(|i| places.iter().map(move |place| (i, place))) {
                    found.push(sums[i][place]);
                    numeric.push(slope(1e-6, |step| {
                        let mut moved = matches.clone();
                        moved[i][place] += step;
                        soft_inliers(kind, &model, &BoundedMatches { matches: &moved, ..pair }, BETA)
                    }));
                }
                by_points.push(relative(&numeric, &found));
            }
        }
        // an error at its clamp or at 0 within the step has no derivative: all but a few
        let [median, ninety, ..] = quantiles(&format!("soft inliers, {kind:?}, by models"), by_model);
        assert!(median < 1e-7 && ninety < 1e-4, "{kind:?}: {median} {ninety}");
        let [median, ninety, ..] = quantiles(&format!("soft inliers, {kind:?}, by points"), by_points);
        assert!(median < 1e-7 && ninety < 1e-4, "{kind:?}: {median} {ninety}");
    }
}

#[test]
fn error_images_have_their_gradients() {
    for kind in ModelKind::ALL {
        let mut errors = Vec::new();
        for seed in 0..150 {
            let batch = Batch::new(kind, &[20], seed);
            let (matches, _) = laid_out(&batch);
            let pair = BoundedMatches { matches: &matches, metric: [f64::from(THRESHOLD) * 10.0; 4], max_error: 50.0 };
            let weight = |i: usize| (i % 7) as f64 - 3.0;
            for model in batch.models_near_truth(8, seed).chunks(12) {
                let model = rows(model);
                let value = |model: &ModelRows| {
                    let mut sum = 0.0;
                    each_residual_of(kind, model, &pair, |i, r| sum += weight(i) * r.unwrap());
                    sum
                };
                let found = residuals_backward_of(kind, &model, &pair, |i, _| weight(i));
                let numeric: Vec<f64> = (0..12)
                    .map(|entry| {
                        slope(1e-7, |step| {
                            let mut moved = model;
                            moved.as_flattened_mut()[entry] += step;
                            value(&moved)
                        })
                    })
                    .collect();
                errors.push(relative(&numeric, found.as_flattened()));
            }
        }
        let [median, ninety, ..] = quantiles(&format!("error images, {kind:?}"), errors);
        assert!(median < 1e-6 && ninety < 1e-3, "{kind:?}: {median} {ninety}");
    }
}

/// A point on the axis of a camera at the origin, seen `error` thresholds off; `depth` of it.
fn seen(error: f64, depth: f64) -> (ModelRows, [Match; 1]) {
    let model = rows_of_pose(&Pose { rotation: DMat3::IDENTITY, translation: DVec3::ZERO });
    (model, [[0.1 * depth, 0.2 * depth, depth, 0.0, 0.1 + error * 0.01, 0.2, 0.0, 0.0]])
}

#[test]
fn scores_are_constant_beyond_the_clamp_behind_the_camera_and_flat_at_zero_error() {
    let of = |model: &ModelRows, matches: &[Match]| {
        let pair = BoundedMatches { matches, metric: [0.01; 4], max_error: 3.0 };
        let mut sums = [Match::default()];
        let slope_of = |_: usize, r: f64| soft_inlier_slope(r, BETA);
        residuals_points_backward_of(ModelKind::Pose, model, &pair, slope_of, &mut sums);
        (soft_inliers(ModelKind::Pose, model, &pair, BETA), sums[0])
    };
    let far = 1.0 / (1.0 + (BETA * 2.0).exp());
    for (error, depth, has_gradient) in
        [(2.9999, 2.0, true), (3.0001, 2.0, false), (90.0, 2.0, false), (0.0, -2.0, false), (1.0, 2.0, true)]
    {
        let (model, matches) = seen(error, depth);
        let (score, gradient) = of(&model, &matches);
        assert_eq!(gradient.iter().any(|g| *g != 0.0), has_gradient, "{error} {depth}");
        if !has_gradient {
            assert!((score - far).abs() < 1e-15, "{error} {depth}: {score}");
        } else {
            // the derivative by the error, by which x moves
            let slope_at = soft_inlier_slope(error, BETA) / 0.01;
            assert!((gradient[4] - slope_at).abs() < 1e-6 * slope_at.abs().max(1e-3), "{error}: {}", gradient[4]);
        }
    }
    // continuous at the clamp
    let [inside, outside] = [3.0 - 1e-9, 3.0 + 1e-9].map(|error| {
        let (model, matches) = seen(error, 2.0);
        of(&model, &matches).0
    });
    assert!((inside - outside).abs() < 1e-9);
    // an error of exactly 0: representable without rounding
    let model = rows_of_pose(&Pose { rotation: DMat3::IDENTITY, translation: DVec3::ZERO });
    let (score, gradient) = of(&model, &[[0.5, 0.25, 1.0, 0.0, 0.5, 0.25, 0.0, 0.0]]);
    assert!((score - 1.0 / (1.0 + (-BETA).exp())).abs() < 1e-15);
    assert_eq!(gradient, Match::default());
    // and errors near it: of size, not of direction alone
    let (model, matches) = seen(1e-7, 2.0);
    assert!(of(&model, &matches).1[4].abs() < 10.0);
    let (score, gradient) = of(&model, &[[f64::NAN, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]);
    assert_eq!((score, gradient), (0.0, Match::default()));
}

/// 100,000 of all sizes, signs and kinds of number.
#[test]
fn no_input_of_the_selection_gives_nan() {
    let mut rng = StdRng::seed_from_u64(9);
    let mut any = |zeros: f64| -> f64 {
        let value: f32 = match rng.random_range(0.0..1.0) {
            p if p < zeros => 0.0,
            p if p < zeros + 0.02 => {
                [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, f32::MAX, f32::MIN_POSITIVE][rng.random_range(0..6)]
            }
            _ => rng.random_range(-1.0..1.0_f32) * 10.0_f32.powi(rng.random_range(-12..12)),
        };
        f64::from(value)
    };
    for case in 0..100_000 {
        let kind = ModelKind::ALL[case % 5];
        let zeros = [0.0, 0.3, 0.8][case % 3];
        let matches: [Match; 3] = std::array::from_fn(|_| std::array::from_fn(|_| any(zeros)));
        let models: [ModelRows; 4] =
            std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| any(zeros))));
        let numbers: [f64; 4] = std::array::from_fn(|_| any(zeros));
        let pair = BoundedMatches { matches: &matches, metric: [1e-3; 4], max_error: 10.0 };
        let mut all = Vec::new();
        for model in &models {
            all.push(soft_inliers(kind, model, &pair, BETA));
            let slope_of = |_: usize, r: f64| soft_inlier_slope(r, BETA);
            all.extend(residuals_backward_of(kind, model, &pair, slope_of).as_flattened());
            let mut sums = [Match::default(); 3];
            residuals_points_backward_of(kind, model, &pair, |_, _| 1.0, &mut sums);
            all.extend(sums.as_flattened());
        }
        let selection = select_hypotheses(&numbers, &[true, true, case % 2 == 0, false], 100.0);
        all.extend(&selection.each);
        all.push(selection.entropy_bits);
        all.extend(select_hypotheses_backward(&selection.each, &numbers.map(|x| 1.0 / x), 100.0));
        if let Some((pose, _)) = mean_of(&models, &numbers) {
            all.extend(rows_of_pose(&pose).as_flattened());
        }
        let gradients = average_poses_backward(&models, &numbers, &[[1.0; 4]; 3]);
        all.extend(gradients.models.iter().flatten().flatten());
        all.extend(&gradients.weights);
        assert!(all.iter().all(|x| x.is_finite()), "case {case}: {kind:?} {models:?} {matches:?} {numbers:?} {all:?}");
    }
}
