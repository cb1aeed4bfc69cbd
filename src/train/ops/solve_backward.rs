//! The gradients of the solvers by the implicit function theorem, as kernels.

use super::candidates::Candidates;
use super::kernel::{Kernel, Launch, WORKGROUP, each_row, split_columns};
use super::solver::{Solver, model_rows};
use crate::cpu::residual::ModelRows;
use crate::cpu::solve::solve_essential_5pt_backward::solve_essential_5pt_backward;
use crate::cpu::solve::solve_fundamental_7pt_backward::solve_fundamental_7pt_backward;
use crate::cpu::solve::solve_fundamental_8pt_backward::solve_fundamental_8pt_backward;
use crate::cpu::solve::solve_homography_4pt_backward::solve_homography_4pt_backward;
use crate::cpu::solve::solve_pose_p3p_backward::solve_pose_p3p_backward;
use crate::cpu::solve::solve_rigid_3pt_backward::solve_rigid_3pt_backward;
use crate::kernels;
use burn::tensor::Shape;

/// Samples, weights of the eight-point solver, models, whether there is one, and the gradient by the models → the gradient by
/// the samples (or by the weights), and whether it is usable: else it is 0.
#[derive(Debug)]
pub(super) struct SolveBackward {
    pub(super) candidates: Candidates,
    pub(super) by_weights: bool,
}

impl SolveBackward {
    /// Numbers of a sample's gradient.
    const fn width(&self) -> usize {
        if self.by_weights { self.candidates.size } else { self.candidates.width() }
    }

    fn gradient(
        &self,
        sample: &[f32],
        weights: Option<&[f32]>,
        model: &ModelRows,
        by_model: &ModelRows,
    ) -> Option<Vec<f64>> {
        let vectors: Vec<[f64; 4]> = sample.as_chunks().0.iter().map(|v| v.map(f64::from)).collect();
        let flat = |rows: &[[f64; 4]]| rows.as_flattened().to_vec();
        let v = vectors.as_slice();
        match self.candidates.solver {
            Solver::Essential5pt => {
                solve_essential_5pt_backward(v.try_into().ok()?, model, by_model).map(|rows| flat(&rows))
            }
            Solver::Fundamental7pt => {
                solve_fundamental_7pt_backward(v.try_into().ok()?, model, by_model).map(|rows| flat(&rows))
            }
            Solver::Fundamental8pt => {
                let weights: Option<Vec<_>> = weights.map(|weights| weights.iter().map(|&w| f64::from(w)).collect());
                let gradient = solve_fundamental_8pt_backward(v, weights.as_deref(), model, by_model)?;
                Some(if self.by_weights { gradient.weights } else { flat(&gradient.points) })
            }
            Solver::Homography4pt => {
                solve_homography_4pt_backward(v.try_into().ok()?, model, by_model).map(|rows| flat(&rows))
            }
            Solver::PoseP3p => solve_pose_p3p_backward(v.try_into().ok()?, model, by_model).map(|rows| flat(&rows)),
            Solver::Rigid3pt => solve_rigid_3pt_backward(v.try_into().ok()?, model, by_model).map(|rows| flat(&rows)),
        }
    }
}

impl Kernel for SolveBackward {
    fn outputs(&self) -> Vec<Shape> {
        let Candidates { samples, size, .. } = self.candidates;
        let by_samples = Shape::from([samples, size, self.candidates.width() / size]);
        let by_weights = Shape::from([samples, size]);
        let usable = Shape::from([samples]);
        match (self.candidates.weighted(), self.by_weights) {
            (true, true) => vec![by_weights, usable, by_samples],
            (true, false) => vec![by_samples, usable, by_weights],
            _ => vec![by_samples, usable],
        }
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let weighted = self.candidates.weighted();
        let [models, valid, by_models] = inputs[1 + usize::from(weighted)..] else { return };
        let (samples, size, width) = (self.candidates.samples, self.candidates.size, self.width());
        let mut rows = vec![0.0_f32; samples * (width + 1)];
        each_row(&mut rows, width + 1, |row, out| {
            if valid[row] == 0.0 {
                return;
            }
            let sample = &inputs[0][row * self.candidates.width()..][..self.candidates.width()];
            let weights = weighted.then(|| &inputs[1][row * size..][..size]);
            let [model, by_model] = [models, by_models].map(|rows| model_rows(&rows[12 * row..]));
            if let Some(gradient) = self.gradient(sample, weights, &model, &by_model) {
                for (out, g) in out.iter_mut().zip(gradient) {
                    *out = g as f32;
                }
                out[width] = 1.0;
            }
        });
        split_columns(&rows, &[width, 1], outputs);
    }

    fn launch(&self) -> Launch {
        let Candidates { samples, size, solver } = self.candidates;
        let shader = match solver {
            Solver::Essential5pt => kernels::solve::solve_essential_5pt_backward::SHADER,
            Solver::Fundamental7pt => kernels::solve::solve_fundamental_7pt_backward::SHADER,
            Solver::Fundamental8pt => kernels::solve::solve_fundamental_8pt_backward::SHADER,
            Solver::Homography4pt => kernels::solve::solve_homography_4pt_backward::SHADER,
            Solver::PoseP3p => kernels::solve::solve_pose_p3p_backward::SHADER,
            Solver::Rigid3pt => kernels::solve::solve_rigid_3pt_backward::SHADER,
        };
        let mut params = vec![samples as u32];
        // params, samples, models, gradients by them, by samples, usable; then weights, gradients by them
        let order: &[usize] = match (self.candidates.weighted(), self.by_weights) {
            (true, true) => &[0, 1, 3, 5, 8, 7, 2, 6],
            (true, false) => &[0, 1, 3, 5, 6, 7, 2, 8],
            _ => &[0, 1, 2, 4, 5, 6],
        };
        if self.candidates.weighted() {
            params.extend((0..samples as u32).flat_map(|row| [row * size as u32, size as u32]));
        }
        Launch { source: shader.into(), params, workgroups: (samples as u32).div_ceil(WORKGROUP), order }
    }
}
