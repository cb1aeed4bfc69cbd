//! The default architecture of [`crate::network`] as a Burn module, on packed batches.

use super::ops::{Segments, pool_neighbours, segment_norm};
use super::parameters::{Linear, Matrix, Source};
use crate::train::batch::PackedFeatures;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// Messages along the nearest neighbours in the images, and context over all matches of the pair.
#[derive(Module, Debug)]
pub(crate) struct MessagePassing {
    input: Linear,
    blocks: Vec<Block>,
    output: Linear,
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

impl Norm {
    fn new(source: &mut Source<'_>, name: &str) -> Self {
        let [gamma, beta] = ["gamma", "beta"].map(|part| source.parameter(&format!("{name}.{part}")));
        Self { gamma, beta }
    }

    /// Instance norm over each pair, scale, shift, ReLU.
    fn forward(&self, rows: Tensor<2>, segments: &Segments) -> Tensor<2> {
        segment_norm(rows, self.gamma.val(), self.beta.val(), true, segments)
    }
}

impl Block {
    fn new(source: &mut Source<'_>, index: usize) -> Self {
        let name = |part: &str| format!("blocks.{index}.{part}");
        Self {
            own: source.matrix(&name("own")),
            neighbour: source.matrix(&name("neighbour")),
            edge: source.linear(&name("edge")),
            project: source.matrix(&name("project")),
            project_norm: Norm::new(source, &name("project_norm")),
            context1: source.matrix(&name("context1")),
            context1_norm: Norm::new(source, &name("context1_norm")),
            context2: source.matrix(&name("context2")),
            context2_norm: Norm::new(source, &name("context2_norm")),
        }
    }

    fn forward(&self, hidden: Tensor<2>, features: &PackedFeatures) -> Tensor<2> {
        let segments = &features.segments;
        let both = hidden.clone().matmul(Tensor::cat(vec![self.own.weight.val(), self.neighbour.weight.val()], 1));
        let (weight, bias) = (self.edge.weight.val(), self.edge.bias.val());
        let pooled = pool_neighbours(both, weight, bias, features.edges.clone(), &features.neighbours, segments);
        let hidden = hidden + self.project_norm.forward(self.project.forward(pooled), segments);
        let inner = self.context1_norm.forward(self.context1.forward(hidden.clone()), segments);
        hidden + self.context2_norm.forward(self.context2.forward(inner), segments)
    }
}

impl MessagePassing {
    pub(crate) fn new(source: &mut Source<'_>, blocks: usize) -> Self {
        Self {
            input: source.linear("input"),
            blocks: (0..blocks).map(|index| Block::new(source, index)).collect(),
            output: source.linear("output"),
        }
    }

    /// One logit a match: (rows).
    pub(crate) fn forward(&self, features: &PackedFeatures) -> Tensor<1> {
        let hidden = self.input.forward(features.rows.clone());
        let hidden = self.blocks.iter().fold(hidden, |hidden, block| block.forward(hidden, features));
        self.output.forward(hidden).squeeze_dim(1)
    }
}
