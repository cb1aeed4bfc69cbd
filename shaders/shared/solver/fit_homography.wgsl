// Homography of n ≥ 4 weighted matches by the normalised direct linear transform: at most one, of Frobenius norm 1.

fn fit_model(first: u32, count: u32, slot: u32) -> bool {
    return write_matrix(slot, linear_homography(first, count));
}
