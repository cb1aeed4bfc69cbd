//! `nabla-ransac verify` as its user runs it, and as it is interrupted.

#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/collection.rs"]
mod common;

use common::{Collection, Plan, Shape};
use rusqlite::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};

const PROGRAM: &str = env!("CARGO_BIN_EXE_nabla-ransac");

fn verify(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").arg(path).args(["--backend", "cpu", "--threads", "1"]).args(arguments);
    command
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn small() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    Collection::make(&path, &Plan::new(Shape::Volume), 1);
    (folder, path)
}

/// Some thousand pairs: several batches.
fn large(path: &Path) {
    Collection::make(path, &Plan { images: 80, points: 24, wrong: 4, ..Plan::new(Shape::Volume) }, 1);
}

/// Number, count and data of the inliers, configuration, F and rotation.
type Row = (i64, i64, Vec<u8>, i64, Option<Vec<u8>>, Option<Vec<u8>>);

fn geometries(path: &Path) -> Vec<Row> {
    let connection = Connection::open(path).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let query = "SELECT pair_id, rows, data, config, F, qvec FROM two_view_geometries ORDER BY pair_id";
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn it_says_what_it_did() {
    let (folder, path) = small();
    let page = folder.path().join("page.html");
    let report = json(&verify(&path, &["--json", "--report", page.to_str().unwrap()]).output().unwrap());
    assert_eq!(report["verified"], 6);
    assert_eq!(report["configurations"]["calibrated"], 6);
    assert_eq!(report["settings"]["threshold_px"], 4.0);
    assert!(report["pairs_per_s"].as_f64().unwrap() > 0.0 && report["seconds"]["estimating"].as_f64().unwrap() > 0.0);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("folder/0.jpg and folder/1.jpg") && page.contains("<svg") && page.ends_with("</html>\n"));
    assert!(!page.contains("http"), "the page needs nothing but itself");

    let text = verify(&path, &[]).output().unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("0 pairs verified") && text.contains("6 pairs had a geometry before"), "{text}");
    let report = json(&verify(&path, &["--overwrite", "--json", "--threshold-px", "1"]).output().unwrap());
    assert_eq!((&report["verified"], &report["settings"]["threshold_px"]), (&6.into(), &1.0.into()));
}

#[test]
fn failed_pairs_are_told_and_the_others_kept() {
    let (_folder, path) = small();
    Connection::open(&path).unwrap().execute("DELETE FROM keypoints WHERE image_id = 1", []).unwrap();
    let output = verify(&path, &[]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("3 pairs failed") && told.contains("keypoints 1 (folder/0.jpg)"), "{told}");
    assert_eq!(geometries(&path).len(), 3);
}

#[test]
fn a_folder_that_cannot_be_written_and_a_full_disk_leave_the_database_as_it_was() {
    let (folder, path) = small();
    // root may write anywhere
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if !is_root {
        fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
        let output = verify(&path, &[]).output().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("can be written to"));
    }
    large(&folder.path().join("large.db"));
    let path = folder.path().join("large.db");
    // blocks of 512 bytes: no file may grow beyond what the database has now
    let blocks = fs::metadata(&path).unwrap().len() / 512;
    let script = format!(r#"trap '' XFSZ; ulimit -f {blocks}; exec "$0" "$@""#);
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(script).arg(PROGRAM).arg("verify").arg(&path).args(["--backend", "cpu", "--threads", "1"]);
    let output = limited.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "));
    let before = geometries(&path).len();
    assert!(before < 80 * 79 / 2, "{before}");
    let report = json(&verify(&path, &["--json"]).output().unwrap());
    assert_eq!(report["kept"], before);
    assert_eq!(geometries(&path).len(), 80 * 79 / 2);
}

#[test]
fn killed_at_any_moment_it_goes_on_and_ends_with_the_same_rows() {
    let folder = tempdir().unwrap();
    let [path, whole] = ["database.db", "whole.db"].map(|name| folder.path().join(name));
    large(&path);
    fs::copy(&path, &whole).unwrap();
    let start = Instant::now();
    assert!(verify(&whole, &[]).stdout(Stdio::null()).status().unwrap().success());
    let time = start.elapsed();
    for kill in 1..=10_u32 {
        let mut child = verify(&path, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // from early to what would be late, at moments that are no multiples of anything
        thread::sleep(time * (kill * 7 % 10 + 1) / 23 + Duration::from_millis(u64::from(kill)));
        child.kill().unwrap();
        child.wait().unwrap();
        let rows = geometries(&path).len();
        assert!(rows.is_multiple_of(1024) || rows == 80 * 79 / 2, "whole batches only: {rows}");
    }
    assert!(verify(&path, &[]).stdout(Stdio::null()).status().unwrap().success());
    assert!(geometries(&path) == geometries(&whole));
}

#[test]
fn ctrl_c_ends_it_after_the_batch() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("database.db");
    large(&path);
    let child = verify(&path, &["--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = geometries(&path).len();
    assert_eq!(report["verified"], rows);
    if rows < 80 * 79 / 2 {
        assert_eq!((output.status.code(), &report["interrupted"]), (Some(130), &true.into()));
    }
}
