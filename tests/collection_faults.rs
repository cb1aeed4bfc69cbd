//! Databases with faults: an error that names the row; all other pairs keep their results, and nothing is half-written.

#![cfg(feature = "collection")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/collection.rs"]
mod common;

use common::{Collection, Plan, Shape};
use nabla_ransac::collection::{Database, Verifier, VerifyDatabase, VerifyOptions, verify_database};
use nabla_ransac::{Backend, Result};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rusqlite::Connection;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

/// A database of four images, all six pairs of them good.
fn database() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, &Plan { points: 60, wrong: 10, ..Plan::new(Shape::Volume) }, 1);
    (folder, path)
}

fn verifier() -> Verifier {
    let mut options = VerifyOptions::default();
    options.estimator.backend = Backend::Cpu;
    options.estimator.threads = 1;
    options.estimator.max_iterations = 500;
    Verifier::new(options).unwrap()
}

/// Pairs verified, and the errors of the others.
fn verify(path: &Path, verifier: &Verifier) -> Result<(u64, Vec<String>)> {
    let mut database = Database::open(path)?;
    let mut errors = Vec::new();
    let summary = verify_database(&mut database, verifier, VerifyDatabase::default(), &mut |batch, _| {
        errors.extend(batch.geometries.iter().filter_map(|geometry| geometry.as_ref().err()).map(ToString::to_string));
        ControlFlow::Continue(())
    })?;
    assert_eq!(summary.failed, errors.len() as u64);
    Ok((summary.verified(), errors))
}

/// Spoils a good database by SQL; of six pairs so many must fail, all with an error that has these words.
fn fails(sql: &str, pairs: usize, words: &[&str]) {
    let (_folder, path) = database();
    Connection::open(&path).unwrap().execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
    let (verified, errors) = verify(&path, &verifier()).unwrap();
    assert_eq!((verified, errors.len()), (6 - pairs as u64, pairs), "{sql}: {errors:?}");
    for error in &errors {
        assert!(error.starts_with(path.to_str().unwrap()), "{error}");
        assert!(words.iter().all(|word| error.contains(word)), "{sql}: {error}");
    }
    let rows: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT COUNT(*) FROM two_view_geometries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows as u64, verified, "a failed pair has no row");
}

const FIRST: &str = "(SELECT MIN(pair_id) FROM matches)";

#[test]
fn a_wrong_row_fails_the_pairs_that_need_it() {
    fails(
        &format!("UPDATE matches SET data = substr(data, 1, 17) WHERE pair_id = {FIRST}"),
        1,
        &["matches", "images 1 and 2", "70 rows of 2 numbers of 4 bytes", "17 bytes"],
    );
    fails(&format!("UPDATE matches SET rows = -3 WHERE pair_id = {FIRST}"), 1, &["-3 rows"]);
    fails(&format!("UPDATE matches SET cols = 3 WHERE pair_id = {FIRST}"), 1, &["expected 2 columns, but there are 3"]);
    fails(&format!("UPDATE matches SET data = 'text' WHERE pair_id = {FIRST}"), 1, &["expected a blob, but got Text"]);
    let far = format!("UPDATE matches SET rows = 1, data = x'05000000FFFFFF00' WHERE pair_id = {FIRST}");
    fails(&far, 1, &["match 0 names key point 16777215 of image 2, which has 70"]);
    fails(
        "UPDATE keypoints SET data = substr(data, 9) WHERE image_id = 2",
        3,
        &["keypoints 2 (folder/1.jpg)", "70 rows"],
    );
    fails("UPDATE keypoints SET cols = 5, rows = 28 WHERE image_id = 1", 3, &["2, 4 or 6 columns, but there are 5"]);
    fails("DELETE FROM keypoints WHERE image_id = 4", 3, &["keypoints 4", "it has none"]);
    // the first number of the first key point is NaN
    fails(
        "UPDATE keypoints SET data = CAST(x'0000C07F' || substr(data, 5) AS BLOB) WHERE image_id = 3",
        3,
        &["key point 0 of image", "NaN"],
    );
    fails("UPDATE cameras SET model = 99", 6, &["cameras 1", "99"]);
    fails("UPDATE cameras SET model = 11", 6, &["cameras 1", "RAD_TAN_THIN_PRISM_FISHEYE"]);
    fails("UPDATE cameras SET params = x'00'", 6, &["cameras 1", "1 bytes"]);
    fails("UPDATE images SET camera_id = 7 WHERE image_id = 1", 3, &["cameras 7", "there is none"]);
    fails("DELETE FROM images WHERE image_id = 1", 3, &["images 1", "there is none"]);
}

#[test]
fn an_empty_row_and_a_useless_camera_are_no_faults() {
    let (_folder, path) = database();
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "UPDATE matches SET rows = 0, cols = 0, data = NULL; UPDATE cameras SET model = 99, prior_focal_length = 0",
        )
        .unwrap();
    assert_eq!(verify(&path, &verifier()).unwrap(), (6, Vec::new()));
}

fn open_error(path: &Path) -> String {
    Database::open(path).unwrap_err().to_string()
}

#[test]
fn what_is_no_database_of_colmaps_is_refused() {
    let (folder, path) = database();
    let other = folder.path().join("other.db");
    assert!(open_error(&other).contains("other.db"));
    assert!(open_error(folder.path()).contains("expected a database of COLMAP's"));
    fs::write(&other, "no database at all").unwrap();
    assert!(open_error(&other).contains("expected a database of COLMAP's (SQLite 3), but the file is none"));
    fs::write(&other, b"SQLite format 3\0").unwrap();
    assert!(!open_error(&other).is_empty());
    let half = fs::read(&path).unwrap();
    fs::write(&other, &half[..half.len() / 3]).unwrap();
    assert!(Database::open(&other).and_then(|_| verify(&other, &verifier())).is_err(), "a truncated file");
    fs::remove_file(&other).unwrap();
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE cameras (camera_id INTEGER)").unwrap();
    assert!(open_error(&other).contains("cameras.model, but the column is not there"));
    assert!(Database::create(&path).unwrap_err().to_string().contains("exists"));
}

#[test]
fn a_newer_schema_is_named_where_it_cannot_be_written() {
    let (_folder, path) = database();
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("ALTER TABLE two_view_geometries ADD COLUMN note TEXT; PRAGMA user_version = 9000000")
        .unwrap();
    assert_eq!(verify(&path, &verifier()).unwrap().0, 6, "a column that may be empty does no harm");
    connection
        .execute_batch(
            "DROP TABLE two_view_geometries; CREATE TABLE two_view_geometries (pair_id INTEGER PRIMARY KEY NOT NULL,
             rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB, config INTEGER NOT NULL, needed INTEGER NOT NULL)",
        )
        .unwrap();
    let error = open_error(&path);
    assert!(error.contains("two_view_geometries.needed") && error.contains("9000000"), "{error}");
}

#[test]
fn a_locked_database_says_so_before_any_work() {
    let (_folder, path) = database();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = verify(&path, &verifier()).unwrap_err().to_string();
    assert!(error.contains("the database is locked"), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(verify(&path, &verifier()).unwrap().0, 6);
}

#[test]
fn a_database_in_wal_mode_is_read_and_written() {
    let (_folder, path) = database();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    assert_eq!(verify(&path, &verifier()).unwrap().0, 6);
    let count: i64 = other.query_row("SELECT COUNT(*) FROM two_view_geometries", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 6);
}

/// Reads all there is to read.
fn read_all(path: &Path) -> Result<()> {
    let database = Database::open(path)?;
    for &image in database.images().keys() {
        if let Ok(view) = database.view(image) {
            assert_eq!(view.points_px().len(), view.undistorted_px().len());
        }
    }
    let pairs = database.pairs_after(i64::MIN, 100, usize::MAX, true)?;
    assert!(pairs.iter().flat_map(|pair| &pair.matches).all(|matches| matches.len() < 1_000_000));
    Ok(())
}

/// What is changed of a database: its blobs, its numbers, or the bytes of the file.
fn spoil(path: &Path, good: &[u8], rng: &mut StdRng) {
    let mut bytes = good.to_vec();
    let kind = rng.random_range(0..3);
    if kind == 0 {
        for _ in 0..rng.random_range(1..20) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
        if rng.random_bool(0.3) {
            bytes.truncate(rng.random_range(0..bytes.len()));
        }
    }
    fs::write(path, bytes).unwrap();
    if kind == 0 {
        return;
    }
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA foreign_keys = OFF")
        .unwrap();
    let columns = [
        ("keypoints", "data"),
        ("matches", "data"),
        ("cameras", "params"),
        ("keypoints", "rows"),
        ("keypoints", "cols"),
        ("matches", "rows"),
        ("matches", "cols"),
        ("matches", "pair_id"),
        ("cameras", "model"),
        ("cameras", "width"),
        ("cameras", "camera_id"),
        ("cameras", "prior_focal_length"),
        ("images", "camera_id"),
        ("images", "name"),
    ];
    let (table, column) = columns[if kind == 1 { rng.random_range(0..3) } else { rng.random_range(3..columns.len()) }];
    let row = format!("WHERE rowid = (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)");
    if kind == 1 {
        let length = rng.random_range(0..2000);
        let blob: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        connection.execute(&format!("UPDATE {table} SET {column} = ?1 {row}"), [blob]).unwrap();
    } else {
        let number: i64 = if rng.random_bool(0.5) { rng.random() } else { rng.random_range(-2..9) };
        // a constraint may forbid it, which is as good
        drop(connection.execute(&format!("UPDATE {table} SET {column} = ?1 {row}"), [number]));
    }
}

/// As many as `NABLA_FUZZ_CASES` says.
#[test]
fn hostile_databases_give_errors() {
    let cases = std::env::var("NABLA_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3000);
    let (_folder, path) = database();
    let good = fs::read(&path).unwrap();
    let (verifier, mut rng) = (verifier(), StdRng::seed_from_u64(3));
    let mut refused = 0;
    for case in 0..cases {
        spoil(&path, &good, &mut rng);
        let read = if case % 50 == 0 { verify(&path, &verifier).map(drop) } else { read_all(&path) };
        refused += u32::from(read.is_err());
    }
    assert!(refused > 0);
}
