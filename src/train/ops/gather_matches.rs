//! The coordinates of drawn matches. Twin: [`cpu::gather_matches`](crate::cpu::train::gather_matches).

use super::kernel::{Gradient, Kernel, Launch, Operand, WORKGROUP};
use super::packing::Packing;
use crate::cpu::train::gather_matches::{gather_matches, gather_matches_backward};
use crate::gpu::{Shader, shader_part};
use burn::tensor::Shape;
use std::sync::Arc;

/// Coordinates \[M, d\] and indices \[B, m\] → coordinates \[B, m, d\]; 0 for an index of −1.
#[derive(Clone, Debug)]
pub(super) struct GatherMatches {
    pub(super) packing: Arc<Packing>,
    pub(super) rows: usize,
    pub(super) size: usize,
    pub(super) coordinates: usize,
}

impl GatherMatches {
    fn params(&self) -> Vec<u32> {
        self.packing.params(self.rows / self.packing.pairs(), &[self.size as u32, self.coordinates as u32])
    }
}

impl Kernel for GatherMatches {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.rows, self.size, self.coordinates])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        gather_matches(inputs[0], inputs[1], self.coordinates, &mut outputs[0]);
    }

    fn launch(&self) -> Launch {
        Launch::new(GATHER, self.params(), ((self.rows * self.size) as u32).div_ceil(WORKGROUP))
    }

    fn gradients(&self) -> Vec<Gradient> {
        let kernel = Arc::new(GatherMatchesBackward(self.clone()));
        vec![Gradient { kernel, operands: vec![Operand::Input(1)], report: None }]
    }
}

/// Indices and the gradient by the gathered → that by the coordinates of all matches.
#[derive(Debug)]
struct GatherMatchesBackward(GatherMatches);

impl Kernel for GatherMatchesBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.packing.matches(), self.0.coordinates])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        gather_matches_backward(inputs[0], inputs[1], self.0.coordinates, &mut outputs[0]);
    }

    fn launch(&self) -> Launch {
        Launch::new(GATHER_BACKWARD, self.0.params(), (self.0.packing.matches() as u32).div_ceil(WORKGROUP))
    }
}

/// A drawn match an invocation.
pub(super) const GATHER: Shader = Shader {
    name: "gather_matches",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("train/gather_matches"),
    ],
};

/// A match an invocation: the sum over the hypotheses that drew it.
pub(super) const GATHER_BACKWARD: Shader = Shader {
    name: "gather_matches_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("train/gather_matches_backward"),
    ],
};
