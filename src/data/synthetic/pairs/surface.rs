//! Pieces of a synthetic scene: rectangles, flat or in relief, some of them with a pattern that repeats.

use glam::{DVec2, DVec3};
use rand::{Rng, RngExt};
use std::f64::consts::TAU;

/// A rectangle in space; coordinates (u, v) on it have the unit of the scene and start at its centre.
#[derive(Clone, Debug)]
pub(crate) struct Surface {
    pub(crate) centre: DVec3,
    /// Unit vectors along u and v, at a right angle.
    pub(crate) axes: [DVec3; 2],
    pub(crate) half_size: DVec2,
    /// Share of the key points on it that are found, 0..=1: plaster has few, ivy many.
    pub(crate) texture: f64,
    pub(crate) relief: Option<Relief>,
    pub(crate) pattern: Option<Pattern>,
}

/// Heights `Σ amplitude sin(wave · uv + phase)` above the rectangle.
#[derive(Clone, Debug)]
pub(crate) struct Relief {
    /// Wave vector, amplitude, phase.
    waves: Vec<(DVec2, f64, f64)>,
}

/// The same details again and again, as the windows of a facade have.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// Size of a cell, the unit of the scene.
    pub(crate) period: DVec2,
    /// Places of the details in a cell, fractions of it.
    pub(crate) details: Vec<DVec2>,
}

impl Surface {
    pub(crate) fn new(rng: &mut impl Rng, centre: DVec3, axes: [DVec3; 2], half_size: DVec2) -> Self {
        let texture = rng.random_range(0.15..1.0);
        Self { centre, axes, half_size, texture, relief: None, pattern: None }
    }

    pub(crate) fn with_relief(mut self, rng: &mut impl Rng, height: f64) -> Self {
        let size = self.half_size.min_element();
        let mut wave = |octave: i32| {
            let (sin, cos) = rng.random_range(0.0..TAU).sin_cos();
            let frequency = rng.random_range(1.0..2.0) * f64::from(octave) / size;
            (DVec2::new(cos, sin) * frequency, height / f64::from(octave), rng.random_range(0.0..TAU))
        };
        self.relief = Some(Relief { waves: (1..=4).map(&mut wave).collect() });
        self
    }

    pub(crate) fn with_pattern(mut self, rng: &mut impl Rng) -> Self {
        let cells = DVec2::new(rng.random_range(3.0..14.0), rng.random_range(1.0..6.0));
        let details = rng.random_range(6..40);
        let mut fraction = || DVec2::new(rng.random_range(0.0..1.0), rng.random_range(0.0..1.0));
        let details = (0..details).map(|_| fraction()).collect();
        self.texture = self.texture.max(0.6);
        self.pattern = Some(Pattern { period: 2.0 * self.half_size / cells, details });
        self
    }

    pub(crate) fn normal(&self) -> DVec3 {
        self.axes[0].cross(self.axes[1])
    }

    /// The point at (u, v), and how it moves with u and with v.
    pub(crate) fn point(&self, uv: DVec2) -> (DVec3, [DVec3; 2]) {
        let flat = self.centre + self.axes[0] * uv.x + self.axes[1] * uv.y;
        let Some(relief) = &self.relief else { return (flat, self.axes) };
        let (height, slope) = relief.height(uv);
        let normal = self.normal();
        (flat + normal * height, [self.axes[0] + normal * slope.x, self.axes[1] + normal * slope.y])
    }

    /// Where a ray meets the flat rectangle: the distance in units of `direction`, and (u, v).
    pub(crate) fn hit(&self, origin: DVec3, direction: DVec3) -> Option<(f64, DVec2)> {
        let normal = self.normal();
        let distance = normal.dot(self.centre - origin) / normal.dot(direction);
        let offset = origin + direction * distance - self.centre;
        let uv = DVec2::new(offset.dot(self.axes[0]), offset.dot(self.axes[1]));
        (distance > 1e-3 && self.contains(uv)).then_some((distance, uv))
    }

    pub(crate) fn contains(&self, uv: DVec2) -> bool {
        uv.abs().cmple(self.half_size).all()
    }

    /// The place of a detail of the pattern in the cell around `uv`; `uv` itself without a pattern.
    pub(crate) fn detail_near(&self, rng: &mut impl Rng, uv: DVec2) -> DVec2 {
        let Some(Pattern { period, details }) = &self.pattern else { return uv };
        let cell = (uv / *period).floor();
        (cell + details[rng.random_range(0..details.len())]) * *period
    }
}

impl Relief {
    fn height(&self, uv: DVec2) -> (f64, DVec2) {
        self.waves.iter().fold((0.0, DVec2::ZERO), |(height, slope), &(wave, amplitude, phase)| {
            let (sin, cos) = (wave.dot(uv) + phase).sin_cos();
            (height + amplitude * sin, slope + wave * (amplitude * cos))
        })
    }
}
