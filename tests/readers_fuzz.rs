//! Hostile files: the readers give matches or an error, never a panic, whatever the bytes.
//!
//! Every property tries some thousand inputs, or as many as the variable `NABLA_FUZZ_CASES` says.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod files;
#[path = "common/mutations.rs"]
mod mutations;

use files::{Tensor, npz, pair, safetensors};
use mutations::{Mutation, config, mutate, mutation};
use nabla_ransac::ModelKind;
use nabla_ransac::data::{CameraSet, Format, Scene};
use proptest::collection::vec;
use proptest::prelude::*;
use zip::CompressionMethod;

/// Reads all there is to read, and uses what was read.
fn read_all(bytes: &[u8], format: Format) {
    for kind in ModelKind::ALL {
        let Ok(scene) = Scene::from_bytes(bytes.to_vec(), format, kind, CameraSet::default()) else { continue };
        for index in 0..scene.len() {
            let Ok(record) = scene.pair(index) else { continue };
            let chosen = record.select(&record.best_by_ratio(0.8, kind.sample_size(), 3));
            assert!(chosen.matches.len() <= record.matches.len());
            if let Ok(problem) = record.problem(kind, 0) {
                let [length1, length2] = problem.matches.lengths();
                assert_eq!(length1, length2);
                assert!(problem.ratios.is_none_or(|ratios| ratios.len() == length1));
            }
        }
    }
}

/// A safetensors file whose header length is right again after its header was changed.
fn mutate_header(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = mutate(bytes[8..8 + length].to_vec(), mutations);
    [&(header.len() as u64).to_le_bytes()[..], &header, &bytes[8 + length..]].concat()
}

fn tensor() -> impl Strategy<Value = Tensor> {
    let name = prop_oneof![
        Just("points1"),
        Just("points2"),
        Just("ratio"),
        Just("K1"),
        Just("K2"),
        Just("R"),
        Just("t"),
        Just("sizes"),
        Just("size1"),
        Just("mutual"),
        Just("points2d"),
        Just("points3d"),
        Just("K"),
        Just("size"),
        Just("label"),
        Just("weight"),
        Just("scale1"),
        Just("scale2"),
    ];
    let dtype = prop_oneof![Just(("F32", 4)), Just(("F64", 8)), Just(("I32", 4))];
    (name, dtype, vec(0..5_usize, 0..4), any::<u64>()).prop_map(|(name, (dtype, size), shape, seed)| {
        let count = shape.iter().product::<usize>() * size;
        let bytes = (0..count).map(|at| (seed.rotate_left(at as u32 * 7) & 0xff) as u8).collect();
        Tensor::new(name, dtype, &shape, bytes)
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..300)) {
        for format in [Format::Safetensors, Format::Npz, Format::Csv] {
            read_all(&bytes, format);
        }
    }

    #[test]
    fn changed_safetensors(mutations in vec(mutation(), 1..6)) {
        let good = safetensors(&pair("0000/"));
        read_all(&mutate(good.clone(), &mutations), Format::Safetensors);
        read_all(&mutate_header(&good, &mutations), Format::Safetensors);
    }

    #[test]
    fn changed_archives(mutations in vec(mutation(), 1..6), compressed in any::<bool>()) {
        let compression = if compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        read_all(&mutate(npz(&pair(""), compression), &mutations), Format::Npz);
    }

    #[test]
    fn changed_array_headers(mutations in vec(mutation(), 1..4), field in 0..9_usize) {
        // The archive itself is right, so that the change reaches the reader of arrays.
        let tensors = pair("");
        let chosen = &tensors[field];
        let npy = mutate(files::npy("<f4", &chosen.shape, "False", &chosen.bytes), &mutations);
        read_all(&files::archive(&[(&chosen.name, npy)], &tensors), Format::Npz);
    }

    #[test]
    fn arrays_of_any_shape_and_type(tensors in vec(tensor(), 1..9)) {
        let prefixed = |tensor: &Tensor| Tensor { name: format!("0000/{}", tensor.name), ..tensor.clone() };
        read_all(&safetensors(&tensors.iter().map(prefixed).collect::<Vec<_>>()), Format::Safetensors);
        let mut names = Vec::new();
        let mut unique = tensors;
        unique.retain(|tensor| !names.contains(&tensor.name) && { names.push(tensor.name.clone()); true });
        read_all(&npz(&unique, CompressionMethod::Stored), Format::Npz);
    }

    #[test]
    fn changed_reconstructions(mutations in vec(mutation(), 1..6), of_images in any::<bool>(), text in any::<bool>()) {
        use nabla_ransac::data::{Reconstruction, ReconstructionFormat};
        let (format, ending) = if text { (ReconstructionFormat::Text, "txt") } else { (ReconstructionFormat::Binary, "bin") };
        let file = |name| std::fs::read(format!("{}/tests/files/reconstruction/{name}.{ending}", env!("CARGO_MANIFEST_DIR")));
        let (mut cameras, mut images) = (file("cameras").unwrap(), file("images").unwrap());
        let changed = if of_images { &mut images } else { &mut cameras };
        *changed = mutate(std::mem::take(changed), &mutations);
        if let Ok(reconstruction) = Reconstruction::from_bytes(format, &cameras, &images) {
            for image in reconstruction.images.values() {
                let rotation = image.camera_from_world.rotation;
                assert!((rotation.determinant() - 1.0).abs() < 1e-9 && reconstruction.cameras.contains_key(&image.camera_id));
            }
        }
    }

    #[test]
    fn lines_of_text(text in "([0-9x,. \"\n#-]|NaN|inf|weight|x1|y1|\u{e9}){0,60}") {
        read_all(text.as_bytes(), Format::Csv);
    }
}
