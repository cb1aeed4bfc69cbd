// The rows whose neighbours are found: those of a packed batch, a chunk a workgroup.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> neighbours: array<u32>;

fn neighbour_count() -> u32 {
    return shape.neighbours;
}

// The chunks of at most `size` rows, none of two pairs: those of pair p begin with chunk offsets[p] / size + p, which leaves
// room for them all; those beyond the last row of their pair are empty.
fn chunk_at(index: u32, size: u32) -> Chunk {
    var low = 0u;
    var high = batch.pairs;
    while (low + 1u < high) {
        let middle = (low + high) / 2u;
        if (batch.offsets[middle] / size + middle <= index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let begin = batch.offsets[low];
    return Chunk(begin + (index - begin / size - low) * size, begin, batch.offsets[low + 1u]);
}

fn first_chunk(workgroup: vec3<u32>, workgroups: vec3<u32>) -> Chunk {
    return chunk_at(workgroup_index(workgroup, workgroups), NEIGHBOUR_ROWS);
}

fn next_chunk(chunk: Chunk, workgroups: vec3<u32>) -> Chunk {
    return Chunk(chunk.pair_end, chunk.pair_begin, chunk.pair_end);
}
