//! Residuals as a user would work them out, in pixels: none of the library's code but its types.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use crate::scenes::Scene;
use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::{Model, Pose};

/// The squared residual of a match, pixels² (rigid: the unit of the points); infinite behind a camera.
pub fn residual_sq(scene: &Scene, model: &Model, index: usize) -> f64 {
    let [camera1, camera2] = scene.cameras;
    let (x1, x2) = (scene.image1[index], scene.image2[index]);
    match model {
        Model::Essential(motion) => {
            let [k1, k2] = [camera1, camera2].map(|camera| camera.matrix().inverse());
            let rays = [k1 * x1.extend(1.0), k2 * x2.extend(1.0)];
            let f = k2.transpose() * motion.essential() * k1;
            if depths(motion, rays).min_element() > 0.0 { sampson_sq(&f, x1, x2) } else { f64::INFINITY }
        }
        Model::Fundamental(f) => sampson_sq(f, x1, x2),
        Model::Homography(h) => distance_sq(*h * x1.extend(1.0), x2),
        Model::Pose(pose) => distance_sq(camera2.matrix() * pose.transform(scene.world1[index]), x2),
        Model::Rigid(pose) => pose.transform(scene.world1[index]).distance_squared(scene.world2[index]),
    }
}

/// C² / (|l2|² + |l1|²) of x2ᵀ F x1 (Hartley and Zisserman, 11.9).
fn sampson_sq(f: &DMat3, x1: DVec2, x2: DVec2) -> f64 {
    let (line2, line1) = (*f * x1.extend(1.0), f.transpose() * x2.extend(1.0));
    x2.extend(1.0).dot(line2).powi(2) / (line2.truncate().length_squared() + line1.truncate().length_squared())
}

fn distance_sq(mapped: DVec3, x: DVec2) -> f64 {
    if mapped.z > 0.0 { (mapped.truncate() / mapped.z).distance_squared(x) } else { f64::INFINITY }
}

/// Lengths along both rays to the point that is nearest to both, by the normal equations of d1 R ray1 − d2 ray2 = −t.
fn depths(motion: &Pose, [ray1, ray2]: [DVec3; 2]) -> DVec2 {
    let a = motion.rotation * ray1;
    let t = motion.translation;
    let determinant = a.length_squared() * ray2.length_squared() - a.dot(ray2).powi(2);
    let d1 = (a.dot(ray2) * t.dot(ray2) - ray2.length_squared() * t.dot(a)) / determinant;
    let d2 = (a.length_squared() * t.dot(ray2) - a.dot(ray2) * t.dot(a)) / determinant;
    DVec2::new(d1, d2)
}
