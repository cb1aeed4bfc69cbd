//! All models of each sample, as a kernel.

use super::kernel::{Kernel, Launch, WORKGROUP, each_row, split_columns};
use super::solver::Solver;
use crate::gpu::{Shader, shader_part};
use crate::kernels::solve::solver;
use burn::tensor::Shape;

/// Samples, and weights of the eight-point solver → all models of each, and how many (the bits of a u32).
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidates {
    pub(super) solver: Solver,
    pub(super) samples: usize,
    pub(super) size: usize,
}

impl Candidates {
    /// Whether weights are the second input.
    pub(super) const fn weighted(&self) -> bool {
        matches!(self.solver, Solver::Fundamental8pt)
    }

    /// Numbers of one sample.
    pub(super) const fn width(&self) -> usize {
        self.size * super::spatial::kernel_width(self.solver.kind())
    }
}

impl Kernel for Candidates {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.samples, self.solver.max_solutions(), 12]), Shape::from([self.samples])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let most = 12 * self.solver.max_solutions();
        let mut rows = vec![0.0_f32; self.samples * (most + 1)];
        each_row(&mut rows, most + 1, |row, out| {
            let points = &inputs[0][row * self.width()..][..self.width()];
            let weights = self.weighted().then(|| &inputs[1][row * self.size..][..self.size]);
            let models = self.solver.solve(points, weights);
            out[most] = f32::from_bits(models.len() as u32);
            for (out, value) in out.iter_mut().zip(models.iter().flatten().flatten()) {
                *out = *value as f32;
            }
        });
        split_columns(&rows, &[most, 1], outputs);
    }

    fn launch(&self) -> Launch {
        let params = vec![self.samples as u32, self.size as u32];
        if self.weighted() {
            // params, points, models, counts, weights
            let workgroups = (self.samples as u32).div_ceil(WORKGROUP);
            return Launch { source: WEIGHTED_8PT.into(), params, workgroups, order: &[0, 1, 3, 4, 2] };
        }
        let shader = solver::shader(self.solver.kind());
        let workgroups = (self.samples as u32).div_ceil(solver::hypotheses_a_workgroup(&shader));
        Launch::new(shader, params, workgroups)
    }
}

/// Samples of any number of weighted matches.
pub(super) const WEIGHTED_8PT: Shader = Shader {
    name: "solve_fundamental_8pt/weighted",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/solver/hartley"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/triangular9"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/solver/oriented_epipolar"),
        shader_part!("shared/solver/fit_weighted"),
        shader_part!("shared/solver/fit_by_rotations"),
        shader_part!("solve/solve_fundamental_8pt"),
    ],
};
