//! When enough hypotheses were drawn.

/// Hypotheses after which a sample of `sample_size` inliers was drawn with the given confidence, without replacement:
/// log(1 − confidence) / log(1 − P), P = Π (inliers − j) / (matches − j).
pub(crate) fn required_iterations(inliers: usize, matches: usize, sample_size: usize, confidence: f64) -> u32 {
    if inliers < sample_size {
        return u32::MAX;
    }
    let all_inliers: f64 = (0..sample_size).map(|j| (inliers - j) as f64 / (matches - j) as f64).product();
    let needed = (1.0 - confidence).ln() / (-all_inliers).ln_1p();
    // the cast saturates
    if all_inliers >= 1.0 { 1 } else { needed.ceil() as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_hand_computed_counts() {
        assert_eq!(required_iterations(10, 10, 5, 0.99), 1);
        // P = 3/10 · 2/9 = 1/15
        assert_eq!(required_iterations(3, 10, 2, 0.99), 67);
        assert_eq!(required_iterations(1, 10, 2, 0.99), u32::MAX);
        assert_eq!(required_iterations(3, 10, 2, 0.0), 0);
    }
}
