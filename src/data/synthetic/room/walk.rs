use super::SIZE_M;
use crate::geometry::Pose;
use glam::{DMat3, DVec3};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::f64::consts::{PI, TAU};

/// Frames that a round through the room takes.
const ROUND: f64 = 52.0;
/// About the height of the eyes of one who looks at things.
const HEIGHT_M: f64 = 1.45;

/// Poses camera_from_world along a walk through the room: round and round, never twice alike, across the room for the most part, as a
/// camera in the hand is held. The walk of more frames begins with that of fewer.
pub fn path(seed: u64, frames: usize) -> Vec<Pose> {
    let mut rng = StdRng::seed_from_u64(seed);
    let starts: [f64; 9] = std::array::from_fn(|_| rng.random_range(0.0..TAU));
    (0..frames).map(|frame| pose(TAU * frame as f64 / ROUND, &starts)).collect()
}

fn pose(round: f64, starts: &[f64; 9]) -> Pose {
    // ratios that fit into none of the others
    let wave = |index: usize, ratio: f64| (ratio * round + starts[index]).sin();
    let angle = round + starts[0];
    let centre = DVec3::new(
        0.5 * SIZE_M.x + 0.75 * angle.cos() + 0.15 * wave(1, 0.37),
        0.5 * SIZE_M.y + 0.4 * angle.sin() + 0.12 * wave(2, 0.59),
        HEIGHT_M + 0.15 * wave(3, 0.61) + 0.01 * wave(4, 9.7),
    );
    let yaw = angle + PI + 0.6 * wave(5, 0.43) + 0.01 * wave(6, 11.3);
    let pitch = -0.25 + 0.15 * wave(7, 0.73) + 0.01 * wave(4, 8.9);
    let roll = 0.06 * wave(8, 1.7);
    looking(centre, yaw, pitch, roll)
}

/// Yaw is about the vertical from the x axis, pitch upwards; the image's y is downwards.
fn looking(centre: DVec3, yaw: f64, pitch: f64, roll: f64) -> Pose {
    let ahead = DVec3::new(yaw.cos() * pitch.cos(), yaw.sin() * pitch.cos(), pitch.sin());
    let level = DVec3::new(yaw.sin(), -yaw.cos(), 0.0);
    let below = ahead.cross(level);
    let right = roll.cos() * level + roll.sin() * below;
    let rotation = DMat3::from_cols(right, ahead.cross(right), ahead).transpose();
    Pose { rotation, translation: -(rotation * centre) }
}
