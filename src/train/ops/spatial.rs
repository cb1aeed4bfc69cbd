//! The layout of matches inside kernels: x1 y1 x2 y2, or for matches with a 3-D point two times four, X Y Z 0 x y 0 0 and
//! X1 Y1 Z1 0 X2 Y2 Z2 0.

use crate::ModelKind;
use crate::cpu::residual::coordinates;
use crate::{Error, Result};
use burn::tensor::{Int, Tensor};

/// Numbers that a match has in a kernel.
pub(super) const fn kernel_width(kind: ModelKind) -> usize {
    if coordinates(kind) == 4 { 4 } else { 8 }
}

/// Rows of matches in the layout of kernels; plain tensor operations, which have their gradient.
///
/// # Errors
/// [`Error::LengthMismatch`] unless the last dimension has the coordinates of the kind.
pub(super) fn kernel_layout<const D: usize>(kind: ModelKind, points: Tensor<D>) -> Result<Tensor<D>> {
    let dims = points.dims();
    let (expected, found) = (coordinates(kind), dims[D - 1]);
    if expected != found {
        return Err(Error::LengthMismatch { what: "coordinates of a match", expected, found });
    }
    if expected == 4 {
        return Ok(points);
    }
    let device = points.device();
    // a column of zeros at the end, taken wherever the layout has one
    let mut zero = dims;
    zero[D - 1] = 1;
    let zero = Tensor::<D>::zeros(zero, &device);
    let order: [i32; 8] = match kind {
        ModelKind::Pose => [0, 1, 2, 5, 3, 4, 5, 5],
        _ => [0, 1, 2, 6, 3, 4, 5, 6],
    };
    let order = Tensor::<1, Int>::from_ints(order, &device);
    Ok(Tensor::cat(vec![points, zero], D - 1).select(D - 1, order))
}

/// The rows of a pair in f64, from those of kernels.
pub(super) fn spatial_matches(kind: ModelKind, rows: &[f32]) -> Vec<[f64; 6]> {
    let to_match = |&[a, b, c, _, d, e, f, _]: &[f32; 8]| {
        [a, b, c, d, e, if kind == ModelKind::Rigid { f } else { 0.0 }].map(f64::from)
    };
    rows.as_chunks().0.iter().map(to_match).collect()
}
