//! Batch norm (Ioffe and Szegedy, 2015) of packed rows: all rows of all pairs of a batch alike.

use super::ops::{Segments, segment_norm};
use super::parameters::Source;
use crate::cpu::rank::segment_norm::EPSILON;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use std::collections::BTreeMap;

/// How much of a batch's statistics goes into the running ones.
const MOMENTUM: f64 = 0.1;

/// (x − mean) / √(variance + ε) · γ + β of each channel.
#[derive(Module, Debug)]
pub(crate) struct BatchNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    running_mean: Param<Tensor<1>>,
    running_var: Param<Tensor<1>>,
}

/// The statistics that batch norms go by.
#[derive(Debug)]
pub(crate) enum Statistics<'a> {
    /// Those of training, as at inference.
    Running,
    /// Those of the batch, which are noted.
    Batch(&'a mut BatchStatistics),
}

/// Means and variances of a batch, by the ids of the running ones that they go into.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchStatistics(BTreeMap<u64, Tensor<1>>);

impl BatchNorm {
    pub(crate) fn new(source: &mut Source<'_>, name: &str) -> Self {
        let name = |part: &str| format!("{name}.{part}");
        Self {
            gamma: source.parameter(&name("gamma")),
            beta: source.parameter(&name("beta")),
            running_mean: source.state(&name("running_mean")),
            running_var: source.state(&name("running_var")),
        }
    }

    /// norm or relu(norm) of (rows, channels).
    pub(crate) fn forward(&self, rows: Tensor<2>, has_relu: bool, statistics: &mut Statistics<'_>) -> Tensor<2> {
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        match statistics {
            Statistics::Batch(batch) => {
                self.note(rows.clone().inner(), batch);
                let all = Segments::of_lengths([rows.dims()[0]]);
                segment_norm(rows, gamma, beta, has_relu, &all)
            }
            Statistics::Running => {
                let scale = gamma / (self.running_var.val() + EPSILON).sqrt();
                let shift = beta - self.running_mean.val() * scale.clone();
                let normed = rows * scale.unsqueeze() + shift.unsqueeze();
                if has_relu { relu(normed) } else { normed }
            }
        }
    }

    /// As PyTorch does: the running variance is that of the population, the rows a sample of it.
    fn note(&self, rows: Tensor<2>, batch: &mut BatchStatistics) {
        let count = rows.dims()[0];
        let mean = rows.clone().mean_dim(0);
        let variance = (rows - mean.clone()).square().sum_dim(0) / count.saturating_sub(1).max(1) as f64;
        batch.0.insert(self.running_mean.id.val(), mean.squeeze_dim(0));
        batch.0.insert(self.running_var.id.val(), variance.squeeze_dim(0));
    }
}

impl BatchStatistics {
    /// The module with running statistics that have seen this batch.
    pub(crate) fn absorbed_by<M: Module>(self, module: M) -> M {
        module.map(&mut Absorb(self))
    }
}

struct Absorb(BatchStatistics);

impl ModuleMapper for Absorb {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(of_batch) = self.0.0.remove(&param.id.val()) else { return param };
        param.map(|running| {
            let shape = running.dims();
            (running.inner() * (1.0 - MOMENTUM) + of_batch.reshape(shape) * MOMENTUM).autodiff()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::networks::parameters::read;
    use burn::module::ParamId;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn running_statistics_go_a_tenth_of_the_way_to_those_of_the_batch() {
        let device = Device::flex().autodiff();
        let parameter =
            |id: u64, value: f32| Param::initialized(ParamId::from(id), Tensor::from_data([value], &device));
        let norm = BatchNorm {
            gamma: parameter(1, 2.0).set_require_grad(true),
            beta: parameter(2, 0.5).set_require_grad(true),
            running_mean: parameter(3, 10.0),
            running_var: parameter(4, 3.0),
        };
        let rows = || Tensor::<2>::from_data(TensorData::new(vec![1.0f32, 2.0, 6.0], [3, 1]), &device);
        let mut batch = BatchStatistics::default();
        let by_batch = norm.forward(rows(), false, &mut Statistics::Batch(&mut batch));
        // mean 3, biased variance 14 / 3, unbiased 7
        let expected = [1.0f32, 2.0, 6.0].map(|x| (x - 3.0) / (14.0f32 / 3.0 + 1e-5).sqrt() * 2.0 + 0.5);
        assert!(read(by_batch).unwrap().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5));
        let norm = batch.absorbed_by(norm);
        assert!((read(norm.running_mean.val()).unwrap()[0] - 9.3).abs() < 1e-5);
        assert!((read(norm.running_var.val()).unwrap()[0] - 3.4).abs() < 1e-5);
        let by_running = norm.forward(rows(), true, &mut Statistics::Running);
        let expected = [1.0f32, 2.0, 6.0].map(|x| ((x - 9.3) / 3.4f32.sqrt() * 2.0 + 0.5).max(0.0));
        assert!(read(by_running).unwrap().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}
