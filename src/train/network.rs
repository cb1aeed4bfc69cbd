//! The network of [`crate::network`] as a Burn module, on packed batches.

use super::batch::PackedFeatures;
use super::network_ops::{Segments, pool_neighbours, segment_norm};
use crate::network::{self, NetworkConfig, Weights};
use crate::{Error, Result};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};

/// The network as a module; the names of its parameters are those of the tensors of [`Weights`].
#[derive(Module, Debug)]
pub struct Network {
    input: Linear,
    blocks: Vec<Block>,
    output: Linear,
}

#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Matrix {
    weight: Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct Norm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Block {
    own: Matrix,
    neighbour: Matrix,
    edge: Linear,
    project: Matrix,
    project_norm: Norm,
    context1: Matrix,
    context1_norm: Norm,
    context2: Matrix,
    context2_norm: Norm,
}

impl Linear {
    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }
}

impl Matrix {
    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.matmul(self.weight.val())
    }
}

impl Norm {
    /// Instance norm over each pair, scale, shift, ReLU.
    fn forward(&self, rows: Tensor<2>, segments: &Segments) -> Tensor<2> {
        segment_norm(rows, self.gamma.val(), self.beta.val(), segments)
    }
}

impl Block {
    fn forward(&self, hidden: Tensor<2>, features: &PackedFeatures) -> Tensor<2> {
        let segments = &features.segments;
        let both = hidden.clone().matmul(Tensor::cat(vec![self.own.weight.val(), self.neighbour.weight.val()], 1));
        let (edges, neighbours) = (features.edges.clone(), features.neighbours.clone());
        let (weight, bias) = (self.edge.weight.val(), self.edge.bias.val());
        let pooled = pool_neighbours(both, weight, bias, edges, neighbours, segments);
        let hidden = hidden + self.project_norm.forward(self.project.forward(pooled), segments);
        let inner = self.context1_norm.forward(self.context1.forward(hidden.clone()), segments);
        hidden + self.context2_norm.forward(self.context2.forward(inner), segments)
    }
}

impl Network {
    /// A module with these weights.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        let mut source = Source { weights, device, next_id: 0 };
        let block = |source: &mut Source<'_>, index: usize| {
            let name = |part: &str| format!("blocks.{index}.{part}");
            Block {
                own: source.matrix(&name("own")),
                neighbour: source.matrix(&name("neighbour")),
                edge: source.linear(&name("edge")),
                project: source.matrix(&name("project")),
                project_norm: source.norm(&name("project_norm")),
                context1: source.matrix(&name("context1")),
                context1_norm: source.norm(&name("context1_norm")),
                context2: source.matrix(&name("context2")),
                context2_norm: source.norm(&name("context2_norm")),
            }
        };
        Self {
            input: source.linear("input"),
            blocks: (0..weights.config().blocks).map(|index| block(&mut source, index)).collect(),
            output: source.linear("output"),
        }
    }

    /// One logit a match: (rows).
    pub fn forward(&self, features: &PackedFeatures) -> Tensor<1> {
        let hidden = self.input.forward(features.rows.clone());
        let hidden = self.blocks.iter().fold(hidden, |hidden, block| block.forward(hidden, features));
        self.output.forward(hidden).squeeze_dim(1)
    }

    /// The weights, with a record of how they came about.
    ///
    /// # Errors
    /// [`Error::Weights`] when one is not finite.
    pub fn weights(&self, config: NetworkConfig, record: serde_json::Value) -> Result<Weights> {
        let mut named = NamedTensors::default();
        self.visit(&mut named);
        Weights::new(config, record, named.tensors)
    }
}

/// Takes the parameters from weights. Their ids are their places, so that an optimiser's state finds them again.
struct Source<'a> {
    weights: &'a Weights,
    device: &'a Device,
    next_id: u64,
}

impl Source<'_> {
    fn parameter<const D: usize>(&mut self, name: &str) -> Param<Tensor<D>> {
        // complete and of the right shapes, as all weights are
        let (shape, values) = match self.weights.tensors().get(name) {
            Some(tensor) => (tensor.shape.clone(), tensor.values.clone()),
            None => (vec![0; D], Vec::new()),
        };
        self.next_id += 1;
        let value = Tensor::from_data(TensorData::new(values, shape), self.device);
        Param::initialized(ParamId::from(self.next_id), value.require_grad())
    }

    fn linear(&mut self, name: &str) -> Linear {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        Linear { weight: self.parameter(&weight), bias: self.parameter(&bias) }
    }

    fn matrix(&mut self, name: &str) -> Matrix {
        Matrix { weight: self.parameter(&format!("{name}.weight")) }
    }

    fn norm(&mut self, name: &str) -> Norm {
        let [gamma, beta] = ["gamma", "beta"].map(|part| format!("{name}.{part}"));
        Norm { gamma: self.parameter(&gamma), beta: self.parameter(&beta) }
    }
}

/// Collects the parameters of a module by their names.
#[derive(Default)]
struct NamedTensors {
    path: Vec<String>,
    tensors: Vec<(String, network::Tensor)>,
}

impl ModuleVisitor for NamedTensors {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let shape = value.dims().to_vec();
        let values = read(value).unwrap_or_default();
        self.tensors.push((self.path.join("."), network::Tensor { shape, values }));
    }
}

/// The numbers of a tensor.
///
/// # Errors
/// [`Error::Device`] when they cannot be read back.
pub(super) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor.try_into_vec_as().map_err(|error| Error::Device(error.to_string()))
}
