use super::networks::ops::{Neighbours, Segments};
use crate::network::{Features, NetworkConfig};
use burn::tensor::{Device, Tensor, TensorData};

/// What the network sees of the pairs of a batch, packed: rows of one pair after those of another.
#[derive(Clone, Debug)]
pub struct PackedFeatures {
    /// Input rows: (rows, inputs).
    pub rows: Tensor<2>,
    /// Neighbours of each match; CLNet, which finds them itself, has none.
    pub neighbours: Neighbours,
    /// Edge features: (rows · k, edges).
    pub edges: Tensor<2>,
    /// The rows of each pair.
    pub segments: Segments,
}

impl PackedFeatures {
    /// Packs the features of pairs, which are those of a network of this configuration.
    pub fn new<'a>(pairs: impl Iterator<Item = &'a Features> + Clone, config: &NetworkConfig, device: &Device) -> Self {
        let segments = Segments::of_lengths(pairs.clone().map(|pair| pair.matches.len()));
        let count = segments.rows();
        let rows: Vec<f32> = pairs.clone().flat_map(|pair| &pair.rows).copied().collect();
        let edges: Vec<f32> = pairs.clone().flat_map(|pair| &pair.edges).copied().collect();
        let places: Vec<u32> = pairs.flat_map(|pair| &pair.neighbours).copied().collect();
        Self {
            rows: Tensor::from_data(TensorData::new(rows, [count, config.inputs()]), device),
            neighbours: Neighbours::new(&places, &segments, device),
            edges: Tensor::from_data(TensorData::new(edges, [places.len(), config.edges()]), device),
            segments,
        }
    }
}
