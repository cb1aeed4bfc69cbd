//! The operations in Burn: shaders against CPU twins, and the straight-through gradient against one made of plain tensor
//! operations.
#![cfg(feature = "train")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

#[path = "common/packed.rs"]
mod packed;
#[path = "common/shader_limits.rs"]
mod shader_limits;
#[path = "common/valid_wgsl.rs"]
mod valid_wgsl;

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use nabla_ransac::train::ops::{
    LossWeights, Packing, Sampling, Solver, Truth, mean_over_hypotheses, model_losses, pose_loss, sample_minimal,
    score_function_loss, select_hypotheses, shader_texts, solve, weighted_scores,
};
use nabla_ransac::{ModelKind, Score};
use packed::{Batch, THRESHOLD};
use shader_limits::assert_within_default_limits;
use valid_wgsl::parse;

fn cpu() -> Device {
    Device::flex().autodiff()
}

/// The GPU that Burn finds, a software one too.
fn gpu() -> Device {
    Device::wgpu(DeviceKind::DefaultDevice).autodiff()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The largest difference, relative to the root mean square of the first.
fn difference(expected: &[f32], found: &[f32]) -> f32 {
    assert_eq!(expected.len(), found.len());
    assert!(expected.iter().chain(found).all(|x| x.is_finite()));
    let rms = (expected.iter().map(|x| x * x).sum::<f32>() / expected.len() as f32).sqrt();
    expected.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / (rms + 1e-12)
}

/// A batch with its tensors.
struct OnDevice {
    batch: Batch,
    device: Device,
    packing: Packing,
}

impl OnDevice {
    fn new(kind: ModelKind, device: Device) -> Self {
        let batch = Batch::new(kind, &[60, 33, 130], 7);
        let packing = Packing::new(&batch.counts, &[[THRESHOLD; 4]; 3]).unwrap();
        Self { batch, device, packing }
    }

    fn logits(&self) -> Tensor<1> {
        tensor(&self.batch.logits, [self.batch.matches()], &self.device)
    }

    fn labels(&self) -> Tensor<1> {
        tensor(&self.batch.labels, [self.batch.matches()], &self.device)
    }

    fn points(&self) -> Tensor<2> {
        tensor(&self.batch.points, [self.batch.matches(), self.batch.width], &self.device)
    }

    fn truth(&self) -> Tensor<2> {
        tensor(&self.batch.truth, [3, 12], &self.device)
    }

    fn models(&self, hypotheses: usize) -> Tensor<2> {
        tensor(&self.batch.models_near_truth(hypotheses, 5), [3 * hypotheses, 12], &self.device)
    }
}

fn sampling(hypotheses: usize, sample_size: usize) -> Sampling {
    Sampling { hypotheses, sample_size, temperature: 0.9, seed: 4_000_000_007, step: 3, first_pair: 0 }
}

/// A weight an entry, so that every gradient differs.
fn uneven<const D: usize>(like: &Tensor<D>) -> Tensor<D> {
    let shape = like.dims();
    let weights: Vec<f32> = (0..shape.iter().product()).map(|k| ((k * 37 % 19) as f32 - 9.0) * 0.1).collect();
    tensor(&weights, shape, &like.device())
}

#[test]
fn every_shader_is_valid_without_any_feature_and_within_webgpus_default_limits() {
    for (name, text) in shader_texts() {
        let (module, _) = parse(name, &text);
        assert_within_default_limits(name, &module);
        let bindings = module.global_variables.iter().filter(|(_, variable)| variable.binding.is_some()).count();
        assert!(bindings <= 8, "{name}: {bindings}");
    }
}

/// Straight through, by a table of hypotheses × matches: softmax of the perturbed logits, made of the CPU twin's noise.
#[test]
fn the_straight_through_gradient_is_that_of_a_dense_softmax() {
    use nabla_ransac::cpu::train::sample_gumbel::{Noise, perturb};
    let problem = OnDevice::new(ModelKind::Essential, cpu());
    let sampling = sampling(6, 5);
    let (logits, points) = (problem.logits().require_grad(), problem.points().require_grad());
    let samples = sample_minimal(logits.clone(), points.clone(), &problem.packing, &sampling).unwrap();
    let weights = uneven(&samples.points);
    let gradients = (samples.points.clone() * weights.clone()).sum().backward();
    let [by_logits, by_points] = [values(logits.grad(&gradients).unwrap()), values(points.grad(&gradients).unwrap())];

    let (dense_logits, dense_points) = (problem.logits().require_grad(), problem.points().require_grad());
    let noise = Noise { seed: sampling.seed, step: sampling.step, temperature: sampling.temperature };
    let indices: Vec<i64> = samples.indices.into_data().iter::<i64>().collect();
    let mut sum = Tensor::<1>::zeros([1], &problem.device);
    for row in 0..18 {
        let matches = problem.packing.rows(row / 6);
        let mut noise_of_row = vec![0.0; matches.len()];
        perturb(&vec![0.0; matches.len()], &noise, row as u32, &mut noise_of_row);
        let noise_of_row: Vec<f32> = noise_of_row.iter().map(|x| *x as f32).collect();
        let perturbed = dense_logits.clone().narrow(0, matches.start, matches.len())
            + tensor(&noise_of_row, [matches.len()], &problem.device);
        let y = softmax(perturbed.clone() / sampling.temperature, 0);
        let mut keys: Vec<(f32, usize)> = values(perturbed).into_iter().zip(matches.clone()).collect();
        keys.sort_by(|a, b| b.0.total_cmp(&a.0));
        for k in 0..5 {
            let index = keys[k].1;
            assert_eq!(index as i64, indices[5 * row + k]);
            let share = y.clone().narrow(0, index - matches.start, 1);
            let straight_through = share.clone() - share.detach() + 1.0;
            let point = dense_points.clone().narrow(0, index, 1).reshape([4]) * straight_through;
            sum = sum + (point * weights.clone().reshape([90, 4]).narrow(0, 5 * row + k, 1).reshape([4])).sum();
        }
    }
    let gradients = sum.backward();
    assert!(difference(&values(dense_logits.grad(&gradients).unwrap()), &by_logits) < 1e-4);
    assert!(difference(&values(dense_points.grad(&gradients).unwrap()), &by_points) < 1e-5);
}

/// Samples, points and both gradients.
fn sampled(device: Device, kind: ModelKind) -> [Vec<f32>; 4] {
    let problem = OnDevice::new(kind, device);
    let (logits, points) = (problem.logits().require_grad(), problem.points().require_grad());
    let sampling = sampling(20, kind.sample_size());
    let samples = sample_minimal(logits.clone(), points.clone(), &problem.packing, &sampling).unwrap();
    let indices = samples.indices.into_data().iter::<i64>().map(|i| i as f32).collect();
    let drawn = values(samples.points.clone());
    let gradients = (samples.points.clone() * uneven(&samples.points)).sum().backward();
    [indices, drawn, values(logits.grad(&gradients).unwrap()), values(points.grad(&gradients).unwrap())]
}

#[test]
fn the_shader_draws_the_samples_of_its_twin() {
    for kind in [ModelKind::Essential, ModelKind::Fundamental, ModelKind::Pose, ModelKind::Rigid] {
        let ([indices, drawn, by_logits, by_points], found) = (sampled(cpu(), kind), sampled(gpu(), kind));
        assert_eq!(indices, found[0], "{kind:?}");
        assert_eq!(drawn, found[1], "{kind:?}");
        assert!(difference(&by_logits, &found[2]) < 1e-3, "{kind:?} {}", difference(&by_logits, &found[2]));
        assert!(difference(&by_points, &found[3]) < 1e-5, "{kind:?}");
    }
}

#[test]
fn a_pair_with_too_few_matches_gives_no_sample_and_no_gradient() {
    for device in [cpu(), gpu()] {
        let packing = Packing::new(&[3, 0, 9], &[[THRESHOLD; 4]; 3]).unwrap();
        let mut logits = vec![0.0; 12];
        logits[5] = f32::NAN;
        let logits = tensor(&logits, [12], &device).require_grad();
        let points = tensor(&[0.5; 48], [12, 4], &device);
        let samples = sample_minimal(logits.clone(), points, &packing, &sampling(2, 5)).unwrap();
        let indices: Vec<i64> = samples.indices.into_data().iter::<i64>().collect();
        assert_eq!(&indices[..20], &[-1; 20]);
        assert!(indices[20..].iter().all(|i| (3..12).contains(i) && *i != 5), "{indices:?}");
        let gradients = samples.points.sum().backward();
        let gradient = values(logits.grad(&gradients).unwrap());
        assert_eq!(&gradient[..3], &[0.0; 3]);
        assert_eq!(gradient[5], 0.0);
        assert!(gradient.iter().all(|g| g.is_finite()));
    }
}

/// Models, validity, gradients by points and weights, degenerate ones.
fn solved(device: Device, solver: Solver) -> (Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>, usize) {
    let problem = OnDevice::new(solver.kind(), device);
    let size = solver.sample_size() + usize::from(solver == Solver::Fundamental8pt) * 3;
    let samples = sample_minimal(problem.logits(), problem.points(), &problem.packing, &sampling(40, size)).unwrap();
    let points = samples.points.detach().require_grad();
    let weights = (solver == Solver::Fundamental8pt).then(|| {
        let weights: Vec<f32> = (0..120 * size).map(|k| 0.2 + (k * 13 % 17) as f32 * 0.1).collect();
        tensor(&weights, [120, size], &points.device()).require_grad()
    });
    let result = solve(solver, points.clone(), weights.clone(), problem.truth()).unwrap();
    assert_eq!(result.degenerate(), None);
    let models = result.models.clone();
    let gradients = (models.clone() * uneven(&models)).sum().backward();
    let by_weights = weights.map(|weights| values(weights.grad(&gradients).unwrap())).unwrap_or_default();
    let degenerate = result.degenerate().unwrap();
    (values(models), values(result.valid), values(points.grad(&gradients).unwrap()), by_weights, degenerate)
}

#[test]
fn the_shaders_solve_and_differentiate_as_their_twins() {
    for solver in Solver::ALL {
        let (models, valid, by_points, by_weights, degenerate) = solved(cpu(), solver);
        let (found_models, found_valid, found_by_points, found_by_weights, found_degenerate) = solved(gpu(), solver);
        let width = by_points.len() / 120;
        let (mut same, mut close) = (0, 0);
        for row in 0..120 {
            let [a, b] = [&models, &found_models].map(|m| &m[12 * row..12 * row + 12]);
            // a matrix may have either sign, and with it the gradient
            let sign = if a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>() < 0.0 { -1.0 } else { 1.0 };
            let distance = a.iter().zip(b).map(|(a, b)| (a - sign * b).abs()).fold(0.0, f32::max);
            if valid[row] == found_valid[row] && distance < 1e-2 {
                same += 1;
                let [a, b] = [&by_points, &found_by_points].map(|g| &g[width * row..width * (row + 1)]);
                close += usize::from(difference(a, &b.iter().map(|g| sign * g).collect::<Vec<_>>()) < 0.05);
            }
        }
        println!(
            "{solver:?}: {same} of 120 models alike, {close} gradients; degenerate {degenerate}, {found_degenerate}"
        );
        assert!(found_by_points.iter().all(|g| g.is_finite()));
        assert_eq!(by_weights.len(), found_by_weights.len());
        assert!(same >= 108 && close >= same - 12, "{solver:?}: {same} {close}");
    }
}

/// The three losses, and the gradients by models and points.
fn lost(device: Device, kind: ModelKind) -> [Vec<f32>; 5] {
    let problem = OnDevice::new(kind, device);
    let (models, points) = (problem.models(9).require_grad(), problem.points().require_grad());
    let truth = Truth { models: problem.truth(), labels: problem.labels() };
    let has_pose = !matches!(kind, ModelKind::Fundamental | ModelKind::Homography);
    let weights = LossWeights { pose: if has_pose { 0.5 } else { 0.0 }, ..Default::default() };
    let losses = model_losses(kind, models.clone(), points.clone(), &truth, &problem.packing, &weights).unwrap();
    let gradients = (losses.total.clone() * uneven(&losses.total)).sum().backward();
    let [by_models, by_points] = [values(models.grad(&gradients).unwrap()), values(points.grad(&gradients).unwrap())];
    let pose = losses.pose.map(values).unwrap_or_default();
    [values(losses.inlier), values(losses.error), pose, by_models, by_points]
}

#[test]
fn the_shaders_measure_and_differentiate_as_their_twins() {
    for kind in ModelKind::ALL {
        let (expected, found) = (lost(cpu(), kind), lost(gpu(), kind));
        let differences: Vec<f32> =
            expected.iter().zip(&found).map(|(a, b)| if a.is_empty() { 0.0 } else { difference(a, b) }).collect();
        println!("{kind:?}: {differences:?}");
        assert!(differences[..3].iter().all(|d| *d < 1e-3), "{kind:?}: {differences:?}");
        assert!(differences[3..].iter().all(|d| *d < 2e-2), "{kind:?}: {differences:?}");
    }
}

#[test]
fn weighted_scores_and_their_gradients_agree() {
    for kind in ModelKind::ALL {
        for score in [Score::Ransac, Score::Msac, Score::Magsacpp] {
            let of = |problem: OnDevice| {
                let weights = sigmoid(problem.logits()).detach().require_grad();
                let models = problem.models(9);
                let scores =
                    weighted_scores(kind, score, weights.clone(), models, problem.points(), &problem.packing).unwrap();
                let gradients = (scores.clone() * uneven(&scores)).sum().backward();
                [values(scores), values(weights.grad(&gradients).unwrap())]
            };
            let (expected, found) = (of(OnDevice::new(kind, cpu())), of(OnDevice::new(kind, gpu())));
            // what the last place of the coordinates is worth: 3-D points are thousands of thresholds from the origin
            let mut moved = OnDevice::new(kind, cpu());
            moved.batch.points.iter_mut().for_each(|x| *x = x.next_up());
            let moved = of(moved);
            for k in 0..2 {
                let [found, rounding] = [&found, &moved].map(|other| difference(&expected[k], &other[k]));
                println!("{kind:?} {score:?}: {found:e}, last places {rounding:e}");
                let limit = if score == Score::Ransac { 0.2 } else { 2e-4 + 4.0 * rounding };
                assert!(found < limit, "{kind:?} {score:?}: {found:e}, last places {rounding:e}");
            }
            assert!(expected[0].iter().any(|score| *score > 1.0));
        }
    }
}

/// The chain from logits and coordinates to one number, with every loss in it.
fn whole_chain(device: Device, poison: Option<f32>) -> (f32, Vec<f32>, Vec<f32>) {
    let mut problem = OnDevice::new(ModelKind::Essential, device);
    if let Some(value) = poison {
        for k in (0..problem.batch.points.len()).step_by(7) {
            problem.batch.points[k] = value;
        }
        for k in (0..problem.batch.logits.len()).step_by(5) {
            problem.batch.logits[k] = value;
        }
    }
    let (logits, points) = (problem.logits().require_grad(), problem.points().require_grad());
    let packing = &problem.packing;
    let samples = sample_minimal(logits.clone(), points.clone(), packing, &sampling(16, 5)).unwrap();
    let truth = Truth { models: problem.truth(), labels: problem.labels() };
    let solved = solve(Solver::Essential5pt, samples.points, None, truth.models.clone()).unwrap();
    let weights = LossWeights { pose: 0.3, ..Default::default() };
    let models = solved.models.clone();
    let losses = model_losses(ModelKind::Essential, models.clone(), points.clone(), &truth, packing, &weights).unwrap();
    // the gradient of the sigmoid of NaN is NaN, whatever comes after it
    let shares = if poison.is_some() { logits.clone() } else { sigmoid(logits.clone()) };
    let scores = weighted_scores(ModelKind::Essential, Score::Msac, shares, models, points.clone(), packing).unwrap();
    let total = losses.total;
    let selection = select_hypotheses(scores, solved.valid.clone(), packing, 0.5).unwrap();
    let selection = selection.expected_loss(total.clone()).unwrap().mean();
    let surrogate =
        score_function_loss(total.clone(), solved.valid.clone(), samples.indices, logits.clone(), packing).unwrap();
    let loss = mean_over_hypotheses(total, solved.valid) + selection + surrogate;
    let gradients = loss.clone().backward();
    (loss.into_scalar::<f32>(), values(logits.grad(&gradients).unwrap()), values(points.grad(&gradients).unwrap()))
}

#[test]
fn the_whole_chain_agrees_on_both_backends() {
    let (loss, by_logits, by_points) = whole_chain(cpu(), None);
    let (found, found_by_logits, found_by_points) = whole_chain(gpu(), None);
    println!("{loss} {found}");
    assert!((loss - found).abs() < 0.02 * loss.abs());
    for gradient in [&by_logits, &by_points, &found_by_logits, &found_by_points] {
        assert!(gradient.iter().all(|g| g.is_finite()) && gradient.iter().any(|g| *g != 0.0));
    }
}

#[test]
fn no_nan_leaves_the_chain() {
    for device in [cpu(), gpu()] {
        for value in [f32::NAN, f32::INFINITY, 0.0, 1e30, -1e-30] {
            let (loss, by_logits, by_points) = whole_chain(device.clone(), Some(value));
            assert!(loss.is_finite(), "{value}");
            assert!(by_logits.iter().chain(&by_points).all(|g| g.is_finite()), "{value}");
        }
    }
}

/// E[loss] over the first draw by share of exp(logit), where the loss is a number a match.
#[test]
fn the_score_function_gradient_is_unbiased() {
    let device = cpu();
    let packing = Packing::new(&[5], &[[THRESHOLD; 4]]).unwrap();
    let logits = tensor(&[0.3, -0.5, 1.0, 0.0, 0.2], [5], &device).require_grad();
    let costs = [1.0, 3.0, 0.5, 2.0, 4.0];
    let points = tensor(&costs.map(|c| [c; 4]).concat(), [5, 4], &device);
    let sampling = Sampling { hypotheses: 60_000, sample_size: 1, temperature: 1.0, seed: 5, step: 0, first_pair: 0 };
    let samples = sample_minimal(logits.clone(), points, &packing, &sampling).unwrap();
    let losses = samples.points.narrow(2, 0, 1).reshape([60_000]).detach();
    let valid = Tensor::ones([60_000], &device);
    let estimate = score_function_loss(losses, valid, samples.indices, logits.clone(), &packing).unwrap();
    let found = values(logits.grad(&estimate.backward()).unwrap());
    let shares = softmax(logits.clone(), 0);
    let expected = (shares * tensor(&costs, [5], &device)).sum();
    let expected = values(logits.grad(&expected.backward()).unwrap());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 0.02, "{found} {expected}");
    }
}

#[test]
fn wrong_shapes_are_errors() {
    let problem = OnDevice::new(ModelKind::Essential, cpu());
    let OnDevice { packing, .. } = &problem;
    assert!(Packing::new(&[1], &[]).is_err() && Packing::new(&[], &[]).is_err());
    assert!(Packing::new(&[1], &[[0.0; 4]]).is_err());
    let short = problem.logits().narrow(0, 0, 5);
    let said = sample_minimal(short, problem.points(), packing, &sampling(2, 5)).unwrap_err().to_string();
    assert!(said.contains("223") && said.contains('5'), "{said}");
    for bad in [sampling(0, 5), sampling(2, 17), Sampling { temperature: 0.0, ..sampling(2, 5) }] {
        assert!(sample_minimal(problem.logits(), problem.points(), packing, &bad).is_err());
    }
    let samples = Tensor::<3>::zeros([6, 5, 4], &problem.device);
    assert!(solve(Solver::Fundamental7pt, samples.clone(), None, problem.truth()).is_err());
    assert!(solve(Solver::PoseP3p, samples.clone().narrow(1, 0, 3), None, problem.truth()).is_err());
    assert!(solve(Solver::Essential5pt, samples.narrow(0, 0, 5), None, problem.truth()).is_err());
    assert!(pose_loss(ModelKind::Homography, problem.models(2), problem.truth()).is_err());
}
