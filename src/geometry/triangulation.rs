use super::Pose;
use crate::cpu::solve::solve_essential_5pt::is_in_front;
use glam::DVec3;

/// Where two rays meet, in the frame of camera 1: the middle of the shortest way between them, of the depths that best satisfy
/// `d2 ray2 = d1 R ray1 + t` (the midpoint method of Hartley and Sturm, Triangulation, 1997). `None` where that is not in front of
/// both cameras, and for rays that are parallel.
pub fn triangulate(camera2_from_camera1: &Pose, ray1: DVec3, ray2: DVec3) -> Option<DVec3> {
    if !is_in_front(camera2_from_camera1, ray1, ray2) {
        return None;
    }
    let a = camera2_from_camera1.rotation * ray1;
    let t = camera2_from_camera1.translation;
    let (aa, ab, bb) = (a.length_squared(), a.dot(ray2), ray2.length_squared());
    let (ta, tb) = (t.dot(a), t.dot(ray2));
    let scale = 1.0 / (aa * bb - ab * ab);
    let [depth1, depth2] = [(tb * ab - ta * bb) * scale, (tb * aa - ab * ta) * scale];
    let point = 0.5 * (depth1 * ray1 + camera2_from_camera1.inverse().transform(depth2 * ray2));
    Some(point).filter(|point| point.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DMat3;

    fn motion() -> Pose {
        Pose { rotation: DMat3::from_rotation_y(-0.2), translation: DVec3::new(0.9, 0.1, -0.2).normalize() }
    }

    #[test]
    fn the_rays_of_a_point_meet_in_it() {
        let point = DVec3::new(-0.3, 0.7, 4.0);
        let [ray1, ray2] = [point, motion().transform(point)].map(|point| point / point.z);
        let found = triangulate(&motion(), ray1, ray2);
        assert!(found.is_some_and(|found| found.distance(point) < 1e-12), "{found:?}");
    }

    #[test]
    fn points_behind_a_camera_and_parallel_rays_give_none() {
        let behind = DVec3::new(-0.3, 0.7, -4.0);
        assert_eq!(triangulate(&motion(), behind / behind.z, motion().transform(behind) / behind.z), None);
        let ray = DVec3::new(0.1, 0.2, 1.0);
        assert_eq!(triangulate(&motion(), ray, motion().rotation * ray), None);
    }
}
