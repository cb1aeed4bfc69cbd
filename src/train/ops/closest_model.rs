//! Of each sample's models the one closest to the truth, with the gradient of the solver. Twin:
//! [`cpu::closest_model`](crate::cpu::train::closest_model).

use super::candidates::Candidates;
use super::kernel::{Gradient, Kernel, Launch, Operand, Report, WORKGROUP, each_row, split_columns};
use super::solve_backward::SolveBackward;
use super::solver::model_rows;
use crate::constants;
use crate::cpu::train::closest_model::closest_model;
use crate::gpu::{Shader, shader_part};
use crate::{Error, Result};
use burn::tensor::Shape;
use std::sync::Arc;

/// Samples, weights of the eight-point solver, all models, how many, and the true models → model and whether there is one. The
/// samples and weights are read by the gradient alone.
#[derive(Clone, Debug)]
pub(super) struct ClosestModel {
    pub(super) candidates: Candidates,
    pub(super) hypotheses: usize,
    pub(super) report: Report,
}

/// Hypotheses a pair, of models and true models with these dimensions.
///
/// # Errors
/// [`Error::LengthMismatch`] for models that have not twelve entries, [`Error::BadOption`] where the models are no multiple of
/// the true ones.
pub(super) fn check_truth([rows, entries]: [usize; 2], [pairs, true_entries]: [usize; 2]) -> Result<usize> {
    for (what, found) in [("entries of a model", entries), ("entries of a true model", true_entries)] {
        if found != 12 {
            return Err(Error::LengthMismatch { what, expected: 12, found });
        }
    }
    if pairs == 0 || !rows.is_multiple_of(pairs) {
        let found = format!("{rows} models for {pairs} pairs");
        return Err(Error::BadOption { name: "truth", expected: "as many hypotheses for every pair", found });
    }
    Ok(rows / pairs)
}

impl ClosestModel {
    /// Where the models stand among the inputs.
    const fn first(&self) -> usize {
        1 + self.candidates.weighted() as usize
    }
}

impl Kernel for ClosestModel {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.candidates.samples, 12]), Shape::from([self.candidates.samples])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [models, counts, truth] = inputs[self.first()..] else { return };
        let (kind, most) = (self.candidates.solver.kind(), 12 * self.candidates.solver.max_solutions());
        let mut rows = vec![0.0_f32; self.candidates.samples * 13];
        each_row(&mut rows, 13, |row, out| {
            let found = counts[row].to_bits() as usize;
            let of_sample: Vec<_> = models[row * most..].chunks(12).take(found).map(model_rows).collect();
            let truth = model_rows(&truth[row / self.hypotheses * 12..]);
            if let Some(closest) = closest_model(kind, &of_sample, &truth) {
                out[..12].copy_from_slice(&models[row * most + 12 * closest..][..12]);
                out[12] = 1.0;
            }
        });
        split_columns(&rows, &[12, 1], outputs);
    }

    fn launch(&self) -> Launch {
        let Candidates { samples, solver, .. } = self.candidates;
        let params = vec![samples as u32, self.hypotheses as u32, solver.max_solutions() as u32, solver.kind() as u32];
        // all but samples and weights
        let order = if self.candidates.weighted() { &[0, 3, 4, 5, 6, 7][..] } else { &[0, 2, 3, 4, 5, 6] };
        Launch { source: CLOSEST.into(), params, workgroups: (samples as u32).div_ceil(WORKGROUP), order }
    }

    fn gradients(&self) -> Vec<Gradient> {
        let inputs = (0..self.first()).map(Operand::Input);
        let operands: Vec<_> = inputs.chain([Operand::Output(0), Operand::Output(1)]).collect();
        let by = |weights: bool| Gradient {
            kernel: Arc::new(SolveBackward { candidates: self.candidates, by_weights: weights }),
            operands: operands.clone(),
            report: (!weights).then(|| self.report.clone()),
        };
        (0..self.first()).map(|input| by(input == 1)).collect()
    }
}

/// A sample an invocation.
pub(super) const CLOSEST: Shader = Shader {
    name: "closest_model",
    parts: &[constants::MODEL_KINDS, shader_part!("shared/layout/dispatch"), shader_part!("train/closest_model")],
};
