//! Maps that a network says the points of, before it has learned anything.

use super::build::MapBuilder;
use super::convolutional::{FIRST_LAYER, LAST_LAYER};
use super::{MapCamera, MapConfig, MapLayout, SceneMap};
use crate::network::Tensor;
use crate::{Error, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What the last layer starts with, as a share of what the others do: all points begin near the middle of the scene.
const LAST: f32 = 0.1;

impl MapBuilder {
    /// The map of a network with random weights (He et al., ICCV 2015), to be trained.
    ///
    /// # Errors
    /// Those of [`Self::build`]; [`Error::BadOption`] for channels that the stages do not take; [`Error::Weights`] for a memory without
    /// keys.
    pub fn start(
        &self,
        layout: MapLayout,
        seed: u64,
        unit: &str,
        camera: Option<MapCamera>,
        record: serde_json::Value,
    ) -> Result<SceneMap> {
        if !layout.has_good_channels() {
            let found = format!("{layout:?}");
            return Err(Error::BadOption { name: "channels", expected: "multiples of 4 in 4..=4096", found });
        }
        let config = MapConfig { layout, ..self.config(unit, camera)? };
        let mut rng = StdRng::seed_from_u64(seed);
        let (extent, size) = (config.extent as f32, self.descriptor_size());
        let tensor = |(name, shape): (String, Vec<usize>)| {
            let count = shape.iter().product();
            let values = if let [inputs, _] = shape[..] {
                // uniform, of variance 2 / inputs
                let scale = match name.strip_suffix(".weight") {
                    Some(FIRST_LAYER) => 1.0 / size,
                    Some(LAST_LAYER) => LAST * extent,
                    _ => 1.0,
                };
                let scale = scale * (6.0 / inputs as f32).sqrt();
                (0..count).map(|_| scale * rng.random_range(-1.0..1.0_f32)).collect()
            } else {
                vec![0.0; count]
            };
            (name, Tensor { shape, values })
        };
        let tensors: Vec<_> = SceneMap::expected(&config).into_iter().map(tensor).collect();
        SceneMap::new(config, record, tensors)?.with_encoder(self.encoder().clone())
    }
}
