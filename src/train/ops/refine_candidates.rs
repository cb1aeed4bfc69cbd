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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pose;
    use crate::cpu::search::{
        normalize_matches::{pose_of, rows_of_pose},
        score_models::Scorer,
    };
    use crate::data::{SyntheticOptions, SyntheticPairs};
    use crate::network::NetworkConfig;
    use crate::train::example::Example;
    use crate::train::networks::parameters::read;
    use burn::tensor::{Device, DeviceKind, TensorData};
    use glam::{DMat3, DQuat, DVec3};
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    const HYPOTHESES: usize = 70;
    const COUNT: usize = 4;

    /// A batch near its truth: models with some entry changed, and for every seventh none.
    struct Given {
        packing: Packing,
        weights: Vec<f32>,
        scores: Vec<f32>,
        models: Vec<f32>,
        true_models: Vec<f32>,
        points: Vec<f32>,
    }

    fn near(kind: ModelKind, true_model: &ModelRows, rng: &mut StdRng) -> ModelRows {
        let mut vector = || DVec3::from_array([(); 3].map(|()| rng.random_range(-2e-3..2e-3)));
        if kind == ModelKind::Fundamental {
            return true_model.map(|[a, b, c, _]| {
                let [x, y, z] = (0.1 * vector()).to_array();
                [a + x, b + y, c + z, 0.0]
            });
        }
        let Pose { rotation, translation } = pose_of(true_model);
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(vector())) * rotation;
        rows_of_pose(&Pose { rotation, translation: (translation + 5.0 * vector()).normalize() })
    }

    fn given(kind: ModelKind, rng: &mut StdRng) -> Given {
        let pairs =
            SyntheticPairs::new(SyntheticOptions { matches: [60, 300], ..SyntheticOptions::default() }, 5).unwrap();
        let config = NetworkConfig { model: kind, ..NetworkConfig::default() };
        let pairs: Vec<Example> = (0..3).map(|index| Example::new(pairs.pair(index), &config).unwrap()).collect();
        let counts: Vec<usize> = pairs.iter().map(|pair| pair.normalized.count).collect();
        let metrics: Vec<[f32; 4]> = pairs.iter().map(|pair| pair.normalized.metric.map(|unit| unit as f32)).collect();
        let point = |pair: &Example, row: usize| [0, 1, 2, 3].map(|k| pair.normalized.columns_f32[k][row]);
        let points =
            pairs.iter().flat_map(|pair| (0..pair.normalized.count).flat_map(|row| point(pair, row))).collect();
        let right = pairs.iter().flat_map(|pair| &pair.truth.is_inlier);
        let mut weights: Vec<f32> = right.map(|&right| if right { 0.9 } else { rng.random_range(0.0..0.2) }).collect();
        weights[5] = f32::NAN;
        weights[9] = f32::INFINITY;
        let mut models = Vec::new();
        for pair in &pairs {
            for hypothesis in 0..HYPOTHESES {
                let near = near(kind, &pair.true_model, rng).map(|row| row.map(|entry| entry as f32));
                models.extend(if hypothesis % 7 == 3 { [0.0; 12] } else { near.concat().try_into().unwrap() });
            }
        }
        // with equals among them
        let scores = (0..3 * HYPOTHESES).map(|_| rng.random_range(0..20) as f32).collect();
        let true_models =
            pairs.iter().flat_map(|pair| pair.true_model.into_iter().flatten()).map(|x| x as f32).collect();
        Given { packing: Packing::new(&counts, &metrics).unwrap(), weights, scores, models, true_models, points }
    }

    fn refined_on(device: &Device, kind: ModelKind, given: &Given) -> [Vec<f32>; 2] {
        let flat = |values: &[f32]| Tensor::<1>::from_data(values, device);
        let table = |values: &[f32], columns: usize| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [values.len() / columns, columns]), device)
        };
        let choice = Choice {
            weights: flat(&given.weights),
            scores: flat(&given.scores),
            models: table(&given.models, 12),
            true_models: table(&given.true_models, 12),
            points: table(&given.points, 4),
        };
        let (models, origins) = refine_candidates(kind, choice, &given.packing, COUNT).unwrap();
        [read(models.reshape([12 * 3 * (COUNT + 1)])).unwrap(), read(origins).unwrap()]
    }

    #[test]
    fn the_shader_chooses_and_refines_as_the_cpu() {
        let mut rng = StdRng::seed_from_u64(4);
        for kind in [ModelKind::Essential, ModelKind::Fundamental] {
            let given = given(kind, &mut rng);
            let [expected, origins] = refined_on(&Device::flex(), kind, &given);
            let [found, found_origins] = refined_on(&Device::wgpu(DeviceKind::DefaultDevice), kind, &given);
            assert_eq!(origins, found_origins);
            for (pair, origins) in origins.chunks(COUNT + 1).enumerate() {
                assert_eq!(origins[COUNT], HYPOTHESES as f32);
                let score = |&origin: &f32| given.scores[pair * HYPOTHESES + origin as usize];
                assert!(origins[..COUNT].iter().map(score).is_sorted_by(|a, b| a >= b));
                assert!(origins[..COUNT].iter().all(|origin| *origin as usize % 7 != 3));
            }
            let kernel =
                RefineCandidates { kind, packing: given.packing.clone(), hypotheses: HYPOTHESES, count: COUNT };
            let scorer = Scorer::new(kind, Score::Magsacpp, EpipolarResidual::Sampson);
            let mut equal = 0;
            for (row, (found, expected)) in found.chunks(12).zip(expected.chunks(12)).enumerate() {
                // where a loss is flat, single precision ends elsewhere
                let matches = kernel.matches(row / (COUNT + 1), &given.weights, &given.points);
                let [a, b] = [found, expected].map(|rows| scorer.score(&model_rows(rows), &matches, f32::NEG_INFINITY));
                assert!((a - b).abs() < 0.01 * b, "{kind:?} {row}: {a} {b}");
                let same = |sign: f32| found.iter().zip(expected).all(|(a, b)| (sign * a - b).abs() < 1e-3);
                equal += u32::from(same(1.0) || kind == ModelKind::Fundamental && same(-1.0));
            }
            assert!(equal >= 12, "{equal} of 15");
        }
    }

    #[test]
    fn where_there_is_no_model_there_is_none() {
        let mut given = given(ModelKind::Fundamental, &mut StdRng::seed_from_u64(4));
        given.models[..12 * HYPOTHESES].fill(0.0);
        given.models[12] = f32::NAN;
        given.true_models[12..24].fill(f32::NAN);
        for device in [Device::flex(), Device::wgpu(DeviceKind::DefaultDevice)] {
            let [models, origins] = refined_on(&device, ModelKind::Fundamental, &given);
            assert_eq!(origins[..COUNT + 1], [-1.0, -1.0, -1.0, -1.0, HYPOTHESES as f32]);
            assert_eq!(origins[2 * COUNT + 1], -1.0);
            assert!(
                models.iter().all(|entry| entry.is_finite()) && models[..12 * COUNT].iter().all(|&entry| entry == 0.0)
            );
        }
    }
}
