//! CLNet as a Burn module, on packed batches: the network of [`crate::network`]'s `clnet`, before its norms are folded.

use super::batch_norm::{BatchNorm, Statistics};
use super::ops::{Segments, segment_norm};
use super::parameters::{Linear, Source, read};
use crate::Result;
use crate::constants::RINGS;
use crate::cpu::rank::feature_neighbours::feature_neighbours;
use crate::cpu::rank::graph_convolution::Mixture;
use crate::network::{GraphConvolution, NetworkConfig};
use crate::train::batch::PackedFeatures;
use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor, TensorData};
use rayon::prelude::*;

/// The first block of CLNet (Zhao et al., ICCV 2021).
#[derive(Module, Debug)]
pub(crate) struct Clnet {
    input: Linear,
    input_norm: BatchNorm,
    before: Vec<ResidualBlock>,
    ring: Kernel,
    ring_norm: BatchNorm,
    rings: Kernel,
    rings_norm: BatchNorm,
    after: Vec<ResidualBlock>,
    output0: Linear,
    graph: Linear,
    graph_norm: BatchNorm,
    last: ResidualBlock,
    output: Linear,
    #[module(skip)]
    variant: GraphConvolution,
}

/// A convolution over neighbours: (places, inputs, outputs).
#[derive(Module, Debug)]
struct Kernel {
    weight: Param<Tensor<3>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct ResidualBlock {
    linear1: Linear,
    linear1_norm: BatchNorm,
    linear2: Linear,
    linear2_norm: BatchNorm,
}

impl ResidualBlock {
    fn new(source: &mut Source<'_>, name: &str) -> Self {
        let name = |part: &str| format!("{name}.{part}");
        Self {
            linear1: source.linear(&name("linear1")),
            linear1_norm: BatchNorm::new(source, &name("linear1_norm")),
            linear2: source.linear(&name("linear2")),
            linear2_norm: BatchNorm::new(source, &name("linear2_norm")),
        }
    }

    /// relu(BN(IN(linear2(relu(BN(IN(linear1 x)))))) + x). The instance norms lose the biases, which are left out.
    fn forward(&self, rows: Tensor<2>, segments: &Segments, statistics: &mut Statistics<'_>) -> Tensor<2> {
        let inner = instance_norm(rows.clone().matmul(self.linear1.weight.val()), segments);
        let inner = self.linear1_norm.forward(inner, true, statistics);
        let inner = instance_norm(inner.matmul(self.linear2.weight.val()), segments);
        relu(self.linear2_norm.forward(inner, false, statistics) + rows)
    }
}

impl Clnet {
    pub(crate) fn new(source: &mut Source<'_>, config: &NetworkConfig) -> Self {
        let blocks = |source: &mut Source<'_>, stage: &str| {
            (0..config.blocks).map(|index| ResidualBlock::new(source, &format!("{stage}.{index}"))).collect()
        };
        Self {
            input: source.linear("input"),
            input_norm: BatchNorm::new(source, "input_norm"),
            before: blocks(source, "before"),
            ring: Kernel::new(source, "ring"),
            ring_norm: BatchNorm::new(source, "ring_norm"),
            rings: Kernel::new(source, "rings"),
            rings_norm: BatchNorm::new(source, "rings_norm"),
            after: blocks(source, "after"),
            output0: source.linear("output0"),
            graph: source.linear("graph"),
            graph_norm: BatchNorm::new(source, "graph_norm"),
            last: ResidualBlock::new(source, "last"),
            output: source.linear("output"),
            variant: config.graph,
        }
    }

    /// The first logits, which weigh the graph, and the last: (rows) each. The graph passes no gradient to the first.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) when a tensor cannot be read back.
    pub(crate) fn forward(&self, features: &PackedFeatures, statistics: &mut Statistics<'_>) -> Result<[Tensor<1>; 2]> {
        let segments = &features.segments;
        let hidden = self.input.forward(features.rows.clone());
        let mut hidden = self.input_norm.forward(hidden, true, statistics);
        for block in &self.before {
            hidden = block.forward(hidden, segments, statistics);
        }
        hidden = self.annular(hidden, segments, statistics)?;
        for block in &self.after {
            hidden = block.forward(hidden, segments, statistics);
        }
        let first = self.output0.forward(hidden.clone()).squeeze_dim(1);
        let mixed = mix(hidden.clone(), &read(first.clone())?, self.variant, segments);
        hidden = hidden + self.graph_norm.forward(self.graph.forward(mixed), true, statistics);
        hidden = self.last.forward(hidden, segments, statistics);
        Ok([first, self.output.forward(hidden).squeeze_dim(1)])
    }

    /// The annular convolution: see [`cpu::annular_rings`](crate::cpu::rank::annular_rings), then one over the rings.
    fn annular(&self, hidden: Tensor<2>, segments: &Segments, statistics: &mut Statistics<'_>) -> Result<Tensor<2>> {
        let [rows, channels] = hidden.dims();
        let [places, ..] = self.ring.weight.dims();
        let neighbours = self.neighbours(&hidden, segments)?;
        let products = hidden.matmul(self.ring_products());
        let own = products.clone().narrow(1, 0, channels).unsqueeze_dim::<3>(1);
        let others = products.narrow(1, channels, places * channels).reshape([rows * places, channels]);
        let others = others.select(0, neighbours).reshape([rows * RINGS, places, channels]).sum_dim(1);
        let rings = (own + others.reshape([rows, RINGS, channels])).reshape([rows * RINGS, channels]);
        let rings = self.ring_norm.forward(rings + self.ring.bias.val().unsqueeze(), true, statistics);
        let kernel = self.rings.weight.val().reshape([RINGS * channels, channels]);
        let hidden = rings.reshape([rows, RINGS * channels]).matmul(kernel) + self.rings.bias.val().unsqueeze();
        Ok(self.rings_norm.forward(hidden, true, statistics))
    }

    /// [A | −B_0 | −B_1 | …].
    fn ring_products(&self) -> Tensor<2> {
        let kernel = self.ring.weight.val();
        let [places, inputs, channels] = kernel.dims();
        let sum = kernel.clone().sum_dim(0).reshape([inputs, channels]);
        let own = sum.clone().narrow(0, 0, channels) + sum.narrow(0, channels, channels);
        let difference = kernel.narrow(1, channels, channels).swap_dims(0, 1);
        Tensor::cat(vec![own, -difference.reshape([channels, places * channels])], 1)
    }

    /// Of each match the rows of −B x in the order of its neighbours, nearest first: (rows · neighbours). The product t of
    /// row j is row j · places + t.
    fn neighbours(&self, hidden: &Tensor<2>, segments: &Segments) -> Result<Tensor<1, Int>> {
        let [places, _, channels] = self.ring.weight.dims();
        let values = read(hidden.clone())?;
        let pairs: Vec<Vec<u32>> = segments
            .split(&values, channels)
            .into_par_iter()
            .map(|rows| feature_neighbours(rows, channels, RINGS * places))
            .collect();
        let indices = pairs.iter().zip(segments.ranges()).flat_map(|(neighbours, rows)| {
            let product = move |(slot, &j): (usize, &u32)| ((rows.start + j as usize) * places + slot % places) as i32;
            neighbours.iter().enumerate().map(product)
        });
        let indices: Vec<i32> = indices.collect();
        let count = indices.len();
        Ok(Tensor::from_data(TensorData::new(indices, [count]), &hidden.device()))
    }
}

impl Kernel {
    fn new(source: &mut Source<'_>, name: &str) -> Self {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        Self { weight: source.parameter(&weight), bias: source.parameter(&bias) }
    }
}

/// Without scale, shift and ReLU.
fn instance_norm(rows: Tensor<2>, segments: &Segments) -> Tensor<2> {
    let ([_, channels], device) = (rows.dims(), rows.device());
    segment_norm(rows, Tensor::ones([channels], &device), Tensor::zeros([channels], &device), false, segments)
}

/// The graph convolution of each pair: see [`cpu::graph_convolution`](crate::cpu::rank::graph_convolution).
fn mix(hidden: Tensor<2>, logits: &[f32], variant: GraphConvolution, segments: &Segments) -> Tensor<2> {
    let device = hidden.device();
    let of_pair = |rows: std::ops::Range<usize>| {
        let count = rows.len();
        let Mixture { left, right, own } = Mixture::new(&logits[rows.clone()], variant);
        let [left, right, own] =
            [left, right, own].map(|values| Tensor::<2>::from_data(TensorData::new(values, [count, 1]), &device));
        let hidden = hidden.clone().narrow(0, rows.start, count);
        left * (right.transpose().matmul(hidden.clone())) + own * hidden
    };
    let pairs: Vec<_> = segments.ranges().filter(|rows| !rows.is_empty()).map(of_pair).collect();
    if pairs.is_empty() { hidden } else { Tensor::cat(pairs, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::problems::pair_seed;
    use crate::network::{Features, Weights};
    use crate::train::networks::batch_norm::BatchStatistics;
    use burn::module::ModuleVisitor;
    use burn::tensor::{Device, Gradients};
    use std::collections::BTreeMap;

    fn config() -> NetworkConfig {
        NetworkConfig { channels: 16, blocks: 1, ..NetworkConfig::clnet(crate::ModelKind::Essential) }
    }

    /// Numbers in -1..1.
    fn random(count: usize, seed: u64) -> Vec<f32> {
        let number = |index| (pair_seed(seed, index) >> 40) as f32 / (1 << 23) as f32 - 1.0;
        (0..count).map(number).collect()
    }

    /// Of two pairs.
    fn features(device: &Device) -> PackedFeatures {
        let pair = |count: usize, seed| {
            let rows = random(count * config().inputs(), seed);
            Features { matches: vec![[0.0; 4]; count], rows, neighbours: Vec::new(), edges: Vec::new() }
        };
        PackedFeatures::new([pair(40, 1), pair(25, 2)].iter(), &config(), device)
    }

    fn network(weights: &Weights) -> Clnet {
        Clnet::new(&mut Source::new(weights, &Device::flex().autodiff()), weights.config())
    }

    /// A weighted sum of the logits, by batch statistics.
    fn loss(network: &Clnet) -> Tensor<1> {
        let (features, mut statistics) = (features(&Device::flex()), BatchStatistics::default());
        let [_, logits] = network.forward(&features, &mut Statistics::Batch(&mut statistics)).unwrap();
        let shares = random(logits.dims()[0], 3);
        (logits * Tensor::from_data(shares.as_slice(), &Device::flex())).sum()
    }

    /// The gradients by the names of the parameters.
    struct Named<'a> {
        gradients: &'a Gradients,
        path: Vec<String>,
        found: BTreeMap<String, Vec<f32>>,
    }

    impl ModuleVisitor for Named<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.gradients) {
                self.found.insert(self.path.join("."), read(gradient).unwrap());
            }
        }
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        // equal first logits that nothing can change, since the graph's weights pass no gradient
        let mut tensors = Weights::initial(config(), 7).unwrap().tensors().clone();
        tensors.get_mut("output0.weight").unwrap().values.fill(0.0);
        tensors.get_mut("output0.bias").unwrap().values.fill(0.7);
        let weights =
            |tensors: &BTreeMap<_, _>| Weights::new(config(), serde_json::Value::Null, tensors.clone()).unwrap();
        let module = network(&weights(&tensors));
        let gradients = loss(&module).backward();
        let mut named = Named { gradients: &gradients, path: Vec::new(), found: BTreeMap::new() };
        module.visit(&mut named);
        assert_eq!(named.found.len(), 36);
        for (name, gradient) in &named.found {
            let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            if name.ends_with("bias") && name != "output.bias" {
                assert!(norm < 1e-3, "{name}: a norm after it loses the bias, but {norm}");
                continue;
            }
            // mostly along the gradient, partly anyhow; not so far that neighbours change
            let step = 1e-3 / norm.max(norm.powi(2));
            let share = 0.5 * norm / (gradient.len() as f64).sqrt();
            let anyhow = random(gradient.len(), 11);
            let direction: Vec<f64> =
                gradient.iter().zip(&anyhow).map(|(g, a)| f64::from(*g) + share * f64::from(*a)).collect();
            let moved = |sign: f64| {
                let mut tensors = tensors.clone();
                let values = &mut tensors.get_mut(name).unwrap().values;
                values.iter_mut().zip(&direction).for_each(|(x, d)| *x += (sign * step * d) as f32);
                f64::from(read(loss(&network(&weights(&tensors)))).unwrap()[0])
            };
            let numeric = (moved(1.0) - moved(-1.0)) / (2.0 * step);
            let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * d).sum();
            assert!((numeric / expected - 1.0).abs() < 0.03, "{name}: {expected}, by differences {numeric}");
        }
    }
}
