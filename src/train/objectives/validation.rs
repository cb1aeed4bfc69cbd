//! How well a network does on pairs that it does not learn from.

use crate::geometry::accuracy::{auc_exact, motion_of_model, pose_error_deg};
use crate::geometry::ranking::{auroc, average_precision};
use crate::geometry::{Matches, Model};
use crate::network::{guided, guiding_weights};
use crate::train::batch::PackedFeatures;
use crate::train::example::Example;
use crate::train::networks::network::Network;
use crate::train::networks::parameters::read;
use crate::train::options::TrainOptions;
use crate::{Backend, Estimator, Options, Problem, Result};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// Seeds of the estimator, whose figures are averaged.
const SEEDS: u64 = 5;

/// Figures on the validation pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean loss of the initialisation.
    pub loss: f64,
    /// Area under the receiver operating characteristic of the logits against the true inliers, mean over the pairs.
    pub auroc: f64,
    /// Average precision of the same, mean over the pairs.
    pub average_precision: f64,
    /// Exact area under the recall of the pose error up to 5, 10 and 20°, of the estimator with few hypotheses.
    pub auc: [f64; 3],
}

/// Evaluates a network on the CPU or GPU, and its probabilities with the estimator on the CPU.
pub(crate) fn validate(
    network: &Network,
    examples: &[Example],
    options: &TrainOptions,
    device: &Device,
) -> Result<Validation> {
    let logits = examples
        .iter()
        .map(|example| {
            read(network.forward(&PackedFeatures::new([&example.features].into_iter(), &options.network, device))?)
        })
        .collect::<Result<Vec<_>>>()?;
    // a pair without right or without wrong matches has no ranking
    let mean = |of: &dyn Fn(&Example, &[f32]) -> Option<f64>| {
        let values: Vec<f64> =
            examples.iter().zip(&logits).filter_map(|(example, logits)| of(example, logits)).collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    Ok(Validation {
        loss: mean(&|example, logits| Some(options.init_loss.of_pair(logits, &example.truth))),
        auroc: mean(&|example, logits| auroc(logits, &example.truth.is_inlier)),
        average_precision: mean(&|example, logits| average_precision(logits, &example.truth.is_inlier)),
        auc: pose_auc(examples, &logits, options)?,
    })
}

/// Guided by the probabilities as the estimator is.
fn pose_auc(examples: &[Example], logits: &[Vec<f32>], options: &TrainOptions) -> Result<[f64; 3]> {
    let iterations = options.validation_iterations;
    let kind = options.network.model;
    let budget = Options {
        min_iterations: iterations,
        max_iterations: iterations,
        backend: Backend::Cpu,
        diagnose: false,
        ..Options::default()
    };
    let estimator = Estimator::new(guided(budget, kind))?;
    let weights: Vec<Vec<f32>> = logits.iter().map(|logits| guiding_weights(logits)).collect();
    // one seed after the other, since few hypotheses leave much to chance
    let runs = (0..SEEDS)
        .flat_map(|seed| examples.iter().zip(&weights).map(move |(example, weights)| (seed, example, weights)));
    let problems = runs.map(|(seed, example, weights)| {
        let matches = example.record.matches.view(kind)?;
        let ratios = example.record.ratios.as_deref();
        Ok(Problem { weights: Some(weights), ratios, seed, ..Problem::new(matches) })
    });
    let outcomes = estimator.estimate_batch(&problems.collect::<Result<Vec<_>>>()?);
    let errors: Vec<f64> = examples
        .iter()
        .cycle()
        .zip(outcomes)
        .map(|(example, outcome)| {
            let estimate = outcome.ok().and_then(|outcome| outcome.estimate);
            estimate.map_or(f64::INFINITY, |estimate| motion_error_deg(example, &estimate.model, &estimate.inliers))
        })
        .collect();
    Ok([5.0, 10.0, 20.0].map(|limit| auc_exact(&errors, limit)))
}

fn motion_error_deg(example: &Example, model: &Model, inliers: &[bool]) -> f64 {
    let Matches::TwoView { points1_px, points2_px, .. } = &example.record.matches else { return f64::INFINITY };
    let motion = motion_of_model(model, &example.cameras, points1_px, points2_px, inliers);
    motion.map_or(f64::INFINITY, |motion| pose_error_deg(&motion, &example.motion))
}
