//! AdamW with clipping of the norm of the whole gradient.
//!
//! Burn's own optimisers put a state that is read back on the default device, which is a GPU even when training runs on
//! the CPU, and clip each tensor by itself.

use super::networks::parameters::read;
use super::options::OptimizerOptions;
use crate::Result;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;

const BETA: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// The first and second moment of each parameter's gradient, by the parameter's id.
#[derive(Clone, Debug, Default)]
pub(super) struct Adam {
    moments: BTreeMap<u64, [Tensor<1>; 2]>,
    /// Steps taken.
    steps: i32,
}

/// The state of [`Adam`] as numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AdamState {
    pub(super) moments: BTreeMap<u64, [Vec<f32>; 2]>,
    pub(super) steps: i32,
}

impl Adam {
    /// The network after a step down the gradient, and the norm that the gradient had before it was clipped. Where that is
    /// not finite nothing is changed.
    pub(super) fn step<M: Module>(
        &mut self,
        network: M,
        gradients: GradientsParams,
        rate: f64,
        options: &OptimizerOptions,
    ) -> Result<(M, f64)> {
        let norm = norm(&network, &gradients)?;
        if !norm.is_finite() {
            return Ok((network, norm));
        }
        let scale = if options.clip_norm > 0.0 { (options.clip_norm / norm).min(1.0) } else { 1.0 };
        self.steps += 1;
        let decay = options.weight_decay;
        let network = network.map(&mut Step { adam: self, gradients, scale, rate, decay });
        Ok((network, norm))
    }

    pub(super) fn state(&self) -> Result<AdamState> {
        let numbers =
            |(&id, [first, second]): (&u64, &[Tensor<1>; 2])| Ok((id, [read(first.clone())?, read(second.clone())?]));
        Ok(AdamState { moments: self.moments.iter().map(numbers).collect::<Result<_>>()?, steps: self.steps })
    }

    pub(super) fn from_state(state: AdamState, device: &Device) -> Self {
        let tensor = |values: Vec<f32>| {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), device)
        };
        let moments = state.moments.into_iter().map(|(id, moments)| (id, moments.map(tensor))).collect();
        Self { moments, steps: state.steps }
    }
}

/// The norm of the whole gradient.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device) where the device could not do what it was asked for; it says so here first.
pub(super) fn norm<M: Module>(network: &M, gradients: &GradientsParams) -> Result<f64> {
    let mut norm = Norm { gradients, sum_sq: None };
    network.visit(&mut norm);
    let sum_sq = norm.sum_sq.map(read).transpose()?.and_then(|sum| sum.first().copied());
    Ok(f64::from(sum_sq.unwrap_or(0.0)).sqrt())
}

/// Sums the squares of the gradient.
struct Norm<'a> {
    gradients: &'a GradientsParams,
    sum_sq: Option<Tensor<1>>,
}

impl ModuleVisitor for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let sum = gradient.square().sum();
            self.sum_sq = Some(self.sum_sq.take().map_or_else(|| sum.clone(), |total| total + sum.clone()));
        }
    }
}

struct Step<'a> {
    adam: &'a mut Adam,
    gradients: GradientsParams,
    scale: f64,
    rate: f64,
    decay: f64,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let (id, value, mapper) = param.consume();
        let value = value.inner();
        let shape = value.dims();
        let gradient = gradient.reshape([shape.iter().product::<usize>()]) * self.scale;
        let [first, second] = match self.adam.moments.remove(&id.val()) {
            Some([first, second]) => [
                first * BETA[0] + gradient.clone() * (1.0 - BETA[0]),
                second * BETA[1] + gradient.square() * (1.0 - BETA[1]),
            ],
            None => [gradient.clone() * (1.0 - BETA[0]), gradient.square() * (1.0 - BETA[1])],
        };
        let unbias = BETA.map(|beta| 1.0 / (1.0 - beta.powi(self.adam.steps)));
        let step = first.clone() * unbias[0] / ((second.clone() * unbias[1]).sqrt() + EPSILON);
        self.adam.moments.insert(id.val(), [first, second]);
        // scales, shifts and biases are not decayed
        let decay = if D > 1 { self.decay } else { 0.0 };
        let value = value * (1.0 - self.rate * decay) - step.reshape(shape) * self.rate;
        Param::from_mapped_value(id, value.autodiff().require_grad(), mapper)
    }
}
