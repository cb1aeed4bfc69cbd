//! The loader of training pairs: what a step gets, and what is said of sets that cannot be trained on.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod files;

use files::{Tensor, pair, safetensors};
use nabla_ransac::data::{
    Augmentation, Loader, LoaderOptions, PairRecord, PairSet, SyntheticOptions, SyntheticPairs, write_scene,
};
use nabla_ransac::{Error, ModelKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const KIND: ModelKind = ModelKind::Essential;

fn synthetic(seed: u64) -> SyntheticPairs {
    SyntheticPairs::new(SyntheticOptions { matches: [50, 120], ..SyntheticOptions::default() }, seed).unwrap()
}

fn scene(folder: &TempDir, name: &str, count: u64) -> PathBuf {
    let path = folder.path().join(name);
    let records: Vec<PairRecord> = (0..count).map(|index| synthetic(1).pair(index)).collect();
    write_scene(&path, &records, &[]).unwrap();
    path
}

fn written(folder: &TempDir, name: &str, tensors: &[Tensor]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, safetensors(tensors)).unwrap();
    path
}

fn load(set: &Arc<PairSet>, threads: usize, first_step: usize, steps: usize) -> Vec<Vec<PairRecord>> {
    let options = LoaderOptions { seed: 4, batch: 5, threads, ..LoaderOptions::default() };
    let mut loader = Loader::start(Arc::clone(set), &options, first_step, |record, _| Ok(record)).unwrap();
    (0..steps).map(|_| loader.next_batch().unwrap()).collect()
}

#[test]
fn a_step_is_the_same_with_any_number_of_threads_and_from_any_start() {
    let folder = tempfile::tempdir().unwrap();
    let set = PairSet::open(&[scene(&folder, "a.safetensors", 7)], KIND).unwrap();
    let set = Arc::new(set.with_synthetic(synthetic(2), 5).unwrap());
    let one = load(&set, 1, 0, 9);
    assert_eq!(one, load(&set, 3, 0, 9));
    assert_eq!(one[4..], load(&set, 2, 4, 5));
    // 12 pairs: 5, 5 and 2 a step
    assert_eq!(one.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2, 5, 5, 2, 5, 5, 2]);
}

#[test]
fn an_epoch_has_every_pair_once_and_fresh_random_ones() {
    let folder = tempfile::tempdir().unwrap();
    let set = PairSet::open(&[scene(&folder, "a.safetensors", 4)], KIND).unwrap();
    let set = Arc::new(set.with_synthetic(synthetic(2), 3).unwrap());
    let options =
        LoaderOptions { batch: 7, augmentation: Augmentation::none(), threads: 1, ..LoaderOptions::default() };
    let mut loader = Loader::start(Arc::clone(&set), &options, 0, |record, _| Ok(record)).unwrap();
    let mut epoch = |epoch: usize| {
        let mut records = loader.next_batch().unwrap();
        let order: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        for index in 0..7 {
            let expected = set.pair(epoch, index).unwrap();
            let place = records.iter().position(|record| *record == expected).unwrap();
            records.swap_remove(place);
        }
        order
    };
    let orders = [epoch(0), epoch(1), epoch(2)];
    assert!(orders[0] != orders[1] || orders[1] != orders[2]);
    assert_eq!(set.pair(0, 1).unwrap(), set.pair(1, 1).unwrap());
    assert_ne!(set.pair(0, 5).unwrap(), set.pair(1, 5).unwrap());
    assert!(set.pair(0, 7).is_err());
}

#[test]
fn the_closure_makes_what_is_needed_and_its_errors_come_through() {
    let set = Arc::new(PairSet::synthetic(synthetic(3), 10, KIND).unwrap());
    let mut loader =
        Loader::start(Arc::clone(&set), &LoaderOptions::default(), 0, |record, _| Ok(record.matches.len())).unwrap();
    assert!(loader.next_batch().unwrap().into_iter().all(|count: usize| count >= 32));
    assert!(loader.waited() > std::time::Duration::ZERO);
    let fails = |_: PairRecord, _: &mut _| -> Result<(), Error> {
        Err(Error::MissingInput { option: "training", missing: "everything" })
    };
    let mut loader = Loader::start(Arc::clone(&set), &LoaderOptions::default(), 0, fails).unwrap();
    assert!(matches!(loader.next_batch(), Err(Error::MissingInput { missing: "everything", .. })));
    let panics = |_: PairRecord, _: &mut _| -> Result<(), Error> { panic!("a bug of the caller") };
    let mut loader = Loader::start(set, &LoaderOptions::default(), 6, panics).unwrap();
    assert!(matches!(loader.next_batch(), Err(Error::LoaderStopped { step: 6 })));
}

#[test]
fn a_scene_that_disappears_is_in_memory_already() {
    let folder = tempfile::tempdir().unwrap();
    let path = scene(&folder, "a.safetensors", 3);
    let set = Arc::new(PairSet::open(std::slice::from_ref(&path), KIND).unwrap());
    let before = load(&set, 2, 0, 4);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(before, load(&set, 2, 0, 4));
    assert!(matches!(PairSet::open(&[path], KIND), Err(Error::File { .. })));
}

#[test]
fn one_pair_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let set = Arc::new(PairSet::open(&[scene(&folder, "a.safetensors", 1)], KIND).unwrap());
    assert_eq!((set.len(), set.steps_per_epoch(5)), (1, 1));
    assert_eq!(load(&set, 2, 0, 3).iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn pairs_that_cannot_be_learned_from_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let without = |prefix: &str, field: &str| -> Vec<Tensor> {
        pair(prefix).into_iter().filter(|tensor| tensor.name != format!("{prefix}{field}")).collect()
    };
    let bad = written(&folder, "bad.safetensors", &[without("0/", "R"), pair("1/")].concat());
    let good = scene(&folder, "good.safetensors", 2);
    let set = PairSet::open(&[bad.clone(), good], KIND).unwrap();
    assert_eq!((set.len(), set.skipped().without_truth, set.skipped().too_few_matches), (2, 1, 1));
    let error = PairSet::open(&[bad], KIND).unwrap_err();
    assert!(matches!(error, Error::NothingToTrainOn { needed: 5, pairs: 2, .. }));
    assert!(error.to_string().contains("1 have no truth, 1 too few matches"), "{error}");
    assert!(matches!(PairSet::open(&[], KIND), Err(Error::NothingToTrainOn { pairs: 0, .. })));
}

#[test]
fn pairs_without_right_matches_are_counted_and_nan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = synthetic(1).pair(0);
    if let nabla_ransac::geometry::Matches::TwoView { points2_px, .. } = &mut wrong.matches {
        points2_px.iter_mut().for_each(|point| *point += 1e6);
    }
    let path = folder.path().join("wrong.safetensors");
    write_scene(&path, std::slice::from_ref(&wrong), &[]).unwrap();
    let error = PairSet::open(std::slice::from_ref(&path), KIND).unwrap_err();
    assert!(error.to_string().contains("1 too few right ones"), "{error}");

    let mut nan = synthetic(1).pair(1);
    nan.ratios.as_mut().unwrap()[3] = f32::NAN;
    write_scene(&path, &[synthetic(1).pair(0), nan], &[]).unwrap();
    let error = PairSet::open(std::slice::from_ref(&path), KIND).unwrap_err();
    assert!(error.to_string().contains("pair 000001: ratio of match 3 must be finite"), "{error}");
    let mut labels = pair("0/");
    labels.retain(|tensor| tensor.name != "0/t");
    labels.push(Tensor::f64("0/t", &[3], &[0.0, f64::NAN, 1.0]));
    let path = written(&folder, "labels.safetensors", &labels);
    let error = PairSet::open(&[path], KIND).unwrap_err();
    assert!(error.to_string().contains("t: expected finite numbers"), "{error}");
}

#[test]
fn options_out_of_range_are_refused() {
    let set = Arc::new(PairSet::synthetic(synthetic(3), 10, KIND).unwrap());
    for options in [
        LoaderOptions { batch: 0, ..LoaderOptions::default() },
        LoaderOptions { threads: 0, ..LoaderOptions::default() },
        LoaderOptions { ahead: 0, ..LoaderOptions::default() },
        LoaderOptions { augmentation: Augmentation { swap: -1.0, ..Augmentation::none() }, ..LoaderOptions::default() },
    ] {
        let started = Loader::start(Arc::clone(&set), &options, 0, |record, _| Ok(record));
        assert!(matches!(started, Err(Error::BadOption { .. })));
    }
    assert!(PairSet::synthetic(synthetic(3), 0, KIND).is_err());
}

#[test]
fn real_scenes_load() {
    let Some(path) = files::benchmark("train/southb.safetensors") else { return };
    let set = Arc::new(PairSet::open(&[Path::new(&path).to_owned()], KIND).unwrap());
    assert_eq!(set.len(), 160);
    assert_eq!(load(&set, 2, 0, 3).len(), 3);
}
