//! The structs of the shaders are laid out as the Rust types, no array is in memory that belongs in registers, and Burn can bind the
//! shaders of the ranking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/valid_wgsl.rs"]
mod valid_wgsl;

use nabla_ransac::kernels::{LOCALISE_SHADERS, RANK_SHADERS, Variant, layout, shader_texts, stage_texts};
use nabla_ransac::{ModelKind, Score, ransac::EpipolarResidual};
use naga::valid::ModuleInfo;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::offset_of;
use valid_wgsl::parse;

/// The variables of a function that hold an array which is indexed by what is known at run time only.
fn indexed_arrays(module: &naga::Module, info: &ModuleInfo) -> BTreeSet<String> {
    let of = |function: &naga::Function, info: &naga::valid::FunctionInfo| {
        let is_array = |base: naga::Handle<naga::Expression>| match *info[base].ty.inner_with(&module.types) {
            naga::TypeInner::Pointer { base, space: naga::AddressSpace::Function } => {
                matches!(module.types[base].inner, naga::TypeInner::Array { .. })
            }
            naga::TypeInner::Array { .. } => true,
            _ => false,
        };
        let indexed = |(_, expression): (_, &naga::Expression)| match *expression {
            naga::Expression::Access { base, .. } if is_array(base) => Some(variable_of(function, base)),
            _ => None,
        };
        function.expressions.iter().filter_map(indexed).collect::<Vec<_>>()
    };
    let functions = module.functions.iter().map(|(handle, function)| (function, &info[handle]));
    let entries = module.entry_points.iter().enumerate().map(|(k, entry)| (&entry.function, info.get_entry_point(k)));
    functions.chain(entries).flat_map(|(function, info)| of(function, info)).collect()
}

/// Function and variable that an expression is a part of.
fn variable_of(function: &naga::Function, mut of: naga::Handle<naga::Expression>) -> String {
    let name = function.name.as_deref().unwrap_or("main");
    loop {
        match function.expressions[of] {
            naga::Expression::Access { base, .. } | naga::Expression::AccessIndex { base, .. } => of = base,
            naga::Expression::Load { pointer } => of = pointer,
            naga::Expression::LocalVariable(local) => {
                return format!("{name}: {}", function.local_variables[local].name.as_deref().unwrap_or("?"));
            }
            naga::Expression::FunctionArgument(place) => {
                return format!("{name}: {}", function.arguments[place as usize].name.as_deref().unwrap_or("?"));
            }
            ref other => return format!("{name}: {other:?}"),
        }
    }
}

/// On real cards such an array is in memory, not in registers. Lists of nearest neighbours are left: their length is an option, and that of
/// `find_neighbours` is needed only where more matches are equally near than a workgroup lists. The gradients of solvers, which only training
/// runs, have such arrays.
#[test]
fn only_lists_of_neighbours_are_arrays_that_are_indexed_at_run_time() {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, text) in shader_texts().into_iter().filter(|(name, _)| !name.ends_with("_backward")) {
        let (module, info) = parse(name, &text);
        found.entry(name).or_default().extend(indexed_arrays(&module, &info));
    }
    found.retain(|_, arrays| !arrays.is_empty());
    let lists = found.values().flatten().all(|array| array.ends_with(": nearest"));
    let shaders: Vec<_> = found.keys().copied().collect();
    assert!(lists && shaders == ["feature_neighbours", "find_neighbours"], "{found:#?}");
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
    let (module, _) = parse("types", &texts[0].1[..4].join("\n"));
    assert_layout!(&module, PairInput: camera1, camera2, skew, threshold, match_start, match_count, seed_low, seed_high, enabled);
    assert_layout!(&module, Pair: offset1, match_start, scale1, match_count, offset2, flags, scale2, sampleable, metric, seed, iterations, budget);
    assert_layout!(&module, Settings: pair_count, hypotheses, sample_size, max_solutions, candidates, min_iterations, max_iterations, log_miss, weigh_sampling, weighing, sample_ratio_below, kind, first_round, rounds, weigh_matches, solver_hypotheses, min_inliers, candidates_a_pair, key_points, diagnose, match_capacity, priors, magsac);
    assert_layout!(&module, Candidate: rows, score, final_score, needed, model, hypothesis, found, least, scale_sq);
    assert_layout!(&module, PairDiagnosis: homography, second_motion, second_score, homography_inliers, rotation_inliers, flags);
    assert_layout!(&module, PairResult: rows, score, inliers, iterations, status, log_rest);
    assert_layout!(&module, Coherence: first, places, again);
    let (_, offsets) = layout_of(&module, "Progress");
    let header: [usize; layout::Progress::WORDS] = std::array::from_fn(|word| 4 * word);
    assert_eq!(offsets, [&header[..], &[size_of::<layout::Progress>()]].concat(), "the pairs follow the header");
    let (ranking, _) = parse("rank_types", include_str!("../shaders/shared/layout/rank_types.wgsl"));
    assert_layout!(&ranking, LayerShape: inputs, outputs, neighbours, mode);
    let (localising, _) = parse("orient_gradients", &LOCALISE_SHADERS[1].source());
    assert_layout!(&localising, FrameShape: width, height, columns, rows, keys, doubtful_spread, encode, unused);
    let (convolving, _) = parse("plane_types", include_str!("../shaders/shared/layout/plane_types.wgsl"));
    assert_layout!(&convolving, PlaneShape: columns, rows, channels, stride, columns_out, rows_out, unused);
    assert_layout!(&module, Refinement: first, count, stride, loss, scale_sq, reach_sq, iterations, keep, by_neighbours);
}

/// Burn binds every storage buffer for writing too.
#[test]
fn shaders_of_the_ranking_are_valid_with_all_their_buffers_writable() {
    for shader in RANK_SHADERS {
        let text = shader.source().replace("var<storage, read>", "var<storage, read_write>");
        parse(shader.name, &text);
    }
}
