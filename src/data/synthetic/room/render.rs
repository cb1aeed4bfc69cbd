use super::Room;
use super::solid::{Ray, Solid};
use crate::data::synthetic::pairs::random::normal;
use crate::geometry::{Intrinsics, Pose};
use crate::localise::GreyImage;
use glam::{DMat3, DVec2, DVec3};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What a camera sees.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedView {
    /// Without noise.
    pub image: GreyImage,
    /// Row-major, z along the camera's axis, exact at the middle of each pixel; 0 where the camera has no ray.
    pub depth_m: Vec<f32>,
}

/// What a ray meets.
#[derive(Clone, Copy)]
struct Sight {
    depth_m: f64,
    brightness: f64,
    /// Of all faces of all solids.
    surface: usize,
}

/// A camera at its place.
struct Eye<'a> {
    room: &'a Room,
    camera: &'a Intrinsics,
    /// Where it is in the frame of the shell and of each piece of furniture.
    origins: Vec<DVec3>,
    world_from_camera: DMat3,
    /// Edge of what a pixel sees at a depth of 1.
    pixel: f64,
}

impl Room {
    /// What a camera sees at a pose camera_from_world: each pixel the mean of what it covers, about.
    pub fn render(&self, camera: &Intrinsics, camera_from_world: &Pose, size_px: [u32; 2]) -> RenderedView {
        let Pose { rotation, translation } = camera_from_world.inverse();
        let origins = self.solids().map(|solid| solid.place(translation)).collect();
        let pixel = 1.0 / camera.pinhole().focal_px.min_element();
        let eye = Eye { room: self, camera, origins, world_from_camera: rotation, pixel };
        let [width, height] = size_px.map(|side| side as usize);
        let middle = |index: usize| DVec2::new((index % width) as f64, (index / width) as f64);
        let mut sights: Vec<Option<Sight>> = (0..width * height).map(|index| eye.look(middle(index))).collect();
        let edges: Vec<usize> = (0..sights.len()).filter(|&index| is_edge(&sights, index, width)).collect();
        for index in edges {
            let brightness = eye.mean(middle(index));
            if let Some(sight) = &mut sights[index] {
                sight.brightness = brightness;
            }
        }
        let seen = |of: fn(&Sight) -> f64| sights.iter().map(|sight| sight.as_ref().map_or(0.0, of) as f32).collect();
        let values = seen(|sight| sight.brightness.clamp(0.0, 1.0));
        RenderedView { image: GreyImage { size_px, values }, depth_m: seen(|sight| sight.depth_m) }
    }

    fn solids(&self) -> impl Iterator<Item = &Solid> {
        std::iter::once(&self.shell).chain(&self.furniture)
    }
}

impl Eye<'_> {
    fn look(&self, pixel: DVec2) -> Option<Sight> {
        let direction = self.world_from_camera * self.camera.undistort(pixel)?.extend(1.0);
        let mut nearest: Option<(f64, usize, &Solid, Ray)> = None;
        for (index, (solid, &origin)) in self.room.solids().zip(&self.origins).enumerate() {
            let ray = Ray { origin, direction: solid.direction(direction) };
            let Some([enters, leaves]) = solid.span(&ray) else { continue };
            let multiple = if index == 0 { leaves } else { enters };
            if multiple > 0.0 && nearest.as_ref().is_none_or(|nearest| multiple < nearest.0) {
                nearest = Some((multiple, index, solid, ray));
            }
        }
        let (depth_m, index, solid, ray) = nearest?;
        let face = solid.face(&ray, index == 0);
        let brightness = solid.brightness(&ray, depth_m, face, depth_m * self.pixel);
        Some(Sight { depth_m, brightness, surface: 6 * index + face })
    }

    /// Of four parts of a pixel.
    fn mean(&self, pixel: DVec2) -> f64 {
        let parts = [[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]];
        let sights = parts.map(|part| self.look(pixel + DVec2::from_array(part)));
        sights.iter().map(|sight| sight.map_or(0.0, |sight| sight.brightness)).sum::<f64>() / parts.len() as f64
    }
}

/// Whether another surface is seen beside it.
fn is_edge(sights: &[Option<Sight>], index: usize, width: usize) -> bool {
    let surface = |index: usize| sights[index].map(|sight| sight.surface);
    let differs = |other: usize| other < sights.len() && surface(other) != surface(index);
    differs(index + 1) || differs(index + width) || differs(index.wrapping_sub(1)) || differs(index.wrapping_sub(width))
}

impl RenderedView {
    /// The image as a camera takes it: exposed too much or too little by up to 15 %, with noise of 1 % of white.
    pub fn photograph(&self, seed: u64) -> GreyImage {
        let mut rng = StdRng::seed_from_u64(seed);
        let exposure: f32 = rng.random_range(0.85..1.15);
        let noisy = |&value: &f32| (value * exposure + NOISE * normal(&mut rng) as f32).clamp(0.0, 1.0);
        GreyImage { size_px: self.image.size_px, values: self.image.values.iter().map(noisy).collect() }
    }
}

const NOISE: f32 = 0.01;
