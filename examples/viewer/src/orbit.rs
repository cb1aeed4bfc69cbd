//! The triangulated inliers and the two cameras, from where the mouse puts the eye.

use crate::scene::Motion;
use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Sense, Stroke, Ui, Vec2, pos2, vec2};
use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::geometry::accuracy::median;
use nabla_ransac::{Camera, Pose};

const BACKGROUND: Color32 = Color32::from_gray(14);
const CAMERA_COLOURS: [Color32; 2] = [Color32::from_rgb(240, 228, 66), Color32::from_rgb(204, 121, 167)];
/// Radians a point of the screen that the mouse is dragged by.
const TURN: f64 = 0.008;
/// How far the eye is, in radii of the scene.
const AWAY: f64 = 2.2;
/// This share of the points is in view at first.
const IN_VIEW: f64 = 0.9;
/// The depth of a camera's pyramid, in radii of the scene.
const PYRAMID: f64 = 0.14;

/// Where the eye is: behind the first camera at 0, above for a positive pitch.
pub(crate) struct Orbit {
    yaw: f64,
    pitch: f64,
    zoom: f64,
}

impl Default for Orbit {
    fn default() -> Self {
        Self { yaw: 0.6, pitch: 0.45, zoom: 1.0 }
    }
}

impl Orbit {
    /// Draws into what is left of the space.
    pub(crate) fn show(&mut self, ui: &mut Ui, seen: Option<(&Motion, &[Camera; 2])>) {
        let (response, painter) = ui.allocate_painter(ui.available_size(), Sense::click_and_drag());
        painter.rect_filled(response.rect, 4.0, BACKGROUND);
        let dragged = response.drag_delta();
        self.yaw -= TURN * f64::from(dragged.x);
        self.pitch = (self.pitch + TURN * f64::from(dragged.y)).clamp(-1.5, 1.5);
        if response.hovered() {
            self.zoom *= f64::from(ui.input(|input| input.smooth_scroll_delta().y) * 0.003).exp();
            self.zoom = self.zoom.clamp(0.1, 20.0);
        }
        if response.double_clicked() {
            *self = Self::default();
        }
        let Some((motion, cameras)) = seen else { return };
        let eye = Eye::new(self, motion, response.rect);
        eye.draw_points(&painter, motion);
        let poses = [Pose::IDENTITY, motion.camera2_from_camera1];
        for (side, (pose, camera)) in poses.iter().zip(cameras).enumerate() {
            eye.draw_camera(&painter, side, &pose.inverse(), camera);
        }
    }
}

struct Eye {
    eye_from_world: Pose,
    /// Half of what holds most points, the cameras too; in baselines.
    radius: f64,
    scale: f64,
    centre: Vec2,
}

impl Eye {
    fn new(orbit: &Orbit, motion: &Motion, area: Rect) -> Self {
        let camera2 = motion.camera2_from_camera1.inverse().translation;
        let axis = |axis: usize| median(&motion.points.iter().map(|(point, _)| point[axis]).collect::<Vec<_>>());
        let middle = [axis(0), axis(1), axis(2)].map(|x| x.unwrap_or(0.0));
        let pivot = 0.5 * (DVec3::from(middle) + 0.5 * camera2);
        let mut distances: Vec<f64> = motion.points.iter().map(|(point, _)| point.distance(pivot)).collect();
        distances.sort_by(f64::total_cmp);
        let most = distances.get((IN_VIEW * distances.len() as f64) as usize).copied().unwrap_or(1.0);
        let radius = most.max(pivot.length()).max(pivot.distance(camera2));
        let rotation = DMat3::from_rotation_x(orbit.pitch) * DMat3::from_rotation_y(orbit.yaw);
        let translation = DVec3::new(0.0, 0.0, AWAY * radius / orbit.zoom) - rotation * pivot;
        let scale = 0.7 * AWAY * f64::from(area.size().min_elem());
        Self { eye_from_world: Pose { rotation, translation }, radius, scale, centre: area.center().to_vec2() }
    }

    /// On the screen, with the depth in radii; `None` behind the eye.
    fn project(&self, world: DVec3) -> Option<(Pos2, f64)> {
        let seen = self.eye_from_world.transform(world) / self.radius;
        let place = seen.truncate() / seen.z * self.scale;
        (seen.z > 0.05).then(|| (pos2(place.x as f32, place.y as f32) + self.centre, seen.z))
    }

    /// From far to near.
    fn draw_points(&self, painter: &Painter, motion: &Motion) {
        let project = |&(point, colour): &(DVec3, Color32)| self.project(point).map(|(at, depth)| (depth, at, colour));
        let mut seen: Vec<_> = motion.points.iter().filter_map(project).collect();
        seen.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (depth, at, colour) in seen {
            painter.circle_filled(at, (5.0 / depth).clamp(1.5, 4.0) as f32, colour);
        }
    }

    fn draw_camera(&self, painter: &Painter, side: usize, world_from_camera: &Pose, camera: &Camera) {
        let depth = PYRAMID * self.radius;
        let half = camera.principal_point_px / camera.focal_px;
        let corner = |signs: DVec2| world_from_camera.transform((signs * half).extend(1.0) * depth);
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| corner(DVec2::new(x, y)));
        let stroke = Stroke::new(1.5, CAMERA_COLOURS[side]);
        let line = |from: DVec3, to: DVec3| {
            if let (Some((from, _)), Some((to, _))) = (self.project(from), self.project(to)) {
                painter.line_segment([from, to], stroke);
            }
        };
        for k in 0..4 {
            line(world_from_camera.translation, corners[k]);
            line(corners[k], corners[(k + 1) % 4]);
        }
        if let Some((at, _)) = self.project(corners[0]) {
            let name = (side + 1).to_string();
            painter.text(at + vec2(-3.0, -3.0), Align2::RIGHT_BOTTOM, name, FontId::proportional(14.0), stroke.color);
        }
    }
}
