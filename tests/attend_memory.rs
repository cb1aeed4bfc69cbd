//! What a map recalls, with its gradients: against central differences in f64, on both backends, and on wild numbers.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it measured")]

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use nabla_ransac::Error;
use nabla_ransac::constants::{MEMORY_COLUMNS, QUERY_COLUMNS};
use nabla_ransac::train::ops::attend_memory;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const QUERY: usize = QUERY_COLUMNS as usize;
const ROW: usize = MEMORY_COLUMNS as usize;

struct Case {
    queries: Vec<f32>,
    memory: Vec<f32>,
    /// The gradient that comes in.
    by_attended: Vec<f32>,
}

impl Case {
    /// Keys of this length: with long ones a query recalls one point, with short ones the mean of all.
    fn random(seed: u64, cells: usize, keys: usize, length: f32) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut unit = |count: usize| -> Vec<f32> {
            let mut row: Vec<f32> = (0..count).map(|_| rng.random_range(-1.0..1.0)).collect();
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
            row
        };
        let queries = (0..cells).flat_map(|_| unit(QUERY)).collect();
        let mut memory = Vec::new();
        for _ in 0..keys {
            memory.extend(unit(QUERY).iter().map(|x| length * x));
            memory.extend(unit(4).iter().map(|x| 1.5 * x));
        }
        let by_attended = (0..cells).flat_map(|_| unit(4)).collect();
        Self { queries, memory, by_attended }
    }

    /// Points with spreads, and the gradients by queries and memory.
    fn on(&self, device: &Device) -> [Vec<f32>; 3] {
        let device = device.clone().autodiff();
        let tensor = |values: &[f32], width: usize| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [values.len() / width, width]), &device)
        };
        let queries = tensor(&self.queries, QUERY).require_grad();
        let memory = tensor(&self.memory, ROW).require_grad();
        let attended = attend_memory(queries.clone(), memory.clone()).unwrap();
        let gradients = (attended.clone() * tensor(&self.by_attended, 4)).sum().backward();
        let values = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        let [by_queries, by_memory] = [&queries, &memory].map(|tensor| values(tensor.grad(&gradients).unwrap()));
        [values(attended), by_queries, by_memory]
    }

    /// Σ gradient · (point, spread) in f64.
    fn objective(&self, queries: &[f64], memory: &[f64]) -> f64 {
        let of_cell = |(query, by): (&[f64], &[f32])| {
            let rows = memory.chunks(ROW);
            let logit = |row: &[f64]| row[..QUERY].iter().zip(query).map(|(k, q)| k * q).sum::<f64>() + row[QUERY];
            let logits: Vec<f64> = rows.clone().map(logit).collect();
            let highest = logits.iter().copied().fold(f64::MIN, f64::max);
            let shares: Vec<f64> = logits.iter().map(|logit| (logit - highest).exp()).collect();
            let total: f64 = shares.iter().sum();
            let mean = |of: &dyn Fn(&[f64]) -> f64| {
                rows.clone().zip(&shares).map(|(row, share)| share / total * of(&row[QUERY + 1..])).sum::<f64>()
            };
            let point = [0, 1, 2].map(|k| mean(&|p| p[k]));
            let square = mean(&|p| p.iter().map(|x| x * x).sum());
            let spread = (square - point.iter().map(|x| x * x).sum::<f64>()).max(0.0).sqrt();
            let values = [point[0], point[1], point[2], spread];
            values.iter().zip(by).map(|(value, &by)| value * f64::from(by)).sum::<f64>()
        };
        queries.chunks(QUERY).zip(self.by_attended.chunks(4)).map(of_cell).sum()
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

#[test]
fn gradients_are_those_of_central_differences_whatever_the_sharpness() {
    let mut errors = Vec::new();
    for seed in 0..1000 {
        let length = [0.1, 3.0, 12.0, 40.0][seed as usize % 4];
        let case = Case::random(seed, 1, 2 + seed as usize % 40, length);
        let [_, by_queries, by_memory] = case.on(&Device::flex());
        let (queries, memory) = (wide(&case.queries), wide(&case.memory));
        let mut rng = StdRng::seed_from_u64(seed);
        // along a direction through all numbers at once, by the queries and by the memory
        for by_query in [true, false] {
            let (size, gradient) = if by_query { (queries.len(), &by_queries) } else { (memory.len(), &by_memory) };
            let direction: Vec<f64> = (0..size).map(|_| rng.random_range(-1.0..1.0)).collect();
            let at = |step: f64| {
                let moved =
                    |values: &[f64]| values.iter().zip(&direction).map(|(x, d)| x + step * d).collect::<Vec<_>>();
                if by_query {
                    case.objective(&moved(&queries), &memory)
                } else {
                    case.objective(&queries, &moved(&memory))
                }
            };
            let h = 1e-5;
            let numeric = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            let found: f64 = gradient.iter().zip(&direction).map(|(&g, d)| f64::from(g) * d).sum();
            let scale = gradient.iter().map(|&g| f64::from(g).abs()).sum::<f64>().max(1e-3);
            errors.push((numeric - found).abs() / scale);
        }
    }
    errors.sort_by(f64::total_cmp);
    let [median, most, largest] = [0.5, 0.99, 1.0].map(|share| errors[((errors.len() - 1) as f64 * share) as usize]);
    println!("median {median:.1e}, 99 % {most:.1e}, largest {largest:.1e}");
    // f32 in the logits, up to 40 with errors of 2e-6 each
    assert!(median < 1e-5 && most < 2e-3, "{median} {most}");
}

#[test]
fn the_shaders_agree_with_the_twin() {
    let gpu = Device::wgpu(DeviceKind::DefaultDevice);
    for (seed, cells, keys, length) in [(1, 1, 1, 40.0), (2, 70, 3, 1.0), (3, 33, 301, 40.0), (4, 129, 1000, 8.0)] {
        let case = Case::random(seed, cells, keys, length);
        let (expected, found) = (case.on(&Device::flex()), case.on(&gpu));
        for (what, (a, b)) in ["points", "by queries", "by memory"].iter().zip(expected.iter().zip(&found)) {
            let scale = (a.iter().map(|x| x * x).sum::<f32>() / a.len() as f32).sqrt().max(1e-4);
            let largest = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest < 2e-2 * scale, "{cells} × {keys}, {what}: {largest} of {scale}");
        }
    }
}

#[test]
fn no_nan_comes_of_wild_queries_and_points() {
    let mut rng = StdRng::seed_from_u64(5);
    let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 0.0, 1e-30];
    let mut seen = 0;
    for round in 0..100 {
        let mut case = Case::random(round, 1000, 20, 40.0);
        for row in case.queries.chunks_mut(QUERY) {
            if rng.random_range(0..2) == 0 {
                row[rng.random_range(0..QUERY)] = wild[rng.random_range(0..wild.len())];
            }
        }
        // some memory rows all zeros, some points in one place
        case.memory[..3 * ROW].fill(0.0);
        let [attended, by_queries, by_memory] = case.on(&Device::flex());
        assert!(attended.iter().chain(&by_queries).chain(&by_memory).all(|x| x.is_finite()), "round {round}");
        seen += 1000;
    }
    assert_eq!(seen, 100_000);
}

#[test]
fn wrong_shapes_are_told() {
    let device = Device::flex();
    let zeros = |rows: usize, columns: usize| Tensor::<2>::zeros([rows, columns], &device);
    assert!(matches!(attend_memory(zeros(3, 63), zeros(4, ROW)), Err(Error::LengthMismatch { expected: 64, .. })));
    assert!(matches!(attend_memory(zeros(3, QUERY), zeros(4, 67)), Err(Error::LengthMismatch { expected: 68, .. })));
    assert!(matches!(attend_memory(zeros(3, QUERY), zeros(0, ROW)), Err(Error::BadOption { name: "memory", .. })));
}
