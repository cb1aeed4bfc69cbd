//! hloc's files become the key points and matches of a COLMAP database; broken ones become errors, whatever their bytes.
#![cfg(feature = "hloc")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/mutations.rs"]
mod mutations;

use glam::DVec2;
use mutations::{Mutation, change, config, mutate};
use nabla_ransac::Error;
use nabla_ransac::collection::hloc::{Summary, read_into, read_pairs};
use nabla_ransac::collection::{Database, images_of_pair};
use nabla_ransac::geometry::CameraModel;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

const IMAGES: usize = 120;
const POINTS: usize = 6;

/// A file of hloc/fixtures.zip, which hloc/make_fixtures.py writes.
fn fixture(name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(include_bytes!("hloc/fixtures.zip"))).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Files in a folder of their own.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(features: &[u8], matches: &[u8], pairs: &[u8]) -> Self {
        // where there is a disk in memory nothing waits for one
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let files = Self { folder: folder.unwrap() };
        for (name, bytes) in [("features.h5", features), ("matches.h5", matches), ("pairs.txt", pairs)] {
            fs::write(files.path(name), bytes).unwrap();
        }
        files
    }

    fn of_fixtures([features, matches, pairs]: [&str; 3]) -> Self {
        Self::new(&fixture(features), &fixture(matches), &fixture(pairs))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read_into(&self, database: &mut Database) -> nabla_ransac::Result<Summary> {
        read_into(database, &self.path("features.h5"), &self.path("matches.h5"), &self.path("pairs.txt"))
    }

    /// Into a new database.
    fn read(&self) -> (Database, nabla_ransac::Result<Summary>) {
        let mut database = Database::create(&self.path("database.db")).unwrap();
        let summary = self.read_into(&mut database);
        (database, summary)
    }
}

fn name(image: usize) -> String {
    if image < 100 { format!("db/day-{}/{image:04}.jpg", image % 2) } else { format!("query-{image}.jpg") }
}

/// The pairs in the list, by their places in it: a chain, then a star.
fn listed() -> Vec<[usize; 2]> {
    (1..IMAGES).map(|image| [image - 1, image]).chain((2..IMAGES).map(|image| [0, image])).collect()
}

/// Matches of the pair at a place, from the lower image to the higher.
fn expected_matches(place: usize) -> Vec<[u32; 2]> {
    let is_match = |point: &usize| point % 3 != 2;
    let found = (0..POINTS).filter(is_match).map(|point| [point as u32, ((point + place) % POINTS) as u32]);
    let mut found: Vec<_> = found.map(|[i, j]| if place % 4 == 1 { [j, i] } else { [i, j] }).collect();
    found.sort_unstable();
    found
}

fn stored_pairs(database: &Database) -> Vec<([u32; 2], Vec<[u32; 2]>)> {
    let pairs = database.pairs_after(i64::MIN, usize::MAX, usize::MAX, true).unwrap();
    let sorted = |mut matches: Vec<[u32; 2]>| {
        matches.sort_unstable();
        matches
    };
    pairs.into_iter().map(|pair| (images_of_pair(pair.id), sorted(pair.matches.unwrap()))).collect()
}

#[test]
fn all_key_points_and_matches_come_into_a_new_database() {
    for [features, matches] in [["features.h5", "matches.h5"], ["features-earliest.h5", "matches-earliest.h5"]] {
        let (database, summary) = Files::of_fixtures([features, matches, "pairs.txt"]).read();
        let summary = summary.unwrap();
        assert!(summary.failed.is_empty(), "{:?}", summary.failed);
        assert_eq!((summary.images, summary.pairs, summary.matches), (IMAGES, listed().len(), 4 * listed().len()));

        // images get their numbers as they come up: image 0 is 1
        for (image, (&id, stored)) in database.images().iter().enumerate() {
            assert_eq!((id as usize, &stored.name), (image + 1, &name(image)));
            let camera = &database.cameras()[&stored.camera_id];
            // COLMAP's guess
            let guess = CameraModel::new(2, [640, 480], vec![1.2 * 640.0, 320.0, 240.0, 0.0]).unwrap();
            assert_eq!((camera.model.as_ref(), camera.has_prior_focal_length), (Ok(&guess), false));

            let view = database.view(id).unwrap();
            let (first, i) = (image as f64, |point: usize| point as f64);
            let expected = |j: usize| DVec2::new(first + 2.0 * i(j) + 0.75, 3.0 * first + i(j) + 1.0);
            assert_eq!(view.points_px(), (0..POINTS).map(expected).collect::<Vec<_>>());
        }

        let mut expected: Vec<_> = listed().into_iter().enumerate().collect();
        expected.sort_unstable_by_key(|(_, pair)| *pair);
        let expected =
            expected.into_iter().map(|(at, pair)| (pair.map(|image| image as u32 + 1), expected_matches(at)));
        assert_eq!(stored_pairs(&database), expected.collect::<Vec<_>>());
    }
}

#[test]
fn scales_and_orientations_are_stored_where_both_are_there() {
    let files = Files::of_fixtures(["features.h5", "matches.h5", "pairs.txt"]);
    let (database, summary) = files.read();
    summary.unwrap();
    drop(database);
    let connection = rusqlite::Connection::open(files.path("database.db")).unwrap();
    let mut statement = connection.prepare("SELECT image_id, cols, data FROM keypoints").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let [id, columns] = [0, 1].map(|column| row.get::<_, i64>(column).unwrap());
        let data: Vec<u8> = row.get(2).unwrap();
        let numbers: Vec<f32> = data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(columns, if id % 10 == 4 { 4 } else { 2 });
        if columns == 4 {
            let scales: Vec<f32> = numbers.chunks(4).map(|row| row[2]).collect();
            assert_eq!(scales, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
            assert!(numbers.chunks(4).all(|row| row[3] == std::f32::consts::FRAC_PI_2));
        }
    }
}

#[test]
fn images_that_a_database_has_keep_their_numbers_and_cameras() {
    let files = Files::of_fixtures(["features.h5", "matches.h5", "pairs.txt"]);
    let mut database = Database::create(&files.path("database.db")).unwrap();
    let camera = CameraModel::new(0, [640, 480], vec![500.0, 320.0, 240.0]).unwrap();
    let camera_id = database.add_camera(&camera, true).unwrap();
    // later images first, so that pairs are the other way round, and image 5 is missing
    for image in (0..IMAGES).rev().filter(|&image| image != 5) {
        database.add_image(&name(image), camera_id).unwrap();
    }
    let summary = files.read_into(&mut database).unwrap();
    assert_eq!(database.images().len(), IMAGES - 1);
    assert_eq!(database.view(1).unwrap().camera(), Some(&camera));
    // the pairs of image 5: with 4, with 6, and with 0
    assert_eq!((summary.failed.len(), summary.pairs), (3, listed().len() - 3));
    assert!(summary.failed.iter().all(|error| error.to_string().contains(&name(5))), "{:?}", summary.failed);
    let id = |image: usize| (IMAGES - image - usize::from(image < 5)) as u32;
    for (images, matches) in stored_pairs(&database) {
        let is_same = |pair: &[usize; 2]| [id(pair[1]), id(pair[0])] == images;
        let place = listed().iter().position(is_same).unwrap();
        let mut expected: Vec<_> = expected_matches(place).into_iter().map(|[i, j]| [j, i]).collect();
        expected.sort_unstable();
        assert_eq!(matches, expected);
    }
}

#[test]
fn indices_that_16_bits_cannot_hold_are_refused() {
    let read = |points: usize| {
        let files = [format!("features-{points}.h5"), format!("matches-{points}.h5")].map(|name| fixture(&name));
        Files::new(&files[0], &files[1], b"a.jpg b.jpg").read()
    };
    let (database, summary) = read(32_768);
    assert_eq!(summary.unwrap().matches, 1);
    assert_eq!(stored_pairs(&database), [([1, 2], vec![[32_767, 32_767]])]);
    // index 32,768 is negative then, and index 65,536 is 0
    for points in [32_769, 65_537] {
        let (database, summary) = read(points);
        let message = summary.unwrap_err().to_string();
        assert!(message.contains("pair a.jpg b.jpg") && message.contains("16"), "{message}");
        assert!(database.images().is_empty() && stored_pairs(&database).is_empty(), "nothing is half-written");
    }
}

#[test]
fn arrays_may_be_in_compressed_chunks_and_big_endian() {
    let [features, matches] = [fixture("features-compressed.h5"), fixture("matches-compressed.h5")];
    let (database, summary) = Files::new(&features, &matches, b"a.jpg b.jpg").read();
    assert_eq!(summary.unwrap().matches, 200);
    let expected: Vec<_> = (0..200).map(|i| DVec2::new(2.0 * f64::from(i) + 0.5, 2.0 * f64::from(i) + 1.5)).collect();
    assert_eq!(database.view(2).unwrap().points_px(), expected);
    assert_eq!(stored_pairs(&database)[0].1, (0..200).map(|i| [i, 199 - i]).collect::<Vec<_>>());
}

#[test]
fn lists_of_pairs_may_have_comments_and_say_which_line_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.txt");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        read_pairs(&path)
    };
    let pairs = read("# names\n\na/1.jpg\tb.jpg \r\nb.jpg a/1.jpg\n  c.jpg  a/1.jpg").unwrap();
    assert_eq!(pairs, [["a/1.jpg", "b.jpg"], ["c.jpg", "a/1.jpg"]].map(|pair| pair.map(str::to_owned)));
    for wrong in ["a b\nc", "a b\nc d e", "a b\nc c"] {
        assert!(read(wrong).unwrap_err().to_string().contains("line 2"));
    }
}

#[test]
fn files_of_other_kinds_are_refused() {
    let [features, matches] = [fixture("few-features-latest.h5"), fixture("few-matches-latest.h5")];
    let pairs = fixture("few-pairs.txt");
    let fails = |features: &[u8], matches: &[u8], pairs: &[u8]| {
        let (database, summary) = Files::new(features, matches, pairs).read();
        assert!(database.images().is_empty());
        summary.unwrap_err().to_string()
    };
    assert!(fails(b"", &matches, &pairs).contains("features.h5: expected an HDF5 file"));
    assert!(fails(&features, b"SQLite format 3\0", &pairs).contains("matches.h5: expected an HDF5 file"));
    // the files of one in place of the other
    assert!(fails(&matches, &matches, &pairs).contains("keypoints, but there is none"));
    assert!(fails(&features, &features, &pairs).contains("matches0, but there is none"));
    assert!(fails(&features, &matches, b"a b\n").contains("pair a b"));
    assert!(fails(&features, &matches, b"\xff\xfe").contains("pairs.txt"));
    let files = Files::new(&features, &matches, &pairs);
    fs::remove_file(files.path("features.h5")).unwrap();
    assert!(matches!(files.read().1, Err(Error::File { .. })));
}

/// The reader recurses once a level, deeper than the stack of a thread is by default.
#[test]
fn types_nested_thousands_deep_are_refused() {
    let (_, summary) = Files::new(&fixture("nested.h5"), &fixture("matches-32768.h5"), b"a.jpg b.jpg").read();
    assert!(summary.unwrap_err().to_string().contains("a.jpg/keypoints: expected whole numbers or floats"));
}

#[cfg(feature = "cli")]
#[test]
fn verify_takes_them_and_makes_the_database() {
    let files = Files::of_fixtures(["features.h5", "matches.h5", "pairs.txt"]);
    let verify = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
        command.arg("verify").arg(files.path("database.db")).args(["--backend", "cpu", "--json", "--hloc"]);
        command.args(["features.h5", "matches.h5", "pairs.txt"].map(|name| files.path(name))).output().unwrap()
    };
    let output = verify();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["verified"], output.status.code()), (&listed().len().into(), Some(0)), "{summary}");
    // a pair that is not there is told of, and the others are verified
    fs::write(files.path("pairs.txt"), "a b\ndb/day-0/0000.jpg db/day-1/0001.jpg").unwrap();
    fs::remove_file(files.path("database.db")).unwrap();
    let output = verify();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["verified"], output.status.code()), (&1.into(), Some(1)), "{summary}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("pair a b: expected a/keypoints"));
    // nothing can be read: nothing is made
    fs::write(files.path("features.h5"), "").unwrap();
    fs::remove_file(files.path("database.db")).unwrap();
    assert_eq!(verify().status.code(), Some(1));
    assert!(!files.path("database.db").exists());
}

static FEW: LazyLock<[[Vec<u8>; 2]; 2]> = LazyLock::new(|| {
    ["latest", "earliest"].map(|kind| ["features", "matches"].map(|what| fixture(&format!("few-{what}-{kind}.h5"))))
});

/// Reads files of which one was changed: what comes of it is in the database whole, or not at all.
fn read_changed(kind: usize, changed: usize, mutations: &[Mutation]) {
    let mut files = FEW[kind].clone();
    files[changed] = mutate(files[changed].clone(), mutations);
    let files = Files::new(&files[0], &files[1], &fixture("few-pairs.txt"));
    let (database, summary) = files.read();
    let stored = stored_pairs(&database);
    assert_eq!(stored.len(), summary.as_ref().map_or(0, |summary| summary.pairs));
    for ([image1, image2], matches) in stored {
        let counts = [image1, image2].map(|image| database.view(image).unwrap().points_px().len());
        assert!(matches.iter().all(|&[i, j]| (i as usize) < counts[0] && (j as usize) < counts[1]));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_files(kind in 0..2_usize, changed in 0..2_usize, mutations in vec(change(), 1..6)) {
        read_changed(kind, changed, &mutations);
    }
}
