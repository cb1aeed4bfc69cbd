//! Maps that mean nothing, of each kind.

use crate::random_maps::{config, map, xfeat_encoder};
use glam::DVec3;
use nabla_ransac::localise::{Encoder, LocaliseOptions, MapLayout, SceneMap};
use nabla_ransac::{Backend, Options};

/// Far from where f32 is fine.
pub(crate) const CENTRE: DVec3 = DVec3::new(3000.0, -20.0, 500.0);

/// A memory of gradients, for images of this height.
pub(crate) fn any_map(keys: usize, height_px: u32) -> SceneMap {
    of_layout(MapLayout::Memory { keys }, Encoder::Gradients, height_px)
}

pub(crate) fn dsac_star(height_px: u32) -> SceneMap {
    of_layout(MapLayout::DsacStar { channels: [4, 8, 12, 16, 20] }, Encoder::Gradients, height_px)
}

/// A map of each kind that has a network.
pub(crate) fn with_networks(height_px: u32) -> [SceneMap; 4] {
    let xfeat = || xfeat_encoder(3);
    [
        dsac_star(height_px),
        of_layout(MapLayout::Head { width: 36 }, Encoder::Gradients, height_px),
        of_layout(MapLayout::Head { width: 32 }, xfeat(), height_px),
        of_layout(MapLayout::Memory { keys: 70 }, xfeat(), height_px),
    ]
}

fn of_layout(layout: MapLayout, encoder: Encoder, height_px: u32) -> SceneMap {
    map(config(layout, &encoder, height_px, CENTRE.to_array()), encoder)
}

pub(crate) fn on(backend: Backend) -> LocaliseOptions {
    let default = LocaliseOptions::default();
    LocaliseOptions { estimator: Options { backend, ..default.estimator }, ..default }
}
