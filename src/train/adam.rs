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

/// A step that is computed, but taken only by who puts its network and state in the place of those before.
pub(super) struct Stepped<M> {
    pub(super) network: M,
    pub(super) adam: Adam,
    /// What was minimised.
    pub(super) loss: f64,
    /// The norm of its gradient before it was clipped.
    pub(super) gradient_norm: f64,
}

impl<M> Stepped<M> {
    /// Which of the two figures is no number; such a step is not to be taken.
    pub(super) fn not_finite(&self) -> Option<(&'static str, f64)> {
        let figures = [("the loss", self.loss), ("the norm of the gradient", self.gradient_norm)];
        figures.into_iter().find(|(_, value)| !value.is_finite())
    }
}

impl Adam {
    /// The step down the gradient of a loss \[1\]. Both figures are read at the end, the only time that the device is waited for.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) where the device could not do what it was asked for, for this step or before it;
    /// it says so here first.
    pub(super) fn step<M: Module>(
        &self,
        network: M,
        loss: Tensor<1>,
        gradients: GradientsParams,
        rate: f64,
        options: &OptimizerOptions,
    ) -> Result<Stepped<M>> {
        let norm = norm(&network, &gradients, loss.zeros_like());
        let scale = match options.clip_norm {
            0.0 => norm.ones_like(),
            most => (norm.clone().recip() * most).clamp_max(1.0),
        };
        let mut adam = Self { moments: self.moments.clone(), steps: self.steps + 1 };
        let decay = options.weight_decay;
        let network = network.map(&mut Step { adam: &mut adam, gradients, scale, rate, decay });
        let figures = read(Tensor::cat(vec![loss, norm], 0))?;
        let [loss, gradient_norm] = [0, 1].map(|k| f64::from(figures[k]));
        Ok(Stepped { network, adam, loss, gradient_norm })
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

/// The norm \[1\] of the whole gradient.
fn norm<M: Module>(network: &M, gradients: &GradientsParams, zero: Tensor<1>) -> Tensor<1> {
    let mut norm = Norm { gradients, sum_sq: zero };
    network.visit(&mut norm);
    norm.sum_sq.sqrt()
}

/// Sums the squares of the gradient.
struct Norm<'a> {
    gradients: &'a GradientsParams,
    sum_sq: Tensor<1>,
}

impl ModuleVisitor for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sum_sq = self.sum_sq.clone() + gradient.square().sum();
        }
    }
}

struct Step<'a> {
    adam: &'a mut Adam,
    gradients: GradientsParams,
    /// \[1\], of the gradient.
    scale: Tensor<1>,
    rate: f64,
    decay: f64,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let (id, value, mapper) = param.consume();
        let value = value.inner();
        let shape = value.dims();
        let gradient = gradient.reshape([shape.iter().product::<usize>()]) * self.scale.clone();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::networks::parameters::Matrix;
    use burn::module::ParamId;

    /// A step from weights 0 down the gradient given, with the gradient that it went by: ten times the first moments.
    fn step(gradient: [f32; 2], clip_norm: f64) -> (Stepped<Matrix>, Vec<f32>) {
        let device = Device::flex().autodiff();
        let weight = Param::initialized(ParamId::from(1), Tensor::<2>::zeros([1, 2], &device).require_grad());
        let network = Matrix { weight };
        let loss = (network.weight.val() * Tensor::<1>::from_data(gradient, &device).unsqueeze()).sum() + 7.0;
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let options = OptimizerOptions { clip_norm, ..OptimizerOptions::default() };
        let stepped = Adam::default().step(network, loss.inner(), gradients, 0.1, &options).unwrap();
        let moments = &stepped.adam.state().unwrap().moments[&1];
        let taken = moments[0].iter().map(|moment| 10.0 * moment).collect();
        (stepped, taken)
    }

    #[test]
    fn a_gradient_is_clipped_to_the_norm_and_its_own_norm_is_told() {
        for (gradient, clip_norm, expected) in [
            ([3.0, -4.0], 1.0, [0.6, -0.8]),
            ([3.0, -4.0], 6.0, [3.0, -4.0]),
            ([3.0, -4.0], 0.0, [3.0, -4.0]),
            ([0.0, 0.0], 1.0, [0.0, 0.0]),
        ] {
            let (stepped, taken) = step(gradient, clip_norm);
            assert_eq!(stepped.loss, 7.0);
            assert!((stepped.gradient_norm - f64::from(gradient[0].hypot(gradient[1]))).abs() < 1e-6);
            assert!(taken.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{taken:?}");
            let weights = read(stepped.network.weight.val()).unwrap();
            // the first step of Adam is the rate against the sign
            assert!(weights.iter().zip(gradient).all(|(w, g)| (w + 0.1 * g.signum() * g.abs().min(1.0)).abs() < 1e-6));
            assert!(stepped.not_finite().is_none());
        }
    }

    #[test]
    fn a_gradient_that_overflows_is_told() {
        let (stepped, _) = step([1e30, 1e30], 1.0);
        assert_eq!(stepped.not_finite().map(|(what, _)| what), Some("the norm of the gradient"));
        let (stepped, _) = step([f32::NAN, 1.0], 1.0);
        assert_eq!(stepped.not_finite().map(|(what, _)| what), Some("the loss"));
    }
}
