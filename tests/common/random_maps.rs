//! Maps and networks that mean nothing.
#![allow(dead_code, reason = "each user takes a part")]

use nabla_ransac::localise::convolutional::{ConvolutionalNetwork, Plan, xfeat};
use nabla_ransac::localise::{Encoder, EncoderLayout, MapConfig, MapLayout, SceneMap};
use nabla_ransac::network::Tensor;
use std::collections::BTreeMap;

/// Numbers of −1..1 that are the same for the same seed.
pub(crate) fn random(count: usize, seed: u64) -> Vec<f32> {
    let number = |at: u64| {
        let mut hash = (at ^ seed << 32).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (hash >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count as u64).map(number).collect()
}

/// Of these shapes; through a matrix numbers stay about as large as they are.
pub(crate) fn tensors(shapes: impl IntoIterator<Item = (String, Vec<usize>)>, seed: u64) -> BTreeMap<String, Tensor> {
    let of_shape = |(at, (name, shape)): (usize, (String, Vec<usize>))| {
        let scale = if name.ends_with(".weight") { (6.0 / shape[0] as f32).sqrt() } else { 1.0 };
        let values = random(shape.iter().product(), seed + at as u64).iter().map(|x| x * scale).collect();
        (name, Tensor { shape, values })
    };
    shapes.into_iter().enumerate().map(of_shape).collect()
}

pub(crate) fn network(plan: Plan, seed: u64) -> ConvolutionalNetwork {
    let tensors = tensors(plan.tensors(), seed);
    ConvolutionalNetwork::new(plan, tensors).unwrap()
}

pub(crate) fn xfeat_encoder(seed: u64) -> Encoder {
    Encoder::new(EncoderLayout::Xfeat, tensors(xfeat().tensors(), seed)).unwrap()
}

/// For images of this height.
pub(crate) fn config(layout: MapLayout, encoder: &Encoder, height_px: u32, origin: [f64; 3]) -> MapConfig {
    let (encoder, unit) = (encoder.name().cloned(), "m".to_owned());
    MapConfig { layout, encoder, height_px, origin, extent: 1.0, unit, camera: None }
}

pub(crate) fn map(config: MapConfig, encoder: Encoder) -> SceneMap {
    let tensors = tensors(SceneMap::expected(&config), 1);
    SceneMap::new(config, serde_json::Value::Null, tensors).unwrap().with_encoder(encoder).unwrap()
}
