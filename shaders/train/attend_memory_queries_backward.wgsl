// The gradient by the queries, a workgroup a query. Twin: src/cpu/train/attend_memory.rs.

@group(0) @binding(3) var<storage, read> attended: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> log_sums: array<f32>;
@group(0) @binding(5) var<storage, read> by_attended: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> by_queries: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let query = min(workgroup_index(workgroup, workgroups), params[0] - 1u);
    let chain = chain_of(attended[query], log_sums[query], by_attended[query]);
    var sums = array<vec4<f32>, QUERY_VECTORS>();
    for (var row = local; row < params[1]; row += 64u) {
        let share = share_of(chain, logit_of(query, row));
        if (share > 0.0) {
            let by_logit = share * by_share(chain, point_of(row));
            for (var k = 0u; k < QUERY_VECTORS; k++) {
                sums[k] += by_logit * memory[row * ROW_VECTORS + k];
            }
        }
    }
    for (var k = 0u; k < QUERY_VECTORS; k++) {
        let sum = workgroup_sum(local, sums[k]);
        if (local == 0u) {
            by_queries[query * QUERY_VECTORS + k] = sum;
        }
    }
}
