//! What matches are drawn by. Twin: [`cpu::sum_weights`](crate::cpu::train::sum_weights).

use super::kernel::{Kernel, Launch};
use super::packing::Packing;
use crate::cpu::train::sum_weights::sum_weights;
use crate::gpu::{Shader, shader_part};
use burn::tensor::Shape;
use std::sync::Arc;

/// Numbers of a match with a 3-D point.
const WIDTH: usize = 8;

/// Weights \[M\] and matches \[M, 8\] → prefix sums in each pair \[M\] and how many of its matches can be drawn \[pairs\], both
/// the bits of u32.
#[derive(Clone, Debug)]
pub(super) struct SumWeights(pub(super) Arc<Packing>);

impl Kernel for SumWeights {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.matches()]), Shape::from([self.0.pairs()])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        for pair in 0..self.0.pairs() {
            let rows = self.0.rows(pair);
            let mut sums = vec![0; rows.len()];
            let matches = &inputs[1][WIDTH * rows.start..WIDTH * rows.end];
            let drawable = sum_weights(&inputs[0][rows.clone()], matches, WIDTH, &mut sums);
            outputs[1][pair] = f32::from_bits(drawable);
            for (out, sum) in outputs[0][rows].iter_mut().zip(sums) {
                *out = f32::from_bits(sum);
            }
        }
    }

    fn launch(&self) -> Launch {
        Launch::new(SUM, self.0.params(1, &[]), self.0.pairs() as u32)
    }
}

/// A pair a workgroup.
pub(super) const SUM: Shader = Shader {
    name: "sum_weights",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/random/fixed_point"),
        shader_part!("train/sum_weights"),
    ],
};
