//! Collections in Parquet files: the same geometries as in the database, whoever does which part, however often it is killed; and files
//! that are wrong in any way are errors.
#![cfg(all(feature = "shards", feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/collections.rs"]
mod collections;
#[path = "common/mutations.rs"]
mod mutations;

use arrow_array::builder::{Float32Builder, LargeListBuilder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use mutations::{change, config, mutate};
use nabla_ransac::collection::shards::{
    Shard, geometries_schema, import_geometries, pairs_schema, verify_record_batch, verify_shard, write_pairs,
};
use nabla_ransac::collection::{Database, Verifier, VerifyDatabase, VerifyOptions, verify_database};
use nabla_ransac::{Backend, Error, Options};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::collection::vec;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::LazyLock;
use tempfile::TempDir;

const ALL: Shard = Shard { index: 0, count: 1 };

/// A folder; where there is a disk in memory nothing waits for one.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn verifier() -> Verifier {
    let defaults = VerifyOptions::default();
    let estimator = Options { backend: Backend::Cpu, threads: 2, ..defaults.estimator };
    Verifier::new(VerifyOptions { estimator, ..defaults }).unwrap()
}

fn go_on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A database of 12 images and 30 pairs, and its pairs in files of 8.
struct Small {
    folder: TempDir,
}

impl Small {
    fn new() -> Self {
        let small = Self { folder: folder() };
        let database = collections::database(&small.path("database.db"), 12, 3);
        let summary = write_pairs(&database, &small.path("pairs"), 8, 2, &mut go_on).unwrap();
        assert_eq!((summary.pairs, summary.parts, summary.failed.len()), (30, 4, 0));
        small
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn verify(&self, shard: Shard, out: &str) {
        let summary = verify_shard(&verifier(), &self.path("pairs"), shard, &self.path(out), 3, &mut go_on).unwrap();
        assert_eq!((summary.failed, summary.failed_parts.len()), (0, 0));
    }

    fn import(&self, database: &mut Database, from: &str) -> nabla_ransac::Result<[u64; 3]> {
        let summary = import_geometries(database, &self.path(from), false, &mut go_on)?;
        Ok([summary.pairs, summary.kept, summary.failed.len() as u64])
    }
}

/// The bytes of each file of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

fn read(path: &Path) -> RecordBatch {
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.next().unwrap().unwrap()
}

fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// All of a table but the motions, and the motions as numbers.
type Stored = (Vec<Vec<rusqlite::types::Value>>, Vec<Option<Vec<f64>>>);

fn stored(path: &Path) -> Stored {
    let connection = rusqlite::Connection::open(path).unwrap();
    let columns = "pair_id, rows, cols, data, config, F, E, H, qvec, tvec";
    let mut statement =
        connection.prepare(&format!("SELECT {columns} FROM two_view_geometries ORDER BY pair_id")).unwrap();
    let mut rows = statement.query([]).unwrap();
    let (mut exact, mut motions) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().unwrap() {
        exact.push((0..8).map(|column| row.get(column).unwrap()).collect());
        for column in 8..10 {
            let blob: Option<Vec<u8>> = row.get(column).unwrap();
            motions.push(blob.map(|blob| blob.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()));
        }
    }
    (exact, motions)
}

#[test]
fn shards_give_the_database_what_verifying_it_gives() {
    let small = Small::new();
    fs::copy(small.path("database.db"), small.path("direct.db")).unwrap();
    let mut direct = Database::open(&small.path("direct.db")).unwrap();
    let asked = VerifyDatabase { seed: 3, ..VerifyDatabase::default() };
    let summary = verify_database(&mut direct, &verifier(), asked, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.verified(), summary.failed), (30, 0));
    assert!(summary.configurations[2] > 5 && summary.configurations[3] > 5, "{:?}", summary.configurations);

    for index in 0..3 {
        small.verify(Shard { index, count: 3 }, "geometries");
    }
    let mut database = Database::open(&small.path("database.db")).unwrap();
    assert_eq!(small.import(&mut database, "geometries").unwrap(), [30, 0, 0]);
    let ((expected, expected_motions), (found, motions)) = (stored(direct.path()), stored(database.path()));
    assert_eq!(found, expected);
    for (found, expected) in motions.iter().zip(&expected_motions) {
        let pairs = found.iter().flatten().zip(expected.iter().flatten());
        assert_eq!(found.is_some(), expected.is_some());
        assert!(pairs.into_iter().all(|(found, expected)| (found - expected).abs() < 1e-12));
    }
    assert_eq!(small.import(&mut database, "geometries").unwrap(), [0, 30, 0], "they are kept");
}

#[test]
fn a_row_depends_on_its_pair_alone() {
    let small = Small::new();
    let verifier = verifier();
    let batch = read(&small.path("pairs/part-00000.parquet"));
    let all = verify_record_batch(&verifier, &batch, 3).unwrap();
    assert_eq!(all.schema(), geometries_schema());
    for row in 0..batch.num_rows() {
        assert_eq!(verify_record_batch(&verifier, &batch.slice(row, 1), 3).unwrap(), all.slice(row, 1));
    }
    let other = verify_record_batch(&verifier, &batch, 4).unwrap();
    assert_eq!(other["pair_id"].as_primitive::<Int64Type>(), all["pair_id"].as_primitive::<Int64Type>());
    assert_ne!(other, all, "another seed, other samples");
}

#[test]
fn shards_share_the_files_and_do_none_twice() {
    assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
    assert!(["3/3", "0/0", "1", "-1/2", "a/b"].iter().all(|text| text.parse::<Shard>().is_err()));
    let small = Small::new();
    small.verify(ALL, "all");
    let mut shared = BTreeMap::new();
    for index in 0..3 {
        let out = format!("shard-{index}");
        small.verify(Shard { index, count: 3 }, &out);
        for (name, bytes) in files(&small.path(&out)) {
            assert!(shared.insert(name, bytes).is_none());
        }
    }
    assert_eq!(shared, files(&small.path("all")));

    // what is there is left alone, even if it is wrong
    fs::write(small.path("all/part-00001.parquet"), b"mine").unwrap();
    fs::remove_file(small.path("all/part-00002.parquet")).unwrap();
    let summary = verify_shard(&verifier(), &small.path("pairs"), ALL, &small.path("all"), 3, &mut go_on).unwrap();
    assert_eq!((summary.parts, summary.skipped, summary.pairs), (1, 3, 8));
    assert_eq!(fs::read(small.path("all/part-00001.parquet")).unwrap(), b"mine");
}

/// Points as other programs may have them.
fn other_lists(points: &ArrayRef, large: bool) -> ArrayRef {
    let numbers = |row: usize| points.as_list::<i32>().value(row).as_fixed_size_list().values().clone();
    let pixels = |row: usize| numbers(row).as_primitive::<Float32Type>().values().to_vec();
    if large {
        let mut lists = LargeListBuilder::new(LargeListBuilder::new(Float32Builder::new()));
        for row in 0..points.len() {
            pixels(row).chunks(2).for_each(|pixel| lists.values().append_value(pixel.iter().copied().map(Some)));
            lists.append(true);
        }
        return Arc::new(lists.finish());
    }
    let mut lists = ListBuilder::new(ListBuilder::new(Float32Builder::new()));
    for row in 0..points.len() {
        pixels(row).chunks(2).for_each(|pixel| lists.values().append_value(pixel.iter().copied().map(Some)));
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// With another column, or without it.
fn with(batch: &RecordBatch, name: &str, array: Option<ArrayRef>) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).filter_map(|(field, column)| {
        let column = if field.name() == name { array.clone()? } else { column.clone() };
        Some((Field::new(field.name(), column.data_type().clone(), true), column))
    });
    let (fields, columns): (Vec<_>, Vec<_>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[test]
fn lists_of_other_kinds_are_read_and_columns_may_be_missing() {
    let small = Small::new();
    let verifier = verifier();
    let batch = read(&small.path("pairs/part-00001.parquet"));
    let expected = verify_record_batch(&verifier, &batch, 3).unwrap();
    for large in [false, true] {
        let mut other = batch.clone();
        for name in ["points1", "points2"] {
            other = with(&other, name, Some(other_lists(&batch[name], large)));
        }
        assert_eq!(verify_record_batch(&verifier, &other, 3).unwrap(), expected);
    }
    let mut bare = batch.clone();
    for name in ["image_id1", "image_id2", "camera1", "camera2", "ratios", "scales1", "scales2", "angles1", "angles2"] {
        bare = with(&bare, name, None);
    }
    let uncalibrated = verify_record_batch(&verifier, &bare, 3).unwrap();
    assert_eq!(uncalibrated["E"].null_count(), uncalibrated.num_rows());
    assert!(uncalibrated["F"].null_count() < uncalibrated.num_rows());
}

#[test]
fn wrong_columns_are_errors_and_wrong_rows_have_theirs() {
    let small = Small::new();
    let verifier = verifier();
    let batch = read(&small.path("pairs/part-00000.parquet"));
    let fails = |batch: &RecordBatch| match verify_record_batch(&verifier, batch, 0) {
        Err(Error::Row { row, message, .. }) => format!("{row}: {message}"),
        other => panic!("{other:?}"),
    };
    let rows = batch.num_rows();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1"; rows]));
    assert!(fails(&with(&batch, "pair_id", None)).contains("expected a column pair_id, but there is none"));
    assert!(
        fails(&with(&batch, "pair_id", Some(text.clone()))).contains("pair_id: expected Int64, but its type is Utf8")
    );
    assert!(
        fails(&with(&batch, "points2", Some(text.clone()))).contains("points2: expected lists of lists of Float32")
    );
    assert!(fails(&with(&batch, "camera1", Some(text.clone()))).contains("camera1: expected a struct of model: Int32"));
    assert!(fails(&with(&batch, "ratios", Some(text))).contains("ratios: expected lists of Float32"));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter((0..rows).map(|row| (row != 2).then_some(1))));
    assert!(fails(&with(&batch, "pair_id", Some(ids))).contains("row 2: pair_id: expected a value, but it is null"));

    // one wrong row each: the others have their geometry
    let mut lists = ListBuilder::new(ListBuilder::new(Float32Builder::new()));
    for row in 0..rows {
        let pixel: &[f32] = if row == 1 { &[1.0] } else { &[f32::NAN, 2.0] };
        for _ in 0..if row == 2 { 7 } else { collections::POINTS } {
            lists.values().append_value(pixel.iter().copied().map(Some));
        }
        lists.append(true);
    }
    let found = verify_record_batch(&verifier, &with(&batch, "points1", Some(Arc::new(lists.finish()))), 0).unwrap();
    let errors = found["error"].as_string::<i32>();
    assert!(errors.value(0).contains("must be finite"), "{}", errors.value(0));
    assert!(errors.value(1).contains("points1: expected x and y of point 0"), "{}", errors.value(1));
    assert!(errors.value(2).contains("points2: expected 7 points"), "{}", errors.value(2));

    let mut ratios = ListBuilder::new(Float32Builder::new());
    (0..rows).for_each(|row| {
        ratios.append_option((row < 4).then(|| vec![Some(0.5); if row == 3 { 9 } else { collections::POINTS }]))
    });
    let found = verify_record_batch(&verifier, &with(&batch, "ratios", Some(Arc::new(ratios.finish()))), 0).unwrap();
    let errors = found["error"].as_string::<i32>();
    assert!(errors.value(3).contains("ratios: expected 240 numbers"), "{}", errors.value(3));
    assert_eq!(errors.null_count(), rows - 1);
    assert_eq!(found["config"].null_count() + found["inliers"].null_count(), 0);
}

#[test]
fn parts_that_cannot_be_read_leave_the_others_theirs() {
    let small = Small::new();
    let good = fs::read(small.path("pairs/part-00001.parquet")).unwrap();
    fs::write(small.path("pairs/part-00001.parquet"), &good[..good.len() / 2]).unwrap();
    fs::write(small.path("pairs/part-00009.parquet"), b"").unwrap();
    let verify = || verify_shard(&verifier(), &small.path("pairs"), ALL, &small.path("out"), 3, &mut go_on).unwrap();
    let summary = verify();
    assert_eq!((summary.parts, summary.failed_parts.len()), (3, 2));
    assert!(summary.failed_parts[0].to_string().contains("part-00001.parquet: expected a Parquet file"));
    assert_eq!(files(&small.path("out")).len(), 3, "nothing is half-written");
    // once it is right it is done
    fs::write(small.path("pairs/part-00001.parquet"), &good).unwrap();
    assert_eq!((verify().parts, files(&small.path("out")).len()), (1, 4));
    let nothing = verify_shard(&verifier(), &small.path("out2"), ALL, &small.path("out"), 3, &mut go_on);
    assert!(matches!(nothing, Err(Error::File { .. })));
}

#[test]
fn geometries_that_do_not_fit_are_not_imported() {
    let small = Small::new();
    small.verify(ALL, "geometries");
    let batch = read(&small.path("geometries/part-00000.parquet"));
    let rows = batch.num_rows();
    let mut database = Database::open(&small.path("database.db")).unwrap();
    let mut import = |name: &str, batch: &RecordBatch| {
        write(&small.path(&format!("{name}/part-0.parquet")), batch);
        let summary = import_geometries(&mut database, &small.path(name), true, &mut go_on)?;
        Ok::<_, Error>((summary.pairs, summary.failed.iter().map(ToString::to_string).collect::<Vec<_>>()))
    };

    let mut counts = batch["num_matches"].as_primitive::<Int32Type>().values().to_vec();
    counts[3] = 239;
    let (pairs, failed) =
        import("count", &with(&batch, "num_matches", Some(Arc::new(Int32Array::from(counts))))).unwrap();
    assert_eq!(pairs, rows as u64 - 1);
    assert!(failed[0].contains("part-0.parquet: row 3: pair"), "{failed:?}");
    assert!(failed[0].contains("expected a geometry of the pair's 240 matches, but it is of 239"), "{failed:?}");

    let ids = batch["pair_id"].as_primitive::<Int64Type>().values().to_vec();
    let others: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| id + 1_000_000)));
    let message = import("others", &with(&batch, "pair_id", Some(others))).unwrap_err().to_string();
    assert!(message.contains("expected a pair with matches in the database"), "{message}");
    let twice: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.iter().map(|&id| id.max(ids[2]))));
    let message = import("twice", &with(&batch, "pair_id", Some(twice))).unwrap_err().to_string();
    assert!(message.contains("is there twice"), "{message}");

    let f = batch["F"].as_list::<i32>();
    let short = ListBuilder::new(arrow_array::builder::Float64Builder::new());
    let short = (0..rows).fold(short, |mut lists, row| {
        let numbers = f.value(row).as_primitive::<Float64Type>().values().to_vec();
        lists.append_value(numbers.into_iter().take(if row == 1 { 8 } else { 9 }).map(Some));
        lists
    });
    let short: ArrayRef = Arc::new({ short }.finish());
    let (_, failed) = import("short", &with(&batch, "F", Some(short))).unwrap();
    assert!(failed.len() == 1 && failed[0].contains("F: expected 9 numbers, but there are 8"), "{failed:?}");
}

#[test]
fn folders_that_hold_something_are_not_exported_to() {
    let small = Small::new();
    let database = Database::open(&small.path("database.db")).unwrap();
    let error = write_pairs(&database, &small.path("pairs"), 8, 2, &mut go_on).unwrap_err();
    assert!(error.to_string().contains("expected a new folder"), "{error}");
    let stopped = write_pairs(&database, &small.path("stopped"), 8, 2, &mut |_| ControlFlow::Break(())).unwrap();
    assert!(stopped.stopped && !small.path("stopped").exists());
    write_pairs(&database, &small.path("stopped"), 8, 2, &mut go_on).unwrap();
    assert_eq!(files(&small.path("stopped")), files(&small.path("pairs")));
    assert_eq!(read(&small.path("pairs/part-00003.parquet")).schema().fields(), pairs_schema().fields());
}

fn spawn(small: &Path, out: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    command.arg("verify-shards").arg(small.join("pairs")).arg("--out").arg(out).args(["--backend", "cpu", "--json"]);
    command.stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn killed_ten_times_it_ends_as_if_it_was_not() {
    let folder = folder();
    let database = collections::database(&folder.path().join("database.db"), 60, 12);
    let pairs = write_pairs(&database, &folder.path().join("pairs"), 16, 2, &mut go_on).unwrap().pairs;
    let [expected, out] = ["expected", "out"].map(|name| folder.path().join(name));
    let start = std::time::Instant::now();
    assert!(spawn(folder.path(), &expected).wait().unwrap().success());
    let a_tenth = start.elapsed() / 10;
    let expected = files(&expected);

    let mut rng = StdRng::seed_from_u64(5);
    let mut kills = 0;
    while kills < 10 {
        let mut child = spawn(folder.path(), &out);
        std::thread::sleep(a_tenth.mul_f64(rng.random_range(0.2..1.8)));
        child.kill().unwrap();
        let is_whole = |(name, bytes): (&String, &Vec<u8>)| name.ends_with(".partial") || expected[name] == *bytes;
        if child.wait().unwrap().success() {
            // it was quicker this time
            fs::remove_dir_all(&out).unwrap();
        } else {
            kills += 1;
            assert!(!out.exists() || files(&out).iter().all(is_whole));
        }
    }
    assert!(spawn(folder.path(), &out).wait().unwrap().success());
    let found = files(&out);
    assert_eq!(found, expected, "the same bytes in the same files");
    let rows = |name: &String| read(&out.join(name)).num_rows() as u64;
    assert_eq!(found.keys().map(rows).sum::<u64>(), pairs);
    let mut database = database;
    let summary = import_geometries(&mut database, &out, false, &mut go_on).unwrap();
    assert_eq!((summary.pairs, summary.failed.len()), (pairs, 0), "no row lost, none twice");
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
}

#[test]
fn the_commands_go_from_a_database_and_back() {
    let small = Small::new();
    let [database, parts, out] =
        ["database.db", "parts", "out"].map(|name| small.path(name).to_string_lossy().into_owned());
    let exported = run(&["export", &database, "--parquet", &parts, "--pairs-per-part", "8"]);
    assert!(exported.status.success(), "{exported:?}");
    assert_eq!(files(Path::new(&parts)), files(&small.path("pairs")));
    for shard in ["0/2", "1/2"] {
        let arguments =
            ["verify-shards", &parts, "--shard", shard, "--out", &out, "--backend", "cpu", "--seed", "3", "--json"];
        let verified = run(&arguments);
        let summary: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
        assert_eq!((&summary["parts"], &summary["failed"]), (&2.into(), &0.into()), "{summary}");
    }
    small.verify(ALL, "geometries");
    assert_eq!(files(Path::new(&out)), files(&small.path("geometries")), "the command and the library do the same");
    let imported = run(&["import", &out, &database]);
    assert!(imported.status.success() && String::from_utf8_lossy(&imported.stdout).contains("geometries of 30 pairs"));

    // a file that is broken within: one line, and the others are verified
    let broken = Path::new(&parts).join("part-00001.parquet");
    let mut bytes = fs::read(&broken).unwrap();
    bytes[4..400].fill(0xff);
    fs::write(&broken, bytes).unwrap();
    fs::remove_dir_all(&out).unwrap();
    let verified = run(&["verify-shards", &parts, "--out", &out, "--backend", "cpu"]);
    let message = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert_eq!((verified.status.code(), files(Path::new(&out)).len()), (Some(1), 3));
    assert!(
        message.contains("part-00001.parquet: ") && message.contains("1 files of pairs could not be verified"),
        "{message}"
    );
    assert!(!message.contains("panicked"), "{message}");
}

/// A file of pairs and one of geometries, small.
static FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let small = Small::new();
    let batch = read(&small.path("pairs/part-00000.parquet")).slice(0, 3);
    write(&small.path("few/pairs.parquet"), &batch);
    write(&small.path("few/geometries.parquet"), &verify_record_batch(&verifier(), &batch, 0).unwrap());
    ["few/pairs.parquet", "few/geometries.parquet"].map(|name| fs::read(small.path(name)).unwrap())
});

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_pairs(mutations in vec(change(), 1..6)) {
        let folder = folder();
        let [pairs, out] = ["pairs", "out"].map(|name| folder.path().join(name));
        fs::create_dir(&pairs).unwrap();
        fs::write(pairs.join("part-0.parquet"), mutate(FILES[0].clone(), &mutations)).unwrap();
        // so many inliers nothing has: what is read is checked, not estimated
        let estimator = Options { min_inliers: u32::MAX, ..verifier().options().estimator.clone() };
        let verifier = Verifier::new(VerifyOptions { estimator, ..VerifyOptions::default() }).unwrap();
        let summary = verify_shard(&verifier, &pairs, ALL, &out, 0, &mut go_on).unwrap();
        prop_assert_eq!(summary.parts + summary.failed_parts.len(), 1);
        prop_assert_eq!(files(&out).len(), summary.parts);
    }

    #[test]
    fn changed_geometries(mutations in vec(change(), 1..6)) {
        let folder = folder();
        fs::write(folder.path().join("part-0.parquet"), mutate(FILES[1].clone(), &mutations)).unwrap();
        let mut database = Database::create(&folder.path().join("database.db")).unwrap();
        // no pair of it is in there
        prop_assert!(import_geometries(&mut database, folder.path(), true, &mut go_on).is_err());
    }
}
