//! Random arrangements of surfaces in front of camera 1: facades, streets, objects, clutter.
//!
//! The unit of length is about the distance to what the camera looks at. x is to the right, y down, z forward.

use super::surface::Surface;
use crate::data::synthetic::problems::random_rotation;
use glam::{DMat3, DVec2, DVec3};
use rand::{Rng, RngExt};
use std::f64::consts::FRAC_PI_2;

/// What the scene shows. Most neighbours in a real scene move alike: of its right matches 2 to 4 % are farther than a thirtieth
/// of the image from where their neighbours would have them, so there is little clutter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Walls at angles to each other, most with windows.
    Facades,
    /// Ground, a wall on either side, things in between.
    Street,
    /// One thing in relief before a background.
    Object,
    /// Many small patches at all depths, as leaves.
    Clutter,
}

impl Layout {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        match rng.random_range(0.0..1.0) {
            u if u < 0.5 => Self::Facades,
            u if u < 0.75 => Self::Street,
            u if u < 0.97 => Self::Object,
            _ => Self::Clutter,
        }
    }

    /// The surfaces in the frame of camera 1, which is tilted a little against the scene.
    pub(crate) fn surfaces(self, rng: &mut impl Rng) -> Vec<Surface> {
        let mut surfaces = match self {
            Self::Facades => facades(rng),
            Self::Street => street(rng),
            Self::Object => object(rng),
            Self::Clutter => clutter(rng),
        };
        let tilt = random_rotation(rng, 0.3);
        for surface in &mut surfaces {
            surface.centre = tilt * surface.centre;
            surface.axes = surface.axes.map(|axis| tilt * axis);
        }
        surfaces
    }
}

fn facades(rng: &mut impl Rng) -> Vec<Surface> {
    let mut surfaces = Vec::new();
    for index in 0..rng.random_range(1..=4) {
        let yaw = DMat3::from_rotation_y(rng.random_range(-1.1..1.1));
        let aside = if index == 0 { 0.0 } else { rng.random_range(-1.0..1.0) };
        let centre = DVec3::new(aside, rng.random_range(-0.2..0.1), rng.random_range(0.8..2.0));
        let half_size = DVec2::new(rng.random_range(0.4..1.5), rng.random_range(0.25..0.8));
        let wall = Surface::new(rng, centre, [yaw * DVec3::X, DVec3::Y], half_size);
        let wall = if rng.random_bool(0.5) { wall.with_relief(rng, 0.02) } else { wall };
        surfaces.push(if rng.random_bool(0.75) { wall.with_pattern(rng) } else { wall });
    }
    if rng.random_bool(0.7) {
        surfaces.push(ground(rng));
    }
    if rng.random_bool(0.6) {
        surfaces.push(background(rng));
    }
    let boxes = rng.random_range(0..2);
    (0..boxes).for_each(|_| surfaces.extend(random_box(rng)));
    surfaces
}

fn street(rng: &mut impl Rng) -> Vec<Surface> {
    let mut surfaces = vec![ground(rng), background(rng)];
    for side in [-1.0, 1.0] {
        let centre = DVec3::new(side * rng.random_range(0.3..1.2), -0.4, 3.0);
        let wall = Surface::new(rng, centre, [DVec3::Z, DVec3::Y], DVec2::new(3.0, 1.0)).with_relief(rng, 0.03);
        surfaces.push(if rng.random_bool(0.6) { wall.with_pattern(rng) } else { wall });
    }
    let boxes = rng.random_range(0..3);
    (0..boxes).for_each(|_| surfaces.extend(random_box(rng)));
    surfaces
}

fn object(rng: &mut impl Rng) -> Vec<Surface> {
    let yaw = random_rotation(rng, 0.7);
    let half_size = DVec2::new(rng.random_range(0.25..0.7), rng.random_range(0.25..0.7));
    let height = rng.random_range(0.02..0.15);
    let body = Surface::new(rng, DVec3::Z, [yaw * DVec3::X, yaw * DVec3::Y], half_size).with_relief(rng, height);
    let mut surfaces = vec![Surface { texture: 1.0, ..body }, background(rng)];
    if rng.random_bool(0.5) {
        surfaces.push(ground(rng));
    }
    surfaces
}

fn clutter(rng: &mut impl Rng) -> Vec<Surface> {
    let mut surfaces = vec![background(rng)];
    for _ in 0..rng.random_range(15..50) {
        let depth = rng.random_range(0.5..3.0);
        let aside = DVec2::new(rng.random_range(-0.7..0.7), rng.random_range(-0.5..0.5));
        let turn = random_rotation(rng, 1.0);
        let half_size = DVec2::splat(rng.random_range(0.03..0.2));
        surfaces.push(Surface::new(rng, (aside * depth).extend(depth), [turn * DVec3::X, turn * DVec3::Y], half_size));
    }
    surfaces
}

fn ground(rng: &mut impl Rng) -> Surface {
    let centre = DVec3::new(0.0, rng.random_range(0.15..0.6), 4.0);
    let ground = Surface::new(rng, centre, [DVec3::X, DVec3::Z], DVec2::splat(4.0)).with_relief(rng, 0.01);
    if rng.random_bool(0.15) { ground.with_pattern(rng) } else { ground }
}

fn background(rng: &mut impl Rng) -> Surface {
    let centre = DVec3::Z * rng.random_range(2.0..10.0);
    let half_size = DVec2::new(2.0, 1.5) * centre.z;
    let height = rng.random_range(0.01..0.05) * centre.z;
    Surface::new(rng, centre, [DVec3::X, DVec3::Y], half_size).with_relief(rng, height)
}

/// The front, the two sides and the top of a box; what of them is hidden is found when rays are cast.
fn random_box(rng: &mut impl Rng) -> Vec<Surface> {
    let depth = rng.random_range(0.6..2.5);
    let centre = DVec3::new(rng.random_range(-0.6..0.6) * depth, rng.random_range(0.0..0.3) * depth, depth);
    let half = DVec3::new(rng.random_range(0.05..0.25), rng.random_range(0.05..0.25), rng.random_range(0.05..0.25));
    let turn = DMat3::from_rotation_y(rng.random_range(-FRAC_PI_2..FRAC_PI_2));
    let mut face = |outwards: DVec3, u: DVec3, v: DVec3| {
        let half_size = DVec2::new(half.dot(u.abs()), half.dot(v.abs()));
        Surface::new(rng, centre + turn * (outwards * half), [turn * u, turn * v], half_size)
    };
    vec![
        face(DVec3::NEG_Z, DVec3::X, DVec3::Y),
        face(DVec3::NEG_X, DVec3::Z, DVec3::Y),
        face(DVec3::X, DVec3::Z, DVec3::Y),
        face(DVec3::NEG_Y, DVec3::X, DVec3::Z),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::problems::generator;

    #[test]
    fn every_layout_has_something_before_the_camera() {
        let mut rng = generator(3);
        for layout in [Layout::Facades, Layout::Street, Layout::Object, Layout::Clutter] {
            let seen = (0..50).filter(|_| {
                layout.surfaces(&mut rng).iter().any(|surface| surface.hit(DVec3::ZERO, DVec3::Z).is_some())
            });
            assert!(seen.count() > 25, "{layout:?}");
        }
    }
}
