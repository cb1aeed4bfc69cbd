//! The fused stages on wgpu: forward by the shaders of inference, backward by shaders of their own. Sums over pairs or rows
//! are left to Burn, from one partial sum a workgroup.

use super::neighbours::links_a_row;
use super::{NetworkBackend, Segments};
use crate::constants;
use crate::constants::{EDGE_COLUMNS, NORM_CHANNELS, POOLED_EDGES};
use crate::cpu::rank::segment_norm::Join;
use crate::gpu::{Shader, shader_part};
use crate::kernels;
use crate::train::ops::launch;
use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn::backend::wgpu::{CubeBackend, CubeTensor, into_contiguous};
use burn::cubecl::server::Handle;
use burn::tensor::{DType, Shape};
use std::ops::Range;

/// [`NORM_CHANNELS`] of a pair a workgroup.
pub(in crate::train) const NORM_BACKWARD: Shader<'static> = Shader {
    name: "segment_norm_backward",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/rank/channel_sums"),
        shader_part!("shared/rank/segment_moments"),
        shader_part!("rank/segment_norm_backward"),
    ],
};

/// Sixteen channels of 64 rows a workgroup.
pub(in crate::train) const POOL_BACKWARD: Shader<'static> = Shader {
    name: "pool_neighbours_backward",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("rank/pool_neighbours_backward"),
    ],
};

/// Invocations of a workgroup of the norm.
const NORM: usize = 256;
/// Invocations of a workgroup that pools.
const POOL: usize = 64;
/// Rows and channels of a workgroup of the backward pass, and its invocations.
const POOL_BACK: [usize; 3] = [64, 16, 256];

impl NetworkBackend for CubeBackend {
    fn segment_norm(
        rows: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        relu: bool,
        segments: Segments,
    ) -> CubeTensor {
        let rows = into_contiguous(rows);
        let output = empty(&rows, rows.shape());
        let norm = Norm { rows: &rows, gamma, beta, relu, segments: &segments };
        norm.launch(kernels::rank::segment_norm::SHADER, &[], &[&output]);
        output
    }

    fn segment_norm_backward(
        rows: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        gradient: CubeTensor,
        relu: bool,
        segments: Segments,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let (rows, gradient) = (into_contiguous(rows), into_contiguous(gradient));
        let channels = gamma.shape()[0];
        let of_pairs = Shape::from([segments.len(), channels]);
        let to_rows = empty(&rows, rows.shape());
        let [to_gamma, to_beta] = [(); 2].map(|()| empty(&rows, of_pairs.clone()));
        let norm = Norm { rows: &rows, gamma, beta, relu, segments: &segments };
        norm.launch(NORM_BACKWARD, &[&gradient], &[&to_rows, &to_gamma, &to_beta]);
        let [to_gamma, to_beta] = [to_gamma, to_beta].map(|parts| sum_of_parts(parts, Shape::from([channels])));
        (to_rows, to_gamma, to_beta)
    }

    fn pool_neighbours(
        both: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        edges: CubeTensor,
        links: CubeTensor,
        segments: Segments,
    ) -> CubeTensor {
        let channels = bias.shape()[0];
        let [both, edges, links] = [both, edges, links].map(into_contiguous);
        let count = links_a_row(links.shape()[0], &segments);
        let output = empty(&both, Shape::from([segments.rows(), channels]));
        let buffers = [
            numbers(&both, &[EDGE_COLUMNS, channels, count, 0]),
            batch(&both, &segments),
            both.handle.clone(),
            links.handle,
            edges.handle,
            joined(weight, bias).handle,
            output.handle.clone(),
        ];
        let workgroups = segments.rows().div_ceil(POOLED_EDGES as usize / count.max(1));
        launch(&both, kernels::rank::pool_neighbours::SHADER, POOL, buffers.into(), workgroups);
        output
    }

    fn pool_neighbours_backward(
        both: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        edges: CubeTensor,
        links: CubeTensor,
        gradient: CubeTensor,
        segments: Segments,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let [both, edges, links, gradient] = [both, edges, links, gradient].map(into_contiguous);
        let (channels, rows) = (bias.shape()[0], segments.rows());
        let count = links_a_row(links.shape()[0], &segments);
        let [chunk, width, workgroup] = POOL_BACK;
        let chunks = rows.div_ceil(chunk);
        let to_both = empty(&both, both.shape());
        let parts = empty(&both, Shape::from([chunks, EDGE_COLUMNS + 1, channels]));
        let buffers = [
            numbers(&both, &[rows, channels, count]),
            both.handle.clone(),
            links.handle,
            edges.handle,
            joined(weight, bias).handle,
            gradient.handle,
            to_both.handle.clone(),
            parts.handle.clone(),
        ];
        launch(&both, POOL_BACKWARD, workgroup, buffers.into(), chunks * channels / width);
        let sums = sum_of_parts(parts, Shape::from([EDGE_COLUMNS + 1, channels]));
        let part = |rows: Range<usize>| Self::float_slice(sums.clone(), &[rows.into(), (0..channels).into()]);
        let [to_weight, to_bias] = [0..EDGE_COLUMNS, EDGE_COLUMNS..EDGE_COLUMNS + 1].map(part);
        (to_both, to_weight, Self::float_reshape(to_bias, Shape::from([channels])))
    }
}

/// The operands of both passes of the norm.
struct Norm<'a> {
    rows: &'a CubeTensor,
    gamma: CubeTensor,
    beta: CubeTensor,
    relu: bool,
    segments: &'a Segments,
}

impl Norm<'_> {
    fn launch(self, shader: Shader<'static>, more: &[&CubeTensor], outputs: &[&CubeTensor]) {
        let (channels, join) = (self.gamma.shape()[0], if self.relu { Join::Relu } else { Join::Plain });
        let mut buffers = vec![
            numbers(self.rows, &[channels, channels, 0, join as usize]),
            batch(self.rows, self.segments),
            self.rows.handle.clone(),
            joined(self.gamma, self.beta).handle,
        ];
        buffers.extend(more.iter().chain(outputs).map(|tensor| tensor.handle.clone()));
        let groups = channels.div_ceil(NORM_CHANNELS as usize);
        launch(self.rows, shader, NORM, buffers, self.segments.len() * groups);
    }
}

fn empty(like: &CubeTensor, shape: Shape) -> CubeTensor {
    let handle = like.client.empty(shape.num_elements() * DType::F32.size());
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape, handle, DType::F32)
}

fn numbers(like: &CubeTensor, values: &[usize]) -> Handle {
    let values: Vec<u32> = values.iter().map(|&value| value as u32).collect();
    like.client.create_from_slice(bytemuck::cast_slice(&values))
}

/// Number of pairs, then their offsets.
fn batch(like: &CubeTensor, segments: &Segments) -> Handle {
    let values: Vec<usize> = std::iter::once(segments.len()).chain(segments.offsets().iter().copied()).collect();
    numbers(like, &values)
}

/// All values of the one, then those of the other.
fn joined(first: CubeTensor, second: CubeTensor) -> CubeTensor {
    let flat = |tensor: CubeTensor| {
        let count = tensor.shape().num_elements();
        CubeBackend::float_reshape(tensor, Shape::from([count]))
    };
    into_contiguous(CubeBackend::float_cat(vec![flat(first), flat(second)], 0))
}

/// The sum over the first dimension.
fn sum_of_parts(parts: CubeTensor, shape: Shape) -> CubeTensor {
    CubeBackend::float_reshape(CubeBackend::float_sum_dim(parts, 0), shape)
}
