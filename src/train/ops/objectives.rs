//! From the losses of all hypotheses to one number to minimise; plain tensor operations.

use super::match_losses::match_losses;
use super::packing::Packing;
use super::pose_loss::pose_loss;
use crate::cpu::train::sample_gumbel::MAX_LOGIT;
use crate::{ModelKind, Result};
use burn::tensor::{Int, Tensor};
use std::ops::Range;

/// What is known of the pairs of a batch.
#[derive(Clone, Debug)]
pub struct Truth {
    /// \[pairs, 12\]: the true models, in the layout of [`Solved::models`](super::Solved::models).
    pub models: Tensor<2>,
    /// \[M\]: 1 for a true inlier, 0 for an outlier.
    pub labels: Tensor<1>,
}

/// How much each loss counts.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossWeights {
    /// Of [`MatchLosses::inlier`](super::MatchLosses::inlier).
    pub inlier: f32,
    /// Of [`pose_loss`], radians; 0 for F and H.
    pub pose: f32,
    /// Of [`MatchLosses::error`](super::MatchLosses::error), squared thresholds: of E and F the epipolar error.
    pub error: f32,
    /// The error of a match counts at most so much, squared thresholds.
    pub clamp: f32,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self { inlier: 1.0, pose: 0.0, error: 0.01, clamp: 100.0 }
    }
}

/// The losses of every hypothesis, \[B\] each.
#[derive(Clone, Debug)]
pub struct ModelLosses {
    /// L_inlier.
    pub inlier: Tensor<1>,
    /// L_epi, or what stands for it.
    pub error: Tensor<1>,
    /// L_pose, where its weight is not 0.
    pub pose: Option<Tensor<1>>,
    /// Their weighted sum.
    pub total: Tensor<1>,
}

/// The losses of the models \[B, 12\] on the matches \[M, d\], and their weighted sum; no table of B × M is made.
///
/// # Errors
/// Those of [`match_losses`] and, where its weight is not 0, of [`pose_loss`].
pub fn model_losses(
    kind: ModelKind,
    models: Tensor<2>,
    points: Tensor<2>,
    truth: &Truth,
    packing: &Packing,
    weights: &LossWeights,
) -> Result<ModelLosses> {
    let of_matches = match_losses(kind, models.clone(), points, truth.labels.clone(), packing, weights.clamp)?;
    let (inlier, error) = (of_matches.inlier, of_matches.error);
    let mut total = inlier.clone() * weights.inlier + error.clone() * weights.error;
    let mut pose = None;
    if weights.pose != 0.0 {
        let loss = pose_loss(kind, models, truth.models.clone())?;
        total = total + loss.clone() * weights.pose;
        pose = Some(loss);
    }
    Ok(ModelLosses { inlier, error, pose, total })
}

/// The mean of values \[B\] over all hypotheses, \[1\], of which those without a model, `valid` 0, count as 0. What a pair adds
/// does not depend on the others, so that a step may be taken in parts; and pairs count the more the more models they have.
pub fn mean_over_hypotheses(values: Tensor<1>, valid: Tensor<1>) -> Tensor<1> {
    let count = values.dims()[0].max(1) as f32;
    (values * valid).sum() / count
}

/// A table of \[pairs, hypotheses\] of a value a hypothesis.
///
/// # Errors
/// [`Error::BadOption`](crate::Error) where the values are no multiple of the pairs.
fn by_pair(values: Tensor<1>, packing: &Packing) -> Result<Tensor<2>> {
    let hypotheses = packing.hypotheses(values.dims()[0])?;
    Ok(values.reshape([packing.pairs(), hypotheses]))
}

/// A value \[1\] whose gradient by the logits is the score-function (REINFORCE) estimate of that of the mean loss, unbiased:
/// the mean over the hypotheses of (loss − baseline) ∂ ln P(sample). Not itself a loss to look at.
///
/// P is the probability of drawing the matches one by one without replacement by share of exp(logit), as
/// [`sample_minimal`](super::sample_minimal) does (Plackett and Luce). The baseline of a hypothesis is the mean loss of the
/// pair's others, a variant of NG-RANSAC (Brachmann and Rother, ICCV 2019, eq. 6) that leaves the estimate unbiased. The
/// losses \[B\] are constants here: any measure will do, with or without a gradient. Hypotheses without a model, `valid` 0,
/// take no part but in the number to divide by.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error) unless there is a logit a match; [`Error::BadOption`](crate::Error) where the losses are
/// no multiple of the pairs.
pub fn score_function_loss(
    losses: Tensor<1>,
    valid: Tensor<1>,
    indices: Tensor<2, Int>,
    logits: Tensor<1>,
    packing: &Packing,
) -> Result<Tensor<1>> {
    packing.check_matches("logits", logits.dims()[0])?;
    let [rows, size] = indices.dims();
    let losses = by_pair(losses.detach(), packing)?;
    let [pairs, hypotheses] = losses.dims();
    let valid = by_pair(valid.detach(), packing)?;
    let valid_losses = losses.clone() * valid.clone();
    let others = (valid.clone().sum_dim(1) - 1.0).clamp_min(1.0);
    let baseline = (valid_losses.clone().sum_dim(1) - valid_losses) / others;
    // with one valid hypothesis there is nothing to compare it with
    let compared = valid.clone() * valid.clone().sum_dim(1).greater_elem(1.5).float();
    let advantage = ((losses - baseline) * compared).reshape([rows]);
    let valid = valid.reshape([rows]);

    // what is never drawn has no share
    let drawable = logits.clone().abs().lower_elem(MAX_LOGIT);
    let logits = logits.mask_fill(drawable.bool_not(), -MAX_LOGIT);
    let log_sums: Vec<_> = (0..pairs).map(|pair| log_sum_exp(logits.clone(), packing.rows(pair))).collect();
    let log_sums = Tensor::cat(log_sums, 0).reshape([pairs, 1]).expand([pairs, hypotheses]).reshape([rows, 1]);
    let drawn = logits.select(0, indices.clamp_min(0).reshape([rows * size])).reshape([rows, size]);
    let log_shares = drawn - log_sums;
    // ln of what the matches drawn before have left
    let shares = log_shares.clone().exp();
    let mut log_probability = log_shares.clone().narrow(1, 0, 1);
    for k in 1..size {
        let left = (-shares.clone().narrow(1, 0, k).sum_dim(1) + 1.0).clamp_min(1e-6);
        log_probability = log_probability + log_shares.clone().narrow(1, k, 1) - left.log();
    }
    Ok(mean_over_hypotheses(advantage * log_probability.reshape([rows]), valid))
}

/// ln Σ exp of some of the logits, \[1\]; 0 of none.
pub(in crate::train) fn log_sum_exp(logits: Tensor<1>, rows: Range<usize>) -> Tensor<1> {
    if rows.is_empty() {
        return Tensor::zeros([1], &logits.device());
    }
    let logits = logits.narrow(0, rows.start, rows.len());
    let highest = logits.clone().max().detach();
    (logits - highest.clone()).exp().sum().log() + highest
}
