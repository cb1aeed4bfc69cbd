// Sums of a count over the invocations of a workgroup up to each one, in `ends`; the sum over all, to all of them. Needs WORKGROUP.

var<workgroup> ends: array<u32, WORKGROUP>;

fn sum_up(local: u32, count: u32) -> u32 {
    ends[local] = count;
    workgroupBarrier();
    for (var step = 1u; step < WORKGROUP; step *= 2u) {
        let before = select(0u, ends[max(local, step) - step], local >= step);
        workgroupBarrier();
        ends[local] += before;
        workgroupBarrier();
    }
    return workgroupUniformLoad(&ends[WORKGROUP - 1u]);
}
