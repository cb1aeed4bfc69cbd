//! Pairs of which everything is known, and weights for networks.
#![allow(dead_code, reason = "each test uses a part of it")]

use glam::DVec2;
use nabla_ransac::cpu::search::sample_minimal::pcg4d;
use nabla_ransac::network::{NetworkConfig, RankInput, Tensor, Weights};
use nabla_ransac::{Camera, MatchesView, ModelKind};

/// A pair with all side information.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) points1_px: Vec<DVec2>,
    pub(crate) points2_px: Vec<DVec2>,
    pub(crate) camera: Camera,
    pub(crate) ratios: Vec<f32>,
    pub(crate) scales_px: [Vec<f32>; 2],
    pub(crate) angles_deg: [Vec<f32>; 2],
}

/// A number in 0..1 of a counter.
fn uniform(seed: u32, list: u32, index: usize) -> f64 {
    f64::from(pcg4d([seed, list, index as u32, 0])[0]) / f64::from(u32::MAX)
}

impl Known {
    /// Half of the matches move by one similarity, the others anyhow.
    pub(crate) fn new(count: usize, seed: u32) -> Self {
        let list = |list: u32| (0..count).map(move |i| uniform(seed, list, i));
        let point = |(x, y): (f64, f64)| DVec2::new(640.0 * x, 480.0 * y);
        let points1_px: Vec<DVec2> = list(0).zip(list(1)).map(point).collect();
        let anyhow: Vec<DVec2> = list(2).zip(list(3)).map(point).collect();
        let turn = DVec2::from_angle(0.2) * 1.1;
        let points2_px = (0..count)
            .map(|i| if i % 2 == 0 { turn.rotate(points1_px[i]) + DVec2::new(30.0, -20.0) } else { anyhow[i] })
            .collect();
        let floats = |which: u32, low: f64, high: f64| list(which).map(|u| (low + (high - low) * u) as f32).collect();
        let camera =
            Camera { focal_px: DVec2::new(550.0, 560.0), principal_point_px: DVec2::new(320.0, 240.0), skew_px: 0.0 };
        Self {
            points1_px,
            points2_px,
            camera,
            ratios: floats(4, 0.2, 0.95),
            scales_px: [floats(5, 2.0, 20.0), floats(6, 2.0, 20.0)],
            angles_deg: [floats(7, 0.0, 360.0), floats(8, 0.0, 360.0)],
        }
    }

    pub(crate) fn truncate(&mut self, count: usize) {
        self.points1_px.truncate(count);
        self.points2_px.truncate(count);
        self.ratios.truncate(count);
        self.scales_px.iter_mut().chain(&mut self.angles_deg).for_each(|list| list.truncate(count));
    }

    pub(crate) fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        reversed.points1_px.reverse();
        reversed.points2_px.reverse();
        reversed.ratios.reverse();
        reversed.scales_px.iter_mut().chain(&mut reversed.angles_deg).for_each(|list| list.reverse());
        reversed
    }

    pub(crate) fn input(&self, kind: ModelKind) -> RankInput<'_> {
        let Self { points1_px, points2_px, camera, ratios, scales_px, angles_deg } = self;
        let matches = match kind {
            ModelKind::Essential => {
                MatchesView::Essential { points1_px, points2_px, camera1: *camera, camera2: *camera }
            }
            _ => MatchesView::Fundamental { points1_px, points2_px },
        };
        RankInput {
            matches,
            sizes_px: Some([[640, 480]; 2]),
            ratios: Some(ratios),
            scales_px: Some(scales_px.each_ref().map(Vec::as_slice)),
            angles_deg: Some(angles_deg.each_ref().map(Vec::as_slice)),
        }
    }
}

/// Weights all of whose tensors are random, biases, scales and shifts too.
pub(crate) fn random_weights(config: NetworkConfig, seed: u32) -> Weights {
    let tensors = (0..).zip(Weights::expected(&config)).map(|(place, (name, shape)): (u32, _)| {
        let count: usize = shape.iter().product();
        let inputs = (count / shape.last().unwrap()) as f64;
        let random = (0..count).map(|i| 2.0 * uniform(seed, place, i) - 1.0);
        let values = match name.rsplit('.').next().unwrap() {
            "weight" => random.map(|r| (r * (3.0 / inputs).sqrt()) as f32).collect(),
            "gamma" | "running_var" => random.map(|r| (1.0 + 0.5 * r) as f32).collect(),
            _ => random.map(|r| (0.3 * r) as f32).collect(),
        };
        (name, Tensor { shape, values })
    });
    Weights::new(config, serde_json::Value::Null, tensors).unwrap()
}
