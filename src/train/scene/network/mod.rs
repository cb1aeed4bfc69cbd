//! A map of a scene as a module.

mod convolutional;
mod memory;

use crate::localise::SceneMap;
use crate::localise::convolutional::{LAST_LAYER, Plan};
use crate::network::Tensor as NamedTensor;
use crate::{Error, Result};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;

pub use convolutional::ConvolutionalModule;
pub use memory::MemoryNetwork;

/// The map's parameters, each in a unit of its own, so that one learning rate does for all.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one")]
pub enum SceneNetwork {
    /// What was seen where.
    Memory(MemoryNetwork),
    /// A network that says points.
    Convolutional(ConvolutionalModule),
}

/// What the numbers of some parameters count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    key: f32,
    point: f32,
}

/// What a network is given.
#[derive(Clone, Debug)]
pub enum SceneInput {
    /// Of cells, \[cells, columns\].
    Descriptors(Tensor<2>),
    /// Grey, \[1, 1, height, width\].
    Image(Tensor<4>),
}

/// The value of a parameter by its name.
type Values<'a> = dyn Fn(&str) -> (Vec<usize>, Vec<f32>) + 'a;

impl SceneNetwork {
    /// The module of a map.
    pub fn new(map: &SceneMap, device: &Device) -> Self {
        let plan = map.config().plan();
        let units = match plan {
            None => memory::units(map),
            Some(_) => Units { key: 1.0, point: map.config().extent as f32 },
        };
        let in_units = |name: &str| {
            let unit = units.of(name);
            map.tensors().get(name).map_or((vec![0], Vec::new()), |tensor| {
                (tensor.shape.clone(), tensor.values.iter().map(|x| x / unit).collect())
            })
        };
        Self::of(plan, units, &in_units, device)
    }

    fn of(plan: Option<Plan>, units: Units, values: &Values<'_>, device: &Device) -> Self {
        match plan {
            None => Self::Memory(MemoryNetwork::of(units, values, device)),
            Some(plan) => Self::Convolutional(ConvolutionalModule::of(plan, units, values, device)),
        }
    }

    fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Memory(_) => None,
            Self::Convolutional(module) => Some(module.plan()),
        }
    }

    const fn units(&self) -> Units {
        match self {
            Self::Memory(memory) => memory.units,
            Self::Convolutional(module) => module.units,
        }
    }

    /// The parameters by the names of a map's tensors, in this network's units.
    pub(super) fn parameters(&self) -> Result<BTreeMap<String, NamedTensor>> {
        match self {
            Self::Memory(memory) => memory.parameters(),
            Self::Convolutional(module) => module.parameters(),
        }
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
        Ok(Self::of(self.plan().cloned(), self.units(), &value, device))
    }

    /// The points of cells from the map's origin with their spreads, \[cells, 4\].
    ///
    /// # Errors
    /// [`Error::BadOption`] for what the network does not take; those of [`attend_memory`](crate::train::ops::attend_memory).
    pub fn forward(&self, input: SceneInput) -> Result<Tensor<2>> {
        match (self, input) {
            (Self::Memory(memory), SceneInput::Descriptors(rows)) => memory.forward(rows),
            (Self::Convolutional(module), SceneInput::Descriptors(rows)) => {
                let [cells, columns] = rows.dims();
                module.points(rows.swap_dims(0, 1).reshape([1, columns, 1, cells]))
            }
            (Self::Convolutional(module), SceneInput::Image(image)) => module.points(image),
            (Self::Memory(_), SceneInput::Image(_)) => {
                Err(Error::BadOption { name: "input", expected: "descriptors of cells", found: "an image".to_owned() })
            }
        }
    }

    /// The map of these parameters, made like this one.
    ///
    /// # Errors
    /// [`Error::Weights`](crate::Error::Weights) where one is not finite; [`Error::Device`](crate::Error::Device).
    pub fn map(&self, like: &SceneMap, record: serde_json::Value) -> Result<SceneMap> {
        let units = self.units();
        let scaled = self.parameters()?.into_iter().map(|(name, mut tensor)| {
            let unit = units.of(&name);
            tensor.values.iter_mut().for_each(|x| *x *= unit);
            (name, tensor)
        });
        SceneMap::new(like.config().clone(), record, scaled)?.with_encoder(like.encoder().clone())
    }
}

impl Units {
    fn of(self, name: &str) -> f32 {
        match name.split_once('.').map_or(name, |(layer, _)| layer) {
            "keys" => self.key,
            "points" | LAST_LAYER => self.point,
            _ => 1.0,
        }
    }
}

/// To be learned. Ids are fixed, so that an optimiser's state finds the parameter again.
fn parameter<const D: usize>(id: u64, (shape, values): (Vec<usize>, Vec<f32>), device: &Device) -> Param<Tensor<D>> {
    let value = Tensor::<D>::from_data(TensorData::new(values, shape), device).require_grad();
    Param::initialized(ParamId::from(id), value)
}
