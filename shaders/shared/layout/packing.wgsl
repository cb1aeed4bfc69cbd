// A batch of pairs with different numbers of matches, packed one after the other; hypotheses in rows pair × hypotheses + h.
// params: pairs, hypotheses a pair, six words of the shader's own, pairs + 1 offsets, then four thresholds a pair.

@group(0) @binding(0) var<storage, read> params: array<u32>;

const PACKING_HEADER: u32 = 8u;

fn pair_count() -> u32 {
    return params[0];
}

fn hypothesis_count() -> u32 {
    return params[1];
}

fn row_count() -> u32 {
    return params[0] * params[1];
}

fn match_start(pair: u32) -> u32 {
    return params[PACKING_HEADER + pair];
}

fn match_end(pair: u32) -> u32 {
    return params[PACKING_HEADER + pair + 1u];
}

fn match_total() -> u32 {
    return params[PACKING_HEADER + params[0]];
}

// One threshold in the normalised unit of x1, y1, x2, y2.
fn metric_of(pair: u32) -> vec4<f32> {
    let first = PACKING_HEADER + params[0] + 1u + 4u * pair;
    return bitcast<vec4<f32>>(vec4<u32>(params[first], params[first + 1u], params[first + 2u], params[first + 3u]));
}

// The pair of a match: the last one that starts at or before it and is not empty.
fn pair_of_match(index: u32) -> u32 {
    var low = 0u;
    var high = params[0];
    while (high - low > 1u) {
        let middle = (low + high) / 2u;
        if (match_start(middle) <= index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// Rows of hypotheses, the pair, its first match and how many, the same for all invocations of a workgroup: what is loaded
// from storage is not so to the validator.
var<workgroup> shared_row: vec4<u32>;

fn uniform_row(row: u32, local: u32) -> vec4<u32> {
    if (local == 0u) {
        let pair = min(row / hypothesis_count(), pair_count() - 1u);
        shared_row = vec4<u32>(row_count(), pair, match_start(pair), match_end(pair) - match_start(pair));
    }
    return workgroupUniformLoad(&shared_row);
}
