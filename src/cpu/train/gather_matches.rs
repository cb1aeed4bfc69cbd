//! The rows of a table by index, and the gradient of that: each row's sum over the places where it was taken.

/// The rows of so many entries that the indices name; an index below 0 leaves the output as it is.
pub fn gather_matches(table: &[f32], indices: &[f32], width: usize, out: &mut [f32]) {
    for (row, &index) in out.chunks_mut(width).zip(indices) {
        if index >= 0.0 {
            row.copy_from_slice(&table[index as usize * width..][..width]);
        }
    }
}

/// Adds the gradients by the gathered rows to those of the table.
pub fn gather_matches_backward(indices: &[f32], gradients: &[f32], width: usize, out: &mut [f32]) {
    for (row, &index) in gradients.chunks(width).zip(indices) {
        if index >= 0.0 {
            for (sum, g) in out[index as usize * width..][..width].iter_mut().zip(row) {
                *sum += g;
            }
        }
    }
}
