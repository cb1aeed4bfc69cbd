use super::Pose;
use glam::DVec3;

/// The point that two rays see, in the frame of camera 1: halfway between them where they are nearest to each other (Hartley and Sturm,
/// "Triangulation", CVIU 1997, section 4.1).
///
/// The rays are `(x, y, 1)` of the points normalised by their cameras. `None` where they are nearest behind a camera, or parallel.
pub fn triangulate_midpoint(camera2_from_camera1: &Pose, ray1: DVec3, ray2: DVec3) -> Option<DVec3> {
    // depth1 a + t and depth2 b are the two points, in the frame of camera 2
    let (a, b, t) = (camera2_from_camera1.rotation * ray1, ray2, camera2_from_camera1.translation);
    let (ab, ta, tb) = (a.dot(b), t.dot(a), t.dot(b));
    let (aa, bb) = (a.length_squared(), b.length_squared());
    let [depth1, depth2] = [tb * ab - ta * bb, tb * aa - ab * ta].map(|numerator| numerator / (aa * bb - ab * ab));
    if !(depth1 > 0.0 && depth2 > 0.0) {
        return None;
    }
    let seen_by_camera2 = 0.5 * (depth1 * a + t + depth2 * b);
    Some(camera2_from_camera1.inverse().transform(seen_by_camera2)).filter(|point| point.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DMat3;

    const POINT: DVec3 = DVec3::new(0.3, -0.2, 4.0);

    fn camera2_from_camera1() -> Pose {
        Pose { rotation: DMat3::from_rotation_y(0.2), translation: DVec3::new(-0.8, 0.1, 0.6) }
    }

    fn ray(point: DVec3) -> DVec3 {
        point / point.z
    }

    #[test]
    fn rays_meet_in_their_point() {
        let motion = camera2_from_camera1();
        let found = triangulate_midpoint(&motion, ray(POINT), ray(motion.transform(POINT))).unwrap();
        assert!(found.distance(POINT) < 1e-12, "{found}");
    }

    #[test]
    fn no_point_is_behind_a_camera_or_at_infinity() {
        let motion = camera2_from_camera1();
        let [ray1, ray2] = [ray(POINT), ray(motion.transform(POINT))];
        let back = Pose { translation: -motion.translation, ..motion };
        assert_eq!(triangulate_midpoint(&back, ray1, ray2), None);
        assert_eq!(triangulate_midpoint(&motion, ray1, motion.rotation * ray1), None);
    }
}
