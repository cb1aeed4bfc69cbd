//! The fused stages out of Burn's own operations, for backends that have no fused ones.

use super::Segments;
use crate::cpu::segment_norm::EPSILON;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// See [`segment_norm`](super::segment_norm).
pub(super) fn segment_norm(
    rows: Tensor<2>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    has_relu: bool,
    segments: &Segments,
) -> Tensor<2> {
    let normal = |range: std::ops::Range<usize>| {
        let of_pair = rows.clone().narrow(0, range.start, range.len());
        let centred = of_pair.clone() - of_pair.mean_dim(0);
        let variance = centred.clone().square().mean_dim(0);
        centred / (variance + EPSILON).sqrt()
    };
    let pairs: Vec<_> = segments.ranges().filter(|range| !range.is_empty()).map(normal).collect();
    if pairs.is_empty() {
        return rows;
    }
    let normed = Tensor::cat(pairs, 0) * gamma.unsqueeze() + beta.unsqueeze();
    if has_relu { relu(normed) } else { normed }
}

/// See [`pool_neighbours`](super::pool_neighbours).
pub(super) fn pool_neighbours(
    both: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    edges: Tensor<2>,
    neighbours: Tensor<2, Int>,
    segments: &Segments,
) -> Tensor<2> {
    let [rows, count] = neighbours.dims();
    let channels = bias.dims()[0];
    if rows == 0 {
        return both.narrow(1, 0, channels);
    }
    let places = (neighbours + first_rows(segments, &both.device())).reshape([rows * count]);
    let own = both.clone().narrow(1, 0, channels).unsqueeze_dim::<3>(1);
    let other = both.narrow(1, channels, channels).select(0, places);
    let by_edge = edges.matmul(weight) + bias.unsqueeze();
    let message = own + (other + by_edge).reshape([rows, count, channels]);
    relu(message).mean_dim(1).squeeze_dim(1)
}

/// The first row of the pair of each row, (rows, 1).
fn first_rows(segments: &Segments, device: &Device) -> Tensor<2, Int> {
    let rows: Vec<i32> =
        segments.ranges().flat_map(|range| std::iter::repeat_n(range.start as i32, range.len())).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count, 1]), device)
}
