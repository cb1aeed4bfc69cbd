//! What the generator of image pairs promises.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use nabla_ransac::data::{CameraSet, PairRecord, Scene, SyntheticOptions, SyntheticPairs, write_scene};
use nabla_ransac::geometry::Matches;
use nabla_ransac::geometry::accuracy::{fundamental_of_pose, symmetric_epipolar_px};
use nabla_ransac::{Error, ModelKind};

fn pairs(count: u64, options: &SyntheticOptions) -> Vec<PairRecord> {
    let pairs = SyntheticPairs::new(options.clone(), 5).unwrap();
    (0..count).map(|index| pairs.pair(index)).collect()
}

/// Distances to the true epipolar lines, pixels.
fn distances_px(record: &PairRecord) -> Vec<f64> {
    let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &record.matches else {
        panic!("two views")
    };
    let truth = fundamental_of_pose(record.truth.as_ref().unwrap(), cameras);
    points1_px.iter().zip(points2_px).map(|(&p1, &p2)| symmetric_epipolar_px(&truth, p1, p2)).collect()
}

#[test]
fn a_pair_depends_on_seed_and_index_alone() {
    let pairs = SyntheticPairs::new(SyntheticOptions::default(), 9).unwrap();
    let third = pairs.pair(3);
    drop(pairs.pair(0));
    assert_eq!(third, pairs.pair(3));
    assert_ne!(third.matches, pairs.pair(4).matches);
    assert_ne!(third.matches, SyntheticPairs::new(SyntheticOptions::default(), 10).unwrap().pair(3).matches);
}

#[test]
fn matches_are_sorted_finite_and_within_the_options() {
    let options = SyntheticOptions { matches: [60, 300], right_share: [0.3, 0.8], learned_share: 0.0 };
    for record in pairs(60, &options) {
        let count = record.matches.len();
        assert!((50..=300).contains(&count), "{count}");
        assert!(record.ratios.as_ref().unwrap().is_sorted());
        assert!(record.ratios.iter().flatten().all(|ratio| (0.05..1.0).contains(ratio)));
        assert!(record.scales_px.iter().flatten().flatten().all(|&scale| scale > 0.2 && scale < 5000.0));
        assert!(record.angles_deg.iter().flatten().flatten().all(|angle| (0.0..=360.0).contains(angle)));
        assert_eq!(record.mutual.as_ref().unwrap().len(), count);
        assert!(distances_px(&record).iter().all(|distance| distance.is_finite()));
        let close = distances_px(&record).iter().filter(|&&distance| distance < 4.0).count();
        assert!(close as f64 > 0.25 * count as f64, "{close} of {count}");
    }
}

#[test]
fn pairs_as_of_a_learned_matcher_have_neither_scales_nor_shared_points() {
    let options = SyntheticOptions { learned_share: 1.0, ..SyntheticOptions::default() };
    for record in pairs(10, &options) {
        assert_eq!((record.scales_px.clone(), record.angles_deg.clone(), record.mutual.clone()), (None, None, None));
        assert!(record.ratios.is_some());
    }
}

/// Right matches turn and grow alike; their ratio and their distance to the epipolar line tell them from wrong ones as
/// in the scenes that the constants were fitted to.
#[test]
fn what_is_known_of_each_match_tells_right_from_wrong_as_in_real_pairs() {
    let options = SyntheticOptions { learned_share: 0.0, ..SyntheticOptions::default() };
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for record in pairs(80, &options) {
        let ratios = record.ratios.clone().unwrap();
        for (ratio, distance) in ratios.into_iter().zip(distances_px(&record)) {
            if distance < 1.0 { right.push(ratio) } else { wrong.push(ratio) }
        }
    }
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    assert!((0.4..0.7).contains(&mean(&right)), "{}", mean(&right));
    assert!((0.75..0.92).contains(&mean(&wrong)), "{}", mean(&wrong));
    let share = right.len() as f64 / (right.len() + wrong.len()) as f64;
    assert!((0.25..0.65).contains(&share), "{share}");
}

#[test]
fn a_file_of_pairs_reads_back() {
    let records = pairs(3, &SyntheticOptions { learned_share: 0.5, ..SyntheticOptions::default() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.safetensors");
    write_scene(&path, &records, &[("scene", "a test".to_owned())]).unwrap();
    let scene = Scene::open(&path, ModelKind::Essential, CameraSet::default()).unwrap();
    assert_eq!(scene.len(), 3);
    for (index, record) in records.iter().enumerate() {
        let back = scene.pair(index).unwrap();
        let near = |a: &PairRecord| PairRecord { truth: None, ..a.clone() };
        assert_eq!(near(&back), near(record));
        let [truth, expected] = [&back, record].map(|record| record.truth.unwrap());
        assert!((truth.translation - expected.translation).length() < 1e-12 && truth.rotation == expected.rotation);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let nowhere = folder.path().join("no/such/folder.safetensors");
    assert!(matches!(write_scene(&nowhere, &records, &[]), Err(Error::File { .. })));
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options| matches!(SyntheticPairs::new(options, 0), Err(Error::BadOption { .. }));
    let defaults = SyntheticOptions::default();
    assert!(refused(SyntheticOptions { matches: [100, 50], ..defaults.clone() }));
    assert!(refused(SyntheticOptions { matches: [0, 50], ..defaults.clone() }));
    assert!(refused(SyntheticOptions { right_share: [0.0, 0.5], ..defaults.clone() }));
    assert!(refused(SyntheticOptions { right_share: [f64::NAN, 0.5], ..defaults.clone() }));
    assert!(refused(SyntheticOptions { learned_share: 1.5, ..defaults }));
}
