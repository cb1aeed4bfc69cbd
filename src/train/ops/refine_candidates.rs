//! The best models of each pair and its true one, refined. Twin: [`cpu::refine_candidates`](crate::cpu::train::refine_candidates).

use super::backend::run;
use super::kernel::{Kernel, Launch, Source, each_row, split_columns};
use super::packing::Packing;
use super::solver::model_rows;
use crate::constants;
use crate::cpu::{
    residual::ModelRows, search::normalize_matches::NormalizedMatches,
    train::refine_candidates::refine_candidates as refine_of_pair,
};
use crate::geometry::EpipolarResidual;
use crate::gpu::shader_part;
use crate::kernels::Variant;
use crate::ransac::stages::schedule::{LOCAL, LOCAL_SCALE};
use crate::{ModelKind, Result, Score};
use burn::tensor::{Shape, Tensor};

/// What the models are chosen by and refined on.
pub(in crate::train) struct Choice {
    /// \[M\]: of each match in the refinement.
    pub(in crate::train) weights: Tensor<1>,
    /// \[B\]: of each model.
    pub(in crate::train) scores: Tensor<1>,
    /// \[B, 12\]: zeros where there is none.
    pub(in crate::train) models: Tensor<2>,
    /// \[pairs, 12\].
    pub(in crate::train) true_models: Tensor<2>,
    /// \[M, 4\].
    pub(in crate::train) points: Tensor<2>,
}

/// Of each pair the `count` models of highest score, essential or fundamental, and its true model, refined as the estimator does after a
/// round: \[pairs · (count + 1), 12\], the true one last; and which model of its pair each was, \[pairs · (count + 1)\]: as many as there are
/// for the true one, −1 where there is none. Constants all: there is no gradient.
///
/// # Errors
/// [`Error::BadOption`](crate::Error::BadOption) where the models are no multiple of the pairs.
pub(in crate::train) fn refine_candidates(
    kind: ModelKind,
    choice: Choice,
    packing: &Packing,
    count: usize,
) -> Result<(Tensor<2>, Tensor<1>)> {
    let Choice { weights, scores, models, true_models, points } = choice;
    let hypotheses = packing.hypotheses(scores.dims()[0])?;
    let kernel = RefineCandidates { kind, packing: packing.clone(), hypotheses, count };
    let inputs = [weights, scores].map(|tensor| tensor.detach().into_dispatch()).into_iter();
    let inputs = inputs.chain([models, true_models, points].map(|tensor| tensor.detach().into_dispatch()));
    let mut outputs = run(kernel, inputs.collect())?;
    let origins = Tensor::from_dispatch(outputs.swap_remove(1));
    Ok((Tensor::from_dispatch(outputs.swap_remove(0)), origins))
}

/// Weights, scores, models, true models and matches → refined models and where they are from.
#[derive(Debug)]
struct RefineCandidates {
    kind: ModelKind,
    packing: Packing,
    /// Models of a pair.
    hypotheses: usize,
    /// Those of them that are chosen.
    count: usize,
}

impl RefineCandidates {
    /// Rows of a pair.
    const fn of_each(&self) -> usize {
        self.count + 1
    }

    fn matches(&self, pair: usize, weights: &[f32], matches: &[f32]) -> NormalizedMatches {
        let range = self.packing.rows(pair);
        let row = |m: &[f32; 4]| [m[0], m[1], m[2], m[3], 0.0, 0.0].map(f64::from);
        let rows: Vec<[f64; 6]> = matches.as_chunks::<4>().0[range.clone()].iter().map(row).collect();
        let finite = |&weight: &f32| if weight.is_finite() { weight } else { 0.0 };
        let weights: Vec<f32> = weights[range].iter().map(finite).collect();
        NormalizedMatches::of_rows(self.kind, &rows, self.packing.metric(pair)).with_weights(&weights)
    }
}

impl Kernel for RefineCandidates {
    fn outputs(&self) -> Vec<Shape> {
        let rows = self.packing.pairs() * self.of_each();
        vec![Shape::from([rows, 12]), Shape::from([rows])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [weights, scores, models, true_models, matches] = inputs else { return };
        let mut rows = vec![0.0; self.packing.pairs() * self.of_each() * 13];
        each_row(&mut rows, self.of_each() * 13, |pair, out| {
            let of_pair = pair * self.hypotheses..(pair + 1) * self.hypotheses;
            let models: Vec<ModelRows> = of_pair.clone().map(|row| model_rows(&models[12 * row..])).collect();
            let true_model = model_rows(&true_models[12 * pair..]);
            let matches = self.matches(pair, weights, matches);
            let refined = refine_of_pair(&models, &scores[of_pair], &true_model, &matches, self.count, &LOCAL);
            for (out, refined) in out.as_chunks_mut::<13>().0.iter_mut().zip(refined) {
                let (place, model) = refined.map_or((-1.0, [[0.0; 4]; 3]), |(place, model)| (place as f32, model));
                out[12] = place;
                out.iter_mut().zip(model.iter().flatten()).for_each(|(out, &entry)| *out = entry as f32);
            }
        });
        split_columns(&rows, &[12, 1], outputs);
    }

    fn launch(&self) -> Launch {
        let own = [
            self.hypotheses as u32,
            ((LOCAL_SCALE * LOCAL_SCALE) as f32).to_bits(),
            ((LOCAL.reach * LOCAL.reach) as f32).to_bits(),
            LOCAL.max_iterations,
        ];
        let params = self.packing.params(self.of_each(), &own);
        Launch::new(source(self.kind), params, (self.packing.pairs() * self.of_each()) as u32)
    }
}

/// A refined model a workgroup.
pub(super) fn source(kind: ModelKind) -> Source {
    let variant = Variant { kind, residual: EpipolarResidual::Sampson, score: Score::Magsacpp };
    let mut parts = vec![
        constants::SEARCH,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        variant.layout(),
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/model_rows"),
    ];
    parts.extend(variant.residual());
    parts.extend(variant.manifold());
    parts.extend([
        shader_part!("shared/algebra/prefix_sums"),
        shader_part!("shared/algebra/add_up"),
        shader_part!("shared/algebra/gauss_jordan"),
        shader_part!("shared/solver/levenberg_marquardt"),
        shader_part!("train/refine_candidates"),
    ]);
    Source { name: "refine_candidates", parts }
}
