use super::features::{CLNET_COLUMNS, COLUMNS};
use crate::constants::{EDGE_COLUMNS, MAX_NEIGHBOURS};
pub use crate::cpu::rank::graph_convolution::GraphConvolution;
use crate::{Error, ModelKind, Result};
use serde::{Deserialize, Serialize};

/// What a network is, apart from its weights.
///
/// [`Architecture::Neighbours`], per match i with features f, neighbours j and edge features e, C channels, L blocks:
///
/// ```text
/// h = W f + b
/// L ×:  p_i = mean_j relu(A h_i + B h_j + G e_ij + b);   h += relu(norm(P p))
///       h += relu(norm(V relu(norm(U h))))
/// logit = w·h + b
/// ```
///
/// with the instance norm over the matches of the pair, per channel, with scale and shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// The model that it was trained for: essential or fundamental. For CLNet it says how coordinates are normalised.
    pub model: ModelKind,
    /// The architecture.
    pub architecture: Architecture,
    /// Channels, C: a multiple of 16, at most 256.
    pub channels: usize,
    /// Blocks, L; for CLNet the residual blocks before and again after the annular block.
    pub blocks: usize,
    /// Neighbours of each match, k; for CLNet a multiple of 3, at most 32.
    pub neighbours: usize,
    /// The graph convolution of CLNet.
    pub graph: GraphConvolution,
}

/// The family of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Messages along the nearest neighbours in the images, and context over all matches.
    #[default]
    Neighbours,
    /// The first block of CLNet (Zhao et al., ICCV 2021), as in ∇-RANSAC and ARS-MAGSAC.
    Clnet,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            model: ModelKind::Essential,
            architecture: Architecture::Neighbours,
            channels: 32,
            blocks: 4,
            neighbours: 8,
            graph: GraphConvolution::Exact,
        }
    }
}

impl NetworkConfig {
    /// Most channels, neighbours and blocks.
    const MOST: [usize; 3] = [256, MAX_NEIGHBOURS, 64];

    /// CLNet as published: 128 channels, 4 blocks, 9 neighbours in feature space.
    pub fn clnet(model: ModelKind) -> Self {
        Self { model, architecture: Architecture::Clnet, channels: 128, blocks: 4, neighbours: 9, ..Self::default() }
    }

    /// Columns of an input row.
    pub const fn inputs(&self) -> usize {
        match self.architecture {
            Architecture::Neighbours => COLUMNS,
            Architecture::Clnet => CLNET_COLUMNS,
        }
    }

    /// Columns of an edge feature row; CLNet, whose neighbours are found in its own features, has none.
    pub const fn edges(&self) -> usize {
        match self.architecture {
            Architecture::Neighbours => EDGE_COLUMNS,
            Architecture::Clnet => 0,
        }
    }

    /// # Errors
    /// [`Error::BadOption`] with the first value out of range.
    pub fn check(&self) -> Result<()> {
        let [channels, neighbours, blocks] = Self::MOST;
        let clnet = self.architecture == Architecture::Clnet;
        let wrong = |name, expected, found: String| Err(Error::BadOption { name, expected, found });
        if !matches!(self.model, ModelKind::Essential | ModelKind::Fundamental) {
            return wrong("model", "essential or fundamental", self.model.name().to_owned());
        }
        if self.channels == 0 || self.channels > channels || !self.channels.is_multiple_of(16) {
            return wrong("channels", "a multiple of 16 from 16 to 256", self.channels.to_string());
        }
        if self.neighbours == 0 || self.neighbours > neighbours || (clnet && !self.neighbours.is_multiple_of(3)) {
            return wrong("neighbours", "1 to 32 (CLNet: a multiple of 3)", self.neighbours.to_string());
        }
        if self.blocks == 0 || self.blocks > blocks {
            return wrong("blocks", "1 to 64", self.blocks.to_string());
        }
        Ok(())
    }
}
