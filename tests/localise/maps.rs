//! Files of maps: what is written is what is read, and what is no map is told.

use crate::scene::{localiser, medians, scene};
use nabla_ransac::Error;
use nabla_ransac::localise::SceneMap;
use nabla_ransac::network::{Tensor, WeightsError};

#[test]
fn a_map_that_was_written_and_read_is_the_same_and_localises_as_well() {
    let scene = scene();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("room.map");
    scene.map.write(&path).unwrap();
    let read = SceneMap::read(&path).unwrap();
    assert_eq!((read.config(), read.record()), (scene.map.config(), scene.map.record()));
    let bytes = std::fs::read(&path).unwrap();
    println!("{} keys in {} bytes", read.config().layout.keys(), bytes.len());
    assert!(read.to_bytes().unwrap() == bytes && scene.map.to_bytes().unwrap() == bytes);
    assert_eq!(SceneMap::from_bytes(&bytes).unwrap(), read);
    // keys of 8 bits and points of 16 cost next to nothing
    let [[metres, degrees], [read_metres, read_degrees]] =
        [&scene.map, &read].map(|map| medians(&localiser(map, 1), &scene.test));
    println!("built {metres} m, {degrees} degrees; read {read_metres} m, {read_degrees} degrees");
    assert!(read_metres < 1.2 * metres + 0.002 && read_degrees < 1.2 * degrees + 0.05);
}

#[test]
fn a_map_that_is_cut_off_is_told() {
    let bytes = scene().map.to_bytes().unwrap();
    let lengths = (0..bytes.len()).step_by(1000).chain([1, 7, 8, 9, bytes.len() - 1]);
    for length in lengths {
        let error = SceneMap::from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(weights(&error), WeightsError::NotSafetensors(_)), "{length}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = SceneMap::read(&folder.path().join("none.map")).unwrap_err();
    assert!(matches!(error, Error::File { .. }) && error.to_string().contains("none.map"), "{error}");
}

#[test]
fn another_format_and_other_shapes_are_told() {
    let bytes = scene().map.to_bytes().unwrap();
    let keys = scene().map.config().layout.keys();
    let [shape, turned] = [format!("\"shape\":[{keys},3]"), format!("\"shape\":[3,{keys}]")];
    // of the same length, so that the file stays whole
    for (from, to, says) in [
        ("nabla-ransac map 1", "nabla-ransac map 2", "nabla-ransac map 2"),
        ("\"key_steps\"", "\"key_stops\"", "key_steps"),
        ("\"points\"", "\"paints\"", "points"),
        (&shape[..], &turned[..], "points"),
        ("\\\"keys\\\":", "\\\"kays\\\":", "kays"),
        ("\\\"height_px\\\":240", "\\\"height_px\\\":  0", "0 pixels"),
    ] {
        let Some(changed) = replaced(&bytes, from, to) else { panic!("no {from} in the header") };
        let error = SceneMap::from_bytes(&changed).unwrap_err();
        println!("{from}: {error}");
        weights(&error);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn tensors_that_are_no_maps_are_told() {
    let map = &scene().map;
    let with = |change: &dyn Fn(&str, &mut Tensor)| {
        let tensors = map.tensors().iter().map(|(name, tensor)| {
            let mut tensor = tensor.clone();
            change(name, &mut tensor);
            (name.clone(), tensor)
        });
        SceneMap::new(map.config().clone(), map.record().clone(), tensors.collect::<Vec<_>>())
    };
    assert_eq!(&with(&|_, _| ()).unwrap(), map);
    for name in map.tensors().keys() {
        for value in [f32::NAN, f32::INFINITY] {
            let error = with(&|there, tensor| {
                if there == name {
                    tensor.values[7] = value;
                }
            });
            let error = error.unwrap_err();
            assert!(matches!(weights(&error), WeightsError::NotFinite { index: 7, .. }), "{error}");
        }
        let error = with(&|there, tensor| {
            if there == name {
                tensor.shape.reverse();
                tensor.shape.push(1);
            }
        });
        let error = error.unwrap_err();
        assert!(matches!(weights(&error), WeightsError::Shape { .. }), "{error}");
        let error = with(&|there, tensor| {
            if there == name {
                tensor.values.pop();
            }
        });
        assert!(matches!(weights(&error.unwrap_err()), WeightsError::Shape { .. }));
    }
    let mut config = map.config().clone();
    config.origin[1] = f64::NAN;
    let error = SceneMap::new(config, map.record().clone(), map.tensors().clone()).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::Metadata { key: "config", .. }), "{error}");
}

#[test]
fn numbers_in_a_file_that_are_not_finite_are_told() {
    let mut bytes = scene().map.to_bytes().unwrap();
    let header_bytes = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header_bytes]).unwrap();
    let at = |name: &str| 8 + header_bytes + header[name]["data_offsets"][0].as_u64().unwrap() as usize;
    let [points, steps] = ["points", "key_steps"].map(at);
    let whole = bytes.clone();
    // NaN of 16 bits; of 32 bits, as the step of a key
    bytes[points..points + 2].copy_from_slice(&[0x00, 0x7e]);
    let error = SceneMap::from_bytes(&bytes).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::NotFinite { index: 0, .. }), "{error}");
    bytes = whole;
    bytes[steps..steps + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = SceneMap::from_bytes(&bytes).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::NotFinite { .. }), "{error}");
}

fn weights(error: &Error) -> &WeightsError {
    let Error::Weights { error, .. } = error else { panic!("{error} is not of the tensors") };
    error
}

/// With the first such text replaced by another one as long.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes())?;
    let mut bytes = bytes.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    Some(bytes)
}
