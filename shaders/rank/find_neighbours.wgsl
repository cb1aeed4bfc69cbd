// The nearest other matches of each match of a pair in (x1, y1, x2, y2): rows of all pairs, nearest first, equally near ones
// by place; itself where there are too few. Twin: src/cpu/rank/find_neighbours.rs.
//
// A workgroup finds those of NEIGHBOUR_ROWS rows of a pair, an invocation a stripe of the pair: every STRIPES-th match. Of k + 1
// stripes the nearest match, which may be the row itself, is at most as far as the (k + 1)-th smallest of the stripes' minima:
// k others are. A second pass lists all within that bound, a few more than k, and each of them finds its rank.

// Its buffers, and which rows a workgroup takes, are in shared/rank/chunks_of_batch or chunks_of_pairs.

// Rows of one pair that a workgroup takes, from the first on.
struct Chunk {
    first: u32,
    pair_begin: u32,
    pair_end: u32,
}

const STRIPES: u32 = 64u;
// Of a row; more are there only where many are equally near.
const LISTED: u32 = 96u;
// Invocations that rank the list of a row.
const RANKING: u32 = STRIPES / NEIGHBOUR_ROWS;
// The passes may round differently.
const ROUNDING: f32 = 1.00001;

var<workgroup> minima: array<array<vec4<f32>, 2>, STRIPES>;
// As bits, which have the order of distances.
var<workgroup> bounds: array<atomic<u32>, NEIGHBOUR_ROWS>;
var<workgroup> counts: array<atomic<u32>, NEIGHBOUR_ROWS>;
var<workgroup> list_distances: array<f32, NEIGHBOUR_ROWS * LISTED>;
var<workgroup> list_rows: array<u32, NEIGHBOUR_ROWS * LISTED>;

// Four rows, a coordinate a column.
fn four_rows(first: u32, chunk: Chunk) -> mat4x4<f32> {
    let last = chunk.pair_end - 1u;
    return transpose(mat4x4<f32>(
        matches[min(first, last)],
        matches[min(first + 1u, last)],
        matches[min(first + 2u, last)],
        matches[min(first + 3u, last)],
    ));
}

fn distances_sq(four: mat4x4<f32>, other: vec4<f32>) -> vec4<f32> {
    let x1 = other.x - four[0];
    let y1 = other.y - four[1];
    let x2 = other.z - four[2];
    let y2 = other.w - four[3];
    return (x1 * x1 + y1 * y1) + (x2 * x2 + y2 * y2);
}

// Of four rows, the stripes whose minimum is smaller than this one's.
fn smaller_minima(half: u32, local: u32) -> vec4<u32> {
    let own = minima[local][half];
    var count = vec4<u32>();
    for (var stripe = 0u; stripe < STRIPES; stripe++) {
        count += select(vec4<u32>(), vec4<u32>(1u), minima[stripe][half] < own);
    }
    return count;
}

fn raise_bounds(half: u32, local: u32, k: u32) {
    let below = smaller_minima(half, local) <= vec4<u32>(k);
    let bits = select(vec4<u32>(), bitcast<vec4<u32>>(minima[local][half]), below);
    atomicMax(&bounds[4u * half], bits.x);
    atomicMax(&bounds[4u * half + 1u], bits.y);
    atomicMax(&bounds[4u * half + 2u], bits.z);
    atomicMax(&bounds[4u * half + 3u], bits.w);
}

fn bound_of(r: u32) -> f32 {
    return min(bitcast<f32>(atomicLoad(&bounds[r])) * ROUNDING, UNBOUNDED);
}

fn four_bounds(first: u32) -> vec4<f32> {
    return vec4<f32>(bound_of(first), bound_of(first + 1u), bound_of(first + 2u), bound_of(first + 3u));
}

fn list_match(r: u32, row: u32, distance: f32, other: u32) {
    if (other == row) {
        return;
    }
    let place = atomicAdd(&counts[r], 1u);
    if (place < LISTED) {
        list_distances[r * LISTED + place] = distance;
        list_rows[r * LISTED + place] = other;
    }
}

fn list_four(r: u32, first: u32, distance: vec4<f32>, bound: vec4<f32>, other: u32) {
    let near = distance <= bound;
    if (!any(near)) {
        return;
    }
    for (var i = 0u; i < 4u; i++) {
        if (near[i]) {
            list_match(r + i, first + r + i, distance[i], other);
        }
    }
}

fn rank_list(r: u32, row: u32, listed: u32, lane: u32) {
    let k = neighbour_count();
    let begin = r * LISTED;
    for (var i = begin + lane; i < begin + listed; i += RANKING) {
        let distance = list_distances[i];
        let other = list_rows[i];
        var rank = 0u;
        for (var j = begin; j < begin + listed; j++) {
            let nearer = list_distances[j] < distance || (list_distances[j] == distance && list_rows[j] < other);
            rank += select(0u, 1u, nearer);
        }
        if (rank < k) {
            neighbours[row * k + rank] = other;
        }
    }
    for (var rank = listed + lane; rank < k; rank += RANKING) {
        neighbours[row * k + rank] = row;
    }
}

// All matches in turn, by one invocation.
fn search_serially(row: u32, chunk: Chunk) {
    let k = neighbour_count();
    var nearest: Nearest;
    clear_nearest(&nearest, k, row);
    for (var other = chunk.pair_begin; other < chunk.pair_end; other++) {
        if (other != row) {
            let d = matches[other] - matches[row];
            insert_nearest(&nearest, k, (d.x * d.x + d.y * d.y) + (d.z * d.z + d.w * d.w), other);
        }
    }
    for (var i = 0u; i < k; i++) {
        neighbours[row * k + i] = nearest.rows[i];
    }
}

fn find_of_chunk(chunk: Chunk, local: u32) {
    if (local < NEIGHBOUR_ROWS) {
        atomicStore(&bounds[local], 0u);
        atomicStore(&counts[local], 0u);
    }
    let low = four_rows(chunk.first, chunk);
    let high = four_rows(chunk.first + 4u, chunk);
    var low_minima = vec4<f32>(UNBOUNDED);
    var high_minima = vec4<f32>(UNBOUNDED);
    for (var other = chunk.pair_begin + local; other < chunk.pair_end; other += STRIPES) {
        let x = matches[other];
        low_minima = min(low_minima, distances_sq(low, x));
        high_minima = min(high_minima, distances_sq(high, x));
    }
    minima[local] = array<vec4<f32>, 2>(low_minima, high_minima);
    workgroupBarrier();
    raise_bounds(0u, local, neighbour_count());
    raise_bounds(1u, local, neighbour_count());
    workgroupBarrier();
    let low_bounds = four_bounds(0u);
    let high_bounds = four_bounds(4u);
    for (var other = chunk.pair_begin + local; other < chunk.pair_end; other += STRIPES) {
        let x = matches[other];
        list_four(0u, chunk.first, distances_sq(low, x), low_bounds, other);
        list_four(4u, chunk.first, distances_sq(high, x), high_bounds, other);
    }
    workgroupBarrier();
    let row = chunk.first + local / RANKING;
    if (row < chunk.pair_end) {
        write_neighbours(local / RANKING, row, chunk, local % RANKING);
    }
}

fn write_neighbours(r: u32, row: u32, chunk: Chunk, lane: u32) {
    let count = atomicLoad(&counts[r]);
    if (count <= LISTED) {
        rank_list(r, row, count, lane);
    } else if (lane == 0u) {
        search_serially(row, chunk);
    }
}

@compute @workgroup_size(STRIPES)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var chunk = first_chunk(workgroup, workgroups);
    while (chunk.first < chunk.pair_end) {
        find_of_chunk(chunk, local);
        // the lists are read up to here
        workgroupBarrier();
        chunk = next_chunk(chunk, workgroups);
    }
}
