//! Every shader is valid WGSL that needs no WebGPU feature, and has its launcher and its CPU twin.

use nabla_ransac::gpu::Shader;
use nabla_ransac::kernels;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use std::collections::BTreeSet;
use std::path::Path;

const SHADERS: &[Shader<'static>] = &[
    kernels::solve::solve_essential_5pt::SHADER,
    kernels::solve::solve_fundamental_7pt::SHADER,
    kernels::solve::solve_fundamental_8pt::SHADER,
    kernels::solve::solve_fundamental_8pt::FIT_SHADER,
    kernels::solve::solve_homography_4pt::SHADER,
    kernels::solve::solve_homography_4pt::FIT_SHADER,
    kernels::solve::solve_pose_p3p::SHADER,
    kernels::solve::solve_rigid_3pt::SHADER,
    kernels::solve::solve_rigid_3pt::FIT_SHADER,
    kernels::solve::solve_essential_5pt_backward::SHADER,
    kernels::solve::solve_fundamental_7pt_backward::SHADER,
    kernels::solve::solve_fundamental_8pt_backward::SHADER,
    kernels::solve::solve_homography_4pt_backward::SHADER,
    kernels::solve::solve_pose_p3p_backward::SHADER,
    kernels::solve::solve_rigid_3pt_backward::SHADER,
];

fn shaders() -> impl Iterator<Item = Shader<'static>> {
    SHADERS.iter().chain(&kernels::RANK_SHADERS).chain(&kernels::LOCALISE_SHADERS).copied()
}

#[test]
fn every_composition_is_valid_without_any_feature() {
    for shader in shaders() {
        let source = shader.source();
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}: {}", shader.name, error.emit_to_string(&source)));
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {}", shader.name, error.emit_to_string(&source)));
        let [entry] = module.entry_points.as_slice() else { panic!("{}: one entry point", shader.name) };
        assert_eq!(entry.name, "main", "{}", shader.name);
        assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{}", shader.name);
    }
}

#[test]
fn every_shader_has_a_launcher_and_a_cpu_twin() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // validated in gpu_shaders.rs
    let stages = nabla_ransac::ModelKind::ALL.into_iter().flat_map(|kind| {
        let residual = nabla_ransac::ransac::EpipolarResidual::Sampson;
        let variant = kernels::Variant { kind, residual, score: nabla_ransac::Score::Msac };
        kernels::stage_texts(variant).into_iter().map(|(stem, _)| stem)
    });
    let listed: BTreeSet<_> = shaders().filter_map(|shader| shader.name.split('/').next()).chain(stages).collect();
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
