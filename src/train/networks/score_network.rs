//! The network that scores hypotheses by their error images (DSAC; Brachmann et al., CVPR 2017).

use crate::{Error, Result};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

/// Scores hypotheses by the images of their errors: three convolutions of 3×3 at every other place, and the mean over what is
/// left of the image. Any size of image will do.
///
/// DSAC 2017 learns the score so; its successors count inliers softly instead
/// ([`soft_inlier_scores`](crate::train::ops::soft_inlier_scores)), which has nothing to overfit.
#[derive(Module, Debug)]
pub struct ScoreNetwork {
    convolutions: Vec<Conv2d>,
    output: Linear,
}

impl ScoreNetwork {
    /// With random weights; so many channels in the first layer, twice and four times as many in the others.
    pub fn new(channels: usize, device: &Device) -> Self {
        let layer = |[from, to]: [usize; 2]| {
            let config = Conv2dConfig::new([from, to], [3, 3]).with_stride([2, 2]);
            config.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device)
        };
        let convolutions = [[1, channels], [channels, 2 * channels], [2 * channels, 4 * channels]].map(layer);
        Self { convolutions: convolutions.into(), output: LinearConfig::new(4 * channels, 1).init(device) }
    }

    /// The scores \[B\] of the error images \[B, rows × columns\] of [`error_images`](crate::train::ops::error_images), row by row;
    /// errors are in thresholds, and seen as their logarithm, ln(1 + error).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless an image has so many rows and columns, and [`Error::BadOption`] where it has none.
    pub fn forward(&self, errors: Tensor<2>, [rows, columns]: [usize; 2]) -> Result<Tensor<1>> {
        let [images, cells] = errors.dims();
        if rows * columns != cells {
            return Err(Error::LengthMismatch {
                what: "cells of an error image",
                expected: rows * columns,
                found: cells,
            });
        }
        if cells == 0 || images == 0 {
            let found = format!("{images} images of {rows}×{columns}");
            return Err(Error::BadOption { name: "error images", expected: "at least one cell", found });
        }
        let mut seen = (errors + 1.0).log().reshape([images, 1, rows, columns]);
        for convolution in &self.convolutions {
            seen = relu(convolution.forward(seen));
        }
        let channels = seen.dims()[1];
        let mean = seen.reshape([images as i32, channels as i32, -1]).mean_dim(2).reshape([images, channels]);
        Ok(self.output.forward(mean).reshape([images]))
    }
}
