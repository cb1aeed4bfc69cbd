// The sums of all invocations of a workgroup, by a reduction through workgroup memory that holds LANES of them at a time. Other parts
// declare WORKGROUP, LANES, `lanes` with room for LANES × SUM_VECTORS vectors, and hold_sums, which holds each of the vectors in turn:
// no loop over them, whose index would take the sums out of registers.

// The sums over all matches, entries of SUM_VECTORS vectors.
var<workgroup> totals: array<f32, 4u * SUM_VECTORS>;

fn hold(place: u32, vector: vec4<f32>, is_first: bool) {
    if (is_first) {
        lanes[place] = vector;
    } else {
        lanes[place] += vector;
    }
}

fn add_up(sums: Sums, local: u32) {
    for (var turn = 0u; turn < WORKGROUP / LANES; turn++) {
        if (local / LANES == turn) {
            hold_sums(sums, (local % LANES) * SUM_VECTORS, turn == 0u);
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
