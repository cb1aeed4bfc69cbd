// Fits of a homography to the matches of a pair that the fit before explains, by a workgroup: each is one Gauss–Newton step by the
// squared transfer errors. Twin: TwoViews::refit and step_homography of src/cpu/recover/two_views.rs. Single precision suffices,
// since a step goes by the residuals; the points of each are brought to a spread near 1 about the origin first, which changes
// nothing but the rounding.
//
// Other parts declare WORKGROUP, load_match(index) and takes_part(index).

const LANES: u32 = 16u;
// Matches that a homography is fitted to at least.
const FITTED: u32 = 4u;
// Of the diagonal: keeps a system that the matches hardly determine from one that rounding makes indefinite.
const DAMPING: f32 = 1e-7;

// The homography so far, and after another step.
var<workgroup> plane: mat3x3<f32>;
var<workgroup> next_plane: mat3x3<f32>;
// The same in the units of a step.
var<workgroup> unit_state: State;
var<workgroup> lanes: array<vec4<f32>, LANES * SUM_VECTORS>;

struct Explained {
    count: u32,
    sum: vec4<f32>, // of their coordinates
}

fn is_explained(transfer: Transfer, index: u32) -> bool {
    return takes_part(index) && transfer_sq(transfer, load_match(index).a) < EXPLAINED_SQ;
}

fn explained_by(homography: mat3x3<f32>, pair: Pair, local: u32) -> Explained {
    let transfer = make_transfer(homography, pair.metric);
    var count = 0.0;
    var sum = vec4<f32>();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        if (is_explained(transfer, pair.match_start + k)) {
            count += 1.0;
            sum += load_match(pair.match_start + k).a;
        }
    }
    let total = workgroup_total(vec4<f32>(count, 0.0, 0.0, 0.0), local).x;
    return Explained(u32(total), workgroup_total(sum, local));
}

// What takes the points of both images to a mean distance of √2 from the origin (Hartley 1997).
struct ToUnits {
    centroids: vec4<f32>,
    scales: vec2<f32>,
}

fn units_of(explained: Explained, transfer: Transfer, pair: Pair, local: u32) -> ToUnits {
    let count = f32(explained.count);
    let centroids = explained.sum / count;
    var distances = vec4<f32>();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        if (is_explained(transfer, index)) {
            let d = load_match(index).a - centroids;
            distances += vec4<f32>(length(d.xy), length(d.zw), 0.0, 0.0);
        }
    }
    return ToUnits(centroids, 1.41421356 * count / max(workgroup_total(distances, local).xy, vec2<f32>(1e-30)));
}

fn offset_of(units: ToUnits) -> mat2x3<f32> {
    return mat2x3<f32>(vec3<f32>(units.centroids.xy, 0.0), vec3<f32>(units.centroids.zw, 0.0));
}

fn equation_at(place: u32) -> f32 {
    return proposed[place];
}

// The normal equations at `unit_state`, in units.
fn accumulate(units: ToUnits, transfer: Transfer, pair: Pair, local: u32) {
    let model = matrix_at(unit_state);
    let metric = pair.metric * units.scales.xxyy;
    prepare_projection(unit_state, local);
    var sums = Sums();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        if (is_explained(transfer, index)) {
            let x = (load_match(index).a - units.centroids) * units.scales.xxyy;
            let match_ = make_match(x, x);
            add_terms(&sums, model, residual_terms(model, metric, match_), match_, 1.0);
        }
    }
    add_up(sums, local);
    project(local);
}

// From `plane`, which explains so much, to `next_plane`.
fn step_plane(explained: Explained, pair: Pair, local: u32) {
    let transfer = make_transfer(plane, pair.metric);
    let units = units_of(explained, transfer, pair, local);
    let offsets = offset_of(units);
    let scale1 = vec3<f32>(units.scales.xx, 1.0);
    let scale2 = vec3<f32>(units.scales.yy, 1.0);
    if (local == 0u) {
        unit_state = State(unit_norm(normalizing(offsets[1], scale2) * plane * denormalizing(offsets[0], scale1)));
    }
    workgroupBarrier();
    accumulate(units, transfer, pair, local);
    solve_equations(DAMPING, local);
    if (local == 0u) {
        let moved = matrix_at(retract(unit_state, step_of()));
        next_plane = unit_norm(denormalizing(offsets[1], scale2) * moved * normalizing(offsets[0], scale1));
    }
    workgroupBarrier();
}

// Fits while what is explained does not become less; how many `plane` explains in the end.
fn refit(pair: Pair, local: u32) -> u32 {
    workgroupBarrier();
    var best = explained_by(plane, pair, local);
    for (var k = 0u; k < REFITS; k++) {
        if (best.count < FITTED) {
            break;
        }
        step_plane(best, pair, local);
        let next = explained_by(next_plane, pair, local);
        if (next.count < best.count) {
            break;
        }
        best = next;
        if (local == 0u) {
            plane = next_plane;
        }
        workgroupBarrier();
    }
    return best.count;
}
