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
