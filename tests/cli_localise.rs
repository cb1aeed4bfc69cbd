//! The commands of localisation, as a user runs them, in the synthetic room.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nabla-ransac")).args(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What it says where it fails, in one line.
fn fail(arguments: &[&str]) -> String {
    let output = program(arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
    text.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// A room of few photographs with its map.
struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn get() -> &'static Self {
        static ROOM: OnceLock<Room> = OnceLock::new();
        ROOM.get_or_init(|| {
            let room = Self { folder: tempfile::tempdir().unwrap() };
            succeed(&["synthesize-room", &room.path("room"), "--frames", "120", "--test-frames", "8"]);
            let train = ["localise", "train", &room.path("room/train"), "--out", &room.path("map.safetensors")];
            let said = succeed(&[&train[..], &["--build-only"]].concat());
            assert!(said.contains("map.safetensors: ") && said.contains(" keys, "), "{said}");
            room
        })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The list of photographs beside its own, its first lines with other fields, by column.
    fn list(&self, name: &str, edit: impl Fn(&mut Vec<&str>)) -> String {
        let list = std::fs::read_to_string(self.path("room/train/frames.csv")).unwrap();
        let (header, lines) = list.split_once('\n').unwrap();
        let edited = |line| {
            let mut fields: Vec<&str> = str::split(line, ',').collect();
            edit(&mut fields);
            fields.join(",") + "\n"
        };
        let path = self.path(&format!("room/train/{name}.csv"));
        std::fs::write(&path, format!("{header}\n") + &lines.lines().take(8).map(edited).collect::<String>()).unwrap();
        path
    }

    fn image(&self) -> String {
        self.path("room/test/000131.color.png")
    }
}

fn is_png(path: &str) -> bool {
    std::fs::read(path).unwrap().starts_with(b"\x89PNG")
}

#[test]
fn eval_reports_errors_shares_and_draws_the_paths() {
    let room = Room::get();
    let [map, test, plot, table] =
        ["map.safetensors", "room/test", "paths.png", "frames.csv"].map(|name| room.path(name));
    let eval = ["localise", "eval", &test, "--map", &map, "--plot", &plot, "--per-frame", &table];
    let report: Value = serde_json::from_str(&succeed(&[&eval[..], &["--json"]].concat())).unwrap();
    assert_eq!(report["frames"], 8);
    assert!(report["median_translation_cm"].as_f64().unwrap() < 8.0, "{report}");
    assert!(report["median_rotation_deg"].as_f64().unwrap() < 2.0, "{report}");
    for share in ["share_5cm_5deg", "share_2cm_2deg", "share_10cm_5deg"] {
        assert!((0.0..=1.0).contains(&report[share].as_f64().unwrap()), "{share}");
    }
    assert!(report["ms_median"].as_f64().unwrap() > 0.0 && report["truth"].is_null() && report["unit"] == "m");
    assert!(is_png(&plot));
    let table = std::fs::read_to_string(&table).unwrap();
    assert_eq!(table.lines().count(), 9);
    assert!(succeed(&eval).contains("8 photographs, 0 without a pose"));
}

#[test]
fn estimate_gives_the_pose_its_confidence_and_the_points() {
    let room = Room::get();
    let [map, ply] = ["map.safetensors", "points.ply"].map(|name| room.path(name));
    let image = room.image();
    let estimate = ["localise", "estimate", &image, "--map", &map];
    let found: Value = serde_json::from_str(&succeed(&[&estimate[..], &["--json", "--ply", &ply]].concat())).unwrap();
    assert!(found["inliers"].as_u64().unwrap() > 50 && found["cells"] == 1200, "{found}");
    assert!((0.05..=1.0).contains(&found["confidence"].as_f64().unwrap()));
    assert_eq!(found["covariance"].as_array().unwrap().len(), 6);
    assert_eq!(found["pose"]["camera_centre"].as_array().unwrap().len(), 3);
    let cloud = std::fs::read(&ply).unwrap();
    assert!(String::from_utf8_lossy(&cloud[..200.min(cloud.len())]).contains("element vertex 1200"));
    // given once more what the map knows already
    let camera = ["--camera", "277.1281292110204,277.1281292110204,159.5,119.5"];
    let given: Value = serde_json::from_str(&succeed(&[&estimate[..], &camera, &["--json"]].concat())).unwrap();
    assert_eq!(given["inliers"], found["inliers"]);
    assert!(succeed(&estimate).contains("cells agree"));
}

#[test]
fn what_is_wrong_is_told_in_a_line() {
    let room = Room::get();
    let [map, train, test] = ["map.safetensors", "room/train", "room/test"].map(|name| room.path(name));
    let [empty, cut, other, out] =
        ["empty", "cut.png", "other.safetensors", "out.safetensors"].map(|name| room.path(name));
    std::fs::create_dir_all(&empty).unwrap();
    let image = std::fs::read(room.image()).unwrap();
    std::fs::write(&cut, &image[..image.len() / 2]).unwrap();
    succeed(&["synthesize", "--pairs", "1", &other]);
    let says = |arguments: &[&str], what: &str| {
        let line = fail(arguments);
        assert!(line.contains(what), "{arguments:?}: {line}");
    };
    says(&["localise", "train", &empty, "--out", &out, "--build-only"], "empty");
    says(&["localise", "train", &room.path("nowhere"), "--out", &out, "--build-only"], "nowhere");
    says(&["localise", "eval", &test, "--map", &room.path("no.safetensors")], "no.safetensors");
    says(&["localise", "eval", &test, "--map", &other], "expected");
    says(&["localise", "eval", &empty, "--map", &map], "empty");
    says(&["localise", "estimate", &cut, "--map", &map], "cut.png");
    says(&["localise", "estimate", &map, "--map", &map], "map.safetensors");
    says(&["localise", "train", &train, "--out", &out, "--build-only", "--keys", "0"], "keys");
    assert!(!Path::new(&out).exists());
}

#[test]
fn photographs_without_depth_say_what_they_lack() {
    let room = Room::get();
    let [map, out, images] = ["map.safetensors", "none.safetensors", "images"].map(|name| room.path(name));
    let trained = |scene: &str, more: &[&str], what: &str| {
        let line = fail(&[&["localise", "train", scene, "--out", &out, "--build-only"], more].concat());
        assert!(line.contains(what), "{scene}: {line}");
    };
    // columns of a line
    let (pose, depth) = (5..12, 12);
    let of_poses = |name: &str, edit: &dyn Fn(&mut Vec<&str>)| {
        room.list(name, |fields| {
            fields[depth] = "";
            edit(fields);
        })
    };
    image::GrayImage::new(320, 240).save(room.path("room/train/black.png")).unwrap();
    trained(&of_poses("black", &|fields| fields[0] = "black.png"), &[], "of 8 there are 0 cells");
    // turned about the origin
    trained(&of_poses("turned", &|fields| fields[9..12].fill("0")), &[], "from different places");
    trained(&of_poses("nan", &|fields| fields[pose.clone()].fill("NaN")), &[], "none of the 8 has one");
    trained(&of_poses("lost", &|fields| fields[pose.clone()].fill("")), &[], "none of the 8 has one");
    std::fs::create_dir_all(&images).unwrap();
    std::fs::copy(room.image(), format!("{images}/a.png")).unwrap();
    trained(&images, &[], "camera");
    trained(&images, &["--camera", "277,277,159.5,119.5", "--sweep"], "none of the 1 has one");
    assert!(!Path::new(&out).exists());
    let rgbd = |scene: &str| program(&["localise", "eval", scene, "--map", &map, "--rgbd"]);
    let none = rgbd(&of_poses("colour", &|_| ()));
    assert!(String::from_utf8_lossy(&none.stderr).contains("--rgbd expects photographs with depth"));
    // those without are localised by colour
    let first = room.list("first", |fields| {
        if fields[0] != "000000.color.png" {
            fields[depth] = ""
        }
    });
    let some = rgbd(&first);
    assert!(some.status.success() && String::from_utf8_lossy(&some.stderr).contains("7 of 8 frames have no depth"));
    assert!(String::from_utf8_lossy(&some.stdout).contains("8 photographs, 0 without a pose"));
}

#[cfg(feature = "train")]
#[test]
fn networks_say_points_where_they_are_asked_for() {
    let room = Room::get();
    let [train, test, map] = ["room/train", "room/test", "network.safetensors"].map(|name| room.path(name));
    for layout in [&["head", "--width", "16"][..], &["dsac-star", "--channels", "4,4,4,8,8"]] {
        let command = ["localise", "train", &train, "--out", &map, "--init-steps", "12", "--steps", "2", "--layout"];
        let said = succeed(&[&command[..], layout].concat());
        assert!(said.contains(" weights, "), "{said}");
        let eval = succeed(&["localise", "eval", &test, "--map", &map, "--json"]);
        let report: Value = serde_json::from_str(&eval).unwrap();
        assert_eq!(report["frames"], 8, "{layout:?}");
    }
    let command = ["localise", "train", &train, "--out", &map, "--layout"];
    let says = |more: &[&str], what: &str| {
        let said = fail(&[&command[..], more].concat());
        assert!(said.contains(what), "{said}");
    };
    says(&["head", "--build-only"], "until it is trained");
    says(&["head", "--width", "6"], "multiples of 4");
    says(&["memory", "--encoder", &map], "nabla-ransac encoder 1");
}

#[test]
fn a_black_photograph_has_no_pose_and_that_is_no_error() {
    let room = Room::get();
    let black = PathBuf::from(room.path("black.png"));
    image::GrayImage::new(320, 240).save(&black).unwrap();
    let map = room.path("map.safetensors");
    let said = succeed(&["localise", "estimate", black.to_str().unwrap(), "--map", &map]);
    assert!(said.starts_with("no pose"), "{said}");
}

#[cfg(feature = "train")]
mod training {
    use super::*;
    use std::process::Stdio;
    use std::time::Duration;

    fn train(room: &Room, out: &str, more: &[&str]) -> Vec<String> {
        let arguments = ["localise", "train", &room.path("room/train"), "--out", &room.path(out), "--keys", "2000"];
        arguments.iter().chain(more).map(|&argument| argument.to_owned()).collect()
    }

    #[test]
    fn a_training_writes_its_map_its_log_and_its_curves() {
        let room = Room::get();
        let plot = room.path("curves.png");
        let arguments = train(room, "trained.safetensors", &["--init-steps", "30", "--steps", "25", "--plot", &plot]);
        succeed(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(is_png(&plot));
        let log = std::fs::read_to_string(room.path("trained.log.jsonl")).unwrap();
        assert_eq!(log.lines().count(), 55);
        let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        assert_eq!((&last["step"], &last["stage"]), (&Value::from(55), &Value::from("poses")));
        succeed(&["localise", "eval", &room.path("room/test"), "--map", &room.path("trained.safetensors")]);
    }

    /// Killed with no warning, and interrupted.
    #[test]
    fn a_training_that_was_killed_goes_on_to_the_same_map() {
        let room = Room::get();
        let config = room.path("often.toml");
        std::fs::write(&config, "init_steps = 60\nsteps = 20\nbatch = 128\ncheckpoint_every = 7\n").unwrap();
        let run = |out: &str, more: &[&str]| {
            let arguments = train(room, out, &[&["--config", &config], more].concat());
            let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
            command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        assert!(run("whole.safetensors", &[]).status().unwrap().success());
        let mut killed = run("parts.safetensors", &[]).spawn().unwrap();
        let checkpoint = room.path("parts.checkpoint.safetensors");
        for signal in ["-KILL", "-INT"] {
            while !Path::new(&checkpoint).exists() {
                std::thread::sleep(Duration::from_millis(20));
            }
            std::thread::sleep(Duration::from_millis(150));
            Command::new("kill").args([signal, &killed.id().to_string()]).status().unwrap();
            killed.wait().unwrap();
            killed = run("parts.safetensors", &["--resume"]).spawn().unwrap();
        }
        assert!(killed.wait().unwrap().success());
        let tensors = |name: &str| {
            let map = nabla_ransac::localise::SceneMap::read(Path::new(&room.path(name))).unwrap();
            map.tensors().clone()
        };
        assert_eq!(tensors("parts.safetensors"), tensors("whole.safetensors"));
    }
}
