//! README.md keeps its word: every command of its `sh` blocks runs, or is named here with the reason why not.

#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Beginnings of commands that are not run here, and where they are.
const COVERED: [(&str, &str); 8] = [
    ("git clone", "this is the clone"),
    ("cd ", "the tests run in the repository"),
    ("./test.sh", "it runs these tests"),
    ("cargo run --release --example", "test.sh runs every example"),
    ("cargo run --release --features train --example", "test.sh runs every example"),
    ("cargo install", "the tests build the program"),
    ("cargo bench", "a benchmark, not a promise"),
    ("pip install", "for the comparison with other programs"),
];
/// A command may need what a clone does not have: the benchmark scenes, other programs, another machine.
const NEEDS_MORE: [&str; 5] = ["benches/", "/data/test/", "SCENE", "DATABASE", "_FOLDER"];
const PROGRAM: &str = "cargo run --release -- ";

/// The commands of the `sh` blocks, with lines that end in a backslash joined and comments left out.
fn commands(readme: &str) -> Vec<String> {
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let text: String = blocks.collect();
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn every_command_of_the_readme_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(readme) = fs::read_to_string(root.join("README.md")) else { panic!("there is no README.md") };
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root.join("examples"), folder.path().join("examples")).unwrap();
    let commands = commands(&readme);
    assert!(commands.iter().any(|command| command.contains("estimate")), "no command of README.md estimates");
    for command in commands {
        let covered = COVERED.iter().any(|(start, _)| command.starts_with(start));
        if covered || NEEDS_MORE.iter().any(|part| command.contains(part)) {
            println!("not run: {command}");
            continue;
        }
        let program = env!("CARGO_BIN_EXE_nabla-ransac");
        let arguments = command.strip_prefix(PROGRAM).or_else(|| command.strip_prefix("nabla-ransac "));
        let Some(arguments) = arguments else { panic!("this test does not know how to run: {command}") };
        // In a folder of its own, for the pictures; the shell takes the quotes off.
        let output = Command::new("sh").arg("-c").arg(format!("'{program}' {arguments}")).current_dir(&folder).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A pin on one patch release would keep a host from sharing its device.
#[test]
fn what_hosts_link_is_listed_and_not_pinned() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let listed = readme.split_once("`default-features = false` leaves ").unwrap().1;
    let listed = listed.split_once(" crates").unwrap().0;
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    for (name, dependency) in manifest["dependencies"].as_table().unwrap() {
        if dependency.get("optional").is_some() {
            continue;
        }
        let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str()).unwrap();
        assert!(!version.starts_with('='), "{name} is pinned to {version}");
        assert!(listed.contains(name.as_str()), "README.md does not list {name}");
    }
}
