// Hypotheses of pairs, in rows pair × hypotheses + h, where no match is asked for. params: pairs, hypotheses a pair, then the
// shader's own.

@group(0) @binding(0) var<storage, read> params: array<u32>;

// Pairs and hypotheses a pair, the same for all invocations of a workgroup: what is loaded from storage is not so to the
// validator.
var<workgroup> shared_counts: vec2<u32>;

fn uniform_counts(local: u32) -> vec2<u32> {
    if (local == 0u) {
        shared_counts = vec2<u32>(params[0], params[1]);
    }
    return workgroupUniformLoad(&shared_counts);
}
