//! Key points: where a detector finds them, how large and how turned they look in each view.

use super::random::{laplace, normal};
use super::surface::Surface;
use super::views::{Sight, View, Views, log_uniform};
use glam::DVec2;
use rand::{Rng, RngExt};
use std::f64::consts::{FRAC_PI_2, TAU};

/// Smallest diameter of a SIFT key point, pixels.
const SMALLEST_PX: f64 = 1.85;
/// Diameters are `SMALLEST_PX exp(spread x)` with x of a Weibull distribution of this shape; fitted to the quantiles of the
/// SIFT scenes of castle-P30, KITTI, Monstree and South Building, whose spreads are .78, .6, .55 and .22.
const SIZE_SHAPE: f64 = 1.25;

/// A place on a surface with a size and a direction, so that every view shows it in its own way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feature {
    pub(crate) surface: usize,
    pub(crate) uv: DVec2,
    direction_uv: DVec2,
    /// Diameter in the unit of the scene.
    size: f64,
}

/// A key point as a detector gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyPoint {
    pub(crate) point_px: DVec2,
    /// Diameter, pixels.
    pub(crate) scale_px: f64,
    pub(crate) angle_deg: f64,
}

/// What a detector finds in the two images of a pair.
#[derive(Debug)]
pub(crate) struct Detector {
    size_spread: f64,
    /// Share of directions along the axes of their surface.
    upright: f64,
    /// Centres and radii in pixels, by view.
    clusters: [Vec<(DVec2, f64)>; 2],
    /// Share of key points outside of clusters.
    scattered: f64,
    noise: Noise,
}

/// Errors of detected key points, by what they grow with.
#[derive(Debug)]
pub(crate) struct Noise {
    /// Of the position, per coordinate: constant part in pixels, and part in diameters (Laplace scales). Real distances
    /// to the epipolar line grow from a median of .06 + .03 diameters (castle-P30) to .35 + .02 (KITTI).
    pub(crate) floor_px: f64,
    pub(crate) per_diameter: f64,
    /// What is left of the lens distortion at the corners of the images, pixels.
    pub(crate) distortion_px: f64,
    /// Of the logarithm of the diameter; with what the neighbours differ by the scenes have .05 to .11.
    pub(crate) log_scale: f64,
    /// Of the angle, degrees; with what the neighbours differ by the scenes have 3.2 to 6.
    pub(crate) angle_deg: f64,
}

impl Noise {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            floor_px: log_uniform(rng, 0.03, 0.35),
            per_diameter: log_uniform(rng, 0.01, 0.035),
            distortion_px: if rng.random_bool(0.4) { normal(rng) } else { 0.0 },
            log_scale: log_uniform(rng, 0.02, 0.08),
            angle_deg: log_uniform(rng, 1.2, 3.5),
        }
    }

    fn apply(&self, rng: &mut impl Rng, exact: &KeyPoint, view: &View) -> KeyPoint {
        // a tenth is detected badly: real errors have heavier tails than one Laplace distribution
        let times = if rng.random_bool(0.1) { 3.0 } else { 1.0 };
        let spread_px = times * (self.floor_px + self.per_diameter * exact.scale_px);
        let shift = DVec2::new(laplace(rng), laplace(rng)) * spread_px;
        let from_centre = exact.point_px - view.camera.principal_point_px;
        let radius = from_centre.length() / (0.5 * view.size().length());
        let distortion = from_centre.normalize_or_zero() * (self.distortion_px * radius.powi(3));
        KeyPoint {
            point_px: exact.point_px + shift + distortion,
            scale_px: exact.scale_px * (times * self.log_scale * laplace(rng)).exp(),
            angle_deg: exact.angle_deg + times * self.angle_deg * laplace(rng),
        }
    }
}

impl Detector {
    pub(crate) fn draw(rng: &mut impl Rng, views: &Views) -> Self {
        let mut clusters = |view: &View| {
            let size = view.size();
            let count = rng.random_range(5..80);
            let mut centre = || DVec2::new(rng.random_range(0.0..size.x), rng.random_range(0.0..size.y));
            let centres: Vec<DVec2> = (0..count).map(|_| centre()).collect();
            centres.into_iter().map(|centre| (centre, size.min_element() * log_uniform(rng, 0.01, 0.2))).collect()
        };
        Self {
            clusters: [clusters(&views.views[0]), clusters(&views.views[1])],
            size_spread: rng.random_range(0.2..0.8),
            upright: rng.random_range(0.0..1.0),
            scattered: rng.random_range(0.1..0.6),
            noise: Noise::draw(rng),
        }
    }

    /// The noise of a learned detector, which has no sizes to grow with and less exact places.
    pub(crate) fn learned(self, rng: &mut impl Rng) -> Self {
        let noise = Noise { floor_px: log_uniform(rng, 0.2, 0.5), per_diameter: 0.0, ..self.noise };
        Self { noise, ..self }
    }

    /// A key point found in either of the images, so that both have their key points at the same places of the scene.
    pub(crate) fn find_in_either(&self, rng: &mut impl Rng, views: &Views) -> Option<Feature> {
        let which = rng.random_range(0..2);
        self.find(rng, views, which)
    }

    /// A key point found in one of the images, or `None` where the drawn pixel shows nothing of note.
    pub(crate) fn find(&self, rng: &mut impl Rng, views: &Views, which: usize) -> Option<Feature> {
        let view = &views.views[which];
        let pixel = self.pixel(rng, which, view.size());
        self.find_at(rng, view, pixel)
    }

    /// A key point of the second image about as high in the scene as a slope says: the best of so many drawn.
    pub(crate) fn find_level(&self, rng: &mut impl Rng, views: &Views, slope: f64, drawn: usize) -> Option<Feature> {
        let view = &views.views[1];
        let off = |pixel: &DVec2| (view.slope(*pixel) - slope).abs();
        let pixels = (0..drawn).map(|_| self.pixel(rng, 1, view.size()));
        let pixel = pixels.min_by(|a, b| off(a).total_cmp(&off(b)))?;
        self.find_at(rng, view, pixel)
    }

    fn find_at(&self, rng: &mut impl Rng, view: &View, pixel: DVec2) -> Option<Feature> {
        let (surface, uv) = view.cast(pixel)?;
        let texture = view.surfaces[surface].texture;
        let uv = view.surfaces[surface].detail_near(rng, uv);
        if rng.random_range(0.0..1.0) > texture {
            return None;
        }
        self.at(rng, view, surface, uv)
    }

    /// A key point found at a place that this view shows.
    pub(crate) fn at(&self, rng: &mut impl Rng, view: &View, surface: usize, uv: DVec2) -> Option<Feature> {
        let sight = view.see(surface, uv)?;
        let angle = if rng.random_bool(self.upright) {
            f64::from(rng.random_range(0..4)) * FRAC_PI_2 + 0.05 * laplace(rng)
        } else {
            rng.random_range(0.0..TAU)
        };
        let u: f64 = rng.random_range(0.0..1.0);
        let diameter_px = SMALLEST_PX * (self.size_spread * (-(1.0 - u).ln()).powf(1.0 / SIZE_SHAPE)).exp();
        let pixels_by_length = sight.pixels_by_uv.determinant().abs().sqrt();
        let direction_uv = DVec2::from_angle(angle);
        Some(Feature { surface, uv, direction_uv, size: diameter_px / pixels_by_length })
    }

    fn pixel(&self, rng: &mut impl Rng, which: usize, size: DVec2) -> DVec2 {
        if rng.random_bool(self.scattered) {
            return DVec2::new(rng.random_range(0.0..size.x), rng.random_range(0.0..size.y));
        }
        let clusters = &self.clusters[which];
        let (centre, radius) = clusters[rng.random_range(0..clusters.len())];
        centre + DVec2::new(normal(rng), normal(rng)) * radius
    }

    /// A key point as this view's detector gives it: with noise.
    pub(crate) fn detect(&self, rng: &mut impl Rng, exact: &KeyPoint, view: &View) -> KeyPoint {
        self.noise.apply(rng, exact, view)
    }
}

impl Feature {
    /// How a view shows it, without noise, unless it is hidden, outside or too small.
    pub(crate) fn in_view(&self, view: &View) -> Option<(KeyPoint, Sight)> {
        let sight = view.see(self.surface, self.uv)?;
        let direction = sight.pixels_by_uv * self.direction_uv;
        let key_point = KeyPoint {
            point_px: sight.point_px,
            scale_px: self.size * sight.pixels_by_uv.determinant().abs().sqrt(),
            angle_deg: direction.y.atan2(direction.x).to_degrees(),
        };
        (key_point.scale_px >= SMALLEST_PX).then_some((key_point, sight))
    }

    /// How both views show it, and how far it is stretched from the one to the other: 0 for a similarity.
    pub(crate) fn in_both(&self, views: &[View; 2]) -> Option<([KeyPoint; 2], f64)> {
        let (key_point1, sight1) = self.in_view(&views[0])?;
        let (key_point2, sight2) = self.in_view(&views[1])?;
        Some(([key_point1, key_point2], sight1.stretch_to(&sight2)?))
    }

    /// The same detail at another place of its surface.
    pub(crate) const fn moved_to(self, uv: DVec2) -> Self {
        Self { uv, ..self }
    }

    /// With the direction of another.
    pub(crate) const fn turned_as(self, other: &Self) -> Self {
        Self { direction_uv: other.direction_uv, ..self }
    }

    /// The same detail in another cell of its surface's pattern.
    pub(crate) fn repeated(&self, surface: &Surface, cells: DVec2) -> Option<Self> {
        let pattern = surface.pattern.as_ref()?;
        Some(self.moved_to(self.uv + cells * pattern.period))
    }
}
