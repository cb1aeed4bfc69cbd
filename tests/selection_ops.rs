//! The differentiable selection of DSAC in Burn: shaders against CPU twins, either gradient path alone, what bad input gives.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it measured")]

#[path = "common/packed.rs"]
mod packed;

use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use nabla_ransac::ModelKind;
use nabla_ransac::train::ScoreNetwork;
use nabla_ransac::train::ops::{
    Packing, Selection, SoftInliers, average_poses, error_images, pose_loss, select_hypotheses, sharpness_for_entropy,
    soft_inlier_scores,
};
use packed::{Batch, THRESHOLD};
use rand::{RngExt, SeedableRng, rngs::StdRng};

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

/// A weight an entry, so that every gradient differs.
fn uneven<const D: usize>(like: &Tensor<D>) -> Tensor<D> {
    let shape = like.dims();
    let weights: Vec<f32> = (0..shape.iter().product()).map(|k| ((k * 37 % 19) as f32 - 9.0) * 0.1).collect();
    tensor(&weights, shape, &like.device())
}

fn random(count: usize, seed: u64, range: std::ops::Range<f32>) -> Vec<f32> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(range.clone())).collect()
}

/// Packing of pairs whose matches are of no interest.
fn pairs(count: usize) -> Packing {
    Packing::new(&vec![4; count], &vec![[THRESHOLD; 4]; count]).unwrap()
}

const HYPOTHESES: usize = 150;

fn selected(device: &Device) -> [Vec<f32>; 6] {
    let rows = 3 * HYPOTHESES;
    let mut some = random(rows, 1, 0.0..1.0);
    some.iter_mut().for_each(|x| *x = if *x < 0.8 { 1.0 } else { 0.0 });
    some[2 * HYPOTHESES..].fill(0.0);
    let scores = tensor(&random(rows, 2, 0.0..1.0), [rows], device).require_grad();
    let losses = tensor(&random(rows, 3, 0.0..4.0), [rows], device).require_grad();
    let selection = select_hypotheses(scores.clone(), tensor(&some, [rows], device), &pairs(3), 30.0).unwrap();
    let Selection { probabilities, entropy_bits, choices } = selection.clone();
    let expected = selection.expected_loss(losses.clone()).unwrap();
    let gradients = (expected.clone() * uneven(&expected)).sum().backward();
    [
        values(probabilities),
        values(entropy_bits),
        values(choices),
        values(expected),
        values(scores.grad(&gradients).unwrap()),
        values(losses.grad(&gradients).unwrap()),
    ]
}

#[test]
fn the_shader_selects_and_differentiates_as_its_twin_and_lost_pairs_have_loss_0() {
    let (expected, found) = (selected(&cpu()), selected(&gpu()));
    for (expected, found) in expected.iter().zip(&found) {
        println!("{:e}", difference(expected, found));
        assert!(difference(expected, found) < 1e-4);
    }
    for [probabilities, entropy_bits, choices, losses, by_scores, by_losses] in [&expected, &found] {
        assert_eq!([entropy_bits[2], choices[2], losses[2]], [0.0; 3]);
        let lost = 2 * HYPOTHESES..;
        assert!([probabilities, by_scores, by_losses].iter().all(|x| x[lost.clone()].iter().all(|x| *x == 0.0)));
        assert!(entropy_bits[0] > 3.0 && choices[0] > 100.0);
    }
}

/// A small enumerated pool: central differences of E, with the scores or the losses detached in turn.
#[test]
fn either_gradient_path_of_the_expected_loss_can_be_switched_off() {
    let (score_values, loss_values) = ([0.2_f32, 0.9, 0.4, 0.7], [3.0_f32, 0.5, 1.5, 2.0]);
    let expected_at = |scores: [f32; 4], losses: [f32; 4]| -> f64 {
        let exp = scores.map(|s| (3.0 * f64::from(s)).exp());
        exp.iter().zip(losses).map(|(e, l)| e * f64::from(l)).sum::<f64>() / exp.iter().sum::<f64>()
    };
    let numeric = |of_scores: bool| -> Vec<f32> {
        (0..4)
            .map(|k| {
                let at = |step: f32| {
                    let (mut scores, mut losses) = (score_values, loss_values);
                    if of_scores {
                        scores[k] += step
                    } else {
                        losses[k] += step
                    };
                    expected_at(scores, losses)
                };
                ((at(1e-2) - at(-1e-2)) / 2e-2) as f32
            })
            .collect()
    };
    for device in [cpu(), gpu()] {
        for (with_scores, with_losses) in [(true, true), (true, false), (false, true)] {
            let scores = tensor(&score_values, [4], &device).require_grad();
            let losses = tensor(&loss_values, [4], &device).require_grad();
            let given = |tensor: &Tensor<1>, with: bool| if with { tensor.clone() } else { tensor.clone().detach() };
            let ones = Tensor::ones([4], &device);
            let selection = select_hypotheses(given(&scores, with_scores), ones, &pairs(1), 3.0).unwrap();
            let loss = selection.expected_loss(given(&losses, with_losses)).unwrap();
            assert!(
                (f64::from(loss.clone().into_scalar::<f32>()) - expected_at(score_values, loss_values)).abs() < 1e-5
            );
            let gradients = loss.backward();
            for (of, with, of_scores) in [(&scores, with_scores, true), (&losses, with_losses, false)] {
                let found = of.grad(&gradients).map(values);
                assert_eq!(found.is_some(), with);
                assert!(found.is_none_or(|found| difference(&numeric(of_scores), &found) < 2e-3));
            }
        }
    }
}

#[test]
fn losses_and_scores_that_are_not_finite_are_not_selected() {
    for device in [cpu(), gpu()] {
        let scores = tensor(&[0.0, 0.0, f32::NAN, 5.0, f32::INFINITY, 9.0], [6], &device).require_grad();
        let losses = tensor(&[1.0, 3.0, 7.0, f32::NAN, 7.0, f32::NEG_INFINITY], [6], &device).require_grad();
        let ones = Tensor::ones([6], &device);
        let selection = select_hypotheses(scores.clone(), ones, &pairs(1), 1.0).unwrap();
        let loss = selection.expected_loss(losses.clone()).unwrap();
        let gradients = loss.clone().backward();
        assert!((loss.into_scalar::<f32>() - 2.0).abs() < 1e-5);
        let [by_scores, by_losses] = [scores, losses].map(|of| values(of.grad(&gradients).unwrap()));
        println!("{by_scores:?} {by_losses:?}");
        assert!(difference(&[-0.5, 0.5, 0.0, 0.0, 0.0, 0.0], &by_scores) < 1e-3);
        assert!(difference(&[0.5, 0.5, 0.0, 0.0, 0.0, 0.0], &by_losses) < 1e-3);
        // at a sharpness that leaves the finite losses nothing
        let selection = select_hypotheses(scores_of(&device), Tensor::ones([2], &device), &pairs(1), 1e6).unwrap();
        let lost = selection.expected_loss(tensor(&[1.0, f32::NAN], [2], &device)).unwrap();
        assert_eq!(lost.into_scalar::<f32>(), 0.0);
    }
}

fn scores_of(device: &Device) -> Tensor<1> {
    tensor(&[0.0, 1.0], [2], device).require_grad()
}

/// A batch with its tensors.
struct OnDevice {
    batch: Batch,
    device: Device,
    packing: Packing,
}

const ROWS: usize = 3 * 70;

impl OnDevice {
    fn new(kind: ModelKind, counts: &[usize], device: Device) -> Self {
        let batch = Batch::new(kind, counts, 7);
        let packing = Packing::new(&batch.counts, &vec![[THRESHOLD; 4]; counts.len()]).unwrap();
        Self { batch, device, packing }
    }

    fn points(&self) -> Tensor<2> {
        tensor(&self.batch.points, [self.batch.matches(), self.batch.width], &self.device).require_grad()
    }

    fn models(&self) -> Tensor<2> {
        tensor(&self.batch.models_near_truth(70, 5), [ROWS, 12], &self.device).require_grad()
    }
}

fn averaged(device: Device) -> [Vec<f32>; 4] {
    let problem = OnDevice::new(ModelKind::Pose, &[4, 4, 4], device);
    let models = problem.models();
    let weights = tensor(&random(ROWS, 6, 0.0..1.0), [ROWS], &problem.device).require_grad();
    let mean = average_poses(models.clone(), weights.clone(), &problem.packing).unwrap();
    assert_eq!(mean.degenerate(), 0);
    let gradients = (mean.models.clone() * uneven(&mean.models)).sum().backward();
    let [by_models, by_weights] = [values(models.grad(&gradients).unwrap()), values(weights.grad(&gradients).unwrap())];
    [values(mean.models), values(mean.valid), by_models, by_weights]
}

#[test]
fn the_shader_averages_and_differentiates_as_its_twin() {
    let (expected, found) = (averaged(cpu()), averaged(gpu()));
    for (expected, found) in expected.iter().zip(&found) {
        println!("{:e}", difference(expected, found));
        assert!(difference(expected, found) < 1e-3);
    }
}

/// Half turns about z and back in the first pair, nothing in the second, one pose alone in the third, NaN in the fourth.
#[test]
fn pairs_without_a_mean_are_counted_and_have_no_gradient() {
    let identity = [1.0, 0.0, 0.0, 0.5, 0.0, 1.0, 0.0, -2.0, 0.0, 0.0, 1.0, 3.0];
    let half_turn = [-1.0, 0.0, 0.0, 0.5, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0];
    let bad = [f32::NAN; 12];
    let models = [identity, half_turn, identity, half_turn, half_turn, identity, identity, bad].concat();
    for device in [cpu(), gpu()] {
        let models = tensor(&models, [8, 12], &device).require_grad();
        let weights = tensor(&[0.5, 0.5, 0.0, 0.0, 0.0, 1.0, 0.5, 0.5], [8], &device).require_grad();
        let mean = average_poses(models.clone(), weights.clone(), &pairs(4)).unwrap();
        assert_eq!((values(mean.valid.clone()), mean.degenerate()), (vec![0.0, 0.0, 1.0, 1.0], 1));
        let found = values(mean.models.clone());
        assert_eq!(&found[..24], &[0.0; 24]);
        assert!(difference(&identity, &found[24..36]) < 1e-6 && difference(&identity, &found[36..]) < 1e-6);
        let gradients = (mean.models.clone() * uneven(&mean.models)).sum().backward();
        let [by_models, by_weights] =
            [values(models.grad(&gradients).unwrap()), values(weights.grad(&gradients).unwrap())];
        assert!(by_models.iter().chain(&by_weights).all(|g| g.is_finite()));
        assert!(by_models[..48].iter().chain(&by_weights[..4]).chain(&by_models[84..]).all(|g| *g == 0.0));
        assert!(by_models[60..72].iter().any(|g| *g != 0.0));
    }
}

fn scored(device: Device, kind: ModelKind, images: bool) -> [Vec<f32>; 3] {
    let counts = if images { [40, 40, 40] } else { [60, 33, 130] };
    let problem = OnDevice::new(kind, &counts, device);
    let (models, points) = (problem.models(), problem.points());
    let (given_models, given_points) = (models.clone(), points.clone());
    let found = if images {
        error_images(kind, given_models, given_points, &problem.packing, 40.0).unwrap()
    } else {
        let options = SoftInliers { beta: 0.5, max_error: 30.0 };
        let scores = soft_inlier_scores(kind, given_models, given_points, &problem.packing, &options).unwrap();
        scores.reshape([ROWS, 1])
    };
    let gradients = (found.clone() * uneven(&found)).sum().backward();
    [values(found), values(models.grad(&gradients).unwrap()), values(points.grad(&gradients).unwrap())]
}

#[test]
fn the_shaders_measure_errors_and_differentiate_as_their_twins() {
    for kind in ModelKind::ALL {
        for images in [false, true] {
            let (expected, found) = (scored(cpu(), kind, images), scored(gpu(), kind, images));
            let differences: Vec<f32> = expected.iter().zip(&found).map(|(a, b)| difference(a, b)).collect();
            println!("{kind:?} {images}: {differences:?}");
            assert!(differences[0] < 1e-2, "{kind:?} {images}: {differences:?}");
            // the direction of an error near 0 is that of its rounding, and errors next to the clamp are on either side
            assert!(differences[1..].iter().all(|d| *d < 5e-2), "{kind:?} {images}: {differences:?}");
        }
    }
}

#[test]
fn what_is_not_finite_or_behind_the_camera_has_no_gradient_on_either_backend() {
    for device in [cpu(), gpu()] {
        for value in [f32::NAN, f32::INFINITY, 0.0, 1e30, -1e-30, f32::MAX] {
            let mut problem = OnDevice::new(ModelKind::Pose, &[20, 20, 20], device.clone());
            for k in (0..problem.batch.points.len()).step_by(7) {
                problem.batch.points[k] = value;
            }
            let mut entries = problem.batch.models_near_truth(70, 5);
            entries[..12].fill(value);
            entries[20] = value;
            let (models, points) = (tensor(&entries, [ROWS, 12], &device).require_grad(), problem.points());
            let packing = &problem.packing;
            let kind = ModelKind::Pose;
            let scores =
                soft_inlier_scores(kind, models.clone(), points.clone(), packing, &SoftInliers::default()).unwrap();
            let images = error_images(kind, models.clone(), points.clone(), packing, 10.0).unwrap();
            let ones = Tensor::ones([ROWS], &device);
            let selection = select_hypotheses(scores.clone() + images.mean_dim(1).reshape([ROWS]), ones, packing, 9.0);
            let selection = selection.unwrap();
            let mean = average_poses(models.clone(), selection.probabilities.clone(), packing).unwrap();
            let truth = tensor(&problem.batch.truth, [3, 12], &device);
            let losses = pose_loss(kind, models.clone(), truth).unwrap();
            let loss = selection.expected_loss(losses).unwrap().sum() + mean.models.sum();
            let gradients = loss.clone().backward();
            assert!(loss.into_scalar::<f32>().is_finite(), "{value}");
            let all = [values(models.grad(&gradients).unwrap()), values(points.grad(&gradients).unwrap())];
            assert!(all.iter().flatten().all(|g| g.is_finite()), "{value}");
            assert!(values(scores)[3..].iter().any(|s| *s > 0.1));
        }
    }
}

/// 100,000 models, four a pair, of all sizes, signs and kinds of number.
#[test]
fn nothing_gives_nan_on_either_backend() {
    const PAIRS: usize = 25_000;
    let mut rng = StdRng::seed_from_u64(10);
    let mut wild = |count: usize| -> Vec<f32> {
        let mut any = |k: usize| match rng.random_range(0.0..1.0) {
            p if p < [0.0, 0.3, 0.8][k / 48 % 3] => 0.0,
            p if p < 0.82 => rng.random_range(-1.0..1.0_f32) * 10.0_f32.powi(rng.random_range(-12..12)),
            p if p < 0.85 => {
                [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, f32::MAX, f32::MIN_POSITIVE][rng.random_range(0..6)]
            }
            _ => rng.random_range(-1.0..1.0_f32),
        };
        (0..count).map(&mut any).collect()
    };
    let packing = Packing::new(&[3; PAIRS], &[[THRESHOLD; 4]; PAIRS]).unwrap();
    let rows = 4 * PAIRS;
    let [entries, numbers] = [wild(12 * rows), wild(rows)];
    let points = wild(6 * 3 * PAIRS);
    for device in [cpu(), gpu()] {
        for kind in ModelKind::ALL {
            let width = [4, 4, 4, 5, 6][kind as usize];
            let models = tensor(&entries, [rows, 12], &device).require_grad();
            let points = tensor(&points[..3 * PAIRS * width], [3 * PAIRS, width], &device).require_grad();
            let given = || (models.clone(), points.clone());
            let (m, x) = given();
            let scores = soft_inlier_scores(kind, m, x, &packing, &SoftInliers::default()).unwrap();
            let (m, x) = given();
            let images = error_images(kind, m, x, &packing, 10.0).unwrap();
            let gradients = (scores.clone().sum() + images.clone().sum()).backward();
            let mut all = [values(scores), values(images)].concat();
            all.extend([models, points].into_iter().flat_map(|of| values(of.grad(&gradients).unwrap())));
            assert!(all.iter().all(|x| x.is_finite()), "{kind:?}");
        }
        let models = tensor(&entries, [rows, 12], &device).require_grad();
        let scores = tensor(&numbers, [rows], &device).require_grad();
        let losses = tensor(&entries[..rows], [rows], &device).require_grad();
        let selection = select_hypotheses(scores.clone(), Tensor::ones([rows], &device), &packing, 3.0).unwrap();
        // weights of all kinds, beside those of the selection
        let weights = tensor(&numbers, [rows], &device).require_grad();
        let means = [weights.clone(), selection.probabilities.clone()]
            .map(|weights| average_poses(models.clone(), weights, &packing).unwrap().models);
        let [first, second] = means.clone().map(|mean| mean.sum());
        let expected = selection.expected_loss(losses.clone()).unwrap();
        let gradients = (first + second + expected.clone().sum()).backward();
        let mut all = means.map(values).concat();
        all.extend(values(expected));
        all.extend(values(selection.entropy_bits));
        all.extend([scores, losses, weights].into_iter().flat_map(|of| values(of.grad(&gradients).unwrap())));
        all.extend(values(models.grad(&gradients).unwrap()));
        assert!(all.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn the_score_passes_no_gradient_to_what_is_detached() {
    let problem = OnDevice::new(ModelKind::Pose, &[30, 30, 30], cpu());
    let (models, points) = (problem.models(), problem.points());
    let options = SoftInliers::default();
    for (with_models, with_points) in [(true, false), (false, true)] {
        let given = |tensor: &Tensor<2>, with: bool| if with { tensor.clone() } else { tensor.clone().detach() };
        let (given_models, given_points) = (given(&models, with_models), given(&points, with_points));
        let scores = soft_inlier_scores(ModelKind::Pose, given_models, given_points, &problem.packing, &options);
        let gradients = scores.unwrap().sum().backward();
        assert_eq!(models.grad(&gradients).is_some(), with_models);
        assert_eq!(points.grad(&gradients).is_some(), with_points);
    }
}

#[test]
fn the_sharpness_for_an_entropy_gives_that_entropy() {
    let device = Device::flex();
    let packing = pairs(4);
    let rows = 4 * 256;
    let ones = || Tensor::<1>::ones([rows], &device);
    for (scale, target) in [(1.0, 6.0), (1e-4, 6.0), (1e4, 2.5), (1.0, 7.99), (1.0, 0.01)] {
        let scores = tensor(&random(rows, 8, 0.0..scale), [rows], &device);
        let sharpness = sharpness_for_entropy(scores.clone(), ones(), &packing, target).unwrap();
        let found = select_hypotheses(scores, ones(), &packing, sharpness).unwrap().entropy_bits.mean();
        let found = f64::from(found.into_scalar::<f32>());
        println!("scores up to {scale:e}: sharpness {sharpness:e} for {target} bits: {found}");
        assert!((found - target).abs() < 1e-3, "{found} {target}");
    }
    let scores = || tensor(&random(rows, 8, 0.0..1.0), [rows], &device);
    assert_eq!(sharpness_for_entropy(scores(), ones(), &packing, 8.0).unwrap(), 0.0);
    assert_eq!(sharpness_for_entropy(scores() * 0.0, ones(), &packing, 6.0).unwrap(), 0.0);
    assert_eq!(sharpness_for_entropy(scores(), ones() * 0.0, &packing, 6.0).unwrap(), 0.0);
    assert!(sharpness_for_entropy(scores().log(), ones(), &packing, 6.0).unwrap().is_finite());
    // two that tie have one bit for good
    let tied = tensor(&[1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0], [12], &device);
    let most = sharpness_for_entropy(tied, Tensor::ones([12], &device), &packing, 0.5).unwrap();
    assert!(most.is_finite() && most > 1e6);
    assert!(sharpness_for_entropy(scores(), ones(), &packing, -1.0).is_err());
    assert!(sharpness_for_entropy(scores(), ones(), &packing, f64::NAN).is_err());
}

/// Hypotheses of pairs, half of them near the truth: after training the network scores those above the others.
#[test]
fn the_score_network_learns_to_tell_right_from_wrong_poses() {
    let device = cpu();
    device.seed(3);
    let mut network = ScoreNetwork::new(4, &device);
    let mut optimizer = AdamConfig::new().init();
    let images = |seed: u64, device: &Device| {
        let batch = Batch::new(ModelKind::Pose, &[144; 4], seed);
        let packing = Packing::new(&batch.counts, &[[2.0 * THRESHOLD; 4]; 4]).unwrap();
        let points = tensor(&batch.points, [576, 5], device);
        // off by at most a tenth of a thousandth, or by a tenth
        let mut rng = StdRng::seed_from_u64(seed);
        let mut wrong = Vec::new();
        let mut models = Vec::new();
        for truth in batch.truth.chunks(12) {
            for k in 0..8 {
                let off = if k % 2 == 0 { 1e-4 } else { 0.1 };
                models.extend(truth.iter().map(|x| x + off * rng.random_range(-1.0..1.0_f32)));
                wrong.push((k % 2) as f32);
            }
        }
        let images = error_images(ModelKind::Pose, tensor(&models, [32, 12], device), points, &packing, 10.0).unwrap();
        (images, tensor(&wrong, [32], device), packing)
    };
    let expected = |network: &ScoreNetwork, seed: u64, device: &Device| {
        let (images, wrong, packing) = images(seed, device);
        let scores = network.forward(images, [12, 12]).unwrap();
        let ones = Tensor::ones([32], device);
        select_hypotheses(scores, ones, &packing, 1.0).unwrap().expected_loss(wrong).unwrap().mean()
    };
    let before = expected(&network, 1000, &device).into_scalar::<f32>();
    for step in 0..120 {
        let loss = expected(&network, step, &device);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(5e-3, network, gradients);
    }
    let after = expected(&network, 1000, &device).into_scalar::<f32>();
    println!("share of wrong poses selected: {before} before, {after} after");
    assert!((before - 0.5).abs() < 0.2 && after < 0.02, "{before} {after}");
    assert!(network.forward(Tensor::zeros([2, 100], &device), [12, 12]).is_err());
}

#[test]
fn wrong_shapes_and_options_are_errors() {
    let problem = OnDevice::new(ModelKind::Pose, &[5, 6, 7], cpu());
    let (models, points, packing) = (problem.models(), problem.points(), &problem.packing);
    let one = |count: usize| Tensor::<1>::ones([count], &problem.device);
    assert!(select_hypotheses(one(6), one(5), packing, 1.0).is_err());
    assert!(select_hypotheses(one(7), one(7), packing, 1.0).is_err());
    assert!(select_hypotheses(one(6), one(6), packing, f32::NAN).is_err());
    assert!(select_hypotheses(one(6), one(6), packing, -1.0).is_err());
    assert!(select_hypotheses(one(6), one(6), packing, 1.0).unwrap().expected_loss(one(5)).is_err());
    assert!(average_poses(models.clone(), one(ROWS - 1), packing).is_err());
    assert!(average_poses(points.clone(), one(18), packing).is_err());
    let kind = ModelKind::Pose;
    let said = error_images(kind, models.clone(), points.clone(), packing, 10.0).unwrap_err().to_string();
    assert!(said.contains('5') && said.contains('6'), "{said}");
    for options in [
        SoftInliers { beta: 0.0, ..SoftInliers::default() },
        SoftInliers { max_error: f32::INFINITY, ..SoftInliers::default() },
    ] {
        assert!(soft_inlier_scores(kind, models.clone(), points.clone(), packing, &options).is_err());
    }
    let options = SoftInliers::default();
    assert!(soft_inlier_scores(ModelKind::Rigid, models.clone(), points.clone(), packing, &options).is_err());
    assert!(soft_inlier_scores(kind, models, points.narrow(0, 0, 9), packing, &options).is_err());
}
