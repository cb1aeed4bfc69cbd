// Rows of a packed batch. Needs `batch`, a storage buffer with a Batch.

fn row_count() -> u32 {
    return batch.offsets[batch.pairs];
}

// The pair that a row belongs to: the last one that starts at or before it and is not empty.
fn pair_of_row(row: u32) -> u32 {
    var low = 0u;
    var high = batch.pairs;
    while (low + 1u < high) {
        let middle = (low + high) / 2u;
        if (batch.offsets[middle] <= row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// Rows of one pair that a workgroup takes, from the first on.
struct Chunk {
    first: u32,
    pair_begin: u32,
    pair_end: u32,
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
