//! Wrong matches of the kinds that real pairs have.

use super::features::{Detector, Feature, KeyPoint};
use super::random::laplace;
use super::ratios::Ratios;
use super::views::{Views, log_uniform};
use glam::DVec2;
use rand::{Rng, RngExt};

/// Attempts to find a place for a match of one kind.
const ATTEMPTS: usize = 15;

/// A match as a matcher gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub(crate) key_points: [KeyPoint; 2],
    pub(crate) ratio: f64,
}

/// What the wrong matches of one pair are like: the shares of their kinds, of which the first go before the later where they
/// add up to more than all; the rest joins unrelated points.
///
/// Of the wrong matches of the training scenes with ratios below .7, 36 to 67 % have the scale and the angle of the
/// right ones around them, and 16 to 70 % move as a wrong neighbour does; above .9 few do. 36 to 64 % share their point
/// in image 2 with another match. Of those below .8 that are far from where their neighbours would have them, 17 to 60 % are
/// within a fiftieth of the height that these have, 40 to 63 % are turned as these within 10°, and 10 to 26 % are within 10 px
/// of the epipolar line.
#[derive(Debug)]
pub(crate) struct Mismatches {
    /// Things that moved between the images.
    moving: f64,
    /// The same detail in another cell of a pattern.
    repeated: f64,
    /// To another place of the same surface that looks alike: as large and as turned, mostly in the same row.
    similar: f64,
    /// Beside the right place.
    near: f64,
    /// To a point as high in the scene that is turned alike: eaves, sills, wheels, the horizon.
    level: f64,
    /// Points that the one of the same height is the best of.
    level_drawn: usize,
    /// To a point of image 2 that has a match already.
    shared: f64,
    /// From a point of image 1 that has a match already, with another orientation.
    doubled: f64,
    /// Steps in a pattern that are taken, cells.
    steps: Vec<DVec2>,
}

impl Mismatches {
    pub(crate) fn draw(rng: &mut impl Rng, views: &Views) -> Self {
        let moves = views.views[0].surfaces.len() > views.first_moving;
        let repeats = views.views[0].surfaces.iter().any(|surface| surface.pattern.is_some());
        let steps = (0..3).map(|_| random_step(rng)).collect();
        Self {
            moving: if moves { rng.random_range(0.05..0.35) } else { 0.0 },
            repeated: if repeats { rng.random_range(0.1..0.9) } else { 0.0 },
            similar: rng.random_range(0.0..0.4),
            near: rng.random_range(0.0..0.5),
            level: rng.random_range(0.0..1.0),
            level_drawn: log_uniform(rng, 2.0, 300.0) as usize,
            shared: rng.random_range(0.1..0.5),
            doubled: rng.random_range(0.0..0.1),
            steps,
        }
    }

    /// A match with no shared points.
    pub(crate) fn without_sharing(self) -> Self {
        Self { shared: 0.0, doubled: 0.0, ..self }
    }

    /// Another wrong match beside the ones there are: of a kind drawn by the shares, or if that finds no place of
    /// unrelated points.
    pub(crate) fn find(
        &self,
        rng: &mut impl Rng,
        views: &Views,
        detector: &Detector,
        ratios: &Ratios,
        matches: &[Match],
    ) -> Option<Match> {
        let kind = rng.random_range(0.0..1.0);
        let drawn = (0..ATTEMPTS).find_map(|_| self.attempt(rng, views, detector, ratios, matches, kind));
        drawn.or_else(|| (0..4 * ATTEMPTS).find_map(|_| self.attempt(rng, views, detector, ratios, matches, 1.0)))
    }

    fn attempt(
        &self,
        rng: &mut impl Rng,
        views: &Views,
        detector: &Detector,
        ratios: &Ratios,
        matches: &[Match],
        kind: f64,
    ) -> Option<Match> {
        let mut below = 0.0;
        let mut is = |share: f64| {
            below += share;
            kind < below
        };
        let image = &views.views;
        let exact = if is(self.moving) {
            moving(rng, views, detector).map(|(points, stretch)| (points, ratios.right(rng, stretch, false)))
        } else if is(self.repeated) {
            self.repeated(rng, views, detector).map(|points| (points, ratios.lookalike(rng)))
        } else if is(self.similar) {
            similar(rng, views, detector).map(|points| (points, ratios.lookalike(rng)))
        } else if is(self.near) {
            near(rng, views, detector).map(|points| (points, ratios.lookalike(rng)))
        } else if is(self.level) {
            self.level(rng, views, detector).map(|points| (points, ratios.lookalike(rng)))
        } else {
            let other = matches.get(rng.random_range(0..matches.len().max(1))).map(|m| m.key_points);
            let ratio = ratios.random(rng);
            if let (true, Some([_, point2])) = (is(self.shared), other) {
                let (point1, _) = detector.find(rng, views, 0)?.in_view(&image[0])?;
                return Some(Match { key_points: [detector.detect(rng, &point1, &image[0]), point2], ratio });
            }
            let (point2, _) = detector.find(rng, views, 1)?.in_view(&image[1])?;
            if let (true, Some([point1, _])) = (is(self.doubled), other) {
                let turned = KeyPoint { angle_deg: point1.angle_deg + rng.random_range(40.0..320.0), ..point1 };
                return Some(Match { key_points: [turned, detector.detect(rng, &point2, &image[1])], ratio });
            }
            let (point1, _) = detector.find(rng, views, 0)?.in_view(&image[0])?;
            Some(([point1, point2], ratio))
        };
        let ([point1, point2], ratio) = exact?;
        let key_points = [detector.detect(rng, &point1, &image[0]), detector.detect(rng, &point2, &image[1])];
        Some(Match { key_points, ratio })
    }

    fn level(&self, rng: &mut impl Rng, views: &Views, detector: &Detector) -> Option<[KeyPoint; 2]> {
        let [view1, view2] = &views.views;
        let feature = detector.find(rng, views, 0)?;
        let (point1, _) = feature.in_view(view1)?;
        let other = detector.find_level(rng, views, view1.slope(point1.point_px), self.level_drawn)?;
        let (point2, _) = other.turned_as(&feature).in_view(view2)?;
        Some([point1, point2])
    }

    /// Mostly neighbours take the same step, so that whole windows are mistaken for others.
    fn repeated(&self, rng: &mut impl Rng, views: &Views, detector: &Detector) -> Option<[KeyPoint; 2]> {
        let feature = detector.find_in_either(rng, views)?;
        let surface = &views.views[0].surfaces[feature.surface];
        let cell = (feature.uv / surface.pattern.as_ref()?.period).floor();
        let step = match rng.random_bool(0.7) {
            true => self.steps[(cell.x / 2.0).floor().abs() as usize % self.steps.len()],
            false => random_step(rng),
        };
        let elsewhere = feature.repeated(surface, step)?;
        let (point1, _) = feature.in_view(&views.views[0])?;
        let (point2, _) = elsewhere.in_view(&views.views[1])?;
        Some([point1, point2])
    }
}

/// To another cell, in the same row for the most part.
fn random_step(rng: &mut impl Rng) -> DVec2 {
    let aside = f64::from(rng.random_range(1..4)) * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let up = [0.0, 0.0, 0.0, 1.0, -1.0][rng.random_range(0..5)];
    DVec2::new(aside, up)
}

fn moving(rng: &mut impl Rng, views: &Views, detector: &Detector) -> Option<([KeyPoint; 2], f64)> {
    let surfaces = &views.views[0].surfaces;
    let index = rng.random_range(views.first_moving..surfaces.len());
    let place = DVec2::new(rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0));
    let feature: Feature = detector.at(rng, &views.views[0], index, place * surfaces[index].half_size)?;
    feature.in_both(&views.views)
}

fn similar(rng: &mut impl Rng, views: &Views, detector: &Detector) -> Option<[KeyPoint; 2]> {
    let feature = detector.find_in_either(rng, views)?;
    let place = detector.find_in_either(rng, views).filter(|other| other.surface == feature.surface)?;
    let (point1, _) = feature.in_view(&views.views[0])?;
    let uv = if rng.random_bool(0.9) { DVec2::new(place.uv.x, feature.uv.y + 0.01 * laplace(rng)) } else { place.uv };
    let (point2, _) = feature.moved_to(uv).in_view(&views.views[1])?;
    Some([point1, point2])
}

fn near(rng: &mut impl Rng, views: &Views, detector: &Detector) -> Option<[KeyPoint; 2]> {
    let ([point1, point2], _) = detector.find_in_either(rng, views)?.in_both(&views.views)?;
    let direction = DVec2::from_angle(rng.random_range(0.0..std::f64::consts::TAU));
    let turn = if rng.random_bool(0.6) { 10.0 * laplace(rng) } else { rng.random_range(-180.0..180.0) };
    let beside = KeyPoint {
        point_px: point2.point_px + direction * log_uniform(rng, 1.0, 20.0),
        scale_px: point2.scale_px * (0.2 * laplace(rng)).exp(),
        angle_deg: point2.angle_deg + turn,
    };
    Some([point1, beside])
}
