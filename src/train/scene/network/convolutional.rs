use super::{Units, Values, parameter};
use crate::cpu::localise::mean_blocks::BLOCK_PX;
use crate::cpu::localise::standardise::LEAST_VARIANCE;
use crate::cpu::rank::linear_rows::After;
use crate::localise::convolutional::{Convolution, Plan, Step};
use crate::network::Tensor as NamedTensor;
use crate::train::networks::parameters::{Linear, read};
use crate::{Error, Result};
use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::module::{avg_pool2d, conv2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;

/// A [`Plan`] whose weights are learned; planes are \[B, channels, rows, columns\].
#[derive(Module, Debug)]
pub struct ConvolutionalModule {
    /// Of the convolutions, in order.
    layers: Vec<Linear>,
    #[module(skip)]
    plan: Plan,
    #[module(skip)]
    pub(super) units: Units,
}

impl ConvolutionalModule {
    pub(super) fn of(plan: Plan, units: Units, values: &Values<'_>, device: &Device) -> Self {
        let layer = |(number, convolution): (usize, &Convolution)| {
            let [weight, bias] = convolution.tensors().map(|(name, _)| values(&name));
            let id = 2 * number as u64 + 1;
            Linear { weight: parameter(id, weight, device), bias: parameter(id + 1, bias, device) }
        };
        let layers = plan.convolutions().enumerate().map(layer).collect();
        Self { layers, plan, units }
    }

    pub(super) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn parameters(&self) -> Result<BTreeMap<String, NamedTensor>> {
        let mut named = BTreeMap::new();
        for (convolution, layer) in self.plan.convolutions().zip(&self.layers) {
            let values = [read(layer.weight.val())?, read(layer.bias.val())?];
            for ((name, shape), values) in convolution.tensors().into_iter().zip(values) {
                named.insert(name, NamedTensor { shape, values });
            }
        }
        Ok(named)
    }

    /// The points of all cells, from the map's origin, with no spread: [B · cells, 4].
    pub(super) fn points(&self, input: Tensor<4>) -> Result<Tensor<2>> {
        let (expected, found) = (self.plan.input_channels(), input.dims()[1]);
        if expected != found {
            return Err(Error::LengthMismatch { what: "numbers a cell or pixel", expected, found });
        }
        let answer = self.forward(input);
        let [images, channels, rows, columns] = answer.dims();
        let points = answer.permute([0, 2, 3, 1]).reshape([images * rows * columns, channels]);
        let spreads = Tensor::zeros([images * rows * columns, 1], &points.device());
        Ok(Tensor::cat(vec![points * self.units.point, spreads], 1))
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let mut planes = vec![input];
        let mut layers = self.layers.iter();
        for (step, from, to) in self.plan.steps() {
            let read = planes[*from].clone();
            let held = planes.get(*to).cloned();
            let written = match step {
                Step::Standardise => standardise(read),
                Step::MeanBlocks => mean_blocks(read),
                Step::Enlarge => {
                    let [.., rows, columns] = held.as_ref().unwrap_or(&read).dims();
                    added(held, enlarged(read, [rows, columns]))
                }
                Step::Convolve(convolution) => match layers.next() {
                    Some(layer) => convolved(read, convolution, layer, held),
                    None => read,
                },
            };
            // planes are made in order
            match planes.get_mut(*to) {
                Some(plane) => *plane = written,
                None => planes.push(written),
            }
        }
        planes.swap_remove(self.plan.answer())
    }
}

fn standardise(plane: Tensor<4>) -> Tensor<4> {
    let dims = plane.dims();
    let flat: Tensor<2> = plane.flatten(1, 3);
    let centred = flat.clone() - flat.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    (centred / (variance + LEAST_VARIANCE).sqrt()).reshape(dims)
}

fn mean_blocks(plane: Tensor<4>) -> Tensor<4> {
    let options = AvgPoolOptions {
        kernel_size: [BLOCK_PX; 2],
        stride: [BLOCK_PX; 2],
        padding: [(0, 0); 2],
        count_include_pad: false,
        ceil_mode: true,
    };
    avg_pool2d(plane, options)
}

fn added(held: Option<Tensor<4>>, more: Tensor<4>) -> Tensor<4> {
    match held {
        Some(held) => held + more,
        None => more,
    }
}

fn enlarged(plane: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
    interpolate(plane, options.with_output_size(size))
}

fn convolved(plane: Tensor<4>, convolution: &Convolution, layer: &Linear, held: Option<Tensor<4>>) -> Tensor<4> {
    let Convolution { channels: [inputs, outputs], side, stride, after, .. } = *convolution;
    let product = if side == 1 {
        let [images, _, rows, columns] = plane.dims();
        let weight = layer.weight.val().swap_dims(0, 1).unsqueeze();
        let sums: Tensor<3> = Tensor::matmul(weight, plane.reshape([images, inputs, rows * columns]));
        (sums + layer.bias.val().reshape([1, outputs, 1])).reshape([images, outputs, rows, columns])
    } else {
        // neighbourhoods have their channels last
        let weight = layer.weight.val().reshape([side, side, inputs, outputs]).permute([3, 2, 0, 1]);
        let options = ConvOptions::new([stride; 2], [side / 2; 2], [1; 2], 1);
        conv2d(plane, weight, Some(layer.bias.val()), options)
    };
    match after {
        After::Nothing => product,
        After::Relu => relu(product),
        After::AddRelu => added(held, relu(product)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::localise::convolutional::{ConvolutionalNetwork, dsac_star, head, xfeat};
    use burn::tensor::TensorData;

    #[test]
    fn a_module_says_what_the_network_says_of_images_of_any_size() {
        let number = |i: usize, seed: f32| (i as f32 * seed + 0.3).sin();
        for (plan, [columns, rows]) in [
            (dsac_star([4, 8, 8, 12, 16]), [41, 27]),
            (dsac_star([4, 8, 8, 12, 16]), [1, 1]),
            (head(24, 16), [13, 1]),
            (xfeat(), [72, 45]),
        ] {
            let tensors: BTreeMap<String, NamedTensor> = plan
                .tensors()
                .enumerate()
                .map(|(i, (name, shape))| {
                    let scale = (2.0 / shape[0] as f32).sqrt();
                    let values =
                        (0..shape.iter().product()).map(|k| scale * number(k, 0.7 + 0.11 * i as f32)).collect();
                    (name, NamedTensor { shape, values })
                })
                .collect();
            let network = ConvolutionalNetwork::new(plan.clone(), tensors.clone()).unwrap();
            let channels = plan.input_channels();
            let input: Vec<f32> = (0..columns * rows * channels).map(|i| number(i, 0.43)).collect();
            let expected = network.run(input.clone(), columns);
            let device = Device::flex().autodiff();
            let value = |name: &str| (tensors[name].shape.clone(), tensors[name].values.clone());
            let module = ConvolutionalModule::of(plan.clone(), Units { key: 1.0, point: 1.0 }, &value, &device);
            let given = Tensor::<4>::from_data(TensorData::new(input, [1, rows, columns, channels]), &device);
            let found = module.forward(given.permute([0, 3, 1, 2]));
            assert_eq!(found.dims(), [1, plan.output_channels(), expected.size.rows, expected.size.columns]);
            let found = read(found.permute([0, 2, 3, 1])).unwrap();
            let largest = expected.values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for (a, b) in found.iter().zip(&expected.values) {
                assert!((a - b).abs() < 1e-4 * largest, "{columns}×{rows}: {a} {b}");
            }
            assert_eq!(module.parameters().unwrap(), tensors);
        }
    }
}
