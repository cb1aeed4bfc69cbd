//! Two cameras before a scene: what each sees of a place on a surface, and how the cameras move.

use super::layout::Layout;
use super::surface::Surface;
use crate::data::synthetic::problems::{random_direction, random_rotation};
use crate::geometry::{Camera, Pose};
use glam::{DMat2, DMat3, DQuat, DVec2, DVec3, Vec2Swizzles};
use rand::{Rng, RngExt};
use std::f64::consts::PI;

/// One image.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) camera: Camera,
    pub(crate) size_px: [u32; 2],
    /// The scene's frame is that of camera 1.
    pub(crate) camera_from_scene: Pose,
    /// The surfaces at the time of the image: some move.
    pub(crate) surfaces: Vec<Surface>,
}

/// How a view shows a place on a surface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    pub(crate) point_px: DVec2,
    /// The derivative of the pixel by (u, v).
    pub(crate) pixels_by_uv: DMat2,
    /// Whether the front of the surface is seen.
    front: bool,
}

/// Two images of a scene.
#[derive(Clone, Debug)]
pub(crate) struct Views {
    pub(crate) views: [View; 2],
    /// The first of the surfaces that move between the images.
    pub(crate) first_moving: usize,
}

impl View {
    /// The surface that a pixel shows, and the place on it.
    pub(crate) fn cast(&self, pixel: DVec2) -> Option<(usize, DVec2)> {
        let (origin, direction) = self.ray(pixel);
        let hits = self.surfaces.iter().enumerate();
        let hits = hits.filter_map(|(index, surface)| surface.hit(origin, direction).map(|(d, uv)| (index, d, uv)));
        hits.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _, uv)| (index, uv))
    }

    /// What the image shows of a place, if it lies in the image and nothing hides it.
    pub(crate) fn see(&self, index: usize, uv: DVec2) -> Option<Sight> {
        let surface = self.surfaces.get(index).filter(|surface| surface.contains(uv))?;
        let (point, tangents) = surface.point(uv);
        let point_camera = self.camera_from_scene.transform(point);
        if point_camera.z < 0.05 {
            return None;
        }
        let (x, y) = (point_camera.x / point_camera.z, point_camera.y / point_camera.z);
        let point_px = self.camera.project(DVec2::new(x, y));
        let inside = point_px.cmpge(DVec2::ZERO).all() && point_px.cmplt(self.size()).all();
        if !inside || self.is_hidden(index, point, point_px) {
            return None;
        }
        let image_motion = |tangent: DVec3| {
            let d = self.camera_from_scene.rotation * tangent;
            self.camera.focal_px * DVec2::new(d.x - x * d.z, d.y - y * d.z) / point_camera.z
        };
        let pixels_by_uv = DMat2::from_cols(image_motion(tangents[0]), image_motion(tangents[1]));
        Some(Sight { point_px, pixels_by_uv, front: pixels_by_uv.determinant() > 0.0 })
    }

    /// Whether another surface is clearly nearer along the ray.
    fn is_hidden(&self, index: usize, point: DVec3, point_px: DVec2) -> bool {
        let (origin, direction) = self.ray(point_px);
        let distance = (point - origin).dot(direction) / direction.length_squared();
        let others = self.surfaces.iter().enumerate().filter(|&(other, _)| other != index);
        others.filter_map(|(_, other)| other.hit(origin, direction)).any(|(nearer, _)| nearer < 0.98 * distance)
    }

    /// The slope of the ray of a pixel to the level of the scene, positive downwards.
    pub(crate) fn slope(&self, pixel: DVec2) -> f64 {
        let (_, direction) = self.ray(pixel);
        direction.y / direction.x.hypot(direction.z)
    }

    fn ray(&self, pixel: DVec2) -> (DVec3, DVec3) {
        let scene_from_camera = self.camera_from_scene.inverse();
        (scene_from_camera.translation, scene_from_camera.rotation * self.camera.normalize(pixel).extend(1.0))
    }

    pub(crate) fn size(&self) -> DVec2 {
        DVec2::from(self.size_px.map(f64::from))
    }
}

impl Sight {
    /// How far the change of view is from a similarity: the logarithm of the ratio of its singular values' mean square to
    /// their product. `None` where no detector would find the place again: seen from the other side, or at so flat an
    /// angle that it is foreshortened to less than a fifth.
    pub(crate) fn stretch_to(&self, other: &Self) -> Option<f64> {
        let change = other.pixels_by_uv * self.pixels_by_uv.inverse();
        let mean_square = 0.5 * (change.x_axis.length_squared() + change.y_axis.length_squared());
        let stretch = (mean_square / change.determinant().abs()).ln();
        (self.front == other.front && stretch < MOST_STRETCH).then_some(stretch)
    }
}

/// That of a foreshortening to a fifth: ln((1 + 1/25) / 2 · 5).
const MOST_STRETCH: f64 = 0.955;

impl Views {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        let layout = Layout::draw(rng);
        let mut surfaces = layout.surfaces(rng);
        let first_moving = surfaces.len();
        let mut moved = surfaces.clone();
        if rng.random_bool(0.2) {
            for _ in 0..rng.random_range(1..=3) {
                let [before, after] = moving_thing(rng);
                surfaces.push(before);
                moved.push(after);
            }
        }
        let (camera1, size1_px) = draw_camera(rng);
        let (camera2, size2_px) = match rng.random_range(0.0..1.0) {
            u if u < 0.5 => (camera1, size1_px),
            u if u < 0.75 => (Camera { focal_px: camera1.focal_px * rng.random_range(0.6..1.6), ..camera1 }, size1_px),
            _ => draw_camera(rng),
        };
        let views = [
            View { camera: camera1, size_px: size1_px, camera_from_scene: Pose::IDENTITY, surfaces },
            View { camera: camera2, size_px: size2_px, camera_from_scene: draw_motion(rng, layout), surfaces: moved },
        ];
        Self { views, first_moving }
    }
}

fn draw_camera(rng: &mut impl Rng) -> (Camera, [u32; 2]) {
    let long = rng.random_range(480.0..2000.0);
    let aspect = [1.0, 4.0 / 3.0, 1.5, 16.0 / 9.0, 3.3][rng.random_range(0..5)];
    let size = DVec2::new(long, long / aspect).round();
    let size = if rng.random_bool(0.25) { size.yx() } else { size };
    // focal lengths from a wide angle of 90° to a short telephoto lens
    let focal = long * log_uniform(rng, 0.5, 1.6);
    let off_centre = DVec2::new(rng.random_range(-0.02..0.02), rng.random_range(-0.02..0.02));
    let principal_point_px = (size - 1.0) / 2.0 + off_centre * size;
    let camera = Camera { focal_px: DVec2::splat(focal), principal_point_px, skew_px: 0.0 };
    (camera, size.to_array().map(|side| side as u32))
}

/// The motion camera2_from_camera1, with the second camera still looking at the scene.
fn draw_motion(rng: &mut impl Rng, layout: Layout) -> Pose {
    let forward = if layout == Layout::Street { 0.7 } else { 0.12 };
    let (rotation, centre) = if rng.random_bool(forward) {
        let along = DVec3::new(rng.random_range(-0.2..0.2), rng.random_range(-0.1..0.1), 1.0);
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        (random_rotation(rng, 0.15), along * (sign * log_uniform(rng, 0.03, 0.5)))
    } else {
        aside(rng)
    };
    let rotation = DMat3::from_rotation_z(draw_roll(rng)) * rotation;
    Pose { rotation, translation: -(rotation * centre) }
}

/// Around the point that camera 1 looks at, nearer or farther, and turned towards it.
fn aside(rng: &mut impl Rng) -> (DMat3, DVec3) {
    let upright = rng.random_bool(0.7);
    let axis = if upright { DVec3::Y + 0.2 * random_direction(rng) } else { random_direction(rng) };
    let angle = log_uniform(rng, 0.03, 1.1) * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let distance = log_uniform(rng, 0.6, 1.6);
    let target = DVec3::Z;
    let centre = target - DQuat::from_axis_angle(axis.normalize(), angle) * target * distance;
    let to_target = (target - centre).normalize();
    let off_axis = DVec3::Z + 0.15 * random_direction(rng);
    (DMat3::from_quat(DQuat::from_rotation_arc(to_target, off_axis.normalize())), centre)
}

/// About the optical axis, radians: most photographs are held upright, some sideways.
fn draw_roll(rng: &mut impl Rng) -> f64 {
    match rng.random_range(0.0..1.0) {
        u if u < 0.7 => rng.random_range(-0.06..0.06),
        u if u < 0.9 => rng.random_range(-0.6..0.6),
        _ => rng.random_range(-PI..PI),
    }
}

/// Something small before and after it moved on its own.
fn moving_thing(rng: &mut impl Rng) -> [Surface; 2] {
    let depth = rng.random_range(0.5..1.5);
    let centre = DVec2::new(rng.random_range(-0.4..0.4), rng.random_range(-0.3..0.3)).extend(1.0) * depth;
    let turn = random_rotation(rng, 0.6);
    let half_size = DVec2::new(rng.random_range(0.05..0.2), rng.random_range(0.05..0.2)) * depth;
    let before = Surface::new(rng, centre, [turn * DVec3::X, turn * DVec3::Y], half_size);
    let turned = random_rotation(rng, 0.3);
    let after = Surface {
        centre: centre + random_direction(rng) * (rng.random_range(0.02..0.3) * depth),
        axes: before.axes.map(|axis| turned * axis),
        ..before.clone()
    };
    [before, after]
}

pub(crate) fn log_uniform(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    rng.random_range(low.ln()..high.ln()).exp()
}
