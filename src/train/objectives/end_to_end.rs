//! The end-to-end stage: the gradient passes through sampling and the minimal solver (Wei et al., ICCV 2023), and through the
//! selection of the best model by its weighted score.

use super::candidates::Candidates;
use super::initialisation::InitialisationLoss;
use crate::cpu::residual::{ModelRows, essential_rows};
use crate::train::example::Example;
use crate::train::ops::{
    Choice, LossWeights, Packing, Samples, Sampling, Solver, Truth, match_losses, mean_over_hypotheses, model_losses,
    pose_loss, refine_candidates, sample_minimal, score_function_loss, select_hypotheses, solve, weighted_scores,
};
use crate::{Error, ModelKind, Result, Score};
use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::f64::consts::FRAC_1_SQRT_2;

/// Options of the end-to-end stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndToEnd {
    /// Hypotheses of a pair in a step.
    pub hypotheses: usize,
    /// The minimal solver; the five-point one for an essential and the seven-point one for a fundamental matrix where none
    /// is named. Those of F may stand in for that of E, in normalised coordinates: their matrices are judged by the matches,
    /// as they have no motion, so that `losses.pose` counts for nothing, and `selection` and `sampling` have to be 0.
    pub solver: Option<Solver>,
    /// How the gradient passes through sampling.
    pub gradient: SamplerGradient,
    /// What the models are judged by.
    pub objective: Objective,
    /// Samples are drawn in proportion to the probabilities to the power of this.
    pub power: f32,
    /// Temperature of the softmax of the straight-through gradient.
    pub temperature: f32,
    /// Weight of the mean loss over all hypotheses, which is the paper's.
    pub mean: f32,
    /// The parts of that loss.
    pub losses: LossWeights,
    /// Weight of the expected loss under the soft selection by score.
    pub selection: f32,
    /// Weight of the score function's gradient of that expected loss by the samples: a sample is worth by how much the selection
    /// does better with it than without it.
    pub sampling: f32,
    /// How sharply the selection prefers higher scores: the scores are sums over the matches of probabilities times gains in
    /// 0..=1, and a model is selected in proportion to exp(sharpness · score).
    pub sharpness: f32,
    /// Matches weigh in the score as their probabilities to the power of this.
    pub score_power: f32,
    /// Models of highest score of each pair that are refined and then selected from, besides the refined true one.
    pub candidates: usize,
    /// Losses of the initialisation that go on, weighted by themselves: the cross-entropy keeps the probabilities calibrated.
    pub kept: InitialisationLoss,
}

/// How the gradient passes through sampling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SamplerGradient {
    /// The straight-through gradient of the Gumbel-softmax, as in ∇-RANSAC.
    #[default]
    StraightThrough,
    /// The score function with a baseline, unbiased, as in NG-RANSAC.
    ScoreFunction,
}

/// What the models are judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The true motion.
    #[default]
    Truth,
    /// The estimator's own score, with no truth at all: the score function's gradient of the mean score over the hypotheses.
    /// Of a sample's models the one closest to the estimator's best model is taken.
    InlierScore,
}

/// Largest pose error that tells one wrong model from another in the selection, radians.
const MAX_POSE_ERROR: f32 = 0.2;
/// The same of the squared epipolar error, squared thresholds.
const MAX_EPIPOLAR_ERROR: f32 = 25.0;

impl Default for EndToEnd {
    fn default() -> Self {
        Self {
            hypotheses: 32,
            solver: None,
            gradient: SamplerGradient::default(),
            objective: Objective::default(),
            power: 2.0,
            temperature: 1.0,
            mean: 0.0,
            losses: LossWeights { inlier: 1.0, pose: 1.0, error: 0.01, clamp: 100.0 },
            selection: 0.0,
            sampling: 3.0,
            sharpness: 0.3,
            score_power: 1.0,
            candidates: 8,
            kept: InitialisationLoss::default(),
        }
    }
}

/// The pairs of a batch as the operations take them.
struct Batch {
    kind: ModelKind,
    packing: Packing,
    points: Tensor<2>,
    truth: Truth,
}

impl EndToEnd {
    /// The solver for a model.
    pub(crate) fn solver(&self, kind: ModelKind) -> Solver {
        let usual = if kind == ModelKind::Essential { Solver::Essential5pt } else { Solver::Fundamental7pt };
        self.solver.unwrap_or(usual)
    }

    /// # Errors
    /// [`Error::BadOption`] with the first value out of range.
    pub(crate) fn check(&self, kind: ModelKind) -> Result<()> {
        self.check_solver(self.solver(kind), kind)?;
        let LossWeights { inlier, pose, error, clamp } = self.losses;
        let numbers = [self.mean, self.selection, self.sampling, self.sharpness, self.score_power, inlier, pose, error];
        if let Some(wrong) = numbers.into_iter().find(|number| !(number.is_finite() && *number >= 0.0)) {
            let (name, expected) = ("weights of the end-to-end stage", "finite, 0 or more");
            return Err(Error::BadOption { name, expected, found: wrong.to_string() });
        }
        let positive = [("power", self.power), ("temperature", self.temperature), ("clamp", clamp)];
        if let Some((name, wrong)) = positive.into_iter().find(|(_, number)| !(number.is_finite() && *number > 0.0)) {
            return Err(Error::BadOption { name, expected: "a positive number", found: wrong.to_string() });
        }
        for (name, found) in [("hypotheses", self.hypotheses), ("candidates", self.candidates)] {
            if found == 0 {
                return Err(Error::BadOption { name, expected: "at least 1", found: found.to_string() });
            }
        }
        Ok(())
    }

    /// # Errors
    /// [`Error::BadOption`] for a solver of another model, but for one of F for E where no motion is asked for.
    fn check_solver(&self, solver: Solver, kind: ModelKind) -> Result<()> {
        let by_motion = self.objective == Objective::Truth && self.selection + self.sampling > 0.0;
        let expected = match (kind, solver.kind()) {
            (trained, solved) if trained == solved => return Ok(()),
            (ModelKind::Essential, ModelKind::Fundamental) if !by_motion => return Ok(()),
            (ModelKind::Essential, ModelKind::Fundamental) => "that of E, since selection and sampling judge motions",
            _ => "one of the model that is trained",
        };
        Err(Error::BadOption { name: "solver", expected, found: format!("{solver:?}") })
    }

    /// What has the gradient of the stage's loss, [1], and its value, [1]; without the kept losses of the initialisation.
    pub(crate) fn loss(
        &self,
        logits: Tensor<1>,
        pairs: &[Example],
        kind: ModelKind,
        [seed, step, first_pair]: [u64; 3],
        device: &Device,
    ) -> Result<[Tensor<1>; 2]> {
        let guided = self.objective == Objective::InlierScore;
        let solver = self.solver(kind);
        let batch = Batch::new(pairs, [kind, solver.kind()], guided, device)?;
        let log_probabilities = log_sigmoid(logits);
        let shares = log_probabilities.clone() * self.power;
        let drawn_from = if self.passes_through() { shares.clone() } else { shares.clone().detach() };
        let Self { hypotheses, temperature, .. } = *self;
        let (step, first_pair, sample_size) = (step as u32, first_pair as u32, solver.sample_size());
        let sampling = Sampling { hypotheses, sample_size, temperature, seed, step, first_pair };
        let samples = sample_minimal(drawn_from, batch.points.clone(), &batch.packing, &sampling)?;
        let solved = solve(solver, samples.points.clone(), None, batch.truth.models.clone())?;
        let (models, valid) = (solved.models, solved.valid);
        if guided {
            return self.score_objective(&batch, shares, &samples, models, valid);
        }
        let (mut loss, mut value) = (shares.clone().sum() * 0.0, Tensor::zeros([1], device));
        if self.mean > 0.0 {
            let [by_mean, mean] = self.mean_loss(&batch, shares.clone(), &samples, models.clone(), valid.clone())?;
            (loss, value) = (loss + by_mean * self.mean, value + mean * self.mean);
        }
        if self.selection + self.sampling > 0.0 {
            let weights = (log_probabilities * self.score_power).exp();
            let (selection, contributions) = self.selection_loss(&batch, weights, models)?;
            let indices = samples.indices;
            let by_samples = score_function_loss(contributions, valid, indices, shares, &batch.packing)?;
            value = value + selection.clone() * (self.selection + self.sampling);
            loss = loss + selection * self.selection + by_samples * (self.sampling * hypotheses as f32);
        }
        Ok([loss, value])
    }

    fn passes_through(&self) -> bool {
        self.gradient == SamplerGradient::StraightThrough && self.objective == Objective::Truth && self.mean > 0.0
    }

    /// The paper's loss: the mean over all hypotheses.
    fn mean_loss(
        &self,
        batch: &Batch,
        shares: Tensor<1>,
        samples: &Samples,
        models: Tensor<2>,
        valid: Tensor<1>,
    ) -> Result<[Tensor<1>; 2]> {
        let pose = if batch.kind == ModelKind::Essential { self.losses.pose } else { 0.0 };
        let losses = LossWeights { pose, ..self.losses };
        let losses =
            model_losses(batch.kind, models, batch.points.clone(), &batch.truth, &batch.packing, &losses)?.total;
        let mean = mean_over_hypotheses(losses.clone(), valid.clone());
        if self.gradient == SamplerGradient::StraightThrough {
            return Ok([mean.clone(), mean]);
        }
        let indices = samples.indices.clone();
        Ok([score_function_loss(losses.detach(), valid, indices, shares, &batch.packing)?, mean])
    }

    /// One minus the share of the matches that a hypothesis explains, on average.
    fn score_objective(
        &self,
        batch: &Batch,
        shares: Tensor<1>,
        samples: &Samples,
        models: Tensor<2>,
        valid: Tensor<1>,
    ) -> Result<[Tensor<1>; 2]> {
        let (points, packing) = (batch.points.clone(), &batch.packing);
        let counts = (0..packing.pairs()).flat_map(|pair| {
            let count = packing.rows(pair).len();
            std::iter::repeat_n(1.0 / count.max(1) as f32, count)
        });
        let weights = tensor(counts.collect(), [packing.matches()], &points.device());
        let explained = weighted_scores(batch.kind, Score::Magsacpp, weights, models.detach(), points, packing)?;
        let losses = -explained + 1.0;
        let mean = mean_over_hypotheses(losses.clone(), valid.clone());
        Ok([score_function_loss(losses, valid, samples.indices.clone(), shares, packing)?, mean])
    }

    /// The expected error of the model selected among refined ones, in 0..=1, whose gradient passes through the weights of the
    /// matches in the score; and what each hypothesis, [B], adds to it.
    fn selection_loss(&self, batch: &Batch, weights: Tensor<1>, models: Tensor<2>) -> Result<(Tensor<1>, Tensor<1>)> {
        let (kind, packing, points) = (batch.kind, &batch.packing, &batch.points);
        let chosen = self.candidates(batch, weights.clone().detach(), models.detach())?;
        let (models, valid) = (chosen.models.clone(), chosen.valid());
        let scores = weighted_scores(kind, Score::Magsacpp, weights, models.clone(), points.clone(), packing)?;
        let losses = if kind == ModelKind::Essential {
            pose_loss(kind, models, batch.truth.models.clone())?.clamp_max(MAX_POSE_ERROR) / MAX_POSE_ERROR
        } else {
            let labels = batch.truth.labels.clone();
            match_losses(kind, models, points.clone(), labels, packing, MAX_EPIPOLAR_ERROR)?.error / MAX_EPIPOLAR_ERROR
        };
        let known = [scores.clone().detach(), losses.clone().detach()];
        let contributions = chosen.contributions([packing.pairs(), self.hypotheses], self.sharpness, known);
        let selected = select_hypotheses(scores, valid, packing, self.sharpness)?.expected_loss(losses)?.mean();
        Ok((selected, contributions))
    }

    /// The models of highest score with these weights of the matches and the true ones, refined as the estimator does.
    fn candidates(&self, batch: &Batch, weights: Tensor<1>, models: Tensor<2>) -> Result<Candidates> {
        let Batch { kind, packing, points, truth } = batch;
        let scores = weighted_scores(*kind, Score::Magsacpp, weights.clone(), models.clone(), points.clone(), packing)?;
        let choice = Choice { weights, scores, models, true_models: truth.models.clone(), points: points.clone() };
        let (models, origins) = refine_candidates(*kind, choice, packing, self.candidates)?;
        Ok(Candidates { models, origins })
    }
}

impl Batch {
    /// With the estimator's best models in the place of the true ones where these are not to be seen. Of pairs of one kind for
    /// a solver of another.
    fn new(pairs: &[Example], [of_pairs, kind]: [ModelKind; 2], guided: bool, device: &Device) -> Result<Self> {
        let counts: Vec<usize> = pairs.iter().map(|pair| pair.normalized.count).collect();
        let metrics: Vec<[f32; 4]> = pairs.iter().map(|pair| pair.normalized.metric.map(|unit| unit as f32)).collect();
        let packing = Packing::new(&counts, &metrics)?;
        let columns = |pair: &Example, row: usize| [0, 1, 2, 3].map(|k| pair.normalized.columns_f32[k][row]);
        let points = pairs.iter().flat_map(|pair| (0..pair.normalized.count).flat_map(|row| columns(pair, row)));
        let labels = pairs.iter().flat_map(|pair| &pair.truth.is_inlier).map(|&right| f32::from(u8::from(right)));
        let model = |pair: &Example| {
            let model = if guided { pair.consensus(of_pairs) } else { pair.true_model };
            if of_pairs == kind { model } else { matrix_of_motion(&model) }
        };
        let models = pairs.iter().flat_map(|pair| model(pair).into_iter().flatten()).map(|entry| entry as f32);
        let matches = packing.matches();
        Ok(Self {
            kind,
            points: tensor(points.collect(), [matches, 4], device),
            truth: Truth {
                models: tensor(models.collect(), [pairs.len(), 12], device),
                labels: tensor(labels.collect(), [matches], device),
            },
            packing,
        })
    }
}

/// E, of Frobenius norm 1, of the motion [R | t] with |t| = 1.
fn matrix_of_motion(motion: &ModelRows) -> ModelRows {
    essential_rows(motion).map(|row| [row[0], row[1], row[2], 0.0].map(|entry| entry * FRAC_1_SQRT_2))
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
