//! Small collections: images around a scene, with key points and matches, right ones and wrong ones.

#![allow(dead_code, reason = "each test file uses some of it")]

use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::collection::Database;
use nabla_ransac::geometry::CameraModel;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::path::Path;

pub(crate) const POINTS: usize = 240;

/// A database of some images, each matched with the `reach` following ones: three matches of five are right, within .3 pixels. Every third
/// image has a camera of unknown focal length, every fifth has key points with shapes.
pub(crate) fn database(path: &Path, images: u32, reach: u32) -> Database {
    let mut rng = StdRng::seed_from_u64(7);
    let mut database = Database::create(path).unwrap();
    let world: Vec<DVec3> =
        (0..POINTS).map(|_| DVec3::from_array([0; 3].map(|_| rng.random_range(-2.0..2.0)))).collect();
    let model = CameraModel::new(2, [1000, 800], vec![900.0, 500.0, 400.0, -0.05]).unwrap();
    let cameras = [false, true].map(|prior| database.add_camera(&model, prior).unwrap());
    let write = |database: &mut Database| {
        for image in 0..images {
            let id = database.add_image(&format!("{image}.jpg"), cameras[usize::from(image % 3 != 2)])?;
            let rotation =
                DMat3::from_rotation_y(0.1 * f64::from(image)) * DMat3::from_rotation_x(0.02 * f64::from(image % 7));
            let key_points: Vec<DVec2> = world
                .iter()
                .map(|&point| {
                    let seen = rotation * point + DVec3::new(0.05 * f64::from(image % 5), 0.0, 7.0);
                    let noise = DVec2::new(rng.random_range(-0.3..0.3), rng.random_range(-0.3..0.3));
                    model.project(seen.truncate() / seen.z).unwrap() + noise
                })
                .collect();
            let columns = if image % 5 == 4 { 4 } else { 2 };
            let row = |point: &DVec2| {
                [point.x as f32, point.y as f32, 1.0 + point.x as f32 % 3.0, 0.1].into_iter().take(columns)
            };
            database.write_key_points(id, columns, &key_points.iter().flat_map(row).collect::<Vec<_>>())?;
        }
        for image in 1..=images {
            for other in (image + 1)..=(image + reach).min(images) {
                let matched = |point: usize| if point % 5 < 3 { point } else { rng.random_range(0..POINTS) };
                let matches: Vec<[u32; 2]> = (0..POINTS)
                    .map(|point| point as u32)
                    .zip((0..POINTS).map(matched))
                    .map(|(i, j)| [i, j as u32])
                    .collect();
                database.write_matches(image, other, &matches)?;
            }
        }
        Ok(())
    };
    database.transact(write).unwrap();
    database
}
