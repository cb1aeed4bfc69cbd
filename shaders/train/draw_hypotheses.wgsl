// Samples are drawn until one agrees with its own model, a hypothesis an invocation. The parts before declare DRAWN, the
// matches of a sample, and fit_drawn. params of its own: seed (two words), step, the hypothesis of the step that the first row
// is, tries. Twin: src/cpu/train/draw_hypotheses.rs, the samples bit for bit.

@group(0) @binding(1) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> sums: array<u32>;
@group(0) @binding(3) var<storage, read> drawable: array<u32>; // a pair
@group(0) @binding(4) var<storage, read_write> models: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> indices: array<f32>; // rows of the packed matches, or −1
@group(0) @binding(6) var<storage, read_write> tries: array<f32>;

fn match_at(index: u32) -> Match {
    return make_match(matches[2u * index], matches[2u * index + 1u]);
}

fn write_model(slot: u32, row0: vec4<f32>, row1: vec4<f32>, row2: vec4<f32>) {
    models[3u * slot] = row0;
    models[3u * slot + 1u] = row1;
    models[3u * slot + 2u] = row2;
}

// The first match of a pair whose sum is above this.
fn first_above(start: u32, count: u32, most: u32) -> u32 {
    var low = 0u;
    var high = count;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (sums[start + middle] <= most) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

struct Sample {
    places: array<u32, DRAWN>,
    found: u32,
}

// Distinct matches by their share of the weights, as in search/sample_minimal.
fn draw_sample(key: vec2<u32>, attempt: u32, start: u32, count: u32) -> Sample {
    let total = sums[start + count - 1u];
    var sample = Sample();
    var words = vec4<u32>();
    for (var draw = 0u; draw < MAX_DRAWS && sample.found < DRAWN; draw++) {
        if (draw % 4u == 0u) {
            words = pcg4d(vec4<u32>(key, attempt, draw / 4u));
        }
        let candidate = first_above(start, count, multiply_high(words[draw % 4u], total));
        var repeated = false;
        for (var k = 0u; k < sample.found; k++) {
            repeated = repeated || sample.places[k] == candidate;
        }
        if (!repeated) {
            sample.places[sample.found] = candidate;
            sample.found++;
        }
    }
    return sample;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation_index(workgroup, workgroups, local, 64u);
    if (row >= row_count()) {
        return;
    }
    let pair = row / hypothesis_count();
    let start = match_start(pair);
    let count = match_end(pair) - start;
    let metric = metric_of(pair);
    let key = pcg4d(vec4<u32>(params[2], params[3], params[4], params[5] + row)).xy;
    let limit = select(0u, params[6], drawable[pair] >= DRAWN);
    var agrees = false;
    var attempt = 0u;
    var sample = Sample();
    while (attempt < limit && !agrees) {
        sample = draw_sample(key, attempt, start, count);
        attempt++;
        if (sample.found == DRAWN) {
            let fit = fit_drawn(sample.places, start, metric);
            agrees = fit.found;
            if (agrees) {
                write_motion(row, fit.motion);
            }
        }
    }
    tries[row] = f32(attempt);
    for (var k = 0u; k < DRAWN; k++) {
        indices[row * DRAWN + k] = select(-1.0, f32(start + sample.places[k]), agrees);
    }
    if (!agrees) {
        write_model(row, vec4<f32>(), vec4<f32>(), vec4<f32>());
    }
}
