//! A map of a scene as a module.

use crate::Result;
use crate::constants::QUERY_COLUMNS;
use crate::localise::SceneMap;
use crate::network::Tensor as NamedTensor;
use crate::train::networks::parameters::{Linear, NamedTensors};
use crate::train::ops::attend_memory;
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;

/// The map's parameters, each in a unit of its own, so that one learning rate does for all.
#[derive(Module, Debug)]
pub struct SceneNetwork {
    projection: Linear,
    keys: Param<Tensor<2>>,
    key_biases: Param<Tensor<1>>,
    points: Param<Tensor<2>>,
    #[module(skip)]
    units: Units,
}

/// What the numbers of keys and points count.
#[derive(Clone, Copy, Debug)]
struct Units {
    key: f32,
    point: f32,
}

/// What the square of a query's length is at least.
const TINY: f32 = 1e-12;

impl SceneNetwork {
    /// The module of a map.
    pub fn new(map: &SceneMap, device: &Device) -> Self {
        let units = Units {
            // a tenth of the length of keys, as the entries of a unit vector of so many numbers are
            key: 0.1 * root_mean_square(map.values("keys")) * (QUERY_COLUMNS as f32).sqrt(),
            point: root_mean_square(map.values("points")) * 3.0_f32.sqrt(),
        };
        let in_units = |name: &str| {
            let unit = units.of(name);
            map.tensors().get(name).map_or((vec![0], Vec::new()), |tensor| {
                (tensor.shape.clone(), tensor.values.iter().map(|x| x / unit).collect())
            })
        };
        Self::of(units, in_units, device)
    }

    fn of(units: Units, values: impl Fn(&str) -> (Vec<usize>, Vec<f32>), device: &Device) -> Self {
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

    /// The parameters by the names of a map's tensors, in this network's units.
    pub(super) fn parameters(&self) -> Result<BTreeMap<String, NamedTensor>> {
        let mut named = NamedTensors::default();
        self.visit(&mut named);
        Ok(named.tensors.into_iter().collect())
    }

    /// A network with these parameters, as [`Self::parameters`] gave them.
    pub(super) fn with_parameters(
        &self,
        parameters: &BTreeMap<String, NamedTensor>,
        device: &Device,
    ) -> std::result::Result<Self, String> {
        let own = self.parameters().map_err(|error| error.to_string())?;
        for (name, tensor) in &own {
            match parameters.get(name) {
                Some(found) if found.shape == tensor.shape => {}
                found => {
                    let found = found.map(|found| &found.shape);
                    return Err(format!("tensor {name}: expected shape {:?}, but found {found:?}", tensor.shape));
                }
            }
        }
        let value = |name: &str| {
            parameters.get(name).map_or((vec![0], Vec::new()), |tensor| (tensor.shape.clone(), tensor.values.clone()))
        };
        Ok(Self::of(self.units, value, device))
    }

    /// Descriptors \[B, 384\] → points from the map's origin with their spreads, \[B, 4\].
    ///
    /// # Errors
    /// Those of [`attend_memory`].
    pub fn forward(&self, descriptors: Tensor<2>) -> Result<Tensor<2>> {
        let queries = self.projection.forward(descriptors);
        let lengths = (queries.clone().square().sum_dim(1) + TINY).sqrt();
        let biases = self.key_biases.val();
        let rows =
            vec![self.keys.val() * self.units.key, biases.reshape([-1, 1]), self.points.val() * self.units.point];
        attend_memory(queries / lengths, Tensor::cat(rows, 1))
    }

    /// The map of these parameters, made like this one.
    ///
    /// # Errors
    /// [`Error::Weights`](crate::Error::Weights) where one is not finite; [`Error::Device`](crate::Error::Device).
    pub fn map(&self, like: &SceneMap, record: serde_json::Value) -> Result<SceneMap> {
        let scaled = self.parameters()?.into_iter().map(|(name, mut tensor)| {
            let unit = self.units.of(&name);
            tensor.values.iter_mut().for_each(|x| *x *= unit);
            (name, tensor)
        });
        SceneMap::new(like.config().clone(), record, scaled)
    }
}

impl Units {
    fn of(&self, name: &str) -> f32 {
        match name {
            "keys" => self.key,
            "points" => self.point,
            _ => 1.0,
        }
    }
}

/// To be learned. Ids are fixed, so that an optimiser's state finds the parameter again.
fn parameter<const D: usize>(id: u64, (shape, values): (Vec<usize>, Vec<f32>), device: &Device) -> Param<Tensor<D>> {
    let value = Tensor::<D>::from_data(TensorData::new(values, shape), device).require_grad();
    Param::initialized(ParamId::from(id), value)
}

fn root_mean_square(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().map(|&x| f64::from(x).powi(2)).sum();
    ((sum / values.len().max(1) as f64).sqrt() as f32).max(1e-6)
}
