//! What stands where.

use super::SIZE_M;
use super::canvas::Canvas;
use super::patterns::{Finish, painted, poster};
use super::solid::{Solid, face_size};
use super::texture::Texture;
use glam::{DVec2, DVec3};
use rand::RngExt;
use rand::rngs::StdRng;

/// Below the middle of the ceiling.
const LAMP_M: DVec3 = DVec3::new(0.5 * SIZE_M.x, 0.5 * SIZE_M.y, SIZE_M.z - 0.3);

/// The room, and what is in it.
pub(super) fn furniture(rng: &mut StdRng) -> (Solid, Vec<Solid>) {
    let shell = shell(rng);
    let mut solids = vec![
        bookshelf(rng),
        standing([0.35, 0.75], [0.6, 0.9, 2.0], [Finish::Wood; 6], rng),
        standing([3.77, 1.5], [0.46, 1.2, 0.88], faces(Finish::Drawers, Finish::Wood), rng),
        standing([2.3, 0.42], [1.6, 0.8, 0.42], [Finish::Cloth; 6], rng),
        standing([2.3, 0.12], [1.6, 0.2, 0.85], [Finish::Cloth; 6], rng),
        box_at(DVec3::new(2.05, 1.5, 0.72), [1.0, 0.6, 0.04], 0.0, [Finish::Wood; 6], rng),
        standing([1.6, 1.5], [0.04, 0.5, 0.7], [Finish::Wood; 6], rng),
        standing([2.5, 1.5], [0.04, 0.5, 0.7], [Finish::Wood; 6], rng),
    ];
    // packets on the table and on the drawers, a carton on the floor
    for [x, y, z] in [[1.8, 1.6, 0.74], [2.3, 1.4, 0.74], [3.75, 1.15, 0.88], [3.75, 1.8, 0.88], [3.3, 2.5, 0.0]] {
        solids.push(packet(DVec3::new(x, y, z), rng));
    }
    (shell, solids)
}

/// One finish at the sides, another above and below.
const fn faces(sides: Finish, ends: Finish) -> [Finish; 6] {
    [sides, sides, sides, sides, ends, ends]
}

/// Walls of bricks, plaster, wallpaper and nearly nothing, with posters on three.
fn shell(rng: &mut StdRng) -> Solid {
    let finishes = [Finish::Plain, Finish::Wallpaper, Finish::Bricks, Finish::Plaster, Finish::Planks, Finish::Plain];
    let mut face = 0;
    let faces = finishes.map(|finish| {
        let mut canvas = painted(finish, face_size(SIZE_M, face), rng);
        match face {
            4 => rug(&mut canvas, rng),
            5 => lamp(&mut canvas),
            _ => hang_posters(&mut canvas, [1, 2, 3, 2][face], rng),
        }
        face += 1;
        Texture::new(canvas)
    });
    Solid::new(0.5 * SIZE_M, SIZE_M, 0.0, LAMP_M, faces)
}

/// So many on a wall, each in its part of it.
fn hang_posters(wall: &mut Canvas, count: u32, rng: &mut StdRng) {
    let part = wall.size_m.x / f64::from(count);
    for index in 0..count {
        let size = DVec2::new(rng.random_range(0.45..0.75) * part.min(1.1), rng.random_range(0.5..0.9));
        let left = part * f64::from(index) + rng.random_range(0.1..0.9) * (part - size.x);
        let low = DVec2::new(left, rng.random_range(0.35..0.75));
        poster(wall, [low, low + size], rng);
    }
}

fn rug(floor: &mut Canvas, rng: &mut StdRng) {
    let low = DVec2::new(rng.random_range(1.0..1.3), rng.random_range(0.9..1.1));
    poster(floor, [low, low + DVec2::new(1.8, 1.2)], rng);
}

fn lamp(ceiling: &mut Canvas) {
    let middle = ceiling.size_m / 2.0;
    ceiling.ellipse(middle, DVec2::splat(0.22), 0.98, [DVec2::ZERO, ceiling.size_m]);
    ceiling.rectangle(middle - 0.05, middle + 0.05, 0.3);
}

fn bookshelf(rng: &mut StdRng) -> Solid {
    let mut finishes = [Finish::Wood; 6];
    finishes[2] = Finish::Books;
    let x = rng.random_range(0.9..1.4);
    standing([x, 2.84], [1.3, 0.3, 1.9], finishes, rng)
}

/// Turned anyhow.
fn packet(foot: DVec3, rng: &mut StdRng) -> Solid {
    let size = [0.12, 0.12, 0.2].map(|side| side * rng.random_range(1.0..1.6));
    let turn = rng.random_range(0.0..3.0);
    box_at(foot + DVec3::Z * (size[2] / 2.0), size, turn, [Finish::Print; 6], rng)
}

/// On the floor.
fn standing([x, y]: [f64; 2], size: [f64; 3], finishes: [Finish; 6], rng: &mut StdRng) -> Solid {
    box_at(DVec3::new(x, y, size[2] / 2.0), size, 0.0, finishes, rng)
}

fn box_at(centre: DVec3, size: [f64; 3], turn: f64, finishes: [Finish; 6], rng: &mut StdRng) -> Solid {
    let size = DVec3::from_array(size);
    let mut face = 0;
    let faces = finishes.map(|finish| {
        face += 1;
        Texture::new(painted(finish, face_size(size, face - 1), rng))
    });
    Solid::new(centre, size, turn, LAMP_M, faces)
}
