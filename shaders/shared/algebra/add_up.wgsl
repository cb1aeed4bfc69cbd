// The sums of all invocations of a workgroup, by a reduction through workgroup memory that holds LANES of them at a time. Another part
// declares WORKGROUP, LANES, and `lanes` with room for LANES × SUM_VECTORS vectors.

// The sums over all matches, entries of SUM_VECTORS vectors.
var<workgroup> totals: array<f32, 4u * SUM_VECTORS>;

fn add_up(sums: Sums, local: u32) {
    let vectors = sum_vectors(sums);
    let lane = (local % LANES) * SUM_VECTORS;
    for (var turn = 0u; turn < WORKGROUP / LANES; turn++) {
        if (local / LANES == turn) {
            for (var v = 0u; v < SUM_VECTORS; v++) {
                if (turn == 0u) {
                    lanes[lane + v] = vectors[v];
                } else {
                    lanes[lane + v] += vectors[v];
                }
            }
        }
        workgroupBarrier();
    }
    if (local < 4u * SUM_VECTORS) {
        var sum = 0.0;
        for (var k = 0u; k < LANES; k++) {
            sum += lanes[k * SUM_VECTORS + local / 4u][local % 4u];
        }
        totals[local] = sum;
    }
    workgroupBarrier();
}
