//! XFeat's checkpoint (Potje et al., CVPR 2024; Apache-2.0), for its backbone as an encoder.
//!
//! A layer of ours, `block3.1`, is `block3.1.layer.0.weight` (out, in, side, side) there, with a batch norm `block3.1.layer.1` that has a
//! `running_mean` and a `running_var` but nothing learned; `skip1.1` and `block_fusion.2` have `weight` and `bias`. Heads and the fine matcher
//! are left out.

use super::pytorch::{PytorchFile, places_in_out};
use crate::cpu::rank::segment_norm::EPSILON;
use crate::localise::convolutional::{Convolution, xfeat};
use crate::localise::{Encoder, EncoderLayout};
use crate::network::{Tensor, WeightsError};
use crate::{Error, Result};
use std::path::Path;

/// Reads XFeat's backbone from its PyTorch checkpoint.
///
/// # Errors
/// [`Error::File`] when it is no PyTorch checkpoint; [`Error::Weights`] when it is not XFeat's, or a tensor is missing, of
/// another shape or type, or not finite.
pub fn import_xfeat(path: &Path) -> Result<Encoder> {
    let file = PytorchFile::open(path)?;
    let layers =
        xfeat().convolutions().map(|layer| convolution(&file, layer)).collect::<std::result::Result<Vec<_>, _>>();
    let tensors = layers.map(|layers| layers.into_iter().flatten().collect());
    let encoder = tensors.and_then(|tensors| Encoder::new(EncoderLayout::Xfeat, tensors));
    encoder.map_err(|error| Error::Weights { path: path.display().to_string(), error })
}

/// A convolution with the batch norm that may follow it.
fn convolution(file: &PytorchFile, layer: &Convolution) -> std::result::Result<[(String, Tensor); 2], WeightsError> {
    let Convolution { channels: [inputs, outputs], side, ref name, .. } = *layer;
    let (theirs, has_norm) = match name.as_str() {
        "skip1" => ("skip1.1".to_owned(), false),
        "block_fusion.2" => (name.clone(), false),
        _ => (format!("{name}.layer.0"), true),
    };
    let weight = file.values(&format!("{theirs}.weight"), &[outputs, inputs, side, side])?;
    let mut weight = places_in_out(&weight, [outputs, inputs, side * side]);
    let bias = if has_norm {
        let [mean, variance] =
            ["mean", "var"].map(|part| file.values(&format!("{name}.layer.1.running_{part}"), &[outputs]));
        let scale: Vec<f32> = variance?.iter().map(|variance| 1.0 / (variance + EPSILON).sqrt()).collect();
        weight.chunks_exact_mut(outputs).flat_map(|row| row.iter_mut().zip(&scale)).for_each(|(x, scale)| *x *= scale);
        mean?.iter().zip(&scale).map(|(mean, scale)| -mean * scale).collect()
    } else {
        file.values(&format!("{theirs}.bias"), &[outputs])?
    };
    let [(weight_name, weight_shape), (bias_name, bias_shape)] = layer.tensors();
    let weight = Tensor { shape: weight_shape, values: weight };
    Ok([(weight_name, weight), (bias_name, Tensor { shape: bias_shape, values: bias })])
}
