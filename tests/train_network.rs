//! The networks as modules, against the rankers, and their fused stages: values and gradients against a plain evaluation in f64.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/ranked.rs"]
mod ranked;

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use nabla_ransac::ModelKind;
use nabla_ransac::constants::EDGE_COLUMNS as EDGES;
use nabla_ransac::network::{Features, GraphConvolution, NetworkConfig, Ranker};
use nabla_ransac::train::networks::ops::{Neighbours, Segments, pool_neighbours, segment_norm};
use nabla_ransac::train::{Network, PackedFeatures};
use ranked::{Known, random_weights};
use std::collections::BTreeMap;

const CHANNELS: usize = 32;
const NEIGHBOURS: usize = 3;
/// One pair of one match only.
const LENGTHS: [usize; 4] = [7, 1, 80, 12];
const STEP: f64 = 1e-5;

type Inputs = BTreeMap<&'static str, Vec<f64>>;

/// Smooth numbers that look random.
fn numbers(count: usize, seed: f64) -> Vec<f64> {
    (0..count).map(|i| f64::from(((i as f64 * 12.9898 + seed * 78.233).sin() * 43.758).sin() as f32)).collect()
}

fn rows() -> usize {
    LENGTHS.iter().sum()
}

fn segments() -> Segments {
    Segments::of_lengths(LENGTHS)
}

fn devices() -> [Device; 2] {
    [Device::flex(), Device::wgpu(DeviceKind::DefaultDevice)]
}

fn leaf<const D: usize>(values: &[f64], shape: [usize; D], device: &Device) -> Tensor<D> {
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), &device.clone().autodiff()).require_grad()
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.try_into_vec_as::<f32>().unwrap().into_iter().map(f64::from).collect()
}

/// The gradient of a function of one of the inputs.
fn differences(inputs: &Inputs, name: &str, loss: &dyn Fn(&Inputs) -> f64) -> Vec<f64> {
    let moved = |i: usize, by: f64| {
        let mut inputs = inputs.clone();
        inputs.get_mut(name).unwrap()[i] += by;
        loss(&inputs)
    };
    (0..inputs[name].len()).map(|i| (moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP)).collect()
}

fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3f64, |scale, value| scale.max(value.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 2e-4 * scale, "{what} {i}: {found}, expected {expected}");
    }
}

fn norm_in_f64(inputs: &Inputs, relu: bool) -> Vec<f64> {
    let (x, gamma, beta) = (&inputs["x"], &inputs["gamma"], &inputs["beta"]);
    let mut y = vec![0.0; x.len()];
    for range in segments().ranges() {
        let count = range.len() as f64;
        for c in 0..CHANNELS {
            let column = || range.clone().map(|row| x[row * CHANNELS + c]);
            let mean = column().sum::<f64>() / count;
            let variance = column().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            for row in range.clone() {
                let at = row * CHANNELS + c;
                let normed = (x[at] - mean) / (variance + 1e-5).sqrt() * gamma[c] + beta[c];
                y[at] = if relu { normed.max(0.0) } else { normed };
            }
        }
    }
    y
}

#[test]
fn segment_norm_has_the_gradients_of_central_differences() {
    let inputs: Inputs = BTreeMap::from([
        ("x", numbers(rows() * CHANNELS, 1.0)),
        ("gamma", numbers(CHANNELS, 2.0)),
        ("beta", numbers(CHANNELS, 3.0)),
    ]);
    let weights = numbers(rows() * CHANNELS, 4.0);
    for (relu, device) in [true, false].into_iter().flat_map(|relu| devices().map(|device| (relu, device))) {
        let x = leaf(&inputs["x"], [rows(), CHANNELS], &device);
        let [gamma, beta] = ["gamma", "beta"].map(|name| leaf(&inputs[name], [CHANNELS], &device));
        let y = segment_norm(x.clone(), gamma.clone(), beta.clone(), relu, &segments());
        assert_close("value", &read(y.clone()), &norm_in_f64(&inputs, relu));
        let gradients = (y * leaf(&weights, [rows(), CHANNELS], &device)).sum().backward();
        let loss = |inputs: &Inputs| norm_in_f64(inputs, relu).iter().zip(&weights).map(|(y, w)| y * w).sum();
        assert_close("x", &read(x.grad(&gradients).unwrap()), &differences(&inputs, "x", &loss));
        assert_close("gamma", &read(gamma.grad(&gradients).unwrap()), &differences(&inputs, "gamma", &loss));
        assert_close("beta", &read(beta.grad(&gradients).unwrap()), &differences(&inputs, "beta", &loss));
    }
}

/// Places among the matches of the pair.
fn neighbours() -> Vec<u32> {
    let of_pair = |count: usize| (0..count * NEIGHBOURS).map(move |i| ((i * 5 + 1) % count) as u32);
    LENGTHS.into_iter().flat_map(of_pair).collect()
}

fn pool_in_f64(inputs: &Inputs, edges: &[f64]) -> Vec<f64> {
    let (both, weight, bias) = (&inputs["both"], &inputs["weight"], &inputs["bias"]);
    let neighbours = neighbours();
    let mut pooled = vec![0.0; both.len() / 2];
    for range in segments().ranges() {
        for row in range.clone() {
            for k in 0..NEIGHBOURS {
                let edge = row * NEIGHBOURS + k;
                let other = range.start + neighbours[edge] as usize;
                for c in 0..CHANNELS {
                    let by_edge: f64 = (0..EDGES).map(|e| edges[edge * EDGES + e] * weight[e * CHANNELS + c]).sum();
                    let message =
                        both[2 * row * CHANNELS + c] + both[(2 * other + 1) * CHANNELS + c] + by_edge + bias[c];
                    pooled[row * CHANNELS + c] += message.max(0.0) / NEIGHBOURS as f64;
                }
            }
        }
    }
    pooled
}

#[test]
fn pool_neighbours_has_the_gradients_of_central_differences() {
    let inputs: Inputs = BTreeMap::from([
        ("both", numbers(rows() * 2 * CHANNELS, 1.0)),
        ("weight", numbers(EDGES * CHANNELS, 3.0)),
        ("bias", numbers(CHANNELS, 6.0)),
    ]);
    let edges = numbers(rows() * NEIGHBOURS * EDGES, 4.0);
    let weights = numbers(rows() * CHANNELS, 5.0);
    for device in devices() {
        let both = leaf(&inputs["both"], [rows(), 2 * CHANNELS], &device);
        let weight = leaf(&inputs["weight"], [EDGES, CHANNELS], &device);
        let bias = leaf(&inputs["bias"], [CHANNELS], &device);
        let places = Neighbours::new(&neighbours(), &segments(), &device);
        let edge_rows = leaf(&edges, [rows() * NEIGHBOURS, EDGES], &device).inner();
        let pooled = pool_neighbours(both.clone(), weight.clone(), bias.clone(), edge_rows, &places, &segments());
        assert_close("value", &read(pooled.clone()), &pool_in_f64(&inputs, &edges));
        let gradients = (pooled * leaf(&weights, [rows(), CHANNELS], &device)).sum().backward();
        let loss = |inputs: &Inputs| pool_in_f64(inputs, &edges).iter().zip(&weights).map(|(y, w)| y * w).sum();
        assert_close("both", &read(both.grad(&gradients).unwrap()), &differences(&inputs, "both", &loss));
        assert_close("weight", &read(weight.grad(&gradients).unwrap()), &differences(&inputs, "weight", &loss));
        assert_close("bias", &read(bias.grad(&gradients).unwrap()), &differences(&inputs, "bias", &loss));
    }
}

fn configurations() -> [NetworkConfig; 3] {
    let small = NetworkConfig { channels: 32, blocks: 2, neighbours: 6, ..NetworkConfig::default() };
    let clnet = NetworkConfig { channels: 32, blocks: 2, ..NetworkConfig::clnet(ModelKind::Essential) };
    [small, clnet, NetworkConfig { graph: GraphConvolution::Collapsed, ..clnet }]
}

#[test]
fn modules_compute_what_the_ranker_does() {
    for config in configurations() {
        let weights = random_weights(config, 5);
        let pairs = [50, 7, 120].map(|count| Known::new(count, count as u32));
        let features = pairs.map(|pair| Features::new(&pair.input(config.model), &config).unwrap());
        let ranker = Ranker::new(weights.clone());
        let expected: Vec<f32> = features.iter().flat_map(|pair| ranker.logits_of(pair).unwrap()).collect();
        let largest = expected.iter().fold(1.0, |a: f32, b| a.max(b.abs()));
        for device in devices() {
            let module = Network::new(&weights, &device.clone().autodiff());
            let logits = read(module.forward(&PackedFeatures::new(features.iter(), &config, &device)).unwrap());
            assert_eq!(logits.len(), expected.len());
            for (found, expected) in logits.iter().zip(&expected) {
                let off = (found - f64::from(*expected)).abs();
                assert!(off < f64::from(1e-4 * largest), "{config:?} on {device:?}: {found} {expected}");
            }
            assert_eq!(module.weights(config, serde_json::Value::Null).unwrap().tensors(), weights.tensors());
        }
    }
}
