//! A feature detector that learns where its key points are, to a fraction of a pixel, from nothing but the poses of image pairs.
//!
//! `cargo run --release --features train --example train_matcher -- --steps 600 --seed 1 [--gpu]`
//!
//! Every key point is a blurred spot, found up to 1.5 px off; 30 % of the matches are of faint spots that have nothing to do
//! with each other. A small network sees the 9×9 patch around each key point and says how far off it is, and how much it is
//! to be trusted. No one tells it either: its only teacher is the error of the essential matrices of minimal samples, whose
//! gradient goes through the solver to the coordinates and through the sampler to the trust. Every fifty steps
//! the loss is measured on scenes held out, and the estimator run on them.
#![expect(clippy::print_stdout, reason = "an example prints")]

use anyhow::{Context, bail};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{log_sigmoid, relu, sigmoid};
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use glam::{DMat3, DQuat, DVec2, DVec3, dvec2};
use nabla_ransac::cpu::search::normalize_matches::rows_of_pose;
use nabla_ransac::geometry::Pose;
use nabla_ransac::geometry::accuracy::{median, pose_error_deg};
use nabla_ransac::train::ops::{
    LossWeights, Packing, Sampling, Truth, mean_over_hypotheses, model_losses, sample_minimal, solve_essential_5pt,
};
use nabla_ransac::{Backend, Camera, Estimator, MatchesView, Model, ModelKind, Options, Problem, Sampler};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const PATCH: usize = 9;
const FOCAL_PX: f64 = 500.0;
const PAIRS: usize = 16;
const HYPOTHESES: usize = 32;
const MOST_OFF_PX: f64 = 1.5;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse()?;
    let device = if arguments.gpu { Device::wgpu(DeviceKind::DefaultDevice) } else { Device::flex() }.autodiff();
    device.seed(arguments.seed);
    let mut network = Network::new(&device);
    let clipping = GradientClippingConfig::Norm(1.0);
    let mut optimizer = AdamConfig::new().with_grad_clipping(Some(clipping)).init();
    let mut rng = StdRng::seed_from_u64(arguments.seed);
    let held_out: Vec<Pair> = (0..40).map(|k| Pair::random(&mut StdRng::seed_from_u64(1_000_000 + k))).collect();

    println!("        training |         held out");
    println!("step     loss    |  loss   key points off, px   median pose error, degrees   seconds");
    let start = std::time::Instant::now();
    let (mut sum, mut count, mut degenerate) = (0.0, 0, 0);
    for step in 0..=arguments.steps {
        if step % 50 == 0 || step == arguments.steps {
            // always with the same noise
            let (held_out_loss, _) = network.loss(&held_out, 0, 0, &device)?;
            let held_out_loss = held_out_loss.into_scalar::<f32>();
            let [off_px, error_deg] = measure(&network, &held_out, &device)?;
            let loss = if count == 0 { "    -".to_owned() } else { format!("{:.3}", sum / f64::from(count)) };
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{step:4}    {loss}    |  {held_out_loss:.3}       {off_px:.3}                {error_deg:.3}                 {seconds:.0}"
            );
            (sum, count) = (0.0, 0);
        }
        let pairs: Vec<Pair> = (0..PAIRS).map(|_| Pair::random(&mut rng)).collect();
        let (loss, solved) = network.loss(&pairs, arguments.seed, step, &device)?;
        sum += f64::from(loss.clone().into_scalar::<f32>());
        count += 1;
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        degenerate += solved.degenerate().unwrap_or(0);
        let rate = 2e-3 * 0.1_f64.powf(f64::from(step) / f64::from(arguments.steps.max(1)));
        network = optimizer.step(rate, network, gradients);
    }
    let all = (arguments.steps + 1) as usize * PAIRS * HYPOTHESES;
    println!("{degenerate} of at most {all} essential matrices were too ill-conditioned for a gradient");
    Ok(())
}

/// How far off the key point is, and how much it is to be trusted, of a patch.
#[derive(Module, Debug)]
struct Network {
    hidden: Linear,
    output: Linear,
}

impl Network {
    fn new(device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(PATCH * PATCH, 48).init(device),
            output: LinearConfig::new(48, 3).init(device),
        }
    }

    /// Matches x1 y1 x2 y2 [M, 4], normalised, with the key points where the network says that they are, and the logits [M].
    fn matches(&self, pairs: &[Pair], device: &Device) -> (Tensor<2>, Tensor<1>) {
        let count: usize = pairs.iter().map(Pair::len).sum();
        let table = |values: Vec<f32>, width: usize| {
            let rows = values.len() / width;
            Tensor::<2>::from_data(TensorData::new(values, [rows, width]), device)
        };
        // the two patches of a match one after the other
        let patches = table(pairs.iter().flat_map(|pair| pair.patches.iter().copied()).collect(), PATCH * PATCH);
        let found = table(pairs.iter().flat_map(|pair| pair.found.iter().copied()).collect(), 4);
        let output = self.output.forward(relu(self.hidden.forward(patches)));
        let offsets_px = output.clone().narrow(1, 0, 2).reshape([count, 4]);
        let logits = log_sigmoid(output.narrow(1, 2, 1).reshape([count, 2])).sum_dim(1).reshape([count]);
        (found + offsets_px / FOCAL_PX as f32, logits)
    }

    /// The mean loss over the essential matrices of minimal samples.
    fn loss(
        &self,
        pairs: &[Pair],
        seed: u64,
        step: u32,
        device: &Device,
    ) -> anyhow::Result<(Tensor<1>, nabla_ransac::train::ops::Solved)> {
        let counts: Vec<usize> = pairs.iter().map(Pair::len).collect();
        let packing = Packing::new(&counts, &vec![[1.0 / FOCAL_PX as f32; 4]; pairs.len()])?;
        let (points, logits) = self.matches(pairs, device);
        let models: Vec<f32> = pairs.iter().flat_map(|pair| pair.truth_rows()).collect();
        let labels: Vec<f32> = pairs.iter().flat_map(|pair| pair.labels.iter().copied()).collect();
        let truth = Truth {
            models: Tensor::from_data(TensorData::new(models, [pairs.len(), 12]), device),
            labels: Tensor::from_data(TensorData::new(labels, [packing.matches()]), device),
        };
        let sampling = Sampling { hypotheses: HYPOTHESES, sample_size: 5, temperature: 1.0, seed, step, first_pair: 0 };
        let samples = sample_minimal(logits, points.clone(), &packing, &sampling)?;
        let solved = solve_essential_5pt(samples.points, truth.models.clone())?;
        let weights = LossWeights { inlier: 0.0, pose: 1.0, error: 0.02, clamp: 25.0 };
        let models = solved.models.clone();
        let losses = model_losses(ModelKind::Essential, models, points, &truth, &packing, &weights)?;
        Ok((mean_over_hypotheses(losses.total, solved.valid.clone()), solved))
    }
}

/// An image pair with known motion.
struct Pair {
    camera2_from_camera1: Pose,
    /// Matches as they were found, x1 y1 x2 y2, normalised.
    found: Vec<f32>,
    /// How far the key points of both images are from where they were found, pixels.
    off_px: Vec<[DVec2; 2]>,
    /// Of each match the patches around both points as found.
    patches: Vec<f32>,
    /// 1 for matches of the same point.
    labels: Vec<f32>,
}

impl Pair {
    fn random(rng: &mut StdRng) -> Self {
        let mut vector = |scale: f64| DVec3::from_array(std::array::from_fn(|_| rng.random_range(-scale..scale)));
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(vector(0.3)));
        let camera2_from_camera1 = Pose { rotation, translation: vector(1.0).normalize() };
        let mut pair = Self { camera2_from_camera1, found: vec![], off_px: vec![], patches: vec![], labels: vec![] };
        let count = rng.random_range(50..80);
        while pair.len() < count {
            pair.add_match(rng);
        }
        pair
    }

    fn len(&self) -> usize {
        self.labels.len()
    }

    fn add_match(&mut self, rng: &mut StdRng) {
        let point = |rng: &mut StdRng| {
            DVec3::new(rng.random_range(-2.0..2.0), rng.random_range(-2.0..2.0), rng.random_range(3.0..8.0))
        };
        let same = rng.random_range(0.0..1.0) < 0.7;
        let world = point(rng);
        let other = if same { self.camera2_from_camera1.transform(world) } else { point(rng) };
        if other.z < 1.0 {
            return;
        }
        let mut off =
            || dvec2(rng.random_range(-MOST_OFF_PX..MOST_OFF_PX), rng.random_range(-MOST_OFF_PX..MOST_OFF_PX));
        let off_px = [off(), off()];
        for (ray, off_px) in [world, other].into_iter().zip(off_px) {
            let found = ray.truncate() / ray.z - off_px / FOCAL_PX;
            self.found.extend([found.x as f32, found.y as f32]);
            self.patches.extend(patch(off_px, same, rng));
        }
        self.off_px.push(off_px);
        self.labels.push(if same { 1.0 } else { 0.0 });
    }

    fn truth_rows(&self) -> Vec<f32> {
        rows_of_pose(&self.camera2_from_camera1).iter().flatten().map(|x| *x as f32).collect()
    }
}

/// A spot that is so far from the middle of the patch, on a slope, with noise; faint for what is no key point.
fn patch(off_px: DVec2, is_point: bool, rng: &mut StdRng) -> Vec<f32> {
    let contrast = if is_point { rng.random_range(0.7..1.3) } else { rng.random_range(0.2..0.8) };
    let size_px = dvec2(rng.random_range(1.0..1.8), rng.random_range(1.0..1.8));
    let slope = dvec2(rng.random_range(-0.03..0.03), rng.random_range(-0.03..0.03));
    let middle = (PATCH / 2) as f64;
    let value = |k: usize| {
        let at = dvec2((k % PATCH) as f64 - middle, (k / PATCH) as f64 - middle);
        let distance_sq = ((at - off_px) / size_px).length_squared();
        let noise = rng.random_range(-0.05..0.05);
        (contrast * (-0.5 * distance_sq).exp() + slope.dot(at) + noise) as f32
    };
    (0..PATCH * PATCH).map(value).collect()
}

/// Mean distance of the key points from the truth, pixels, and median pose error of the estimator, degrees.
fn measure(network: &Network, pairs: &[Pair], device: &Device) -> anyhow::Result<[f64; 2]> {
    let (points, logits) = network.matches(pairs, device);
    let points: Vec<f32> = points.into_data().iter::<f32>().collect();
    let trust: Vec<f32> = sigmoid(logits).into_data().iter::<f32>().collect();
    let camera = Camera { focal_px: DVec2::splat(FOCAL_PX), principal_point_px: DVec2::ZERO, skew_px: 0.0 };
    let options = Options {
        min_iterations: 100,
        max_iterations: 100,
        sampler: Sampler::Weights,
        backend: Backend::Cpu,
        ..Options::default()
    };
    let estimator = Estimator::new(options)?;
    let (mut off_px, mut errors_deg, mut first) = (Vec::new(), Vec::new(), 0);
    for pair in pairs {
        let rows = 4 * first..4 * (first + pair.len());
        let pixels = |side: usize| -> Vec<DVec2> {
            let rows = points[rows.clone()].as_chunks::<4>().0;
            rows.iter().map(|m| dvec2(f64::from(m[2 * side]), f64::from(m[2 * side + 1])) * FOCAL_PX).collect()
        };
        let [points1, points2] = [pixels(0), pixels(1)];
        for i in (0..pair.len()).filter(|&i| pair.labels[i] > 0.5) {
            let found = |side: usize| {
                dvec2(f64::from(pair.found[4 * i + 2 * side]), f64::from(pair.found[4 * i + 2 * side + 1]))
            };
            for (side, points) in [&points1, &points2].into_iter().enumerate() {
                off_px.push((found(side) * FOCAL_PX + pair.off_px[i][side]).distance(points[i]));
            }
        }
        let matches =
            MatchesView::Essential { points1_px: &points1, points2_px: &points2, camera1: camera, camera2: camera };
        let weights = &trust[first..first + pair.len()];
        let problem = Problem { weights: Some(weights), ..Problem::new(matches) };
        errors_deg.push(match estimator.estimate(&problem)?.estimate.map(|estimate| estimate.model) {
            Some(Model::Essential(pose)) => pose_error_deg(&pose, &pair.camera2_from_camera1),
            _ => 180.0,
        });
        first += pair.len();
    }
    let mean = off_px.iter().sum::<f64>() / off_px.len().max(1) as f64;
    Ok([mean, median(&errors_deg).context("no scene was held out")?])
}

struct Arguments {
    steps: u32,
    seed: u64,
    gpu: bool,
}

impl Arguments {
    fn parse() -> anyhow::Result<Self> {
        let mut arguments = Self { steps: 600, seed: 1, gpu: false };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let mut value = || given.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--steps" => arguments.steps = value()?.parse()?,
                "--seed" => arguments.seed = value()?.parse()?,
                "--gpu" => arguments.gpu = true,
                _ => bail!("{name}: expected --steps, --seed or --gpu"),
            }
        }
        Ok(arguments)
    }
}
