//! The networks of [`crate::network`] as Burn modules, on packed batches.

use super::batch_norm::{BatchStatistics, Statistics};
use super::clnet::Clnet;
use super::message_passing::MessagePassing;
use super::parameters::{NamedTensors, Source};
use crate::Result;
use crate::network::{Architecture, NetworkConfig, Weights};
use crate::train::batch::PackedFeatures;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// A network as a module; the names of its parameters are those of the tensors of [`Weights`].
#[derive(Module, Debug)]
pub struct Network {
    body: Body,
}

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one")]
enum Body {
    Neighbours(MessagePassing),
    Clnet(Clnet),
}

/// What a network makes of a batch in training.
pub(crate) struct TrainingPass {
    /// One logit a match: (rows).
    pub(crate) logits: Tensor<1>,
    /// Logits on the way to them that have to learn the same.
    pub(crate) first_logits: Option<Tensor<1>>,
    /// What the network has to absorb when the step is taken.
    pub(crate) statistics: BatchStatistics,
}

impl Network {
    /// A module with these weights.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        let (source, config) = (&mut Source::new(weights, device), weights.config());
        let body = match config.architecture {
            Architecture::Neighbours => Body::Neighbours(MessagePassing::new(source, config.blocks)),
            Architecture::Clnet => Body::Clnet(Clnet::new(source, config)),
        };
        Self { body }
    }

    /// One logit a match, as at inference: (rows).
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) when the device fails.
    pub fn forward(&self, features: &PackedFeatures) -> Result<Tensor<1>> {
        match &self.body {
            Body::Neighbours(network) => Ok(network.forward(features)),
            Body::Clnet(network) => {
                let [_, logits] = network.forward(features, &mut Statistics::Running)?;
                Ok(logits)
            }
        }
    }

    /// As in training: batch norms go by the batch.
    pub(crate) fn training_pass(&self, features: &PackedFeatures) -> Result<TrainingPass> {
        let mut statistics = BatchStatistics::default();
        match &self.body {
            Body::Neighbours(network) => {
                Ok(TrainingPass { logits: network.forward(features), first_logits: None, statistics })
            }
            Body::Clnet(network) => {
                let [first, logits] = network.forward(features, &mut Statistics::Batch(&mut statistics))?;
                Ok(TrainingPass { logits, first_logits: Some(first), statistics })
            }
        }
    }

    /// The weights, with a record of how they came about.
    ///
    /// # Errors
    /// [`Error::Weights`](crate::Error::Weights) when one is not finite.
    pub fn weights(&self, config: NetworkConfig, record: serde_json::Value) -> Result<Weights> {
        let mut named = NamedTensors::default();
        match &self.body {
            Body::Neighbours(network) => network.visit(&mut named),
            Body::Clnet(network) => network.visit(&mut named),
        }
        Weights::new(config, record, named.tensors)
    }
}
