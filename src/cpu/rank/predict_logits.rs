//! The last layer of the ranking network: the logit of each match, w · h + b, and the probability that it stands for.

/// The logits of `rows` (n × channels).
pub fn predict_logits(rows: &[f32], weight: &[f32], bias: f32) -> Vec<f32> {
    let logit = |row: &[f32]| bias + row.iter().zip(weight).map(|(x, w)| x * w).sum::<f32>();
    rows.chunks_exact(weight.len().max(1)).map(logit).collect()
}

/// Probability of a logit.
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Log-probability of a logit, ln(sigmoid), without overflow.
pub fn log_sigmoid(logit: f32) -> f32 {
    logit.min(0.0) - (-logit.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_are_products_and_probabilities_stay_in_range() {
        assert_eq!(predict_logits(&[1.0, 2.0, 3.0, 4.0], &[10.0, 1.0], 0.5), [12.5, 34.5]);
        for (logit, probability) in [(-1e4, 0.0), (0.0, 0.5), (1e4, 1.0)] {
            assert_eq!(sigmoid(logit), probability);
        }
        assert!((log_sigmoid(-1e4) + 1e4).abs() < 1e-3 && log_sigmoid(1e4).abs() < 1e-9);
        assert!((log_sigmoid(0.7) - sigmoid(0.7).ln()).abs() < 1e-6);
    }
}
