//! Random matches of which much is known, with shared points and copies.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use nabla_ransac::ModelKind;
use nabla_ransac::cpu::search::weigh_matches::Known;
use rand::{RngExt, rngs::StdRng};

/// What a pair may be made of.
pub struct Pair {
    pub matches: Vec<[f32; 4]>,
    pub weights: Vec<f32>,
    pub ratios: Vec<f32>,
    pub key_points: Vec<[f32; 4]>,
}

impl Pair {
    /// So many matches, of points that are `shared` times as few, and some copies.
    pub fn new(rng: &mut StdRng, kind: ModelKind, count: usize, shared: usize) -> Self {
        let spatial = matches!(kind, ModelKind::Pose | ModelKind::Rigid);
        let points = (count / shared).max(1);
        let mut matches: Vec<[f32; 4]> = Vec::new();
        for index in 0..count {
            // a point of each side, some of them at a zero of either sign
            let mut point = || {
                let number = if shared == 1 { index } else { rng.random_range(0..points) };
                let zero = if rng.random_bool(0.5) { 0.0 } else { -0.0 };
                [number as f32 * 0.37, if number % 3 == 0 { zero } else { 1.5 }]
            };
            let [p, q] = [point(), point()];
            match (index > 0 && shared > 1 && rng.random_bool(0.1), spatial) {
                (true, true) => matches.extend_from_within(matches.len() - 2..),
                (true, false) => matches.extend_from_within(matches.len() - 1..),
                (false, true) => matches.extend([[p[0], p[1], 2.0, 0.0], [q[0], q[1], 3.0, 0.0]]),
                (false, false) => matches.push([p[0], p[1], q[0], q[1]]),
            }
        }
        let weights = (0..count).map(|_| weight(rng)).collect();
        let ratios = (0..count).map(|_| ratio(rng)).collect();
        let key_points = (0..count).map(|_| key_points(rng)).collect();
        Self { matches, weights, ratios, key_points }
    }

    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// The arrays that there are.
    pub fn known(&self, weights: bool, ratios: bool) -> Known<'_> {
        Known {
            matches: &self.matches,
            weights: weights.then_some(&self.weights),
            ratios: ratios.then_some(&self.ratios),
        }
    }
}

fn weight(rng: &mut StdRng) -> f32 {
    match rng.random_range(0..12) {
        0 => 0.0,
        1 => -0.0,
        2 => 10f32.powi(rng.random_range(-37..20)),
        3 => f32::from_bits(rng.random_range(1..1 << 22)),
        4 => 0.5,
        _ => rng.random_range(0.0..1.0),
    }
}

fn ratio(rng: &mut StdRng) -> f32 {
    match rng.random_range(0..12) {
        0 => [0.0, -0.0, -0.5, 1e30, 3.99, 4.0, 0.7][rng.random_range(0..7)],
        1 => 0.8,
        _ => rng.random_range(0.2..1.2),
    }
}

fn key_points(rng: &mut StdRng) -> [f32; 4] {
    let mut scale = || if rng.random_bool(0.1) { 0.0 } else { rng.random_range(0.5..20.0) };
    let scales = [scale(), scale()];
    let mut angle = || if rng.random_bool(0.2) { 90.0 } else { rng.random_range(-720.0..720.0) };
    [scales[0], scales[1], angle(), angle()]
}
