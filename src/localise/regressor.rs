//! From an image to where its cells lie in the scene, on the CPU.

use super::convolutional::ConvolutionalNetwork;
use super::scene_map::wrong;
use super::{GreyImage, MapLayout, SceneMap};
use crate::Result;
use crate::constants::QUERY_COLUMNS;
use crate::cpu::localise::place_points::place_points;
use crate::cpu::localise::recall_points::{Memory, Recalled, recall_points};
use crate::cpu::rank::linear_rows::{After, Linear, linear_rows};

/// What a map says points by.
#[derive(Debug)]
pub(super) enum Regressor {
    /// From descriptors, by what is remembered.
    Memory { projection: Linear, memory: Memory },
    /// From descriptors, by a network.
    Head(ConvolutionalNetwork),
    /// From the image itself.
    Image(ConvolutionalNetwork),
}

impl Regressor {
    pub(super) fn new(map: &SceneMap) -> Result<Self> {
        let network = || map.network().map_err(|error| wrong("map", error));
        Ok(match map.config().layout {
            MapLayout::Memory { .. } => Self::Memory {
                projection: Linear::new(map.values("projection.weight"), map.values("projection.bias")),
                memory: Memory::new(map.values("keys"), map.values("key_biases"), map.values("points")),
            },
            MapLayout::Head { .. } => Self::Head(network()?),
            MapLayout::DsacStar { .. } => Self::Image(network()?),
        })
    }

    /// Of the cells of an image at the map's height.
    pub(super) fn recall(&self, map: &SceneMap, image: &GreyImage) -> Vec<Recalled> {
        match self {
            Self::Memory { projection, memory } => {
                let (grid, descriptors) = map.encoder().describe(image);
                let mut queries = vec![0.0; grid.len() * QUERY_COLUMNS as usize];
                linear_rows(&descriptors, projection, After::Nothing, &mut queries);
                recall_points(&queries, memory)
            }
            Self::Head(network) => {
                let (grid, descriptors) = map.encoder().describe(image);
                place_points(&network.run(descriptors, grid.columns).values)
            }
            Self::Image(network) => place_points(&network.run(image.values.clone(), image.size_px[0] as usize).values),
        }
    }
}
