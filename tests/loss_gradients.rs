//! The losses over matches and the straight-through gradient on the CPU, in f64, against central differences.
#![allow(clippy::print_stdout, reason = "says what it measured")]

#[path = "common/packed.rs"]
mod packed;

use nabla_ransac::ModelKind;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::train::match_losses::{
    LabelledMatches, losses_backward_of, losses_of, losses_points_backward_of,
};
use nabla_ransac::cpu::train::pose_loss::pose_loss;
use nabla_ransac::cpu::train::sample_gumbel::{Noise, perturb, sample_gumbel, sample_gumbel_backward};
use packed::{Batch, THRESHOLD};
use rand::{RngExt, SeedableRng, rngs::StdRng};

fn rows(values: &[f32]) -> ModelRows {
    std::array::from_fn(|i| std::array::from_fn(|k| f64::from(values[4 * i + k])))
}

/// Matches in the layout of kernels.
fn laid_out(batch: &Batch) -> (Vec<f32>, usize) {
    let order: &[usize] = match batch.kind {
        ModelKind::Pose => &[0, 1, 2, 9, 3, 4, 9, 9],
        ModelKind::Rigid => &[0, 1, 2, 9, 3, 4, 5, 9],
        _ => &[0, 1, 2, 3],
    };
    let row = |x: &[f32]| order.iter().map(|&k| x.get(k).copied().unwrap_or(0.0)).collect::<Vec<_>>();
    (batch.points.chunks(batch.width).flat_map(row).collect(), order.len())
}

/// Prints and gives median, 90 %, 99 % and largest of the relative errors of gradients.
fn quantiles(what: &str, mut errors: Vec<f64>) -> [f64; 4] {
    errors.sort_by(f64::total_cmp);
    let found = [0.5, 0.9, 0.99, 1.0].map(|share| errors[((errors.len() - 1) as f64 * share) as usize]);
    println!("{what:40} {:6} | {}", errors.len(), found.map(|error| format!("{error:8.1e}")).join(" "));
    found
}

/// |found − central differences| / |differences| of the gradient by the entries of a model.
fn error_by_model(model: &ModelRows, gradient: &ModelRows, loss: impl Fn(&ModelRows) -> f64) -> f64 {
    let (mut error_sq, mut norm_sq) = (0.0, 0.0);
    for i in 0..3 {
        for k in 0..4 {
            let at = |step: f64| {
                let mut moved = *model;
                moved[i][k] += step;
                loss(&moved)
            };
            let slope = |h: f64| (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let numeric = slope(1e-6);
            error_sq += (numeric - gradient[i][k]).powi(2);
            norm_sq += numeric * numeric;
        }
    }
    (error_sq / (norm_sq + 1e-12)).sqrt()
}

#[test]
fn pose_losses_have_their_gradients() {
    for kind in [ModelKind::Essential, ModelKind::Pose, ModelKind::Rigid] {
        let of_seed = |seed: u64| {
            let batch = Batch::new(kind, &[4], seed);
            let truth = rows(&batch.truth);
            let of_model = move |model: &[f32]| {
                let model = rows(model);
                error_by_model(&model, &pose_loss(kind, &model, &truth).1, |model| pose_loss(kind, model, &truth).0)
            };
            batch.models_near_truth(8, seed).chunks(12).map(of_model).collect::<Vec<_>>()
        };
        let [median, _, most, _] = quantiles(&format!("pose loss, {kind:?}"), (0..130).flat_map(of_seed).collect());
        assert!(median < 1e-7 && most < 1e-4, "{kind:?}: {median} {most}");
    }
}

#[test]
fn losses_have_their_gradients() {
    for kind in ModelKind::ALL {
        let mut errors = Vec::new();
        for seed in 0..130 {
            let batch = Batch::new(kind, &[30], seed);
            let (matches, width) = laid_out(&batch);
            let metric = [f64::from(THRESHOLD) * 10.0; 4];
            let pair = LabelledMatches { matches: &matches, width, labels: &batch.labels, metric, clamp: 50.0 };
            let weights = [0.7, 0.1];
            for model in batch.models_near_truth(8, seed).chunks(12) {
                let model = rows(model);
                let loss = |m: &ModelRows| {
                    let [a, b] = losses_of(kind, m, &pair);
                    weights[0] * a + weights[1] * b
                };
                let gradient = losses_backward_of(kind, &model, &pair, weights);
                errors.push(error_by_model(&model, &gradient, loss));
            }
        }
        // an error at its clamp within the step has no derivative: all but a few
        let [median, ninety, ..] = quantiles(&format!("losses over matches, {kind:?}"), errors);
        assert!(median < 1e-7 && ninety < 1e-4, "{kind:?}: {median} {ninety}");
    }
}

#[test]
fn losses_have_their_gradients_by_the_matches() {
    for kind in ModelKind::ALL {
        let batch = Batch::new(kind, &[40], 3);
        let (matches, width) = laid_out(&batch);
        let metric = [f64::from(THRESHOLD) * 10.0; 4];
        let labels = &batch.labels;
        for model in batch.models_near_truth(10, 4).chunks(12) {
            let model = rows(model);
            let loss = |matches: &[f32]| {
                let pair = LabelledMatches { matches, width, labels, metric, clamp: 50.0 };
                let [a, b] = losses_of(kind, &model, &pair);
                0.7 * a + 0.1 * b
            };
            let pair = LabelledMatches { matches: &matches, width, labels, metric, clamp: 50.0 };
            let mut gradient = vec![0.0; matches.len()];
            losses_points_backward_of(kind, &model, &pair, [0.7, 0.1], &mut gradient);
            let size = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            let mut off = 0;
            for k in 0..matches.len() {
                // coordinates are f32: the step is what they really move by
                let at = |step: f32| {
                    let mut moved = matches.clone();
                    moved[k] += step;
                    (loss(&moved), f64::from(moved[k]))
                };
                let ((high, x1), (low, x0)) = (at(2e-4), at(-2e-4));
                let numeric = (high - low) / (x1 - x0);
                off += usize::from((numeric - gradient[k]).abs() > 0.02 * (size + 0.01));
            }
            assert!(off <= 3, "{kind:?}: {off} of {}", matches.len());
        }
    }
}

#[test]
fn losses_of_anything_are_finite_and_have_finite_gradients() {
    let bad = [f32::NAN, f32::INFINITY, 0.0, -1e30, 1e-38];
    for kind in ModelKind::ALL {
        for (case, &value) in bad.iter().enumerate() {
            let batch = Batch::new(kind, &[20], case as u64);
            let (mut matches, width) = laid_out(&batch);
            let mut model = rows(&batch.truth);
            for (k, x) in matches.iter_mut().enumerate() {
                if k % 3 == case % 3 {
                    *x = value;
                }
            }
            let pair =
                LabelledMatches { matches: &matches, width, labels: &batch.labels, metric: [1e-3; 4], clamp: 10.0 };
            for _ in 0..2 {
                assert!(losses_of(kind, &model, &pair).iter().all(|loss| loss.is_finite()));
                let gradient = losses_backward_of(kind, &model, &pair, [1.0, 1.0]);
                assert!(gradient.iter().flatten().all(|g| g.is_finite()), "{kind:?} {value}");
                let mut sums = vec![0.0; matches.len()];
                losses_points_backward_of(kind, &model, &pair, [1.0, 1.0], &mut sums);
                assert!(sums.iter().all(|g| g.is_finite()));
                model = [[f64::from(value); 4]; 3];
            }
        }
    }
}

/// 100,000 models and matches of all sizes, signs and kinds of number.
#[test]
fn no_input_gives_nan() {
    let mut rng = StdRng::seed_from_u64(8);
    let mut any = |zeros: f64| -> f32 {
        match rng.random_range(0.0..1.0) {
            p if p < zeros => 0.0,
            p if p < zeros + 0.01 => {
                [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE][rng.random_range(0..5)]
            }
            _ => rng.random_range(-1.0..1.0_f32) * 10.0_f32.powi(rng.random_range(-12..12)),
        }
    };
    for case in 0..100_000 {
        let kind = ModelKind::ALL[case % 5];
        let width = if matches!(kind, ModelKind::Pose | ModelKind::Rigid) { 8 } else { 4 };
        let zeros = [0.0, 0.3, 0.8][case % 3];
        let matches: Vec<f32> = (0..4 * width).map(|_| any(zeros)).collect();
        let model = rows(&std::array::from_fn::<f32, 12, _>(|_| any(zeros)));
        let truth = rows(&std::array::from_fn::<f32, 12, _>(|_| any(zeros)));
        let labels = [1.0, 0.0, 1.0, 0.0];
        let pair = LabelledMatches { matches: &matches, width, labels: &labels, metric: [1e-3; 4], clamp: 10.0 };
        let mut all = losses_of(kind, &model, &pair).to_vec();
        all.extend(losses_backward_of(kind, &model, &pair, [1.0, 1.0]).as_flattened());
        let mut sums = vec![0.0; matches.len()];
        losses_points_backward_of(kind, &model, &pair, [1.0, 1.0], &mut sums);
        all.extend(sums);
        assert!(all.iter().all(|x| x.is_finite()), "case {case}: {kind:?} {model:?} {matches:?}");
        // of a motion that is not finite the operation makes 0
        if kind == ModelKind::Essential && model.iter().chain(&truth).flatten().all(|x| x.abs() < 1e6) {
            let (loss, gradient) = pose_loss(kind, &model, &truth);
            assert!(
                loss.is_finite() && gradient.iter().flatten().all(|g| !g.is_nan()),
                "case {case}: {model:?} {truth:?}"
            );
        }
    }
}

#[test]
fn samples_follow_the_logits_and_gradients_the_softmax() {
    let logits: Vec<f32> = vec![0.5, f32::NAN, -1.0, 2.0, 0.0, f32::NEG_INFINITY, 1.0];
    let (mut first, total) = ([0_u32; 7], 20_000);
    let noise = Noise { seed: 9, step: 0, temperature: 0.8 };
    for hypothesis in 0..total {
        let mut keys = vec![0.0; 7];
        perturb(&logits, &noise, hypothesis, &mut keys);
        first[sample_gumbel(&keys, 0.8, 3).unwrap().indices[0] as usize] += 1;
    }
    let sum: f32 = logits.iter().filter(|l| l.is_finite()).map(|l| l.exp()).sum();
    for (logit, &count) in logits.iter().zip(&first) {
        let share = if logit.is_finite() { logit.exp() / sum } else { 0.0 };
        // four standard deviations
        let deviation = 4.0 * (total as f32 * share * (1.0 - share)).sqrt();
        assert!((count as f32 - total as f32 * share).abs() <= deviation, "{first:?}");
    }

    // Σ_i c_i y_i of the drawn, as a function of the logits
    let mut keys = vec![0.0; 7];
    perturb(&logits, &noise, 5, &mut keys);
    let sample = sample_gumbel(&keys, 0.8, 3).unwrap();
    let by_values = [0.3, -2.0, 0.7];
    let drawn = (0..3).map(|k| (sample.indices[k] as usize, sample.shares[k], by_values[k]));
    let mut gradient = vec![0.0; 7];
    sample_gumbel_backward(&keys, 0.8, drawn, &mut gradient);
    let value = |keys: &[f64]| {
        let sum: f64 = keys.iter().map(|key| (key / 0.8).exp()).sum();
        (0..3).map(|k| by_values[k] * (keys[sample.indices[k] as usize] / 0.8).exp() / sum).sum::<f64>()
    };
    for j in 0..7 {
        let at = |step: f64| {
            let mut moved = keys.clone();
            moved[j] += step;
            value(&moved)
        };
        let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
        assert!((numeric - gradient[j]).abs() < 1e-8 || keys[j] == f64::NEG_INFINITY && gradient[j] == 0.0, "{j}");
    }
    assert!(sample_gumbel(&keys, 0.8, 6).is_none());
}
