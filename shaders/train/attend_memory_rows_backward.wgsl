// The gradient by the rows of the memory, a row an invocation. Twin: src/cpu/train/attend_memory.rs.

@group(0) @binding(3) var<storage, read> attended: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> log_sums: array<f32>;
@group(0) @binding(5) var<storage, read> by_attended: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> by_memory: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation_index(workgroup, workgroups, local, 64u);
    if (row >= params[1]) {
        return;
    }
    let point = point_of(row);
    var sums = array<vec4<f32>, ROW_VECTORS>();
    for (var query = 0u; query < params[0]; query++) {
        let chain = chain_of(attended[query], log_sums[query], by_attended[query]);
        let share = share_of(chain, logit_of(query, row));
        if (share > 0.0) {
            let by_logit = share * by_share(chain, point);
            for (var k = 0u; k < QUERY_VECTORS; k++) {
                sums[k] += by_logit * queries[query * QUERY_VECTORS + k];
            }
            let by_point = share * (chain.by_mean + 2.0 * chain.by_variance * (point - chain.mean));
            sums[QUERY_VECTORS] += vec4<f32>(by_logit, by_point);
        }
    }
    for (var k = 0u; k < ROW_VECTORS; k++) {
        by_memory[row * ROW_VECTORS + k] = sums[k];
    }
}
