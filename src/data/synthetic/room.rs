//! A furnished room that is seen by a camera with depth: photographs whose poses are known, to try localisation with no data.
//!
//! The room is 4 × 3 × 2.6 m, its z upwards from a corner of the floor. Its walls, its furniture and what they show are drawn from a
//! seed: posters and books that are found nowhere else, bricks, drawers and a wallpaper that repeat, and plain areas.

mod canvas;
mod furniture;
mod noise;
mod patterns;
mod render;
mod solid;
mod texture;
mod walk;
mod write;

pub use render::RenderedView;
pub use walk::path;
pub use write::{RoomOptions, camera, write_room};

use furniture::furniture;
use glam::DVec3;
use rand::SeedableRng;
use rand::rngs::StdRng;
use solid::Solid;

/// Length, width and height, metres.
pub const SIZE_M: DVec3 = DVec3::new(4.0, 3.0, 2.6);

/// A room.
#[derive(Clone, Debug)]
pub struct Room {
    /// The room itself, which is seen from inside.
    shell: Solid,
    furniture: Vec<Solid>,
}

impl Room {
    /// The room of a seed.
    pub fn new(seed: u64) -> Self {
        let (shell, furniture) = furniture(&mut StdRng::seed_from_u64(seed));
        Self { shell, furniture }
    }
}
