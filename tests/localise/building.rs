//! What a map is built of, and what it is not.

use glam::DVec3;
use nabla_ransac::geometry::CellGrid;
use nabla_ransac::localise::{GreyImage, MapBuilder, MapOptions};
use nabla_ransac::{Error, Pose};
use serde_json::json;

const SIZE_PX: [u32; 2] = [320, 240];

/// Waves that are another one everywhere.
fn image(frame: usize) -> GreyImage {
    let value = |index: u32| {
        let [x, y] = [index % SIZE_PX[0], index / SIZE_PX[0]].map(|place| f64::from(place) + 3.0 * frame as f64);
        (0.5 + 0.25 * (0.002 * x * y).sin() + 0.2 * (0.3 * x + 0.001 * y * y).sin()) as f32
    };
    GreyImage::new(SIZE_PX, (0..SIZE_PX[0] * SIZE_PX[1]).map(value).collect()).unwrap()
}

/// On a slanted plane.
fn points() -> Vec<Option<DVec3>> {
    CellGrid::new(SIZE_PX).centres_px().map(|centre| Some((0.01 * centre).extend(3.0 + 0.002 * centre.x))).collect()
}

fn builder() -> MapBuilder {
    MapBuilder::new(MapOptions::default(), 10).unwrap()
}

#[test]
fn points_and_images_that_do_not_fit_are_told() {
    let mut builder = builder();
    for count in [0, 1199, 1201] {
        let mut points = points();
        points.resize(count, None);
        let error = builder.add(&image(0), &Pose::IDENTITY, &points).unwrap_err();
        assert!(matches!(error, Error::LengthMismatch { expected: 1200, found, .. } if found == count), "{error}");
    }
    for size_px in [[320, 239], [320, 480], [1, 1]] {
        let other = image(0).resized(size_px);
        let error = builder.add(&other, &Pose::IDENTITY, &points()).unwrap_err();
        assert!(matches!(error, Error::BadImage { .. }) && error.to_string().contains("240 pixels high"), "{error}");
    }
    assert!(builder.is_empty());
}

#[test]
fn points_that_are_none_not_finite_or_behind_are_left_out() {
    let mut points = points();
    points[3] = None;
    points[5] = Some(DVec3::new(0.0, f64::NAN, 1.0));
    points[1100] = Some(DVec3::INFINITY);
    points[1101] = Some(-DVec3::Z);
    let mut builder = builder();
    builder.add(&image(0), &Pose::IDENTITY, &points).unwrap();
    assert_eq!(builder.len(), 1196);
    let map = builder.build("m", None, json!({})).unwrap();
    assert!(map.config().layout.keys() > 100);
}

#[test]
fn of_fewer_than_100_cells_there_is_no_map() {
    let mut builder = builder();
    let error = builder.build("m", None, json!({})).unwrap_err();
    assert!(matches!(error, Error::TooFewMatches { needed: 100, found: 0, .. }), "{error}");
    let mut few = points();
    few.iter_mut().skip(99).for_each(|point| *point = None);
    builder.add(&image(0), &Pose::IDENTITY, &few).unwrap();
    let error = builder.build("m", None, json!({})).unwrap_err();
    assert!(matches!(error, Error::TooFewMatches { needed: 100, found: 99, .. }), "{error}");
    let mut one = vec![None; 1200];
    one[500] = points()[500];
    builder.add(&image(1), &Pose::IDENTITY, &one).unwrap();
    builder.build("m", None, json!({})).unwrap();
}

#[test]
fn points_all_in_one_place_and_images_of_one_brightness_make_a_map() {
    let grey = GreyImage::new(SIZE_PX, vec![0.5; 320 * 240]).unwrap();
    for (image, points) in [(image(0), vec![Some(DVec3::new(1e6, -2.0, 3.0)); 1200]), (grey, points())] {
        let mut builder = builder();
        builder.add(&image, &Pose::IDENTITY, &points).unwrap();
        let map = builder.build("m", None, json!({})).unwrap();
        map.to_bytes().unwrap();
    }
}

#[test]
fn options_out_of_range_are_told() {
    let defaults = MapOptions::default();
    let bad = [
        ("keys", MapOptions { keys: 0, ..defaults }),
        ("height_px", MapOptions { height_px: 31, ..defaults }),
        ("cells_a_key", MapOptions { cells_a_key: 0, ..defaults }),
        ("sharpness", MapOptions { sharpness: f32::NAN, ..defaults }),
        ("most_cells", MapOptions { most_cells: 999, ..defaults }),
    ];
    for (option, options) in bad {
        let error = MapBuilder::new(options, 1).unwrap_err();
        assert!(matches!(error, Error::BadOption { name, .. } if name == option), "{error}");
    }
}

#[test]
fn the_same_frames_make_the_same_bytes_and_no_more_cells_than_asked_for() {
    let built = || {
        let mut builder =
            MapBuilder::new(MapOptions { most_cells: 2000, keys: 300, ..MapOptions::default() }, 5).unwrap();
        (0..5).for_each(|frame| builder.add(&image(frame), &Pose::IDENTITY, &points()).unwrap());
        assert!((1500..=2000).contains(&builder.len()), "{}", builder.len());
        let map = builder.build("m", None, json!({ "b": 1, "a": [2] })).unwrap();
        assert!((50..=300).contains(&map.config().layout.keys()));
        map.to_bytes().unwrap()
    };
    let bytes = built();
    (0..4).for_each(|_| assert!(built() == bytes));
}
