// Where a plane explains most of the sample of a candidate, the fundamental matrix of that plane and of the parallax of the matches
// off it (DEGENSAC: Chum, Werner and Matas 2005), as another candidate; of each pair's best candidates, one a workgroup.
// Twin: src/cpu/recover/recover_plane.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> weight_sums: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> candidates: array<Candidate>;
@group(0) @binding(6) var<storage, read> minimal_models: array<vec4<f32>>;

const WORKGROUP: u32 = 128u;

// Matches under way through the counting, and which of them are off the plane.
var<workgroup> tile: array<vec4<f32>, WORKGROUP>;
var<workgroup> tile_picked: array<u32, WORKGROUP>;

// Of the plane whose parallax is looked for.
var<private> beyond: Transfer;

// A prior has no sample.
fn is_eligible(candidate: u32) -> bool {
    return candidates[candidate].found != 0u && candidates[candidate].hypothesis != UNREACHED;
}

fn rank_score(candidate: u32) -> f32 {
    return candidates[candidate].score;
}

// The place of the candidate of the search that has this rank; NONE where there are fewer.
fn ranked_candidate(base: u32, rank: u32, local: u32) -> u32 {
    var last = before_all();
    for (var k = 0u; k <= rank; k++) {
        last = best_behind(last, base, settings.rounds * settings.candidates, local);
    }
    return last.place;
}

fn takes_part(index: u32) -> bool {
    return true;
}

fn is_picked(index: u32) -> bool {
    return transfer_sq(beyond, matches[index]) > OFF_PLANE_SQ;
}

// `[e₂]× H` with e₂ where the parallaxes of two matches meet, on the same side of both; else zero.
fn model_of_two(a: vec4<f32>, b: vec4<f32>) -> mat3x3<f32> {
    let x2a = vec3<f32>(a.zw, 1.0);
    let x2b = vec3<f32>(b.zw, 1.0);
    let mapped_a = plane * vec3<f32>(a.xy, 1.0);
    let mapped_b = plane * vec3<f32>(b.xy, 1.0);
    // lines of length 1: products of parallaxes would leave the range of f32
    let epipole2 = cross(normalize(cross(x2a, mapped_a)), normalize(cross(x2b, mapped_b)));
    let side_a = dot(cross(epipole2, x2a), cross(epipole2, mapped_a));
    let side_b = dot(cross(epipole2, x2b), cross(epipole2, mapped_b));
    if (side_a > 0.0 && side_b > 0.0) {
        return cross_matrix(normalize(epipole2)) * plane;
    }
    return mat3x3<f32>();
}

// Whether the Sampson error, whatever the score goes by, is below a threshold.
fn is_near(model: Residual, match_: vec4<f32>) -> bool {
    let lines = epipolar_lines(model, match_);
    return lines.algebraic * lines.algebraic < dot(lines.weighted, lines.weighted);
}

fn count_explained(pair: Pair, local: u32) {
    let model = make_residual(rows_of(models[local % MODELS], vec3<f32>()), pair.metric);
    var explained = 0u;
    for (var start = 0u; start < pair.match_count; start += WORKGROUP) {
        let index = pair.match_start + min(start + local, pair.match_count - 1u);
        workgroupBarrier();
        tile[local] = matches[index];
        tile_picked[local] = select(0u, 1u, start + local < pair.match_count && is_picked(index));
        workgroupBarrier();
        for (var k = local / MODELS; k < WORKGROUP; k += SHARES) {
            explained += select(0u, tile_picked[k], is_near(model, tile[k]));
        }
    }
    counts[local] = explained;
}

// Whether there is a fundamental matrix of `plane`, which is `best_model`.
fn search_parallax(pair: Pair, local: u32) -> bool {
    beyond = make_transfer(plane, pair.metric);
    let off_plane = count_picked(pair, local);
    if (off_plane < 2u) {
        return false;
    }
    start_search(local);
    for (var first = 0u; first < HYPOTHESES; first += MODELS) {
        solve_samples(pair, off_plane, first, local);
        count_explained(pair, local);
        if (take_counts(first, off_plane, 2u, local)) {
            break;
        }
    }
    return workgroupUniformLoad(&search).found != 0u;
}

fn score_best(pair: Pair, local: u32) -> f32 {
    let model = make_residual(rows_of(best_model, vec3<f32>()), pair.metric);
    var score = 0.0;
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        score += score_weight(index) * gain(residual_sq(model, load_match(index)));
    }
    return workgroup_total(vec4<f32>(score, 0.0, 0.0, 0.0), local).x;
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    if (index >= settings.pair_count * RECOVERED) {
        return;
    }
    let pair = pairs[index / RECOVERED];
    let base = index / RECOVERED * settings.candidates_a_pair;
    let to = base + settings.rounds * settings.candidates + index % RECOVERED;
    var found = false;
    var score = 0.0;
    var from_ = NONE;
    if (pair.flags == 0u) {
        from_ = ranked_candidate(base, index % RECOVERED, local);
    }
    if (from_ != NONE) {
        found = plane_of_sample(pair, base + from_, local);
    }
    if (found) {
        refit(pair, local);
        found = search_parallax(pair, local);
    }
    if (found) {
        score = score_best(pair, local);
    }
    if (local == 0u) {
        candidates[to].found = select(0u, 1u, found);
        candidates[to].score = score;
        candidates[to].needed = UNREACHED;
        if (found) {
            candidates[to].hypothesis = candidates[base + from_].hypothesis;
            candidates[to].rows = rows_of(best_model, vec3<f32>());
        }
    }
}
