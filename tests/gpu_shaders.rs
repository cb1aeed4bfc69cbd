//! Every stage shader is valid WGSL for every variant without any feature, stays within WebGPU's default limits, and has
//! structs laid out as the Rust types.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use nabla_ransac::kernels::{RANK_SHADERS, Variant, buffers, layout, stage_texts};
use nabla_ransac::{ModelKind, Score, ransac::EpipolarResidual};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use std::mem::offset_of;

fn variants() -> impl Iterator<Item = Variant> {
    use EpipolarResidual::{Sampson, Symmetric};
    ModelKind::ALL.into_iter().flat_map(|kind| {
        [Sampson, Symmetric].into_iter().flat_map(move |residual| {
            [Score::Ransac, Score::Msac, Score::Magsacpp].map(move |score| Variant { kind, residual, score })
        })
    })
}

fn parse(name: &str, parts: &[&str]) -> (naga::Module, ModuleInfo) {
    let source = parts.join("\n");
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
    (module, info)
}

#[test]
fn every_stage_is_valid_within_webgpus_default_limits() {
    let stages = variants().flat_map(stage_texts);
    let ranking = RANK_SHADERS.iter().map(|shader| (shader.name, shader.parts.to_vec()));
    for (name, parts) in stages.chain(ranking) {
        let (module, _) = parse(name, &parts);
        let [entry] = module.entry_points.as_slice() else { panic!("{name}: one entry point") };
        assert_eq!(entry.name, "main", "{name}");
        assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{name}");
        let in_space = |wanted: fn(naga::AddressSpace) -> bool| {
            module.global_variables.iter().filter(move |(_, variable)| wanted(variable.space))
        };
        assert!(in_space(|s| matches!(s, naga::AddressSpace::Storage { .. })).count() <= 8, "{name}");
        let memory: u32 = in_space(|s| s == naga::AddressSpace::WorkGroup)
            .map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()).next_multiple_of(16))
            .sum();
        assert!(memory <= 16 * 1024, "{name}: {memory} bytes of workgroup memory");
    }
}

/// Size and member offsets of a struct of the shaders.
fn layout_of(module: &naga::Module, name: &str) -> (usize, Vec<usize>) {
    let (_, ty) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name)).expect(name);
    let naga::TypeInner::Struct { members, span } = &ty.inner else { panic!("{name} is a struct") };
    (*span as usize, members.iter().map(|member| member.offset as usize).collect())
}

macro_rules! assert_layout {
    ($module:expr, $type:ident: $($field:ident),+) => {
        let expected = (size_of::<layout::$type>(), vec![$(offset_of!(layout::$type, $field)),+]);
        assert_eq!(layout_of($module, stringify!($type)), expected, stringify!($type));
    };
}

#[test]
fn structs_are_laid_out_as_their_rust_twins() {
    let variant = Variant { kind: ModelKind::Essential, residual: EpipolarResidual::Sampson, score: Score::Msac };
    let texts = stage_texts(variant);
    let (module, _) = parse("types", &texts[0].1[..1]);
    assert_layout!(&module, PairInput: camera1, camera2, skew, threshold, match_start, match_count, seed_low, seed_high, enabled);
    assert_layout!(&module, Pair: offset1, match_start, scale1, match_count, offset2, flags, scale2, sample_total, metric, seed, iterations, sampleable);
    assert_layout!(&module, Settings: pair_count, hypotheses, sample_size, max_solutions, candidates, min_iterations, max_iterations, log_miss, weigh_sampling, weigh_score, weigh_refinement, kind, first_round, rounds, unused, magsac);
    assert_layout!(&module, Candidate: rows, score, inliers, model, found);
    assert_layout!(&module, PairResult: rows, score, inliers, iterations, status);
    let (ranking, _) = parse("rank_types", &[include_str!("../shaders/shared/rank_types.wgsl")]);
    assert_layout!(&ranking, LayerShape: inputs, outputs, neighbours, mode);
    assert_layout!(&module, Refinement: candidates, loss, scale_sq, reach_sq, iterations, keep_above, unused);
}

fn constant(module: &naga::Module, name: &str) -> u32 {
    let (_, constant) = module.constants.iter().find(|(_, c)| c.name.as_deref() == Some(name)).expect(name);
    let naga::Expression::Literal(naga::Literal::U32(value)) = module.global_expressions[constant.init] else {
        panic!("{name} is a u32")
    };
    value
}

#[test]
fn constants_of_the_ranking_equal_their_rust_twins() {
    use nabla_ransac::cpu::{annular_rings, edge_features, find_neighbours};
    let (module, _) = parse("rank_types", &[include_str!("../shaders/shared/rank_types.wgsl")]);
    let expected = [
        ("ROW_COLUMNS", edge_features::ROW_COLUMNS),
        ("LN_SCALE", edge_features::LN_SCALE),
        ("COS_ANGLE", edge_features::COS_ANGLE),
        ("SIN_ANGLE", edge_features::SIN_ANGLE),
        ("SHAPE_KNOWN", edge_features::SHAPE_KNOWN),
        ("EDGE_COLUMNS", edge_features::EDGE_COLUMNS),
        ("MAX_NEIGHBOURS", find_neighbours::MAX_NEIGHBOURS),
        ("RINGS", annular_rings::RINGS),
    ];
    for (name, value) in expected {
        assert_eq!(constant(&module, name) as usize, value, "{name}");
    }
}

/// Burn binds every storage buffer for writing too.
#[test]
fn shaders_of_the_ranking_are_valid_with_all_their_buffers_writable() {
    for shader in RANK_SHADERS {
        let text = shader.source().replace("var<storage, read>", "var<storage, read_write>");
        let module = naga::front::wgsl::parse_str(&text).unwrap();
        let flags = ValidationFlags::all();
        let valid = Validator::new(flags, Capabilities::empty()).validate(&module);
        assert!(valid.is_ok(), "{}: {}", shader.name, valid.unwrap_err().emit_to_string(&text));
    }
}

#[test]
fn constants_equal_their_rust_twins() {
    let (module, _) = parse("types", &[include_str!("../shaders/shared/types.wgsl")]);
    let constant = |name: &str| constant(&module, name);

    let expected = [
        ("DISABLED", layout::DISABLED),
        ("NOT_FINITE", layout::NOT_FINITE),
        ("TOO_FEW", layout::TOO_FEW),
        ("BAD_INPUT", layout::BAD_INPUT),
        ("NO_MODEL", layout::NO_MODEL),
        ("SCORE_SHARES", buffers::SCORE_SHARES as u32),
        ("MODELS_A_WORKGROUP", buffers::MODELS_A_WORKGROUP as u32),
        ("MAX_CANDIDATES", buffers::MAX_CANDIDATES),
        ("ESSENTIAL", ModelKind::Essential as u32),
        ("FUNDAMENTAL", ModelKind::Fundamental as u32),
        ("HOMOGRAPHY", ModelKind::Homography as u32),
        ("POSE", ModelKind::Pose as u32),
        ("RIGID", ModelKind::Rigid as u32),
    ];
    for (name, value) in expected {
        assert_eq!(constant(name), value, "{name}");
    }
}
