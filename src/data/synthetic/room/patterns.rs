//! What surfaces look like.

use super::canvas::Canvas;
use super::noise::at_cell;
use glam::DVec2;
use rand::RngExt;
use rand::rngs::StdRng;

/// What a surface is painted like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// Nearly of one brightness.
    Plain,
    Plaster,
    Bricks,
    /// The same figures all over.
    Wallpaper,
    Planks,
    Wood,
    Cloth,
    /// Spines of books, none like another.
    Books,
    /// All alike.
    Drawers,
    /// Shapes all over, as on a packet.
    Print,
}

/// A painted surface; y is downwards on walls.
pub(super) fn painted(finish: Finish, size_m: DVec2, rng: &mut StdRng) -> Canvas {
    let mut canvas = Canvas::new(size_m, rng.random_range(0.5..0.75));
    let seed = rng.random();
    match finish {
        Finish::Plain => canvas.add_noise(seed, 0.01, 0.8, 1.0),
        Finish::Plaster => canvas.add_noise(seed, 0.035, 0.6, 1.0),
        Finish::Bricks => bricks(&mut canvas, seed),
        Finish::Wallpaper => wallpaper(&mut canvas, seed),
        Finish::Planks => planks(&mut canvas, seed),
        Finish::Wood => canvas.add_noise(seed, 0.06, 0.15, 6.0),
        Finish::Cloth => canvas.add_noise(seed, 0.04, 0.05, 1.0),
        Finish::Books => books(&mut canvas, rng),
        Finish::Drawers => drawers(&mut canvas, seed),
        Finish::Print => poster(&mut canvas, [DVec2::ZERO, size_m], rng),
    }
    canvas
}

/// A white margin, and within it shapes of all sizes, the largest below.
pub(super) fn poster(canvas: &mut Canvas, [low_m, high_m]: [DVec2; 2], rng: &mut StdRng) {
    canvas.rectangle(low_m, high_m, 0.9);
    let size = high_m - low_m;
    let margin = 0.04 * size.min_element();
    let inside = [low_m + margin, high_m - margin];
    canvas.rectangle(inside[0], inside[1], rng.random_range(0.1..0.7));
    for shape in 0..SHAPES {
        let centre = inside[0] + size * DVec2::new(rng.random(), rng.random());
        let radius = size.min_element() * 0.4 / (1.0 + 0.25 * f64::from(shape)) * rng.random_range(0.5..1.2);
        let radii = radius * DVec2::new(rng.random_range(0.4..1.5), rng.random_range(0.4..1.5));
        let value = rng.random_range(0.05..0.95);
        if rng.random_bool(0.5) {
            canvas.ellipse(centre, radii, value, inside);
        } else {
            canvas.rectangle(inside[0].max(centre - radii), inside[1].min(centre + radii), value);
        }
    }
}

const SHAPES: u32 = 24;

fn bricks(canvas: &mut Canvas, seed: u64) {
    const BRICK_M: DVec2 = DVec2::new(0.25, 0.08);
    const MORTAR_M: f64 = 0.01;
    canvas.paint_all(|place, _| {
        let row = (place.y / BRICK_M.y).floor();
        let x = place.x / BRICK_M.x + 0.5 * (row % 2.0);
        let within = DVec2::new(x.fract() * BRICK_M.x, place.y - row * BRICK_M.y);
        if within.min_element() < MORTAR_M { 0.75 } else { 0.35 + 0.25 * at_cell(seed, x as i64, row as i64) }
    });
    canvas.add_noise(seed, 0.025, 0.1, 1.0);
}

fn wallpaper(canvas: &mut Canvas, seed: u64) {
    const FIGURE_M: f64 = 0.24;
    canvas.paint_all(|place, there| {
        let within = (place / FIGURE_M).fract_gl() - 0.5;
        let flower = 0.28 + 0.1 * (5.0 * within.y.atan2(within.x)).cos();
        there + if within.length() < flower { -0.18 } else { 0.0 }
    });
    canvas.add_noise(seed, 0.008, 0.8, 1.0);
}

fn planks(canvas: &mut Canvas, seed: u64) {
    const WIDTH_M: f64 = 0.14;
    const LENGTH_M: f64 = 1.1;
    const GAP_M: f64 = 0.006;
    canvas.paint_all(|place, _| {
        let row = (place.y / WIDTH_M).floor();
        let x = place.x / LENGTH_M + at_cell(seed, 0, row as i64);
        let gap = place.y - row * WIDTH_M < GAP_M || x.fract() * LENGTH_M < GAP_M;
        if gap { 0.15 } else { 0.4 + 0.2 * at_cell(seed, 1 + x as i64, row as i64) }
    });
    canvas.add_noise(seed, 0.03, 0.08, 8.0);
}

fn books(canvas: &mut Canvas, rng: &mut StdRng) {
    const SHELF_M: f64 = 0.34;
    const BOARD_M: f64 = 0.03;
    canvas.paint_all(|_, _| 0.1);
    let size = canvas.size_m;
    let shelves = (size.y / SHELF_M).round().max(1.0);
    let height = size.y / shelves;
    for shelf in 0..shelves as u32 {
        let bottom = f64::from(shelf + 1) * height - BOARD_M;
        canvas.rectangle(DVec2::new(0.0, bottom), DVec2::new(size.x, bottom + BOARD_M), 0.6);
        let mut left = BOARD_M;
        while left < size.x - 2.0 * BOARD_M {
            let width = rng.random_range(0.015..0.06);
            let top = bottom - height * rng.random_range(0.6..0.9);
            let right = (left + width).min(size.x - BOARD_M);
            book(canvas, [DVec2::new(left, top), DVec2::new(right, bottom)], rng);
            left = right + if rng.random_bool(0.1) { 0.05 } else { 0.003 };
        }
    }
    for edge in [0.0, size.x - BOARD_M] {
        canvas.rectangle(DVec2::new(edge, 0.0), DVec2::new(edge + BOARD_M, size.y), 0.6);
    }
}

/// A spine with two stripes.
fn book(canvas: &mut Canvas, [low, high]: [DVec2; 2], rng: &mut StdRng) {
    canvas.rectangle(low, high, rng.random_range(0.15..0.9));
    for _ in 0..2 {
        let top = low.y + (high.y - low.y) * rng.random_range(0.05..0.8);
        let bottom = (top + rng.random_range(0.01..0.06)).min(high.y);
        canvas.rectangle(DVec2::new(low.x, top), DVec2::new(high.x, bottom), rng.random_range(0.1..0.95));
    }
}

fn drawers(canvas: &mut Canvas, seed: u64) {
    const DRAWER_M: DVec2 = DVec2::new(0.4, 0.22);
    const GAP_M: f64 = 0.012;
    let count = (canvas.size_m / DRAWER_M).round().max(DVec2::ONE);
    let drawer = canvas.size_m / count;
    canvas.paint_all(|place, there| {
        let within = place % drawer;
        let edge = within.min(drawer - within).min_element();
        let handle = ((within / drawer - DVec2::new(0.5, 0.35)) * drawer).abs();
        if edge < GAP_M || (handle.x < 0.06 && handle.y < 0.01) { 0.15 } else { there }
    });
    canvas.add_noise(seed, 0.012, 0.1, 1.0);
}
