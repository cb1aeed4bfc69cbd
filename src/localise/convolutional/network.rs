use super::{Convolution, Plan, Step};
use crate::cpu::localise::enlarge_plane::enlarge_plane;
use crate::cpu::localise::gather_patches::gather_patches;
use crate::cpu::localise::mean_blocks::mean_blocks;
use crate::cpu::localise::plane::Plane;
use crate::cpu::localise::standardise::standardise;
use crate::cpu::rank::linear_rows::{Linear, linear_rows};
use crate::network::tensor_file::check_tensors;
use crate::network::{Tensor, WeightsError};
use std::collections::BTreeMap;

/// A plan with its weights.
#[derive(Clone, Debug)]
pub struct ConvolutionalNetwork {
    plan: Plan,
    tensors: BTreeMap<String, Tensor>,
    /// Of the convolutions, in order.
    layers: Vec<Linear>,
}

impl ConvolutionalNetwork {
    /// Of exactly the tensors that the plan has.
    ///
    /// # Errors
    /// [`WeightsError`] when one is missing, of a wrong shape or not finite.
    pub fn new(plan: Plan, tensors: BTreeMap<String, Tensor>) -> Result<Self, WeightsError> {
        check_tensors(&tensors, &plan.tensors().collect::<Vec<_>>())?;
        let layer = |convolution: &Convolution| {
            let [weight, bias] = convolution.tensors().map(|(name, _)| tensors[&name].values.as_slice());
            Linear::new(weight, bias)
        };
        let layers = plan.convolutions().map(layer).collect();
        Ok(Self { plan, tensors, layers })
    }

    /// What it does.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The tensors by name.
    pub const fn tensors(&self) -> &BTreeMap<String, Tensor> {
        &self.tensors
    }

    /// The answer to an input of so many columns: rows × columns × [`Plan::output_channels`].
    pub fn run(&self, input: Vec<f32>, columns: usize) -> Plane {
        let rows = input.len() / (columns * self.plan.input_channels()).max(1);
        let sizes = self.plan.sizes(columns, rows);
        let mut planes: Vec<Plane> = vec![Plane::default(); sizes.len()];
        planes[0] = Plane { size: sizes[0], values: input };
        let mut layers = self.layers.iter();
        for (step, from, to) in self.plan.steps() {
            // a plane that is written is never the one that is read
            let mut into = std::mem::take(&mut planes[*to]);
            let read = &planes[*from];
            match step {
                Step::Standardise => into = Plane { size: read.size, values: standardise(&read.values) },
                Step::MeanBlocks => into = mean_blocks(read),
                Step::Enlarge => enlarge_plane(read, &mut into),
                Step::Convolve(convolution) => {
                    if into.size.is_empty() {
                        into = Plane::zeros(sizes[*to]);
                    }
                    if let Some(layer) = layers.next() {
                        convolve(read, convolution, layer, &mut into);
                    }
                }
            }
            planes[*to] = into;
        }
        planes.swap_remove(self.plan.answer())
    }
}

/// A row of pixels at a time, so that their neighbourhoods stay in the cache.
fn convolve(plane: &Plane, convolution: &Convolution, layer: &Linear, into: &mut Plane) {
    let Convolution { side, stride, after, .. } = *convolution;
    if side == 1 {
        debug_assert_eq!(stride, 1);
        linear_rows(&plane.values, layer, after, &mut into.values);
        return;
    }
    let mut patches = Vec::new();
    let row_len = into.size.columns * into.size.channels;
    for (row, out) in into.values.chunks_exact_mut(row_len.max(1)).enumerate() {
        gather_patches(plane, stride, row, &mut patches);
        linear_rows(&patches, layer, after, out);
    }
}
