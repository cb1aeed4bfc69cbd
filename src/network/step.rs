//! The steps that networks are made of: what the CPU and the GPU run alike.

use super::{Architecture, NetworkConfig};
use crate::cpu::rank::{graph_convolution::GraphConvolution, linear_rows::After, segment_norm::Join};

/// A buffer of rows, one a match, that steps work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Input rows.
    Input,
    /// h, n × C.
    State,
    /// n × C.
    Hidden,
    /// n × C.
    Normed,
    /// Products for neighbours side by side, and the rings of CLNet.
    Wide,
    /// The three rings of CLNet, n × 3C.
    Rings,
}

/// One step; matrices are row-major `inputs × outputs`.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `linear_rows`.
    Linear { from: Slot, to: Slot, weight: Vec<f32>, bias: Vec<f32>, after: After },
    /// `segment_norm`.
    Norm { from: Slot, to: Slot, gamma: Vec<f32>, beta: Vec<f32>, join: Join },
    /// `pool_neighbours`, from [`Slot::Wide`] to [`Slot::Hidden`].
    Pool { weight: Vec<f32>, bias: Vec<f32> },
    /// `feature_neighbours` of [`Slot::State`].
    FeatureNeighbours,
    /// `annular_rings`, from [`Slot::Wide`] to [`Slot::Rings`].
    Rings { bias: Vec<f32> },
    /// `predict_logits` of [`Slot::State`].
    Predict { weight: Vec<f32>, bias: f32 },
    /// `graph_convolution` of [`Slot::State`] with the logits so far, to [`Slot::Hidden`].
    Graph { variant: GraphConvolution },
}

impl Slot {
    /// All that a step writes.
    pub(super) const WRITTEN: [Self; 5] = [Self::State, Self::Hidden, Self::Normed, Self::Wide, Self::Rings];

    /// Its place among [`Self::WRITTEN`]; the input has none.
    pub(super) fn place(self) -> Option<usize> {
        Self::WRITTEN.iter().position(|&slot| slot == self)
    }

    /// Columns, of those that a network has.
    pub(super) const fn columns(self, config: &NetworkConfig) -> usize {
        let (channels, clnet) = (config.channels, matches!(config.architecture, Architecture::Clnet));
        match self {
            Self::Input => config.inputs(),
            Self::State | Self::Hidden | Self::Normed => channels,
            Self::Wide if clnet => (1 + config.neighbours / 3) * channels,
            Self::Wide => 2 * channels,
            Self::Rings if clnet => 3 * channels,
            Self::Rings => 0,
        }
    }
}

/// Matrices with as many rows each, side by side.
pub(super) fn side_by_side(matrices: &[&[f32]], rows: usize) -> Vec<f32> {
    let row = |r: usize| {
        matrices.iter().flat_map(move |matrix| {
            let width = matrix.len() / rows.max(1);
            &matrix[r * width..][..width]
        })
    };
    (0..rows).flat_map(row).copied().collect()
}
