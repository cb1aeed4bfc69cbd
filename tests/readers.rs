//! What the readers promise: the matches of each format, and a message that says what is wrong with a bad file.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod files;

use files::{Tensor, archive, benchmark, example, npy, npz, pair, safetensors};
use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::data::{CameraSet, Format, PairRecord, Scene, parse_camera};
use nabla_ransac::geometry::Matches;
use nabla_ransac::{Camera, ModelKind};
use std::fs;
use std::path::Path;
use zip::CompressionMethod;

fn read(bytes: Vec<u8>, format: Format, kind: ModelKind) -> Result<PairRecord, String> {
    let scene = Scene::from_bytes(bytes, format, kind, CameraSet::default()).map_err(|error| error.to_string())?;
    scene.pair(0).map_err(|error| error.to_string())
}

fn read_csv(text: &str, kind: ModelKind) -> Result<PairRecord, String> {
    read(text.as_bytes().to_vec(), Format::Csv, kind)
}

fn two_views(record: &PairRecord) -> (&[DVec2], &[DVec2], Option<[Camera; 2]>) {
    match &record.matches {
        Matches::TwoView { points1_px, points2_px, cameras } => (points1_px, points2_px, *cameras),
        other => panic!("expected two views, but got {other:?}"),
    }
}

/// The file with one field replaced, or left out.
fn changed(field: &str, replacement: Option<Tensor>) -> Vec<u8> {
    let name = format!("0000/{field}");
    let mut tensors: Vec<Tensor> = pair("0000/").into_iter().filter(|tensor| tensor.name != name).collect();
    tensors.extend(replacement.map(|tensor| Tensor { name, ..tensor }));
    safetensors(&tensors)
}

fn error_of_change(field: &str, replacement: Option<Tensor>) -> String {
    read(changed(field, replacement), Format::Safetensors, ModelKind::Essential).unwrap_err()
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    assert!(parts.iter().all(|part| message.contains(part)), "{message:?} does not say {parts:?}");
    assert!(!message.contains('\n'), "{message:?} has more than one line");
}

#[test]
fn a_safetensors_pair_has_its_points_cameras_and_true_motion() {
    let scene = Scene::from_bytes(
        safetensors(&[pair("0000/"), pair("0001/")].concat()),
        Format::Safetensors,
        ModelKind::Essential,
        CameraSet::default(),
    );
    let scene = scene.unwrap();
    assert_eq!((scene.len(), scene.id(1), scene.find("0001").unwrap()), (2, "0001", 1));
    let record = scene.pair(1).unwrap();
    let (points1, points2, cameras) = two_views(&record);
    assert_eq!(points1[3], DVec2::new(60.0, 70.0));
    assert_eq!(points2.len(), 4);
    let [camera1, _] = cameras.unwrap();
    assert_eq!(camera1.focal_px, DVec2::new(800.0, 810.0));
    assert_eq!(camera1.principal_point_px, DVec2::new(320.0, 240.0));
    let truth = record.truth.unwrap();
    assert_eq!(truth.rotation * DVec3::X, DVec3::Y, "the matrix is stored by rows");
    assert_eq!(truth.translation, DVec3::Z, "two views do not tell the length");
    assert_eq!(record.ratios.as_deref(), Some(&[0.5, 0.6, 0.7, 0.85][..]));
    assert_eq!(record.mutual.as_deref(), Some(&[true, false, true, false][..]));
    assert_eq!(record.sizes_px, Some([[640, 480], [800, 600]]));
}

#[test]
fn a_localisation_query_has_its_world_points_and_metric_pose() {
    let k = [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0];
    let identity = DMat3::IDENTITY.to_cols_array();
    let bytes = safetensors(&[
        Tensor::f32("0000/points2d", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
        Tensor::f32("0000/points3d", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        Tensor::f64("0000/K", &[3, 3], &k),
        Tensor::f64("0000/R", &[3, 3], &identity),
        Tensor::f64("0000/t", &[3], &[0.0, 0.0, 7.0]),
        Tensor::i32("0000/size", &[2], &[640, 480]),
    ]);
    let record = read(bytes, Format::Safetensors, ModelKind::Pose).unwrap();
    let Matches::ImageWorld { points_px, points_world, camera } = &record.matches else { panic!("{record:?}") };
    assert_eq!((points_px[1], points_world[1]), (DVec2::new(3.0, 4.0), DVec3::new(4.0, 5.0, 6.0)));
    assert!(camera.is_some());
    assert_eq!(record.truth.unwrap().translation, DVec3::new(0.0, 0.0, 7.0));
    let message = record.problem(ModelKind::Essential, 0).unwrap_err().to_string();
    says(&message, &["essential", "2-D to 2-D matches"]);
}

#[test]
fn the_example_archive_is_read() {
    let record = Scene::open(&example("leuven.npz"), ModelKind::Fundamental, CameraSet::default());
    let record = record.unwrap().pair(0).unwrap();
    let (points1, points2, cameras) = two_views(&record);
    assert_eq!((points1.len(), points2.len(), cameras), (1326, 1326, None));
    assert_eq!(record.best_by_ratio(0.8, 7, 2000).len(), 404);
    assert!(record.scales_px.is_some() && record.angles_deg.is_some() && record.truth.is_none());
    says(&record.problem(ModelKind::Essential, 0).unwrap_err().to_string(), &["essential", "intrinsics"]);
}

#[test]
fn an_archive_with_the_released_field_names_is_read() {
    let points = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let k = [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0];
    let tensors = [
        Tensor::f64("pts1", &[1, 3, 2], &points),
        Tensor::f64("pts2", &[1, 3, 2], &points),
        Tensor::f64("ratios", &[1, 3, 1], &[0.5, 0.6, 0.7]),
        Tensor::i32("size1", &[3], &[480, 640, 3]),
        Tensor::i32("size2", &[2], &[600, 800]),
        Tensor::f64("K1", &[3, 3], &k),
        Tensor::f64("K2", &[3, 3], &k),
        Tensor::f64("R", &[3, 3], &DMat3::IDENTITY.to_cols_array()),
        Tensor::f64("t", &[3, 1], &[0.0, 3.0, 0.0]),
    ];
    for compression in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let record = read(npz(&tensors, compression), Format::Npz, ModelKind::Essential).unwrap();
        assert_eq!(two_views(&record).0[2], DVec2::new(5.0, 6.0));
        assert_eq!(record.ratios.as_deref(), Some(&[0.5, 0.6, 0.7][..]));
        assert_eq!(record.sizes_px, Some([[640, 480], [800, 600]]));
        assert_eq!(record.truth.unwrap().translation, DVec3::Y);
    }
}

#[test]
fn arrays_of_any_byte_order_and_layout_are_read() {
    let values: Vec<u8> = [1.0_f32, 3.0, 5.0, 2.0, 4.0, 6.0].iter().flat_map(|value| value.to_be_bytes()).collect();
    let column_major = npy(">f4", &[3, 2], "True", &values);
    let replaced = ["points1", "points2"].map(|name| (name, column_major.clone()));
    let tensors = ["points1", "points2"].map(|name| Tensor::f32(name, &[], &[]));
    let record = read(archive(&replaced, &tensors), Format::Npz, ModelKind::Fundamental).unwrap();
    assert_eq!(two_views(&record).0, [DVec2::new(1.0, 2.0), DVec2::new(3.0, 4.0), DVec2::new(5.0, 6.0)]);
}

#[test]
fn csv_lines_are_matches_with_or_without_header_and_weight() {
    let plain = read_csv("1,2,3,4\n 5, 6 ,7,8\n", ModelKind::Fundamental).unwrap();
    assert_eq!(two_views(&plain).1, [DVec2::new(3.0, 4.0), DVec2::new(7.0, 8.0)]);
    assert_eq!(plain.weights, None);
    let weighted = read_csv("# by hand\n1,2,3,4,0.5\n5,6,7,8,1\n", ModelKind::Fundamental).unwrap();
    assert_eq!(weighted.weights.as_deref(), Some(&[0.5, 1.0][..]));
    let named = read_csv("weight,x2,y2,x1,y1,ratio\n0.5,3,4,1,2,0.7\n", ModelKind::Homography).unwrap();
    assert_eq!(two_views(&named), (&[DVec2::new(1.0, 2.0)][..], &[DVec2::new(3.0, 4.0)][..], None));
    assert_eq!((named.weights, named.ratios), (Some(vec![0.5]), Some(vec![0.7])));
    let query = read_csv("x,y,X,Y,Z\n1,2,3,4,5\n", ModelKind::Pose).unwrap();
    let world = vec![DVec3::new(3.0, 4.0, 5.0)];
    assert_eq!(
        query.matches,
        Matches::ImageWorld { points_px: vec![DVec2::new(1.0, 2.0)], points_world: world, camera: None }
    );
    let rigid = read_csv("1,2,3,4,5,6,0.5\n", ModelKind::Rigid).unwrap();
    let (points1, points2) = (vec![DVec3::new(1.0, 2.0, 3.0)], vec![DVec3::new(4.0, 5.0, 6.0)]);
    assert_eq!((rigid.matches, rigid.weights), (Matches::WorldWorld { points1, points2 }, Some(vec![0.5])));
}

#[test]
fn a_bad_csv_file_is_named_by_line_and_column() {
    let error = |text: &str, kind| read_csv(text, kind).unwrap_err();
    says(&error("1,2,3,4\n5,6,seven,8\n", ModelKind::Fundamental), &["match 1", "a number", "\"seven\""]);
    says(&error("1,2,3,4\n5,6\n", ModelKind::Fundamental), &["CSV", "4", "2"]);
    says(&error("1,2,3\n", ModelKind::Fundamental), &["x1,y1,x2,y2", "3 columns"]);
    says(&error("x1,y1,x2,z\n1,2,3,4\n", ModelKind::Fundamental), &["column y2", "x1,y1,x2,z"]);
    says(&error("", ModelKind::Rigid), &["X1,Y1,Z1", "empty"]);
    says(&error("\u{0}\n", ModelKind::Pose), &["x,y,X,Y,Z"]);
}

#[test]
fn cameras_beside_the_file_take_the_place_of_its_own() {
    let given = CameraSet { camera2: Some(parse_camera("900,901,10,20").unwrap()), ..CameraSet::default() };
    let bytes = safetensors(&pair("0000/"));
    let scene = Scene::from_bytes(bytes, Format::Safetensors, ModelKind::Essential, given).unwrap();
    let [camera1, camera2] = two_views(&scene.pair(0).unwrap()).2.unwrap();
    assert_eq!((camera1.focal_px.x, camera2.focal_px), (800.0, DVec2::new(900.0, 901.0)));
    says(&parse_camera("900,901,10").unwrap_err(), &["fx,fy,cx,cy", "900,901,10"]);
    says(&parse_camera("0,901,10,20").unwrap_err(), &["positive", "(0, 901)"]);
}

#[test]
fn cameras_come_from_a_toml_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cameras.toml");
    let text = "[camera]\nfx = 500\nfy = 500.5\ncx = 320\ncy = 240\n[camera2]\nfx = 600\nfy = 600\ncx = 1\ncy = 2\nskew = 0.1\n";
    fs::write(&path, text).unwrap();
    let cameras = CameraSet::read(&path).unwrap();
    assert_eq!(cameras.camera1.unwrap().pinhole().focal_px, DVec2::new(500.0, 500.5));
    assert_eq!(cameras.camera2.unwrap().pinhole().skew_px, 0.1);
    fs::write(&path, "[camera1]\nfx = 500\nfy = 500\ncx = 1\n").unwrap();
    says(&CameraSet::read(&path).unwrap_err().to_string(), &["cameras.toml", "missing field `cy`"]);
    fs::write(&path, "[camera1]\nfx = -1\nfy = 500\ncx = 1\ncy = 1\n").unwrap();
    says(&CameraSet::read(&path).unwrap_err().to_string(), &["camera1", "positive"]);
}

#[test]
fn a_bad_pair_is_told_by_its_field() {
    let two = [0.0; 2];
    says(&error_of_change("points2", None), &["pair 0000", "points2", "there is none"]);
    says(&error_of_change("points1", Some(Tensor::f32("", &[2, 4], &[0.0; 8]))), &["points1", "(n, 2)", "[2, 4]"]);
    says(&error_of_change("points2", Some(Tensor::f32("", &[3, 2], &[0.0; 6]))), &["image 2", "4 entries", "3"]);
    says(&error_of_change("ratio", Some(Tensor::f32("", &[2], &[0.0; 2]))), &["ratio", "4 entries", "2"]);
    says(&error_of_change("K1", None), &["K1", "K2"]);
    says(&error_of_change("K1", Some(Tensor::f64("", &[2], &two))), &["K1", "9 numbers", "[2]"]);
    says(&error_of_change("K2", Some(Tensor::f64("", &[3, 3], &[0.0; 9]))), &["K2", "focal lengths"]);
    says(&error_of_change("R", Some(Tensor::f64("", &[3, 3], &[0.5; 9]))), &["R", "rotation matrix"]);
    says(&error_of_change("R", Some(Tensor::f64("", &[3, 3], &[f64::NAN; 9]))), &["R", "rotation matrix"]);
    says(&error_of_change("t", Some(Tensor::f64("", &[3], &[0.0; 3]))), &["t", "zero"]);
    says(
        &error_of_change("points1", Some(Tensor::new("", "C64", &[4, 2], vec![0; 64]))),
        &["points1", "numbers", "C64"],
    );
}

#[test]
fn a_bad_header_is_no_more_than_an_error() {
    let good = safetensors(&pair("0000/"));
    let error = |bytes: Vec<u8>, format| read(bytes, format, ModelKind::Essential).unwrap_err();
    says(&error(good[..good.len() - 1].to_vec(), Format::Safetensors), &["safetensors"]);
    says(&error(Vec::new(), Format::Safetensors), &["safetensors", "header"]);
    says(&error(u64::MAX.to_le_bytes().to_vec(), Format::Safetensors), &["safetensors"]);
    says(&error(safetensors(&[]), Format::Safetensors), &["NAME/points1", "none"]);
    let huge = Tensor::new("0000/points1", "F32", &[usize::MAX, 2], vec![0; 8]);
    says(&error(safetensors(&[huge]), Format::Safetensors), &["safetensors"]);
    says(&error(b"PK not an archive".to_vec(), Format::Npz), &["npz"]);
    let cases: [(&str, &[usize], &[u8], &str); 4] = [
        ("<f4", &[1 << 40, 1 << 40], &[0; 8], "bytes"),
        ("<f4", &[4, 2], &[0; 8], "bytes"),
        ("|O", &[1], &[0; 8], "real element type"),
        ("<c8", &[1], &[0; 8], "real element type"),
    ];
    for (descr, shape, bytes, message) in cases {
        let tensors = [Tensor::new("points1", descr, shape, bytes.to_vec())];
        says(&error(npz(&tensors, CompressionMethod::Stored), Format::Npz), &["points1", message]);
    }
}

#[test]
fn an_archive_that_inflates_without_end_is_refused() {
    let zeros = vec![0; (1 << 28) + 1];
    let bomb = npz(&[Tensor::new("points1", "<f4", &[1], zeros)], CompressionMethod::Deflated);
    assert!(bomb.len() < 1 << 20);
    says(&read(bomb, Format::Npz, ModelKind::Fundamental).unwrap_err(), &["points1", "at most"]);
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| Scene::open(path, ModelKind::Essential, CameraSet::default()).unwrap_err().to_string();
    says(&open(&folder.path().join("none.npz")), &["none.npz", "No such file"]);
    says(&open(folder.path()), &["expected a file that ends in"]);
    let directory = folder.path().join("directory.npz");
    fs::create_dir(&directory).unwrap();
    says(&open(&directory), &["directory.npz", "regular file"]);
    says(&open(Path::new("matches.pkl")), &["matches.pkl", ".safetensors, .npz or .csv"]);
}

#[test]
fn a_pair_that_is_not_there_is_an_error() {
    let bytes = safetensors(&pair("0000/"));
    let scene = Scene::from_bytes(bytes, Format::Safetensors, ModelKind::Essential, CameraSet::default()).unwrap();
    says(&scene.find("0042").unwrap_err().to_string(), &["\"0000\"", "\"0042\""]);
    says(&scene.pair(7).unwrap_err().to_string(), &["below 1", "7"]);
}

#[test]
fn the_best_matches_by_ratio_are_at_least_a_sample_and_at_most_the_limit() {
    let record = read(safetensors(&pair("0000/")), Format::Safetensors, ModelKind::Essential).unwrap();
    assert_eq!(record.best_by_ratio(0.65, 1, 10), [0, 1]);
    assert_eq!(record.best_by_ratio(0.65, 1, 1), [0]);
    assert_eq!(record.best_by_ratio(0.1, 3, 10), [0, 1, 2]);
    assert_eq!(record.best_by_ratio(0.1, 30, 100), [0, 1, 2, 3]);
    let chosen = record.select(&[3, 0]);
    assert_eq!(two_views(&chosen).0, [DVec2::new(60.0, 70.0), DVec2::new(0.0, 10.0)]);
    assert_eq!(chosen.ratios.as_deref(), Some(&[0.85, 0.5][..]));
}

#[test]
fn the_benchmark_scenes_are_read() {
    let counts = [
        ("val/sceaux.safetensors", ModelKind::Essential, 44),
        ("test/temple_ring.safetensors", ModelKind::Essential, 60),
        ("test_labelled/adelaide.safetensors", ModelKind::Fundamental, 13),
        ("test_labelled/kusvod2.safetensors", ModelKind::Fundamental, 15),
        ("localisation/loc_southb.safetensors", ModelKind::Pose, 13),
    ];
    for (name, kind, pairs) in counts {
        let Some(path) = benchmark(name) else { continue };
        let scene = Scene::open(&path, kind, CameraSet::default()).unwrap();
        assert_eq!(scene.len(), pairs, "{name}");
        for index in 0..pairs {
            let record = scene.pair(index).unwrap();
            assert!(record.problem(kind, 0).is_ok() && record.matches.len() > 50, "{name} {index}");
        }
    }
}
