// The gradients of the messages of the nearest neighbours, from that of their mean. Twin:
// src/train/networks/ops/pool_neighbours.rs.
//
// A workgroup has CHANNELS channels of ROWS rows: what they send on to A h, as readers, and to B h, as the neighbours of
// others, and their part of the gradients of G and b. Messages are evaluated again.

struct Sizes {
    rows: u32,
    channels: u32,
    neighbours: u32, // k
}

@group(0) @binding(0) var<storage, read> sizes: Sizes;
@group(0) @binding(1) var<storage, read> both: array<f32>; // A h and B h, rows × 2C
@group(0) @binding(2) var<storage, read> links: array<u32>; // rows of neighbours; where the readers begin; readers
@group(0) @binding(3) var<storage, read> edges: array<f32>; // rows × k × EDGE_COLUMNS
@group(0) @binding(4) var<storage, read> weight: array<f32>; // G, then b
@group(0) @binding(5) var<storage, read> gradient: array<f32>; // rows × C
@group(0) @binding(6) var<storage, read_write> to_both: array<f32>;
@group(0) @binding(7) var<storage, read_write> to_weight: array<f32>; // chunks of rows × (EDGE_COLUMNS + 1) × C

const COLUMNS: u32 = EDGE_COLUMNS + 1u; // of G and b
const ROWS: u32 = 64u;
const CHANNELS: u32 = 16u;
const LANES: u32 = 16u; // rows at a time
const WORKGROUP: u32 = CHANNELS * LANES;

var<workgroup> partial: array<f32, WORKGROUP>;
var<workgroup> is_beyond: u32;
var<private> edge_weight: array<f32, EDGE_COLUMNS>;

// What goes back through the message at a place of the list of neighbours.
fn passed(place: u32, row: u32, channel: u32, own: f32, other: f32) -> f32 {
    var message = own + other;
    for (var e = 0u; e < EDGE_COLUMNS; e++) {
        message += edges[place * EDGE_COLUMNS + e] * edge_weight[e];
    }
    return select(0.0, gradient[row * sizes.channels + channel] / f32(sizes.neighbours), message > 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let channels = sizes.channels;
    let k = sizes.neighbours;
    let tiles = channels / CHANNELS;
    let index = workgroup_index(workgroup, workgroups);
    let chunk = index / tiles;
    // that all return, or none: what comes from writable storage is not so to validators
    if (local == 0u) {
        is_beyond = select(0u, 1u, chunk * ROWS >= sizes.rows);
    }
    if (workgroupUniformLoad(&is_beyond) == 1u) {
        return;
    }
    let channel = index % tiles * CHANNELS + local % CHANNELS;
    for (var e = 0u; e < EDGE_COLUMNS; e++) {
        edge_weight[e] = weight[e * channels + channel];
    }
    let bias = weight[EDGE_COLUMNS * channels + channel];
    var sums: array<f32, COLUMNS>;
    let begins = sizes.rows * k;
    let readers = begins + sizes.rows + 1u;
    let end = min((chunk + 1u) * ROWS, sizes.rows);
    for (var row = chunk * ROWS + local / CHANNELS; row < end; row += LANES) {
        let own = both[row * 2u * channels + channel] + bias;
        let other = both[(row * 2u + 1u) * channels + channel];
        var to_own = 0.0;
        for (var place = row * k; place < (row + 1u) * k; place++) {
            let part = passed(place, row, channel, own, both[(links[place] * 2u + 1u) * channels + channel]);
            to_own += part;
            for (var e = 0u; e < EDGE_COLUMNS; e++) {
                sums[e] += edges[place * EDGE_COLUMNS + e] * part;
            }
        }
        sums[EDGE_COLUMNS] += to_own;
        var to_other = 0.0;
        for (var i = links[begins + row]; i < links[begins + row + 1u]; i++) {
            let place = links[readers + i];
            let source = place / k;
            to_other += passed(place, source, channel, both[source * 2u * channels + channel] + bias, other);
        }
        to_both[row * 2u * channels + channel] = to_own;
        to_both[(row * 2u + 1u) * channels + channel] = to_other;
    }
    for (var e = 0u; e < COLUMNS; e++) {
        workgroupBarrier();
        partial[local] = sums[e];
        for (var step = LANES / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (local / CHANNELS < step) {
                partial[local] += partial[local + step * CHANNELS];
            }
        }
        if (local < CHANNELS) {
            to_weight[(chunk * COLUMNS + e) * channels + channel] = partial[local];
        }
    }
}
