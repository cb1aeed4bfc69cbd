//! A plane before an RGB-D camera, as files.

use glam::{DMat3, DVec2, DVec3, dvec2, dvec3};
use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
use nabla_ransac::data::{Frame, Intrinsics};
use nabla_ransac::localise::CellGrid;
use nabla_ransac::{Camera, Pose};
use std::fmt::Write;
use std::path::Path;
use tempfile::TempDir;

/// Sizes of the stored images.
pub(crate) const COLOR_PX: [u32; 2] = [160, 120];
pub(crate) const DEPTH_PX: [u32; 2] = [80, 60];

pub(crate) fn color() -> Camera {
    Camera { focal_px: dvec2(131.0, 132.0), principal_point_px: dvec2(79.0, 60.5), skew_px: 0.0 }
}

pub(crate) fn depth() -> Camera {
    Camera { focal_px: dvec2(73.0, 73.5), principal_point_px: dvec2(39.5, 29.0), skew_px: 0.0 }
}

/// The cameras are far from each other, so that what is exchanged or left out is seen.
pub(crate) fn color_from_depth() -> Pose {
    Pose { rotation: DMat3::from_rotation_y(0.05), translation: dvec3(-0.15, 0.02, 0.25) }
}

pub(crate) fn world_from_depth(frame: usize) -> Pose {
    let turn = frame as f64;
    let rotation = DMat3::from_rotation_x(0.1 - 0.03 * turn) * DMat3::from_rotation_z(0.2 + 0.1 * turn);
    Pose { rotation, translation: dvec3(0.1 * turn, -0.2, 0.05 * turn) }
}

pub(crate) fn camera_from_world(frame: usize) -> Pose {
    color_from_depth() * world_from_depth(frame).inverse()
}

/// From the plane n X = 2.5 in the world.
pub(crate) fn off_the_plane(world: DVec3) -> f64 {
    normal().dot(world) - 2.5
}

fn normal() -> DVec3 {
    dvec3(0.25, -0.15, 1.0).normalize()
}

/// Where the ray of a pixel meets the plane: z in the camera.
fn z(camera: &Camera, world_from_camera: &Pose, pixel: DVec2) -> f64 {
    let ray = world_from_camera.rotation * camera.normalize(pixel).extend(1.0);
    -off_the_plane(world_from_camera.translation) / normal().dot(ray)
}

/// A photograph: blue to the left, brighter downwards.
pub(crate) fn write_color(path: &Path) {
    let [width, height] = COLOR_PX;
    RgbImage::from_fn(width, height, |x, y| Rgb([0, y as u8, 255 - x as u8])).save(path).unwrap();
}

/// Depth in units of `unit_m`; the first row has no reading.
pub(crate) fn write_depth(path: &Path, camera: &Camera, size_px: [u32; 2], world_from_camera: &Pose, unit_m: f64) {
    let [width, height] = size_px;
    let value = |x: u32, y: u32| match (x % 2, y) {
        (0, 0) => 0,
        (_, 0) => u16::MAX,
        _ => (z(camera, world_from_camera, dvec2(x.into(), y.into())) / unit_m).round() as u16,
    };
    let image: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_fn(width, height, |x, y| Luma([value(x, y)]));
    image.save(path).unwrap();
}

pub(crate) fn write_depth_of(path: &Path, frame: usize) {
    write_depth(path, &depth(), DEPTH_PX, &world_from_depth(frame), 0.001);
}

pub(crate) fn write_8bit(path: &Path) {
    GrayImage::from_pixel(DEPTH_PX[0], DEPTH_PX[1], Luma([9])).save(path).unwrap();
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn pinhole(camera: Camera) -> Option<Intrinsics> {
    Some(Intrinsics::Pinhole(camera))
}

/// The rows of a 4×4 matrix.
pub(crate) fn rows(pose: &Pose) -> [[f64; 4]; 4] {
    let columns = [pose.rotation.x_axis, pose.rotation.y_axis, pose.rotation.z_axis, pose.translation];
    let row = |axis: usize| columns.map(|column| column[axis]);
    [row(0), row(1), row(2), [0.0, 0.0, 0.0, 1.0]]
}

pub(crate) fn matrix_text(pose: &Pose) -> String {
    rows(pose).iter().fold(String::new(), |mut text, [a, b, c, d]| {
        writeln!(text, "{a} {b} {c}\t {d}").unwrap();
        text
    })
}

pub(crate) fn intrinsic_rows(camera: &Camera) -> [[f64; 3]; 3] {
    camera.matrix().transpose().to_cols_array_2d()
}

pub(crate) fn same(a: &Pose, b: &Pose) -> bool {
    a.rotation.abs_diff_eq(b.rotation, 1e-9) && a.translation.abs_diff_eq(b.translation, 1e-9)
}

/// The points of the depth image lie on the plane, and on the rays of their cells.
#[track_caller]
pub(crate) fn sees_the_plane(frame: &Frame) {
    let world_from_camera = frame.camera_from_world.unwrap().inverse();
    for size_px in [frame.size_px, [96, 64]] {
        let grid = CellGrid::new(size_px);
        let camera = frame.camera_at(size_px).unwrap();
        let points = frame.depth_points(&grid).unwrap().unwrap();
        assert_eq!(points.len(), grid.len());
        for (point, centre) in points.iter().zip(grid.centres_px()).filter_map(|(point, c)| Some((point.as_ref()?, c)))
        {
            assert!(camera.project(point.truncate() / point.z).unwrap().distance(centre) < 1e-9);
            let off = off_the_plane(world_from_camera.transform(*point));
            // half a depth pixel is 1.7 cm of the plane, which is slanted
            assert!(off.abs() < 0.03, "{off} m off the plane");
        }
        let seen = points.iter().flatten().count();
        assert!(seen * 10 > 6 * grid.len(), "{seen} of {} cells", grid.len());
    }
}
