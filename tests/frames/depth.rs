//! Depth in the colour image where one surface hides another.

use crate::scene::{folder, write_color};
use glam::{DVec3, dvec2};
use image::{ImageBuffer, Luma};
use nabla_ransac::data::{DEPTH_LIMIT_M, FrameOptions, FrameSet, Intrinsics};
use nabla_ransac::localise::CellGrid;
use nabla_ransac::{Camera, Pose};
use std::fs;

/// One frame of 640x480 depth seen by a colour camera of 160x120, 10 cm to its right.
fn points(depth_mm: impl Fn(u32) -> u16) -> Vec<Option<DVec3>> {
    let folder = folder();
    write_color(&folder.path().join("a.png"));
    let image: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_fn(640, 480, |x, _| Luma([depth_mm(x)]));
    image.save(folder.path().join("a.depth.png")).unwrap();
    let line = "image,fx,fy,cx,cy,depth,depth_fx,depth_fy,depth_cx,depth_cy\na.png,125,125,79.5,59.5,a.depth.png,500,500,319.5,239.5\n";
    fs::write(folder.path().join("frames.csv"), line).unwrap();
    let color_from_depth = Some(Pose { translation: DVec3::X * -0.1, ..Pose::IDENTITY });
    let options = FrameOptions { color_from_depth, ..FrameOptions::default() };
    let set = FrameSet::open(folder.path(), &options).unwrap();
    assert_eq!(set.warnings, ["1 of 1 frames have no pose"]);
    set.frames[0].depth_points(&CellGrid::new([160, 120])).unwrap().unwrap()
}

#[test]
fn the_surface_in_front_hides_the_one_behind() {
    // to the right of the depth image's middle a wall at 1 m, to its left one at 3 m, which the colour camera sees less of
    let points = points(|x| if x < 320 { 3000 } else { 1000 });
    let grid = CellGrid::new([160, 120]);
    let edge_px = 79.5 - 125.0 * 0.1;
    for (point, centre) in points.iter().zip(grid.centres_px()).filter(|(_, centre)| centre.x < 140.0) {
        let z = if centre.x > edge_px - 1.0 { 1.0 } else { 3.0 };
        let point = point.unwrap();
        assert!((point.z - z).abs() < 1e-9, "{point} at {centre}");
        let camera = Camera { focal_px: dvec2(125.0, 125.0), principal_point_px: dvec2(79.5, 59.5), skew_px: 0.0 };
        assert!(Intrinsics::Pinhole(camera).project(point.truncate() / point.z).unwrap().distance(centre) < 1e-9);
    }
    // and nothing where only the colour camera looks
    assert!(
        points.iter().zip(grid.centres_px()).filter(|(_, centre)| centre.x > 152.0).all(|(point, _)| point.is_none())
    );
}

#[test]
fn what_is_no_depth_gives_no_point() {
    let far_mm = (DEPTH_LIMIT_M * 1000.0) as u16;
    assert!(points(|x| [0, u16::MAX, far_mm][x as usize % 3]).iter().all(Option::is_none));
    assert!(points(|_| far_mm - 1).iter().any(Option::is_some));
}
