//! Camera models: the same pixels as COLMAP's, rays and pixels that undo each other, and `None` or an error for the rest.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use glam::DVec2;
use nabla_ransac::geometry::CameraModel;
use proptest::prelude::*;

/// The models that are known, by number and name.
const MODELS: [(i32, &str); 15] = [
    (0, "SIMPLE_PINHOLE"),
    (1, "PINHOLE"),
    (2, "SIMPLE_RADIAL"),
    (3, "RADIAL"),
    (4, "OPENCV"),
    (5, "OPENCV_FISHEYE"),
    (6, "FULL_OPENCV"),
    (7, "FOV"),
    (8, "SIMPLE_RADIAL_FISHEYE"),
    (9, "RADIAL_FISHEYE"),
    (10, "THIN_PRISM_FISHEYE"),
    (12, "SIMPLE_DIVISION"),
    (13, "DIVISION"),
    (14, "SIMPLE_FISHEYE"),
    (15, "FISHEYE"),
];

fn camera(name: &str, parameters: &[f64]) -> CameraModel {
    CameraModel::from_name(name, [1024, 800], parameters.to_vec()).unwrap()
}

fn numbers(text: &str, separator: char) -> Vec<f64> {
    text.split(separator).map(|number| number.parse().unwrap()).collect()
}

/// The table is made by `python benches/camera_models.py`, with pycolmap 4.2.1.
#[test]
fn pixels_are_those_of_colmap() {
    let mut rows = 0;
    for line in include_str!("files/camera_models.csv").lines() {
        let [name, parameters, values] = line.splitn(3, ',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let camera = camera(name, &numbers(parameters, ' '));
        let [x, y, px, py] = numbers(values, ',')[..] else { panic!("{line}") };
        let (ray, pixel) = (DVec2::new(x, y), DVec2::new(px, py));
        assert!(camera.project(ray).unwrap().distance(pixel) < 1e-9, "{line}: {:?}", camera.project(ray));
        assert!(camera.undistort(pixel).unwrap().distance(ray) < 1e-9, "{line}: {:?}", camera.undistort(pixel));
        rows += 1;
    }
    assert_eq!(rows, 12 * MODELS.len());
}

#[test]
fn models_have_colmaps_numbers_and_names() {
    for line in include_str!("files/camera_models.csv").lines().step_by(12) {
        let mut fields = line.split(',');
        let (name, parameters) = (fields.next().unwrap(), numbers(fields.next().unwrap(), ' '));
        let (id, _) = MODELS.into_iter().find(|(_, known)| *known == name).unwrap();
        let by_id = CameraModel::new(id, [1024, 800], parameters.clone()).unwrap();
        assert_eq!(by_id, camera(name, &parameters));
        assert_eq!((by_id.id(), by_id.name(), by_id.parameters()), (id, name, &parameters[..]));
        assert_eq!(by_id.is_undistorted(), id <= 1, "{name}");
        let pinhole = by_id.pinhole();
        assert_eq!(by_id.project(DVec2::ZERO), Some(pinhole.principal_point_px));
        assert_eq!(by_id.undistort(pinhole.principal_point_px), Some(DVec2::ZERO));
    }
}

#[test]
fn without_distortion_the_camera_is_its_pinhole() {
    for (name, count) in
        [("SIMPLE_RADIAL", 1), ("RADIAL", 2), ("OPENCV", 4), ("FULL_OPENCV", 8), ("FOV", 1), ("DIVISION", 1)]
    {
        let focal: &[f64] = if name.ends_with("RADIAL") { &[700.0] } else { &[700.0, 710.0] };
        let camera = camera(name, &[focal, &[300.0, 200.0], &vec![0.0; count]].concat());
        let pixel = DVec2::new(12.0, 345.0);
        assert!(camera.is_undistorted(), "{name}");
        assert_eq!(camera.undistort(pixel), Some(camera.pinhole().normalize(pixel)), "{name}");
    }
    // a fisheye bends rays whatever its polynomial
    assert!(!camera("OPENCV_FISHEYE", &[700.0, 700.0, 300.0, 200.0, 0.0, 0.0, 0.0, 0.0]).is_undistorted());
}

#[track_caller]
fn refused(made: nabla_ransac::Result<CameraModel>, parts: &[&str]) {
    let message = made.unwrap_err().to_string();
    assert!(parts.iter().all(|part| message.contains(part)), "{message:?} does not say {parts:?}");
}

#[test]
fn what_is_no_camera_is_told_with_the_model_and_its_parameters() {
    let new = |id, parameters: &[f64]| CameraModel::new(id, [640, 480], parameters.to_vec());
    refused(new(4, &[500.0, 500.0, 320.0]), &["OPENCV", "fx, fy, cx, cy, k1, k2, p1, p2", "[500.0, 500.0, 320.0]"]);
    refused(new(2, &[500.0, 500.0, 320.0, 240.0, 0.1]), &["SIMPLE_RADIAL", "f, cx, cy, k"]);
    refused(new(0, &[]), &["SIMPLE_PINHOLE", "f, cx, cy", "[]"]);
    refused(new(1, &[0.0, 500.0, 320.0, 240.0]), &["PINHOLE", "focal lengths above 0", "0.0"]);
    refused(new(14, &[-1.0, 320.0, 240.0]), &["SIMPLE_FISHEYE", "focal lengths above 0"]);
    refused(new(3, &[500.0, 320.0, 240.0, f64::NAN, 0.0]), &["RADIAL", "finite", "NaN"]);
    refused(new(12, &[500.0, 320.0, f64::INFINITY, 0.0]), &["SIMPLE_DIVISION", "finite", "inf"]);
    refused(new(7, &[500.0, 500.0, 320.0, 240.0, 3.2]), &["FOV", "omega within", "3.2"]);
    for (id, name) in [(11, "RAD_TAN_THIN_PRISM_FISHEYE"), (16, "EUCM"), (17, "EQUIRECTANGULAR")] {
        refused(new(id, &[1.0; 4]), &["camera model", "0 to 10 or 12 to 15", name]);
        refused(CameraModel::from_name(name, [1, 1], vec![1.0; 4]), &["FULL_OPENCV", name]);
    }
    refused(new(-1, &[1.0; 4]), &["0 to 10", "-1"]);
    refused(CameraModel::from_name("opencv", [1, 1], vec![1.0; 4]), &["OPENCV", "opencv"]);
}

#[test]
fn a_pixel_that_no_ray_is_seen_at_has_none() {
    // r (1 − r²/4) grows up to r = 2/√3, where it is 0.77: nothing is seen beyond
    let barrel = camera("SIMPLE_RADIAL", &[1000.0, 0.0, 0.0, -0.25]);
    assert!(barrel.undistort(DVec2::new(769.0, 0.0)).is_some());
    assert_eq!(barrel.undistort(DVec2::new(771.0, 0.0)), None);
    // the same pixels come again from farther out, where the polynomial falls
    assert!(barrel.project(DVec2::new(0.0, 1.15)).is_some());
    assert_eq!(barrel.project(DVec2::new(0.0, 1.16)), None);
    assert_eq!(barrel.project(DVec2::new(0.0, -1.9)), None);
    // up to the pole of 1 / (1 − r²)
    let pole = camera("FULL_OPENCV", &[100.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0]);
    assert!(pole.undistort(DVec2::new(5000.0, 0.0)).unwrap().x < 1.0);
    assert_eq!(pole.project(DVec2::new(1.5, 0.0)), None);
    // a quarter turn off the axis and more
    for name in ["SIMPLE_FISHEYE", "FISHEYE", "OPENCV_FISHEYE", "FOV"] {
        let focal: &[f64] = if name == "SIMPLE_FISHEYE" { &[100.0] } else { &[100.0, 100.0] };
        let rest: &[f64] = match name {
            "OPENCV_FISHEYE" => &[0.0, 0.0, 0.0, 1e-9],
            "FOV" => &[1.0],
            _ => &[],
        };
        let camera = camera(name, &[focal, &[0.0, 0.0], rest].concat());
        assert!(camera.undistort(DVec2::new(0.0, 157.0)).unwrap().y > 100.0, "{name}");
        assert_eq!(camera.undistort(DVec2::new(0.0, 157.1)), None, "{name}");
        assert_eq!(camera.undistort(DVec2::new(-300.0, 0.0)), None, "{name}");
    }
    let division = camera("DIVISION", &[100.0, 100.0, 0.0, 0.0, -1.0]);
    assert!(division.undistort(DVec2::new(99.0, 0.0)).unwrap().x > 10.0);
    assert_eq!(division.undistort(DVec2::new(101.0, 0.0)), None);
    let pincushion = camera("DIVISION", &[100.0, 100.0, 0.0, 0.0, 1.0]);
    assert_eq!(pincushion.undistort(DVec2::new(101.0, 0.0)), None);
    assert_eq!(pincushion.project(DVec2::new(0.51, 0.0)), None);
}

#[test]
fn what_is_not_finite_has_no_ray_and_no_pixel() {
    for line in include_str!("files/camera_models.csv").lines().step_by(12) {
        let mut fields = line.split(',');
        let camera = camera(fields.next().unwrap(), &numbers(fields.next().unwrap(), ' '));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for point in [DVec2::new(bad, 1.0), DVec2::new(1.0, bad), DVec2::splat(bad)] {
                assert_eq!(camera.undistort(point), None, "{line} {point}");
                assert_eq!(camera.project(point), None, "{line} {point}");
            }
        }
    }
}

/// Distortion by a number from −1 to 1 for each coefficient, at most as strong as cameras have it.
fn realistic(name: &str, c: [f64; 8]) -> Vec<f64> {
    match name {
        "SIMPLE_RADIAL" => vec![0.12 * c[0]],
        "RADIAL" => vec![0.12 * c[0], 0.03 * c[1]],
        "OPENCV" => vec![0.1 * c[0], 0.03 * c[1], 0.004 * c[2], 0.004 * c[3]],
        "FULL_OPENCV" => {
            // numerator and denominator that differ by as much as the other models have
            let common = [0.3 * c[4].abs(), 0.1 * c[5].abs(), 0.02 * c[6].abs()];
            let [k1, k2, k3] = [common[0] + 0.08 * c[0], common[1] + 0.02 * c[1], common[2]];
            vec![k1, k2, 0.004 * c[2], 0.004 * c[3], k3, common[0], common[1], common[2]]
        }
        "FOV" => vec![0.6 + 0.5 * c[0]],
        "SIMPLE_RADIAL_FISHEYE" => vec![0.04 * c[0]],
        "RADIAL_FISHEYE" => vec![0.04 * c[0], 0.01 * c[1]],
        "OPENCV_FISHEYE" => vec![0.03 * c[0], 0.01 * c[1], 0.003 * c[2], 0.0005 * c[3]],
        "THIN_PRISM_FISHEYE" => {
            let [k1, k2, k3, k4] = [0.03 * c[0], 0.01 * c[1], 0.003 * c[2], 0.0005 * c[3]];
            vec![k1, k2, 0.003 * c[4], 0.003 * c[5], k3, k4, 0.003 * c[6], 0.003 * c[7]]
        }
        "SIMPLE_DIVISION" | "DIVISION" => vec![0.2 * c[0]],
        _ => Vec::new(),
    }
}

fn any_camera(strength: f64) -> impl Strategy<Value = CameraModel> {
    let coefficients = prop::array::uniform8(-strength..strength);
    (0..MODELS.len(), 300.0..2000.0, 0.9..1.1, coefficients).prop_map(|(model, focal, aspect, c)| {
        let (id, name) = MODELS[model];
        let single = name.starts_with("SIMPLE") || name.starts_with("RADIAL");
        let mut parameters = if single { vec![focal] } else { vec![focal, focal * aspect] };
        parameters.extend([500.0 + 50.0 * c[0], 400.0 - 30.0 * c[1]]);
        parameters.extend(realistic(name, c).into_iter().map(|k| if name == "FOV" { k.clamp(0.05, 2.5) } else { k }));
        CameraModel::new(id, [1000, 800], parameters).unwrap()
    })
}

fn is_fisheye(camera: &CameraModel) -> bool {
    camera.name().contains("FISHEYE")
}

/// (x, y) of a ray this share of the farthest off the axis.
fn ray(camera: &CameraModel, share: f64, angle: f64) -> DVec2 {
    let length = if is_fisheye(camera) { (1.45 * share).tan() } else { 0.9 * share };
    DVec2::from_angle(angle) * length
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undistort_undoes_project(camera in any_camera(1.0), share in 0.0..1.0, angle in -4.0..4.0) {
        let ray = ray(&camera, share, angle);
        let pixel = camera.project(ray).unwrap();
        let found = camera.undistort(pixel).unwrap();
        prop_assert!(found.distance(ray) < 1e-8 * (1.0 + ray.length_squared()), "{ray} is {found}");
    }

    #[test]
    fn a_scaled_or_shifted_camera_sees_where_its_image_is(camera in any_camera(1.0), sx in 0.1..3.0, sy in 0.1..3.0, same in any::<bool>(), share in 0.0..0.9, angle in -4.0..4.0) {
        let ray = ray(&camera, share, angle);
        let (pixel, scale) = (camera.project(ray).unwrap(), DVec2::new(sx, if same { sx } else { sy }));
        let scaled = camera.scaled(scale).unwrap();
        prop_assert!(!same || scaled.name() == camera.name());
        prop_assert_eq!(scaled.size_px, [(1000.0 * scale.x).round() as u64, (800.0 * scale.y).round() as u64]);
        let expected = (pixel + 0.5) * scale - 0.5;
        prop_assert!(scaled.project(ray).unwrap().distance(expected) < 1e-8 * (1.0 + expected.length()), "{}", scaled.name());
        prop_assert!(camera.shifted(scale).project(ray).unwrap().distance(pixel + scale) < 1e-8 * (1.0 + pixel.length()));
        prop_assert!(camera.scaled(DVec2::new(0.0, sy)).is_err());
    }

    /// Distortion ten times as strong: where there is a ray it is the one seen at the pixel, and where there is a pixel there is a ray,
    /// for all but tangential distortion as no camera has it.
    #[test]
    fn a_ray_that_is_found_is_seen_at_the_pixel(camera in any_camera(10.0), share in 0.0..1.1, angle in -4.0..4.0, x in -500.0..1500.0, y in -400.0..1200.0) {
        let mut pixels = vec![DVec2::new(x, y)];
        if let Some(pixel) = camera.project(ray(&camera, share, angle)) {
            let tangential = matches!(camera.id(), 4 | 6 | 10);
            prop_assert!(tangential || camera.undistort(pixel).is_some(), "{pixel} has no ray");
            pixels.push(pixel);
        }
        for pixel in pixels {
            if let Some(found) = camera.undistort(pixel) {
                let again = camera.project(found);
                prop_assert!(again.is_some_and(|again| again.distance(pixel) < 1e-7), "{pixel} is seen at {again:?}");
            }
        }
    }

    /// Whatever the numbers, there is a camera or an error, a point or none.
    #[test]
    fn nothing_panics(id in -1..18, parameters in prop::collection::vec(any::<f64>(), 0..17), x in any::<f64>(), y in any::<f64>()) {
        let parameters = parameters.into_iter().map(|p| if p.is_finite() { p.abs() } else { p }).collect();
        if let Ok(camera) = CameraModel::new(id, [0, 0], parameters) {
            for point in [camera.undistort(DVec2::new(x, y)), camera.project(DVec2::new(x, y))].into_iter().flatten() {
                prop_assert!(point.is_finite());
            }
        }
    }
}
