//! The ranking networks: features, both architectures against the plain definition, and what files of weights promise.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/plain_network.rs"]
mod plain_network;
#[path = "common/ranked.rs"]
mod ranked;

use glam::DVec2;
use nabla_ransac::network::{
    Architecture, Features, GraphConvolution, NetworkConfig, RankInput, Ranker, Storage, Tensor, Weights, WeightsError,
};
use nabla_ransac::{Camera, Error, MatchesView, ModelKind};
use ranked::{Known, random_weights};

fn small(model: ModelKind) -> NetworkConfig {
    NetworkConfig { model, channels: 32, blocks: 2, neighbours: 5, ..NetworkConfig::default() }
}

fn clnet(graph: GraphConvolution) -> NetworkConfig {
    NetworkConfig { channels: 32, blocks: 2, neighbours: 9, graph, ..NetworkConfig::clnet(ModelKind::Essential) }
}

#[test]
fn the_ranker_computes_the_network_of_its_definition() {
    for config in [
        small(ModelKind::Essential),
        small(ModelKind::Fundamental),
        NetworkConfig { channels: 48, ..small(ModelKind::Essential) },
        clnet(GraphConvolution::Exact),
        clnet(GraphConvolution::Collapsed),
    ] {
        for count in [7, 40, 333] {
            let known = Known::new(count, 3);
            let weights = random_weights(config, 5);
            let features = Features::new(&known.input(config.model), &config).unwrap();
            let expected = plain_network::logits(&weights, &features);
            let found = Ranker::new(weights).logits(&known.input(config.model)).unwrap();
            assert_eq!(found.len(), count);
            let largest = expected.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (f64::from(*found) - expected).abs() < 2e-4 * largest,
                    "{config:?} {count}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn logits_do_not_depend_on_the_order_of_the_matches() {
    let known = Known::new(50, 8);
    let ranker = Ranker::new(random_weights(small(ModelKind::Essential), 1));
    let logits = ranker.logits(&known.input(ModelKind::Essential)).unwrap();
    let reversed = ranker.logits(&known.reversed().input(ModelKind::Essential)).unwrap();
    assert!(logits.iter().zip(reversed.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs())));
}

#[test]
fn points_of_each_image_have_mean_zero_and_mean_square_one() {
    let known = Known::new(20, 2);
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        let features = Features::new(&known.input(kind), &small(kind)).unwrap();
        for view in [0, 2] {
            let mean = |axis: usize| features.matches.iter().map(|m| m[view + axis]).sum::<f32>() / 20.0;
            let square = features.matches.iter().map(|m| m[view].powi(2) + m[view + 1].powi(2)).sum::<f32>() / 40.0;
            assert!(mean(0).abs() < 1e-5 && mean(1).abs() < 1e-5 && (square - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn points_of_clnet_are_normalised_by_camera_or_by_image_size() {
    let known = Known::new(20, 2);
    let input = known.input(ModelKind::Essential);
    let MatchesView::Essential { points1_px, camera1, .. } = input.matches else { panic!("essential") };
    let features = Features::new(&input, &clnet(GraphConvolution::Exact)).unwrap();
    let expected = camera1.normalize(points1_px[4]);
    assert!((f64::from(features.matches[4][0]) - expected.x).abs() < 1e-6);
    let config = NetworkConfig { model: ModelKind::Fundamental, ..clnet(GraphConvolution::Exact) };
    let features = Features::new(&known.input(ModelKind::Fundamental), &config).unwrap();
    let expected = (points1_px[4].y - 240.0) / 640.0;
    assert!((f64::from(features.matches[4][1]) - expected).abs() < 1e-6);
    // of images of unknown size the points fill −½..½
    let unsized_input = RankInput { sizes_px: None, ..known.input(ModelKind::Fundamental) };
    let features = Features::new(&unsized_input, &config).unwrap();
    let largest = features.matches.iter().flatten().fold(0.0, |a: f32, b| a.max(b.abs()));
    assert!((largest - 0.5).abs() < 1e-6);
    // and it ranks for one model only
    assert!(matches!(Features::new(&input, &config), Err(Error::MissingInput { .. })));
}

#[test]
fn rows_say_what_is_known_of_each_match() {
    let mut known = Known::new(10, 4);
    known.points1_px[3] = known.points1_px[7];
    known.ratios[3] = 0.9;
    known.ratios[7] = 0.4;
    known.ratios[5] = -1.0;
    known.scales_px[0][6] = 0.0;
    let config = small(ModelKind::Fundamental);
    let rows = Features::new(&known.input(ModelKind::Fundamental), &config).unwrap().rows;
    let row = |i: usize| &rows[i * config.inputs()..][..config.inputs()];
    assert!((row(3)[4] - 2f32.ln()).abs() < 1e-6 && row(3)[5] == 0.0 && row(7)[5] == 1.0 && row(0)[4..6] == [0.0, 1.0]);
    assert!((row(3)[0] - 1.0).abs() < 1e-5);
    assert_eq!([row(5)[0], row(5)[6], row(5)[7]], [0.0; 3]);
    assert_eq!([row(6)[1], row(6)[2], row(6)[3], row(6)[8]], [0.0; 4]);
    assert_eq!([row(0)[7], row(0)[8]], [1.0; 2]);
    let plain = RankInput { ratios: None, scales_px: None, ..known.input(ModelKind::Fundamental) };
    let rows = Features::new(&plain, &config).unwrap().rows;
    assert!(rows.chunks(config.inputs()).all(|row| row[6..] == [0.0; 3]));
}

#[test]
fn published_inputs_have_neutral_values_for_what_is_not_known() {
    let known = Known::new(10, 4);
    let config = clnet(GraphConvolution::Exact);
    let plain = RankInput { ratios: None, scales_px: None, angles_deg: None, ..known.input(ModelKind::Essential) };
    let rows = Features::new(&plain, &config).unwrap().rows;
    assert!(rows.chunks(7).all(|row| row[4..] == [1.0, 1.0, 0.0]));
    let rows = Features::new(&known.input(ModelKind::Essential), &config).unwrap().rows;
    assert!(rows.chunks(7).all(|row| (0.0..std::f32::consts::PI).contains(&row[6])));
}

/// The error of an input that was spoiled.
fn fault(spoil: impl FnOnce(&mut Known), kind: ModelKind) -> Error {
    let mut known = Known::new(12, 6);
    spoil(&mut known);
    Features::new(&known.input(kind), &small(kind)).unwrap_err()
}

#[test]
fn bad_inputs_are_named() {
    use ModelKind::{Essential, Fundamental};
    let of = |spoil: fn(&mut Known)| fault(spoil, Fundamental);
    assert!(matches!(
        of(|k| k.points2_px[3].y = f64::NAN),
        Error::NotFinite { what: "point in image 2", index: 3, .. }
    ));
    assert!(matches!(of(|k| k.ratios[5] = f32::NAN), Error::NotFinite { what: "SNN ratio", index: 5, .. }));
    assert!(matches!(of(|k| k.angles_deg[0][1] = f32::INFINITY), Error::NotFinite { index: 1, .. }));
    assert!(matches!(of(|k| k.scales_px[1][2] = -2.0), Error::NegativeScale { index: 2, .. }));
    assert!(matches!(of(|k| k.points1_px[4].x = 1e300), Error::NotFinite { index: 4, .. }));
    assert!(matches!(of(|k| k.ratios.truncate(3)), Error::LengthMismatch { expected: 12, found: 3, .. }));
    assert!(matches!(of(|k| k.points2_px.truncate(11)), Error::LengthMismatch { expected: 12, found: 11, .. }));
    assert!(matches!(of(|k| k.truncate(6)), Error::TooFewMatches { needed: 7, found: 6, .. }));
    assert!(matches!(fault(|k| k.truncate(4), Essential), Error::TooFewMatches { needed: 5, found: 4, .. }));
    assert!(matches!(fault(|k| k.camera.focal_px.x = 0.0, Essential), Error::SingularCamera { .. }));
    let known = Known::new(12, 6);
    let homography = MatchesView::Homography { points1_px: &known.points1_px, points2_px: &known.points2_px };
    assert!(Features::new(&RankInput::new(homography), &small(Fundamental)).is_err());
}

#[test]
fn equal_matches_and_extreme_side_information_still_rank() {
    let camera = Camera { focal_px: DVec2::splat(500.0), principal_point_px: DVec2::ZERO, skew_px: 0.0 };
    let points = [DVec2::ONE; 9];
    let matches = MatchesView::Essential { points1_px: &points, points2_px: &points, camera1: camera, camera2: camera };
    for config in [small(ModelKind::Essential), clnet(GraphConvolution::Exact)] {
        let scales = [[1e-30f32; 9], [1e30; 9]];
        let input = RankInput {
            ratios: Some(&[0.0; 9]),
            scales_px: Some([&scales[0], &scales[1]]),
            angles_deg: Some([&[-720.0; 9], &[1e6; 9]]),
            ..RankInput::new(matches)
        };
        match Ranker::new(random_weights(config, 1)).logits(&input) {
            Ok(logits) => assert!(logits.iter().all(|logit| logit.is_finite())),
            Err(error) => assert!(matches!(error, Error::NotFinite { .. }), "{error}"),
        }
        let plain = Ranker::new(random_weights(config, 1)).logits(&RankInput::new(matches)).unwrap();
        assert!(plain.iter().all(|logit| logit.is_finite()));
    }
}

fn weights_error(bytes: &[u8]) -> WeightsError {
    match Weights::from_bytes(bytes) {
        Err(Error::Weights { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

/// The file of these tensors, as a stranger may have made it.
fn file_of(weights: &Weights, change: impl Fn(&str, &Tensor) -> Option<Tensor>) -> Vec<u8> {
    use safetensors::tensor::{Dtype, TensorView, serialize};
    let kept: Vec<(String, Tensor, Vec<u8>)> = weights
        .tensors()
        .iter()
        .filter_map(|(name, tensor)| {
            let tensor = change(name, tensor)?;
            let bytes = tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect();
            Some((name.clone(), tensor, bytes))
        })
        .collect();
    let views =
        kept.iter().map(|(name, t, bytes)| (name, TensorView::new(Dtype::F32, t.shape.clone(), bytes).unwrap()));
    let metadata = [
        ("format".to_owned(), "nabla-ransac network 1".to_owned()),
        ("config".to_owned(), serde_json::to_string(weights.config()).unwrap()),
    ];
    serialize(views, Some(metadata.into_iter().collect())).unwrap()
}

#[test]
fn weights_survive_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.safetensors");
    for config in [small(ModelKind::Fundamental), clnet(GraphConvolution::Collapsed)] {
        let record = serde_json::json!({ "seed": 7, "data": ["synthetic"] });
        let weights = Weights::new(config, record, random_weights(config, 2).tensors().clone()).unwrap();
        weights.write(&path, Storage::F32).unwrap();
        assert_eq!(Weights::read(&path).unwrap(), weights);
        weights.write(&path, Storage::F16).unwrap();
        let half = Weights::read(&path).unwrap();
        assert_eq!((half.config(), half.record()), (weights.config(), weights.record()));
        for (name, tensor) in weights.tensors() {
            let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * b.abs() + 1e-7;
            assert!(half.values(name).iter().zip(&tensor.values).all(close), "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    assert!(matches!(Weights::read(&folder.path().join("none")), Err(Error::File { .. })));
}

#[test]
fn wrong_files_are_told_apart() {
    let weights = random_weights(small(ModelKind::Essential), 2);
    let good = weights.to_bytes(Storage::F32).unwrap();
    assert!(matches!(weights_error(b"PK\x03\x04 not this one"), WeightsError::NotSafetensors(_)));
    assert!(matches!(weights_error(&[]), WeightsError::NotSafetensors(_)));
    for keep in [4, 100, good.len() / 2, good.len() - 1] {
        assert!(matches!(weights_error(&good[..keep]), WeightsError::NotSafetensors(_)), "{keep}");
    }
    let same = |_: &str, tensor: &Tensor| Some(tensor.clone());
    assert_eq!(Weights::from_bytes(&file_of(&weights, same)).unwrap().tensors(), weights.tensors());
    let missing = file_of(&weights, |name, tensor| (name != "output.bias").then(|| tensor.clone()));
    assert!(matches!(weights_error(&missing), WeightsError::Missing { name, .. } if name == "output.bias"));
    let reshaped = file_of(&weights, |_, tensor| Some(Tensor { shape: vec![tensor.values.len()], ..tensor.clone() }));
    assert!(matches!(weights_error(&reshaped), WeightsError::Shape { .. }));
    let nan = file_of(&weights, |name, tensor| {
        let mut tensor = tensor.clone();
        if name == "blocks.1.edge.weight" {
            tensor.values[3] = f32::NAN;
        }
        Some(tensor)
    });
    assert!(
        matches!(weights_error(&nan), WeightsError::NotFinite { name, index: 3, .. } if name == "blocks.1.edge.weight")
    );
    // the tensors of one architecture under the configuration of another
    let other = Weights::new(clnet(GraphConvolution::Exact), serde_json::Value::Null, weights.tensors().clone());
    assert!(matches!(other, Err(Error::Weights { error: WeightsError::Missing { .. }, .. })));
    let deeper = NetworkConfig { blocks: 1, ..*weights.config() };
    let deeper = Weights::new(deeper, serde_json::Value::Null, weights.tensors().clone());
    assert!(matches!(deeper, Err(Error::Weights { error: WeightsError::Unknown { .. }, .. })));
    let scene = safetensors::serialize(Vec::<(String, safetensors::tensor::TensorView<'_>)>::new(), None).unwrap();
    assert!(matches!(weights_error(&scene), WeightsError::Metadata { key: "format", .. }));
}

#[test]
fn configurations_out_of_range_are_refused() {
    let good = NetworkConfig::default();
    assert!(good.check().is_ok() && NetworkConfig::clnet(ModelKind::Fundamental).check().is_ok());
    for bad in [
        NetworkConfig { model: ModelKind::Pose, ..good },
        NetworkConfig { channels: 20, ..good },
        NetworkConfig { channels: 0, ..good },
        NetworkConfig { channels: 512, ..good },
        NetworkConfig { neighbours: 0, ..good },
        NetworkConfig { neighbours: 33, ..good },
        NetworkConfig { neighbours: 8, architecture: Architecture::Clnet, ..good },
        NetworkConfig { blocks: 0, ..good },
    ] {
        assert!(matches!(bad.check(), Err(Error::BadOption { .. })), "{bad:?}");
    }
    let text = r#"{"architecture": "transformer"}"#;
    assert!(serde_json::from_str::<NetworkConfig>(text).is_err());
}

#[test]
fn initial_weights_repeat_with_the_seed_and_keep_the_scale() {
    let config = small(ModelKind::Essential);
    let [a, b, c] = [1, 1, 2].map(|seed| Weights::initial(config, seed).unwrap());
    assert_eq!(a, b);
    assert_ne!(a, c);
    let values = a.values("blocks.0.project.weight");
    let variance = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
    assert!((variance - 2.0 / 32.0).abs() < 0.01, "{variance}");
}
