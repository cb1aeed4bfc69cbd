//! The two stages of the network that are neither a matrix product nor worth a dozen element-wise operations, fused, each
//! with its backward pass: on Burn's CPU backend these would otherwise cost more than the matrix products, and on a GPU be
//! launched pair by pair.
//!
//! Rows of all pairs of a batch are packed one after another ([`Segments`]). The values are those of inference: of
//! [`cpu::segment_norm`](crate::cpu::rank::segment_norm) and [`cpu::pool_neighbours`](crate::cpu::rank::pool_neighbours).

mod autodiff;
mod cube;
mod flex;
mod neighbours;
mod pool_neighbours;
mod segment_norm;
mod segments;

pub(in crate::train) use cube::{NORM_BACKWARD, POOL_BACKWARD};
pub use neighbours::Neighbours;
pub use segments::Segments;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// What the fused stages ask of a backend.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait NetworkBackend: Backend {
    /// [`segment_norm`] with a ReLU or without.
    fn segment_norm(
        rows: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> FloatTensor<Self>;

    /// The gradients to rows, gamma and beta.
    fn segment_norm_backward(
        rows: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        relu: bool,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// [`pool_neighbours`], with the links of [`Neighbours`].
    fn pool_neighbours(
        both: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        links: IntTensor<Self>,
        segments: Segments,
    ) -> FloatTensor<Self>;

    /// The gradients to both, weight and bias.
    fn pool_neighbours_backward(
        both: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        edges: FloatTensor<Self>,
        links: IntTensor<Self>,
        gradient: FloatTensor<Self>,
        segments: Segments,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Instance norm over the rows of each pair, per channel, with scale and shift, and with a ReLU after it or without. Over a
/// single segment of all rows it is the batch norm of training.
///
/// `rows` \[n, C\], C a multiple of 4; `gamma`, `beta` \[C\].
pub fn segment_norm(rows: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>, relu: bool, segments: &Segments) -> Tensor<2> {
    let (rows, gamma, beta) = (rows.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(Dispatch::segment_norm(rows, gamma, beta, relu, segments.clone()))
}

/// Messages of the neighbours: p_i = mean_j relu(a_i + b_j + G e_ij + b) over the k neighbours j of each match i, k at most
/// [`MAX_NEIGHBOURS`](crate::constants::MAX_NEIGHBOURS).
///
/// `both` \[n, 2C\], the a beside the b, C a multiple of 16; `weight` G \[E, C\] and `bias` \[C\] for the E edge features
/// `edges` \[n · k, E\].
pub fn pool_neighbours(
    both: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    edges: Tensor<2>,
    neighbours: &Neighbours,
    segments: &Segments,
) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::pool_neighbours(
        both.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        edges.into_dispatch(),
        neighbours.links.clone().into_dispatch(),
        segments.clone(),
    ))
}
