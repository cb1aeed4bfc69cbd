//! The figures of `geometry::accuracy` against values worked out by hand.

use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::geometry::accuracy::{
    auc_bins, auc_exact, direction_error_deg, f1_score, farther_epipolar_px, fundamental_of_pose, median,
    pose_error_deg, pose_of_fundamental, position_error, rotation_error_deg, symmetric_epipolar_px,
};
use nabla_ransac::{Camera, Pose};

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

fn camera(focal: f64) -> Camera {
    Camera { focal_px: DVec2::splat(focal), principal_point_px: DVec2::new(300.0, 200.0), skew_px: 0.0 }
}

#[test]
fn the_rotation_error_is_the_angle_between_rotations_however_small_or_large() {
    let truth = DMat3::from_rotation_y(0.4);
    for degrees in [0.0, 1e-7, 0.3, 90.0, 179.999, 180.0] {
        let estimate = DMat3::from_axis_angle(DVec3::new(1.0, 2.0, -2.0) / 3.0, f64::to_radians(degrees)) * truth;
        close(rotation_error_deg(&estimate, &truth), degrees);
    }
}

#[test]
fn the_direction_error_ignores_sign_and_length() {
    close(direction_error_deg(DVec3::new(0.0, 3.0, 0.0), DVec3::X), 90.0);
    close(direction_error_deg(DVec3::new(-5.0, 0.0, 0.0), DVec3::X), 0.0);
    close(direction_error_deg(DVec3::new(-1.0, 1.0, 0.0), DVec3::X), 45.0);
}

#[test]
fn the_pose_error_is_the_larger_of_the_two() {
    let truth = Pose { rotation: DMat3::IDENTITY, translation: DVec3::X };
    let turned = Pose { rotation: DMat3::from_rotation_z(f64::to_radians(7.0)), translation: DVec3::X };
    let shifted =
        Pose { rotation: turned.rotation, translation: DMat3::from_rotation_y(f64::to_radians(9.0)) * DVec3::X };
    close(pose_error_deg(&turned, &truth), 7.0);
    close(pose_error_deg(&shifted, &truth), 9.0);
}

#[test]
fn the_position_error_is_the_distance_of_the_camera_centres() {
    // x_camera = R X + t with the centre at −Rᵀ t: (0, 0, 5) for both, then moved by (3, 4, 0).
    let truth = Pose { rotation: DMat3::IDENTITY, translation: DVec3::new(0.0, 0.0, -5.0) };
    let rotation = DMat3::from_rotation_x(0.3);
    let turned = Pose { rotation, translation: -(rotation * DVec3::new(0.0, 0.0, 5.0)) };
    let moved = Pose { rotation, translation: -(rotation * DVec3::new(3.0, 4.0, 5.0)) };
    close(position_error(&turned, &truth), 0.0);
    close(position_error(&moved, &truth), 5.0);
}

#[test]
fn the_exact_area_is_that_under_the_polygon_through_the_sorted_errors() {
    // The polygon (0, 0), (1, 1/4), (3, 2/4), (5, 2/4): areas 1/8, 3/4, 1.
    let errors = [3.0, 1.0, 7.0, f64::INFINITY];
    close(auc_exact(&errors, 5.0), (0.125 + 0.75 + 1.0) / 5.0);
    // and on through (7, 3/4) to (10, 3/4): areas 1/8, 3/4, 5/2, 9/4.
    close(auc_exact(&errors, 10.0), (0.125 + 0.75 + 2.5 + 2.25) / 10.0);
    close(auc_exact(&[0.0, 0.0], 5.0), 1.0);
    close(auc_exact(&[9.0], 5.0), 0.0);
    close(auc_exact(&[], 5.0), 0.0);
}

#[test]
fn the_binned_area_is_the_mean_recall_at_the_ends_of_the_bins() {
    let errors = [3.0, 1.0, 7.0, f64::INFINITY];
    close(auc_bins(&errors, 5.0), 0.5);
    close(auc_bins(&errors, 10.0), (0.5 + 0.75) / 2.0);
    close(auc_bins(&errors, 20.0), (0.5 + 0.75 + 0.75 + 0.75) / 4.0);
    close(auc_bins(&[], 20.0), 0.0);
}

#[test]
fn f1_is_the_harmonic_mean_of_precision_and_recall() {
    // precision 2/3, recall 2/4
    let estimate = [true, true, true, false, false, false];
    let truth = [true, true, false, true, true, false];
    close(f1_score(&estimate, &truth), 4.0 / 7.0);
    close(f1_score(&[true], &[false]), 0.0);
    close(f1_score(&[false], &[false]), 0.0);
}

#[test]
fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
    assert_eq!(median(&[5.0, 1.0, 3.0]), Some(3.0));
    assert_eq!(median(&[5.0, 1.0, 3.0, 4.0]), Some(3.5));
    assert_eq!(median(&[]), None);
}

#[test]
fn the_symmetric_distance_is_the_mean_of_both_images() {
    // A sideways motion: epipolar lines are the rows of images of focal lengths 1000 and 500, so that a point that is
    // 3 px off its row in image 2 has a match that is 6 px off in image 1.
    let cameras = [camera(1000.0), camera(500.0)];
    let f = fundamental_of_pose(&Pose { rotation: DMat3::IDENTITY, translation: DVec3::X }, &cameras);
    let (point1, on_line) = (DVec2::new(500.0, 240.0), DVec2::new(120.0, 220.0));
    close(symmetric_epipolar_px(&f, point1, on_line), 0.0);
    close(symmetric_epipolar_px(&f, point1, on_line + DVec2::new(44.0, 3.0)), 4.5);
    close(symmetric_epipolar_px(&(f * -7.0), point1, on_line + DVec2::new(44.0, 3.0)), 4.5);
    close(farther_epipolar_px(&f, point1, on_line + DVec2::new(44.0, 3.0)), 6.0);
}

#[test]
fn the_distance_at_an_epipole_is_infinite() {
    // A forward motion: both epipoles are the principal point.
    let cameras = [camera(1000.0), camera(500.0)];
    let f = fundamental_of_pose(&Pose { rotation: DMat3::IDENTITY, translation: DVec3::Z }, &cameras);
    assert_eq!(symmetric_epipolar_px(&f, DVec2::new(300.0, 200.0), DVec2::new(300.0, 200.0)), f64::INFINITY);
    assert_eq!(farther_epipolar_px(&f, DVec2::new(300.0, 200.0), DVec2::new(3.0, 2.0)), f64::INFINITY);
}

#[test]
fn the_motion_comes_back_from_its_fundamental_matrix() {
    let cameras = [camera(900.0), camera(700.0)];
    let rotation = DMat3::from_euler(glam::EulerRot::XYZ, 0.1, -0.3, 0.2);
    let truth = Pose { rotation, translation: DVec3::new(1.0, -0.4, 0.2).normalize() };
    let world =
        [(-1.0, 0.5, 5.0), (0.7, -0.6, 4.0), (0.2, 0.9, 7.0), (1.5, 0.1, 6.0)].map(|(x, y, z)| DVec3::new(x, y, z));
    let image = |camera: &Camera, point: DVec3| camera.project(point.truncate() / point.z);
    let points1 = world.map(|point| image(&cameras[0], point));
    let points2 = world.map(|point| image(&cameras[1], truth.transform(point)));
    for scale in [1.0, -3.0] {
        let f = fundamental_of_pose(&truth, &cameras) * scale;
        let estimate = pose_of_fundamental(&f, &cameras, &points1, &points2, &[true; 4]);
        close(pose_error_deg(&estimate, &truth), 0.0);
        assert!(estimate.translation.dot(truth.translation) > 0.0);
    }
}
