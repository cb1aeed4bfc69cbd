//! Every shader is valid WGSL that needs no WebGPU feature and stays within WebGPU's default limits, and has its launcher and its CPU
//! twin.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/shader_limits.rs"]
mod shader_limits;
#[path = "common/valid_wgsl.rs"]
mod valid_wgsl;

use nabla_ransac::kernels;
use shader_limits::assert_within_default_limits;
use std::collections::BTreeSet;
use std::path::Path;
use valid_wgsl::parse;

#[test]
fn every_variant_is_valid_without_any_feature_and_within_webgpus_default_limits() {
    for (name, text) in kernels::shader_texts() {
        assert_within_default_limits(name, &parse(name, &text).0);
    }
}

#[test]
fn every_shader_has_a_launcher_and_a_cpu_twin() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts = kernels::shader_texts();
    let listed: BTreeSet<_> = texts.iter().filter_map(|(name, _)| name.split('/').next()).collect();
    let exists = |path: String| root.join(path).with_extension("rs").exists();
    let rooms = ["localise", "rank", "recover", "search", "solve", "train"];
    let files =
        |room| std::fs::read_dir(root.join("shaders").join(room)).unwrap().map(move |entry| (room, entry.unwrap()));
    for (room, entry) in rooms.into_iter().flat_map(files) {
        let path = entry.path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        // those that run under Burn alone, a file for all passes: validated in train_ops.rs
        let forward = stem.strip_suffix("_backward").map_or(stem, |pass| {
            ["_points", "_weights", "_queries", "_rows"].iter().fold(pass, |stem, by| stem.trim_end_matches(by))
        });
        let is_pass = stem != forward && exists(format!("src/train/networks/ops/{forward}"));
        if is_pass || exists(format!("src/train/ops/{forward}")) {
            assert!(exists(format!("src/cpu/{room}/{forward}")), "src/cpu/{room}/{forward}.rs");
            continue;
        }
        assert!(listed.contains(stem), "{stem} is validated by no test");
        // these only save the GPU a read-back, or some of it
        let gpu_only = ["pack_mask", "pack_models", "plan_round"].contains(&stem);
        for twin in if gpu_only { &["kernels"][..] } else { &["cpu", "kernels"] } {
            assert!(exists(format!("src/{twin}/{room}/{stem}")), "src/{twin}/{room}/{stem}.rs");
        }
    }
}
