//! The two stages of the network that are neither a matrix product nor worth a dozen element-wise operations, fused, each
//! with its backward pass: on Burn's CPU backend these would otherwise cost more than the matrix products.
//!
//! Rows of all pairs of a batch are packed one after another ([`Segments`]).

mod autodiff;
mod cpu;
mod neighbour_pool;
mod segment_norm;
mod segments;

pub use segments::Segments;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Int, Tensor};

/// What the fused stages ask of a backend.
#[backend_extension(Flex, Autodiff)]
pub trait NetworkBackend: Backend {
    /// [`segment_norm`].
    fn segment_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> FloatTensor<Self>;

    /// The gradients to input, scale and shift.
    fn segment_norm_backward(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// [`neighbour_pool`].
    fn neighbour_pool(
        own: FloatTensor<Self>,
        others: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        neighbours: IntTensor<Self>,
        segments: Segments,
    ) -> FloatTensor<Self>;

    /// The gradients to own, others and weights.
    fn neighbour_pool_backward(
        own: FloatTensor<Self>,
        others: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        neighbours: IntTensor<Self>,
        gradient: FloatTensor<Self>,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Instance norm over the rows of each pair, per channel: `scale (x - mean) / sqrt(variance + 1e-5) + shift`, then a
/// ReLU where `relu` says so.
///
/// `input` (rows, channels); `scale`, `shift` (channels).
pub fn segment_norm(
    input: Tensor<2>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    relu: bool,
    segments: &Segments,
) -> Tensor<2> {
    let (input, scale, shift) = (input.into_dispatch(), scale.into_dispatch(), shift.into_dispatch());
    Tensor::from_dispatch(Dispatch::segment_norm(input, scale, shift, relu, segments.clone()))
}

/// `mean_j relu(own_i + others_j + Σ_e edges_ije weights_e)` over the k neighbours j of each match i.
///
/// `own`, `others` (rows, channels), channels a multiple of 16; `weights` (E, channels); `edges` (rows · k, E);
/// `neighbours` (rows, k), rows counted within the pair.
pub fn neighbour_pool(
    own: Tensor<2>,
    others: Tensor<2>,
    weights: Tensor<2>,
    edges: Tensor<2>,
    neighbours: Tensor<2, Int>,
    segments: &Segments,
) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::neighbour_pool(
        own.into_dispatch(),
        others.into_dispatch(),
        weights.into_dispatch(),
        edges.into_dispatch(),
        neighbours.into_dispatch(),
        segments.clone(),
    ))
}
