//! The straight-through gradient of `sample_minimal` against a dense Gumbel-softmax in f64, and the shader against its twin,
//! over random instances.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it measured")]

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use nabla_ransac::cpu::train::sample_gumbel::{Noise, perturb};
use nabla_ransac::train::ops::{Packing, Sampling, sample_minimal};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Pairs that are sampled alike, and a weight for every coordinate of every sample: the loss is the weighted sum of these.
struct Problem {
    counts: Vec<usize>,
    logits: Vec<f32>,
    points: Vec<f32>,
    weights: Vec<f32>,
    sampling: Sampling,
}

/// Indices, and the gradients by logits and points.
struct Found {
    indices: Vec<i64>,
    by_logits: Vec<f64>,
    by_points: Vec<f64>,
}

const KINDS: usize = 7;

/// Logits of one pair: usual, wide, extreme, ties, some −∞, fewer drawable ones than a sample, all kinds of no number.
fn logits(kind: usize, count: usize, rng: &mut StdRng) -> Vec<f32> {
    let mut any = |scale: f32| (0..count).map(|_| rng.random_range(-scale..scale)).collect::<Vec<f32>>();
    let mut values = match kind {
        0 | 4 | 6 => any(4.0),
        1 => any(40.0),
        2 => any(1.0).into_iter().map(|x| x.signum() * 10.0_f32.powf(29.0 * x.abs())).collect(),
        3 => vec![1.5; count],
        _ => vec![f32::NEG_INFINITY; count],
    };
    match kind {
        4 => values.iter_mut().step_by(2).for_each(|value| *value = f32::NEG_INFINITY),
        5 => values.iter_mut().take(2).for_each(|value| *value = 0.0),
        6 => values.iter_mut().step_by(5).for_each(|value| *value = f32::NAN),
        _ => {}
    }
    values
}

impl Problem {
    /// A pair of each kind.
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let sampling = Sampling {
            hypotheses: rng.random_range(1..12),
            sample_size: rng.random_range(1..=10),
            temperature: 10.0_f32.powf(rng.random_range(-1.0..1.0)),
            seed: rng.random(),
            step: rng.random(),
            first_pair: rng.random_range(0..100),
        };
        let counts: Vec<usize> = (0..KINDS).map(|_| 10.0_f64.powf(rng.random_range(0.5..2.7)) as usize).collect();
        let logits = counts.iter().enumerate().flat_map(|(kind, &count)| logits(kind, count, &mut rng)).collect();
        let total: usize = counts.iter().sum();
        let mut any = |count: usize| (0..count).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f32>>();
        let (points, weights) = (any(4 * total), any(4 * KINDS * sampling.hypotheses * sampling.sample_size));
        Self { counts, logits, points, weights, sampling }
    }

    fn run(&self, device: &Device) -> Found {
        let tensor = |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), device);
        let packing = Packing::new(&self.counts, &[[1e-3; 4]; KINDS]).unwrap();
        let logits = tensor(&self.logits).require_grad();
        let points = tensor(&self.points).reshape([self.logits.len(), 4]).require_grad();
        let samples = sample_minimal(logits.clone(), points.clone(), &packing, &self.sampling).unwrap();
        let weights = tensor(&self.weights).reshape(samples.points.dims());
        let gradients = (samples.points * weights).sum().backward();
        Found {
            indices: samples.indices.into_data().iter::<i64>().collect(),
            by_logits: logits.grad(&gradients).unwrap().into_data().iter::<f64>().collect(),
            by_points: points.grad(&gradients).unwrap().into_data().iter::<f64>().collect(),
        }
    }

    fn rows(&self, pair: usize) -> std::ops::Range<usize> {
        let start = self.counts[..pair].iter().sum();
        start..start + self.counts[pair]
    }

    /// The samples of a pair in the order of drawing, the dense gradient by its logits with the size of its terms, and that by
    /// its points. Dense: of each hypothesis y = softmax((l + g) / T) over all matches and Jᵀ v with J = (diag y − y yᵀ) / T.
    fn dense(&self, pair: usize) -> (Vec<i64>, Vec<f64>, f64, Vec<f64>) {
        let Sampling { hypotheses, sample_size, temperature, seed, step, first_pair } = self.sampling;
        let (rows, noise) = (self.rows(pair), Noise { seed, step, temperature });
        let count = rows.len();
        let (mut indices, mut by_logits, mut by_points) = (Vec::new(), vec![0.0; count], vec![0.0; 4 * count]);
        let mut terms = 0.0;
        for hypothesis in 0..hypotheses {
            let mut gumbel = vec![0.0; count];
            let row = first_pair * hypotheses as u32 + (pair * hypotheses + hypothesis) as u32;
            perturb(&vec![0.0; count], &noise, row, &mut gumbel);
            let drawable = |logit: f32| logit.abs() < 1e30;
            let logits = &self.logits[rows.clone()];
            let key = |j: usize| if drawable(logits[j]) { f64::from(logits[j]) + gumbel[j] } else { f64::NEG_INFINITY };
            let mut order: Vec<usize> = (0..count).filter(|&j| drawable(logits[j])).collect();
            if order.len() < sample_size {
                indices.extend(vec![-1; sample_size]);
                continue;
            }
            order.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
            let highest = key(order[0]);
            let exponentials: Vec<f64> =
                (0..count).map(|j| ((key(j) - highest) / f64::from(temperature)).exp()).collect();
            let sum: f64 = exponentials.iter().sum();
            let y: Vec<f64> = exponentials.iter().map(|e| e / sum).collect();
            let mut v = vec![0.0; count];
            for (k, &i) in order[..sample_size].iter().enumerate() {
                let weights = &self.weights[4 * ((pair * hypotheses + hypothesis) * sample_size + k)..][..4];
                for d in 0..4 {
                    v[i] += f64::from(self.points[4 * (rows.start + i) + d]) * f64::from(weights[d]);
                    by_points[4 * i + d] += f64::from(weights[d]);
                }
                indices.push((rows.start + i) as i64);
            }
            for j in 0..count {
                let of_i = |i: usize| if i == j { y[j] * (1.0 - y[j]) } else { -y[i] * y[j] };
                by_logits[j] += (0..count).map(|i| of_i(i) * v[i]).sum::<f64>() / f64::from(temperature);
                terms += (y[j] * v[j] / f64::from(temperature)).powi(2);
            }
        }
        (indices, by_logits, terms.sqrt(), by_points)
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

/// Relative errors; of an expected 0 only 0 is right.
#[derive(Default)]
struct Errors(Vec<f64>);

impl Errors {
    fn add(&mut self, found: &[f64], expected: &[f64], size: f64) {
        assert!(found.iter().all(|x| x.is_finite()));
        let error = norm(found.iter().zip(expected).map(|(a, b)| a - b));
        self.0.push(if size > 0.0 { error / size } else { f64::from(u8::from(error > 0.0)) });
    }

    /// Median, 90 %, 99 %, largest.
    fn quantiles(mut self, what: &str) -> [f64; 4] {
        self.0.sort_by(f64::total_cmp);
        let at = |share: f64| self.0[((self.0.len() - 1) as f64 * share) as usize];
        let found = [at(0.5), at(0.9), at(0.99), at(1.0)];
        let [median, ninety, ninety_nine, largest] = found.map(|error| format!("{error:8.1e}"));
        println!("{what:60} {:6} | {median} {ninety} {ninety_nine} {largest}", self.0.len());
        found
    }
}

/// Below this share of its terms a gradient is what is left of their cancelling.
const CANCELLED: f64 = 1e-3;

#[test]
fn the_straight_through_gradient_is_that_of_a_dense_gumbel_softmax() {
    let (mut clear, mut cancelled, mut by_points) = (Errors::default(), Errors::default(), Errors::default());
    for seed in 0..250 {
        let problem = Problem::new(seed);
        let found = problem.run(&Device::flex().autodiff());
        let drawn = problem.sampling.hypotheses * problem.sampling.sample_size;
        for pair in 0..KINDS {
            let (indices, expected, terms, expected_by_points) = problem.dense(pair);
            let rows = problem.rows(pair);
            assert_eq!(indices, found.indices[pair * drawn..(pair + 1) * drawn], "seed {seed}, pair {pair}");
            let of_pair = &found.by_logits[rows.clone()];
            let size = norm(expected.iter().copied());
            if size > CANCELLED * terms || terms == 0.0 {
                clear.add(of_pair, &expected, size);
            } else {
                cancelled.add(of_pair, &expected, terms);
            }
            let of_pair = &found.by_points[4 * rows.start..4 * rows.end];
            by_points.add(of_pair, &expected_by_points, norm(expected_by_points.iter().copied()));
        }
    }
    println!(
        "{:60} {:>6} | {:>8} {:>8} {:>8} {:>8}",
        "f32 twin against f64", "pairs", "median", "90 %", "99 %", "largest"
    );
    let clear = clear.quantiles("by logits");
    let cancelled = cancelled.quantiles("by logits, of gradients that cancel, relative to their terms");
    let by_points = by_points.quantiles("by points");
    assert!(clear[0] < 1e-6 && clear[2] < 1e-4 && clear[3] < 1e-3, "{clear:?}");
    assert!(cancelled[3] < 1e-5, "{cancelled:?}");
    assert!(by_points[3] < 1e-5, "{by_points:?}");
}

#[test]
fn the_shader_has_the_gradient_of_its_twin() {
    let (mut by_logits, mut by_points, mut others) = (Errors::default(), Errors::default(), 0);
    for seed in 0..150 {
        let problem = Problem::new(seed);
        let cpu = problem.run(&Device::flex().autodiff());
        let gpu = problem.run(&Device::wgpu(DeviceKind::DefaultDevice).autodiff());
        let drawn = problem.sampling.hypotheses * problem.sampling.sample_size;
        for pair in 0..KINDS {
            let of_pair = pair * drawn..(pair + 1) * drawn;
            if cpu.indices[of_pair.clone()] != gpu.indices[of_pair] {
                others += 1;
                continue;
            }
            let rows = problem.rows(pair);
            let terms = problem.dense(pair).2;
            by_logits.add(&gpu.by_logits[rows.clone()], &cpu.by_logits[rows.clone()], terms);
            let [found, expected] = [&gpu, &cpu].map(|of| &of.by_points[4 * rows.start..4 * rows.end]);
            by_points.add(found, expected, norm(expected.iter().copied()));
        }
    }
    println!("{others} pairs with a sample in which two matches are nearly alike, and another one is drawn");
    let by_logits = by_logits.quantiles("shader against twin, by logits, relative to the terms");
    let by_points = by_points.quantiles("shader against twin, by points");
    assert!(others <= 50, "{others}");
    assert!(by_logits[0] < 1e-5 && by_logits[2] < 1e-2, "{by_logits:?}");
    assert!(by_points[3] < 1e-5, "{by_points:?}");
}
