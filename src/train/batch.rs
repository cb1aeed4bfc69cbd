use super::network_ops::Segments;
use crate::network::{Features, NetworkConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// What the network sees of the pairs of a batch, packed: rows of one pair after those of another.
#[derive(Clone, Debug)]
pub struct PackedFeatures {
    /// Input rows: (rows, inputs).
    pub rows: Tensor<2>,
    /// Neighbours of each match, places among the matches of its pair: (rows, k); k is 0 for CLNet.
    pub neighbours: Tensor<2, Int>,
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
        let neighbours: Vec<i32> = pairs.flat_map(|pair| &pair.neighbours).map(|&place| place as i32).collect();
        let k = neighbours.len() / count.max(1);
        Self {
            rows: Tensor::from_data(TensorData::new(rows, [count, config.inputs()]), device),
            neighbours: Tensor::from_data(TensorData::new(neighbours, [count, k]), device),
            edges: Tensor::from_data(TensorData::new(edges, [count * k, config.edges()]), device),
            segments,
        }
    }
}
