use super::{Units, Values, parameter};
use crate::Result;
use crate::constants::QUERY_COLUMNS;
use crate::localise::SceneMap;
use crate::network::Tensor as NamedTensor;
use crate::train::networks::parameters::{Linear, NamedTensors};
use crate::train::ops::attend_memory;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;

/// A projection and a memory.
#[derive(Module, Debug)]
pub struct MemoryNetwork {
    projection: Linear,
    keys: Param<Tensor<2>>,
    key_biases: Param<Tensor<1>>,
    points: Param<Tensor<2>>,
    #[module(skip)]
    pub(super) units: Units,
}

/// What the square of a query's length is at least.
const TINY: f32 = 1e-12;

/// Those of a memory.
pub(super) fn units(map: &SceneMap) -> Units {
    Units {
        // a tenth of the length of keys, as the entries of a unit vector of so many numbers are
        key: 0.1 * root_mean_square(map.values("keys")) * (QUERY_COLUMNS as f32).sqrt(),
        point: root_mean_square(map.values("points")) * 3.0_f32.sqrt(),
    }
}

impl MemoryNetwork {
    pub(super) fn of(units: Units, values: &Values<'_>, device: &Device) -> Self {
        Self {
            projection: Linear {
                weight: parameter(1, values("projection.weight"), device),
                bias: parameter(2, values("projection.bias"), device),
            },
            keys: parameter(3, values("keys"), device),
            key_biases: parameter(4, values("key_biases"), device),
            points: parameter(5, values("points"), device),
            units,
        }
    }

    pub(super) fn parameters(&self) -> Result<BTreeMap<String, NamedTensor>> {
        let mut named = NamedTensors::default();
        self.visit(&mut named);
        Ok(named.tensors.into_iter().collect())
    }

    pub(super) fn forward(&self, descriptors: Tensor<2>) -> Result<Tensor<2>> {
        let queries = self.projection.forward(descriptors);
        let lengths = (queries.clone().square().sum_dim(1) + TINY).sqrt();
        let biases = self.key_biases.val();
        let rows =
            vec![self.keys.val() * self.units.key, biases.reshape([-1, 1]), self.points.val() * self.units.point];
        attend_memory(queries / lengths, Tensor::cat(rows, 1))
    }
}

fn root_mean_square(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().map(|&x| f64::from(x).powi(2)).sum();
    ((sum / values.len().max(1) as f64).sqrt() as f32).max(1e-6)
}
