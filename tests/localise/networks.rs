//! Files of maps whose points a network says, and of encoders.

use crate::random_maps::{config, map, tensors, xfeat_encoder};
use crate::scene::localiser;
use nabla_ransac::Error;
use nabla_ransac::localise::{Encoder, GreyImage, LocaliseOptions, Localiser, MapLayout, SceneMap};
use nabla_ransac::network::WeightsError;

const HEIGHT_PX: u32 = 40;

fn of(layout: MapLayout, encoder: Encoder) -> SceneMap {
    map(config(layout, &encoder, HEIGHT_PX, [3.0, -2.0, 1.0]), encoder)
}

fn image() -> GreyImage {
    let value = |at: u32| 0.5 + 0.4 * ((at % 51) as f32 * 0.4).sin() * ((at / 51) as f32 * 0.3).cos();
    GreyImage::new([51, HEIGHT_PX], (0..51 * HEIGHT_PX).map(value).collect()).unwrap()
}

fn weights(error: &Error) -> &WeightsError {
    let Error::Weights { error, .. } = error else { panic!("{error} is not of the tensors") };
    error
}

#[test]
fn maps_with_networks_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.map");
    for (layout, encoder) in [
        (MapLayout::Head { width: 24 }, Encoder::Gradients),
        (MapLayout::Head { width: 24 }, xfeat_encoder(5)),
        (MapLayout::Memory { keys: 30 }, xfeat_encoder(5)),
        (MapLayout::DsacStar { channels: [4, 8, 12, 16, 20] }, Encoder::Gradients),
    ] {
        let written = of(layout, encoder.clone());
        written.write(&path).unwrap();
        let read = SceneMap::read(&path).unwrap();
        assert_eq!(read.config(), written.config());
        let bytes = std::fs::read(&path).unwrap();
        assert!(read.to_bytes().unwrap() == bytes, "in half precision nothing is lost twice");
        if read.config().plan().is_some() {
            let numbers = read.tensors().values().map(|tensor| tensor.values.len()).sum::<usize>();
            assert!(bytes.len() < 2 * numbers + 4000, "{} bytes of {numbers} numbers", bytes.len());
        }
        let [read, written] = [read.with_encoder(encoder).unwrap(), written].map(|map| localiser(&map, 1));
        let [read, written] = [read, written].map(|localiser| localiser.scene_points(&image()));
        let farthest = (read.points_world.iter().zip(&written.points_world)).map(|(a, b)| a.distance(*b));
        let farthest = farthest.fold(0.0, f64::max);
        println!("{layout:?}: {farthest}");
        assert!(farthest < 0.1);
        let network = !matches!(layout, MapLayout::Memory { .. });
        assert!(written.spreads.iter().all(|&spread| (spread == 0.0) == network));
    }
}

#[test]
fn channels_that_no_network_has_are_told() {
    let layouts = [0, 6, 5000]
        .into_iter()
        .flat_map(|bad| [MapLayout::Head { width: bad }, MapLayout::DsacStar { channels: [4, 8, bad, 16, 20] }]);
    for layout in layouts {
        let config = config(layout, &Encoder::Gradients, HEIGHT_PX, [0.0; 3]);
        let error = SceneMap::new(config, serde_json::Value::Null, []).unwrap_err();
        assert!(matches!(weights(&error), WeightsError::Metadata { key: "config", .. }), "{error}");
    }
    // of another width than the layout says
    let with_width = |width| config(MapLayout::Head { width }, &Encoder::Gradients, HEIGHT_PX, [0.0; 3]);
    let narrow = tensors(SceneMap::expected(&with_width(16)), 1);
    let error = SceneMap::new(with_width(24), serde_json::Value::Null, narrow.clone()).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::Shape { .. }), "{error}");
    let mut fewer = narrow;
    fewer.remove("fc2.bias");
    let error = SceneMap::new(with_width(16), serde_json::Value::Null, fewer).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::Missing { name, .. } if name == "fc2.bias"), "{error}");
}

#[test]
fn an_encoder_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder.safetensors");
    let encoder = xfeat_encoder(7);
    encoder.write(&path).unwrap();
    let read = Encoder::read(&path).unwrap();
    assert!(read.name().is_some() && read.name() == encoder.name());
    assert_eq!(read.network().unwrap().tensors(), encoder.network().unwrap().tensors());
    of(MapLayout::Head { width: 8 }, encoder).with_encoder(read).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = Encoder::read(&path).unwrap_err();
        assert!(matches!(weights(&error), WeightsError::NotSafetensors(_)), "{length}: {error}");
        assert!(error.to_string().contains("encoder.safetensors"), "{error}");
    }
    // a map is no encoder
    of(MapLayout::Head { width: 8 }, Encoder::Gradients).write(&path).unwrap();
    let error = Encoder::read(&path).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::Metadata { key: "format", .. }), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Encoder::read(&path), Err(Error::File { .. })));
}

#[test]
fn gradients_have_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder.safetensors");
    let error = Encoder::Gradients.write(&path).unwrap_err();
    assert!(matches!(weights(&error), WeightsError::Other { .. }), "{error}");
    assert!(error.to_string().contains("gradients") && !path.exists(), "{error}");
}

#[test]
fn another_encoder_or_none_is_refused() {
    let map = of(MapLayout::Head { width: 8 }, xfeat_encoder(1));
    let without = SceneMap::from_bytes(&map.to_bytes().unwrap()).unwrap();
    let gradients = of(MapLayout::Head { width: 8 }, Encoder::Gradients);
    for error in [
        Localiser::new(without, LocaliseOptions::default()).unwrap_err(),
        map.clone().with_encoder(xfeat_encoder(2)).unwrap_err(),
        map.with_encoder(Encoder::Gradients).unwrap_err(),
        gradients.with_encoder(xfeat_encoder(1)).unwrap_err(),
    ] {
        println!("{error}");
        assert!(matches!(weights(&error), WeightsError::Encoder { .. }), "{error}");
        assert!(error.to_string().contains("gradients") || error.to_string().contains("XFeat's weights"), "{error}");
    }
}
