//! A room of six walls with a texture that is nowhere the same, and a camera that turns about in it.
#![allow(dead_code, reason = "each user takes a part")]

use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::localise::{CellGrid, GreyImage, MapBuilder, MapOptions, SceneMap};
use nabla_ransac::{Camera, Pose};

/// Half the room's length, height and width, metres.
const HALF_M: DVec3 = DVec3::new(3.0, 1.4, 2.0);
/// Width and height of what the camera takes, pixels.
pub(crate) const SIZE_PX: [u32; 2] = [320, 240];

/// The camera, with the centre of the top-left pixel at (0, 0).
pub(crate) fn camera() -> Camera {
    Camera { focal_px: DVec2::splat(260.0), principal_point_px: DVec2::new(159.5, 119.5), skew_px: 0.0 }
}

/// The pose at a time: a turn takes 1, at some height, around the middle of a room whose own middle is `centre`.
pub(crate) fn pose_at(time: f64, height_m: f64, centre: DVec3) -> Pose {
    let angle = time * std::f64::consts::TAU;
    let eye = centre + DVec3::new(0.5 * angle.cos(), height_m, 0.5 * angle.sin());
    let rotation = DMat3::from_rotation_x(0.1 * (3.0 * angle).sin()) * DMat3::from_rotation_y(angle);
    Pose { rotation, translation: -(rotation * eye) }
}

/// Where the ray of a normalised point leaves the room.
pub(crate) fn hit(pose: &Pose, ray: DVec2, centre: DVec3) -> DVec3 {
    let from_camera = pose.rotation.transpose();
    let eye = -(from_camera * pose.translation);
    let direction = from_camera * ray.extend(1.0);
    let walls = (HALF_M.copysign(direction) - (eye - centre)) / direction;
    eye + direction * walls.min_element()
}

/// What the camera takes: pixels of red, green, blue and opacity.
pub(crate) fn render(pose: &Pose, centre: DVec3) -> Vec<u8> {
    let pixel = |at: u32| DVec2::new((at % SIZE_PX[0]).into(), (at / SIZE_PX[0]).into());
    let level = |at: u32| (255.0 * texture(hit(pose, camera().normalize(pixel(at)), centre) - centre)) as u8;
    (0..SIZE_PX[0] * SIZE_PX[1]).flat_map(|at| [level(at), level(at), level(at), 255]).collect()
}

/// A map of photographs all around, with the points seen at their cells.
pub(crate) fn map(frames: u32, keys: usize, centre: DVec3) -> nabla_ransac::Result<SceneMap> {
    let mut builder = MapBuilder::new(MapOptions { keys, ..MapOptions::default() }, frames as usize)?;
    for frame in 0..frames {
        let pose = pose_at(f64::from(frame) / f64::from(frames), 0.0, centre);
        let image = GreyImage::from_rgba(SIZE_PX, &render(&pose, centre))?;
        let point = |pixel| Some(pose.transform(hit(&pose, camera().normalize(pixel), centre)));
        let points: Vec<Option<DVec3>> = CellGrid::new(SIZE_PX).centres_px().map(point).collect();
        builder.add(&image, &pose, &points)?;
    }
    builder.build("m", None, serde_json::json!({ "scene": "a room of six walls" }))
}

/// Noise of three sizes, 0..1.
fn texture(at: DVec3) -> f64 {
    [(2.0, 0.5), (5.0, 0.3), (12.0, 0.2)].map(|(frequency, share)| share * noise(at * frequency)).iter().sum()
}

/// Random numbers at whole places, with straight lines between.
fn noise(at: DVec3) -> f64 {
    let (base, part) = (at.floor(), at.fract_gl());
    let corner = |k: u32| {
        let offset = DVec3::new((k & 1).into(), (k >> 1 & 1).into(), (k >> 2).into());
        let weight = (DVec3::ONE - offset - part).abs();
        weight.x * weight.y * weight.z * random((base + offset).as_ivec3().to_array())
    };
    (0..8).map(corner).sum()
}

/// The same number for the same place, 0..1.
fn random(place: [i32; 3]) -> f64 {
    let mut hash = 0x9e37_79b9_u32;
    for part in place {
        hash = (hash ^ part as u32).wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 15;
    }
    f64::from(hash.wrapping_mul(0xc2b2_ae35) >> 8) / f64::from(1 << 24)
}
