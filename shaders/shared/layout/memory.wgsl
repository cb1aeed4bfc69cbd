// Queries and rows of a map's memory in training: a row is a key, its bias, its point.

@group(0) @binding(0) var<storage, read> params: array<u32>; // queries, rows
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> memory: array<vec4<f32>>;

const QUERY_VECTORS: u32 = QUERY_COLUMNS / 4u;
const ROW_VECTORS: u32 = MEMORY_COLUMNS / 4u;
// Logits so far below the sum of all have no share.
const NEGLIGIBLE: f32 = 16.0;
const NOT_FINITE: u32 = 0x7f800000u;

fn logit_of(query: u32, row: u32) -> f32 {
    var sum = vec4<f32>();
    for (var k = 0u; k < QUERY_VECTORS; k++) {
        sum += queries[query * QUERY_VECTORS + k] * memory[row * ROW_VECTORS + k];
    }
    return sum.x + sum.y + sum.z + sum.w + memory[row * ROW_VECTORS + QUERY_VECTORS].x;
}

fn point_of(row: u32) -> vec3<f32> {
    return memory[row * ROW_VECTORS + QUERY_VECTORS].yzw;
}

// What the gradients of a query need: see the twin.
struct Chain {
    by_mean: vec3<f32>,
    by_variance: f32,
    mean: vec3<f32>,
    offset: f32,
    log_sum: f32,
    usable: bool,
}

fn chain_of(attended: vec4<f32>, log_sum: f32, by_attended: vec4<f32>) -> Chain {
    let spread_sq = attended.w * attended.w;
    var by_variance = 0.0;
    if (spread_sq > 1e-10) {
        by_variance = 0.5 * by_attended.w / attended.w;
    }
    let mean = attended.xyz;
    let offset = dot(by_attended.xyz, mean) + by_variance * (spread_sq - dot(mean, mean));
    // by the bits: compilers may take it that there are neither NaN nor infinities
    let finite = (bitcast<u32>(offset) & NOT_FINITE) != NOT_FINITE && log_sum < 3.0e38;
    return Chain(by_attended.xyz, by_variance, mean, offset, log_sum, finite);
}

fn share_of(chain: Chain, logit: f32) -> f32 {
    if (!chain.usable || !(logit > chain.log_sum - NEGLIGIBLE)) {
        return 0.0;
    }
    return exp(logit - chain.log_sum);
}

// The gradient by a share, less its mean.
fn by_share(chain: Chain, point: vec3<f32>) -> f32 {
    let square = dot(point, point) - 2.0 * dot(chain.mean, point);
    return dot(chain.by_mean, point) + chain.by_variance * square - chain.offset;
}
