//! Verifying a collection: what is found is what is there, by COLMAP's numbers and in its tables.

#![cfg(feature = "collection")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/collection.rs"]
mod common;

use common::{Collection, Plan, Shape};
use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::Backend;
use nabla_ransac::collection::{
    Configuration, Database, Pair, TwoViewGeometry, Verifier, VerifyDatabase, VerifyOptions, VerifySummary, View,
    verify_database,
};
use nabla_ransac::geometry::CameraModel;
use nabla_ransac::geometry::accuracy::{direction_error_deg, rotation_error_deg};
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::Path;
use tempfile::tempdir;

fn verifier(change: impl FnOnce(&mut VerifyOptions)) -> Verifier {
    let mut options = VerifyOptions::default();
    options.estimator.backend = Backend::Cpu;
    options.estimator.threads = 1;
    change(&mut options);
    Verifier::new(options).unwrap()
}

fn verify(path: &Path, verifier: &Verifier, overwrite: bool) -> VerifySummary {
    let mut database = Database::open(path).unwrap();
    let asked = VerifyDatabase { overwrite, seed: 0 };
    verify_database(&mut database, verifier, asked, &mut |batch, _| {
        for geometry in batch.geometries {
            assert!(geometry.is_ok(), "{geometry:?}");
        }
        ControlFlow::Continue(())
    })
    .unwrap()
}

/// A row of `two_view_geometries`, as another program reads it.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    pair: i64,
    shape: [i64; 2],
    data: Vec<u8>,
    config: i32,
    blobs: [Option<Vec<u8>>; 5],
}

fn rows(path: &Path) -> Vec<Row> {
    let connection = Connection::open(path).unwrap();
    let query =
        "SELECT pair_id, rows, cols, data, config, F, E, H, qvec, tvec FROM two_view_geometries ORDER BY pair_id";
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| {
        let blobs = [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?];
        Ok(Row { pair: row.get(0)?, shape: [row.get(1)?, row.get(2)?], data: row.get(3)?, config: row.get(4)?, blobs })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap())).collect()
}

fn matrix(bytes: &[u8]) -> DMat3 {
    DMat3::from_cols_slice(&floats(bytes)).transpose()
}

impl Row {
    fn inliers(&self) -> Vec<[u32; 2]> {
        let numbers: Vec<u32> =
            self.data.chunks_exact(4).map(|chunk| u32::from_le_bytes(chunk.try_into().unwrap())).collect();
        numbers.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
    }
}

fn configurations(plan: &Plan, verifier: &Verifier) -> Vec<i32> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, plan, 1);
    verify(&path, verifier, false);
    rows(&path).iter().map(|row| row.config).collect()
}

#[test]
fn a_calibrated_pair_has_its_motion_its_matrices_and_its_inliers_in_order() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    let collection = Collection::make(&path, &Plan::new(Shape::Volume), 1);
    let summary = verify(&path, &verifier(|_| ()), false);
    assert_eq!(summary.configurations[Configuration::Calibrated as usize], 6);
    for row in rows(&path) {
        assert_eq!((row.config, row.shape[1]), (2, 2));
        let images = nabla_ransac::collection::images_of_pair(row.pair);
        let truth = collection.motion(images);
        let [f, e, _, q, t] = row.blobs.each_ref().map(|blob| blob.as_deref().unwrap_or_default());
        let [w, x, y, z] = floats(q)[..] else { panic!("{q:?}") };
        let (rotation, translation) = (DMat3::from_quat(DQuat::from_xyzw(x, y, z, w)), DVec3::from_slice(&floats(t)));
        assert!(rotation_error_deg(&rotation, &truth.rotation) < 0.2);
        assert!(direction_error_deg(translation, truth.translation) < 2.0);
        assert!((translation.length() - 1.0).abs() < 1e-9);

        let inliers = row.inliers();
        assert_eq!(inliers.len() as i64, row.shape[0]);
        let right = inliers.iter().filter(|[a, b]| a == b && (*a as usize) < collection.points).count();
        assert!(right == collection.points && inliers.len() - right < 8, "{right} of {}", inliers.len());
        let matches = collection.matches_of(row.pair);
        let places: Vec<usize> =
            inliers.iter().map(|inlier| matches.iter().position(|one| one == inlier).unwrap()).collect();
        assert!(places.is_sorted(), "the inliers are in the order of the matches");

        // x2ᵀ F x1 = 0 of pixels, and of rays x2ᵀ E x1 = 0
        let camera = CameraModel::new(1, [1280, 960], vec![1000.0, 1010.0, 640.0, 480.0]).unwrap().pinhole();
        for [a, _] in inliers.iter().filter(|[a, b]| a == b) {
            let [p1, p2] = images.map(|image| collection.key_points[image as usize - 1][*a as usize]);
            let line = matrix(f) * p1.extend(1.0);
            assert!(p2.extend(1.0).dot(line).abs() / line.truncate().length() < 3.0);
            let [r1, r2] = [p1, p2].map(|pixel| camera.normalize(pixel).extend(1.0));
            let line = matrix(e) * r1;
            assert!(r2.dot(line).abs() / line.truncate().length() < 3e-3);
        }
    }
}

#[test]
fn what_is_there_has_colmaps_number() {
    let plain = verifier(|_| ());
    let unknown = |shape| Plan { has_prior: false, ..Plan::new(shape) };
    assert_eq!(configurations(&unknown(Shape::Volume), &plain), [3; 6]);
    assert_eq!(configurations(&Plan::new(Shape::Plane), &plain), [4; 6]);
    assert_eq!(configurations(&unknown(Shape::Plane), &plain), [6; 6]);
    assert_eq!(configurations(&Plan::new(Shape::Rotation), &plain), [5; 6]);
    let few = Plan { points: 14, wrong: 0, ..Plan::new(Shape::Volume) };
    assert_eq!(configurations(&few, &plain), [0; 6]);
}

#[test]
fn distorted_cameras_are_undistorted() {
    let models = [
        (2, vec![1000.0, 640.0, 480.0, -0.2]),
        (4, vec![900.0, 910.0, 640.0, 480.0, -0.25, 0.08, 0.001, -0.001]),
        (5, vec![600.0, 600.0, 640.0, 480.0, 0.05, -0.01, 0.003, -0.001]),
        (8, vec![700.0, 640.0, 480.0, 0.03]),
    ];
    for (id, parameters) in models {
        let camera = CameraModel::new(id, [1280, 960], parameters).unwrap();
        let plan = Plan { camera, ..Plan::new(Shape::Volume) };
        assert_eq!(configurations(&plan, &verifier(|_| ())), [2; 6], "model {id}");
    }
}

#[test]
fn wrong_intrinsics_make_a_pair_uncalibrated() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, &Plan::new(Shape::Volume), 1);
    let wrong: Vec<u8> = [400.0_f64, 1900.0, 640.0, 480.0].into_iter().flat_map(f64::to_le_bytes).collect();
    Connection::open(&path).unwrap().execute("UPDATE cameras SET params = ?1", [wrong]).unwrap();
    verify(&path, &verifier(|_| ()), false);
    // neighbouring views differ so little that wrong intrinsics explain them within the threshold too
    let rows = rows(&path);
    let uncalibrated: Vec<_> = rows.iter().filter(|row| row.config == 3).collect();
    assert!(uncalibrated.len() >= 4, "{:?}", rows.iter().map(|row| row.config).collect::<Vec<_>>());
    assert!(uncalibrated.iter().all(|row| row.blobs[0].is_some() && row.blobs[1].is_none() && row.shape[0] >= 145));
}

/// Two images with `count` random matches each.
fn random_views(count: usize) -> ([View; 2], Vec<[u32; 2]>) {
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    let mut rng = StdRng::seed_from_u64(5);
    let mut points = || -> Vec<DVec2> {
        (0..count).map(|_| DVec2::new(rng.random_range(0.0..1280.0), rng.random_range(0.0..960.0))).collect()
    };
    let [points1, points2] = [points(), points()];
    let camera = CameraModel::new(1, [1280, 960], vec![1000.0, 1010.0, 640.0, 480.0]).unwrap();
    let views = [View::new(Some(camera.clone()), points1), View::new(Some(camera), points2)];
    (views, (0..count as u32).map(|k| [k, k]).collect())
}

#[test]
fn random_matches_have_no_geometry() {
    let taken = |geometry: &TwoViewGeometry| geometry.configuration != Configuration::Undefined;
    let (strict, lenient) = (verifier(|_| ()), verifier(|options| options.max_false_alarms = f64::INFINITY));
    for count in [100, 300, 1000] {
        let (views, matches) = random_views(count);
        let verify = |verifier: &Verifier| {
            let pair = |seed| Pair { views: [&views[0], &views[1]], matches: &matches, ratios: None, seed };
            let pairs: Vec<Pair<'_>> = (0..4).map(pair).collect();
            verifier.verify_batch(&pairs).iter().filter(|one| taken(one.as_ref().unwrap())).count()
        };
        assert_eq!(verify(&strict), 0, "{count} matches");
        if count == 1000 {
            assert!(verify(&lenient) > 0, "inliers alone do not tell: {count} matches");
        }
    }
}

#[test]
fn a_shifted_border_is_a_watermark_and_two_motions_are_multiple() {
    let camera = CameraModel::new(1, [1000, 800], vec![900.0, 900.0, 500.0, 400.0]).unwrap();
    let stamp: Vec<DVec2> =
        (0..60).map(|k| DVec2::new(300.0 + 11.0 * f64::from(k % 30), 760.0 + 9.0 * f64::from(k / 30))).collect();
    let shifted = stamp.iter().map(|&point| point + DVec2::new(1.0, -1.0)).collect();
    let views = [View::new(Some(camera.clone()), stamp), View::new(Some(camera.clone()), shifted)];
    let matches: Vec<[u32; 2]> = (0..60).map(|k| [k, k]).collect();
    let pair = Pair { views: [&views[0], &views[1]], matches: &matches, ratios: None, seed: 1 };
    assert_eq!(verifier(|_| ()).verify(&pair).unwrap().configuration, Configuration::Watermark);
    let kept = verifier(|options| options.detect_watermark = false).verify(&pair).unwrap();
    assert_ne!(kept.configuration, Configuration::Watermark);

    // the scene, and the same seen by a camera that moved otherwise: a second rigid body
    let scene = |shift: DVec3, side: usize| {
        (0..120_u32).map(move |k| {
            let [a, b, c] = [0.754_877, 0.569_840, 0.430_159].map(|step: f64| (f64::from(k) * step).fract() - 0.5);
            let point = DVec3::new(6.0 * a, 4.0 * b, 8.0 + 4.0 * c) + if side == 1 { shift } else { DVec3::ZERO };
            DVec2::new(900.0 * point.x / point.z + 500.0, 900.0 * point.y / point.z + 400.0)
        })
    };
    let points = |side| scene(DVec3::new(0.8, 0.0, 0.1), side).chain(scene(DVec3::new(-0.3, 0.9, 0.4), side)).collect();
    let views = [View::new(Some(camera.clone()), points(0)), View::new(Some(camera), points(1))];
    let matches: Vec<[u32; 2]> = (0..240).map(|k| [k, k]).collect();
    let pair = Pair { views: [&views[0], &views[1]], matches: &matches, ratios: None, seed: 1 };
    let several = verifier(|options| options.multiple_models = true).verify(&pair).unwrap();
    assert_eq!(several.configuration, Configuration::Multiple);
    assert!(several.inliers.len() >= 235 && several.essential.is_none() && several.inliers.is_sorted());
}

#[test]
fn a_second_run_keeps_what_is_there_and_overwriting_gives_the_same_bytes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, &Plan::new(Shape::Volume), 1);
    let verifier = verifier(|_| ());
    verify(&path, &verifier, false);
    let first = rows(&path);
    let again = verify(&path, &verifier, false);
    assert_eq!((again.kept, again.verified()), (6, 0));
    Connection::open(&path).unwrap().execute("UPDATE two_view_geometries SET config = 1, F = NULL", []).unwrap();
    assert_eq!(verify(&path, &verifier, false).verified(), 0);
    let replaced = verify(&path, &verifier, true);
    assert_eq!((replaced.kept, replaced.verified()), (0, 6));
    assert_eq!(rows(&path), first);
}

#[test]
fn databases_of_older_versions_are_written_as_their_programs_read_them() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, &Plan { has_prior: false, ..Plan::new(Shape::Volume) }, 1);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "ALTER TABLE two_view_geometries DROP COLUMN camera1; ALTER TABLE two_view_geometries DROP COLUMN camera2;
             PRAGMA user_version = 3080000",
        )
        .unwrap();
    verify(&path, &verifier(|_| ()), false);
    for row in rows(&path) {
        let [f, e, _, q, t] = row.blobs.each_ref().map(|blob| floats(blob.as_deref().unwrap()));
        assert!(f.iter().any(|&entry| entry != 0.0));
        assert_eq!((e, q, t), (vec![0.0; 9], vec![1.0, 0.0, 0.0, 0.0], vec![0.0; 3]));
    }
    connection
        .execute_batch(
            "ALTER TABLE two_view_geometries DROP COLUMN qvec; ALTER TABLE two_view_geometries DROP COLUMN tvec",
        )
        .unwrap();
    assert_eq!(verify(&path, &verifier(|_| ()), true).verified(), 6);
}

#[test]
fn a_walk_can_be_stopped_and_goes_on() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, &Plan { images: 50, points: 20, wrong: 2, ..Plan::new(Shape::Volume) }, 1);
    let verifier = verifier(|_| ());
    let mut database = Database::open(&path).unwrap();
    let asked = VerifyDatabase::default();
    let stopped = verify_database(&mut database, &verifier, asked, &mut |_, _| ControlFlow::Break(())).unwrap();
    assert!(stopped.stopped && stopped.verified() == 1024, "{}", stopped.verified());
    let rest = verify(&path, &verifier, false);
    assert_eq!((rest.kept, rest.verified()), (1024, 50 * 49 / 2 - 1024));
}
