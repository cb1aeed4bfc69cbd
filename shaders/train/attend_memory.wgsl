// What a map recalls at queries, a workgroup a query: the mean of the points by the softmax of the logits, their spread, and the
// logarithm of the sum of the exponentials. Twin: src/cpu/train/attend_memory.rs.

@group(0) @binding(3) var<storage, read_write> attended: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> log_sums: array<f32>;

var<workgroup> highest: array<f32, 64>;

fn workgroup_max(local: u32, value: f32) -> f32 {
    highest[local] = value;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step) {
            highest[local] = max(highest[local], highest[local + step]);
        }
    }
    return workgroupUniformLoad(&highest[0]);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let query = min(workgroup_index(workgroup, workgroups), params[0] - 1u);
    var own_highest = -3.0e38;
    for (var row = local; row < params[1]; row += 64u) {
        own_highest = max(own_highest, logit_of(query, row));
    }
    let top = workgroup_max(local, own_highest);
    var sums = vec4<f32>();
    var sum_sq = 0.0;
    for (var row = local; row < params[1]; row += 64u) {
        let logit = logit_of(query, row);
        if (logit > top - NEGLIGIBLE) {
            let share = exp(logit - top);
            let point = point_of(row);
            sums += share * vec4<f32>(point, 1.0);
            sum_sq += share * dot(point, point);
        }
    }
    sums = workgroup_sum(local, sums);
    sum_sq = workgroup_sum(local, vec4<f32>(sum_sq)).x;
    if (local == 0u) {
        let mean = sums.xyz / sums.w;
        let spread = sqrt(max(sum_sq / sums.w - dot(mean, mean), 0.0));
        let log_sum = top + log(sums.w);
        // a sum of 0: no logit was a number
        let finite = sums.w > 0.0 && (bitcast<u32>(log_sum) & NOT_FINITE) != NOT_FINITE;
        attended[query] = select(vec4<f32>(), vec4<f32>(mean, spread), finite);
        log_sums[query] = select(bitcast<f32>(0x7f7fffffu), log_sum, finite);
    }
}
