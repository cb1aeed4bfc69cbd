//! The graph convolution of CLNet in O(n): y = L x over the matches of a pair, with a = relu(tanh(w0)) of the first logits.
//!
//! Exact: L = D^-½ (a aᵀ + I) D^-½ with d_i = a_i Σ a + 1, so y_i = d_i^-½ (a_i Σ_j a_j d_j^-½ x_j + d_i^-½ x_i). Collapsed, as the
//! released checkpoints were trained: y_i = (s Σ_j x_j + x_i) / (n s + 1) with s = Σ a².

/// The graph convolution of CLNet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "network", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[repr(u32)]
pub enum GraphConvolution {
    /// L = D^-½ (a aᵀ + I) D^-½ as in the paper.
    #[default]
    Exact = 0,
    /// (s 1 1ᵀ + I) / (n s + 1) with s = Σ a², which the released checkpoints were trained with.
    Collapsed = 1,
}

/// L of a pair as y_i = left_i Σ_j right_j x_j + own_i x_i.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mixture {
    /// An entry a match.
    pub left: Vec<f32>,
    /// An entry a match.
    pub right: Vec<f32>,
    /// An entry a match.
    pub own: Vec<f32>,
}

impl Mixture {
    /// From the first logits of a pair.
    pub fn new(logits: &[f32], variant: GraphConvolution) -> Self {
        let a: Vec<f32> = logits.iter().map(|w| w.tanh().max(0.0)).collect();
        match variant {
            GraphConvolution::Exact => {
                let sum: f32 = a.iter().sum();
                let root = |a: f32| 1.0 / (a * sum + 1.0).sqrt();
                let shares: Vec<f32> = a.iter().map(|&a| a * root(a)).collect();
                Self { left: shares.clone(), right: shares, own: a.iter().map(|&a| root(a) * root(a)).collect() }
            }
            GraphConvolution::Collapsed => {
                let sum: f32 = a.iter().map(|a| a * a).sum();
                let own = 1.0 / (logits.len() as f32 * sum + 1.0);
                Self { left: vec![sum * own; a.len()], right: vec![1.0; a.len()], own: vec![own; a.len()] }
            }
        }
    }
}

/// `out` from `rows`, both n × channels, and the n first `logits`, of one pair.
pub fn graph_convolution(rows: &[f32], logits: &[f32], variant: GraphConvolution, out: &mut [f32]) {
    let channels = rows.len() / logits.len().max(1);
    let Mixture { left, right, own } = Mixture::new(logits, variant);
    let mut total = vec![0.0; channels];
    for (row, right) in rows.chunks_exact(channels.max(1)).zip(&right) {
        total.iter_mut().zip(row).for_each(|(total, x)| *total += right * x);
    }
    for (i, out) in out.chunks_exact_mut(channels.max(1)).enumerate() {
        let row = &rows[i * channels..][..channels];
        for ((out, x), total) in out.iter_mut().zip(row).zip(&total) {
            *out = left[i] * total + own[i] * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_variants_are_the_products_with_their_matrix() {
        let (count, channels) = (9, 4);
        let rows: Vec<f32> = (0..count * channels).map(|i| (i as f32 * 0.9).sin()).collect();
        let logits: Vec<f32> = (0..count).map(|i| (i as f32 * 2.1).sin() * 2.0).collect();
        let a: Vec<f32> = logits.iter().map(|w| w.tanh().max(0.0)).collect();
        for variant in [GraphConvolution::Exact, GraphConvolution::Collapsed] {
            let s: f32 = a.iter().map(|a| a * a).sum();
            let entry = |i: usize, j: usize| {
                let product = if variant == GraphConvolution::Exact { a[i] * a[j] } else { s };
                product + if i == j { 1.0 } else { 0.0 }
            };
            let degree = |i: usize| (0..count).map(|j| entry(i, j)).sum::<f32>();
            let mut out = vec![0.0; rows.len()];
            graph_convolution(&rows, &logits, variant, &mut out);
            for (place, found) in out.iter().enumerate() {
                let (i, c) = (place / channels, place % channels);
                let l = |j: usize| entry(i, j) / (degree(i) * degree(j)).sqrt();
                let expected: f32 = (0..count).map(|j| l(j) * rows[j * channels + c]).sum();
                assert!((found - expected).abs() < 1e-5, "{variant:?}: {found} {expected}");
            }
        }
    }
}
