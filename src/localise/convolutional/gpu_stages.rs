use super::gpu_planes::GpuPlanes;
use super::{Convolution, ConvolutionalNetwork, Plan, PlaneId, Step};
use crate::constants::{TILE_COLUMNS, TILE_ROWS};
use crate::gpu::{Context, TypedBuffer};
use crate::kernels::layout::{LayerShape, PlaneShape};
use crate::kernels::localise::{enlarge_plane, gather_patches, mean_blocks, standardise};
use crate::kernels::{Stage, rank::linear_rows};

/// A network's stages on the GPU, for inputs of one size; all its buffers are made beforehand.
#[derive(Debug)]
pub struct ConvolutionStages {
    stages: Vec<(Stage, u32)>,
    answer: TypedBuffer<f32>,
}

impl ConvolutionStages {
    /// From an input buffer of so many columns and rows, rows × columns × [`Plan::input_channels`]; an input whose channels are no
    /// multiple of four may only be standardised.
    ///
    /// That the device takes buffers of [`Self::largest_buffer`] bytes is for the caller to see to.
    pub fn new(context: &Context, network: &ConvolutionalNetwork, input: &wgpu::Buffer, size: [usize; 2]) -> Self {
        let plan = network.plan();
        let planes = GpuPlanes::new(context, plan, input, size);
        let steps = Steps { context, network, planes: &planes };
        let stages = plan.steps().iter().flat_map(|(step, from, to)| steps.stages(step, *from, *to)).collect();
        let answer = TypedBuffer::from_buffer(planes.buffer(plan.answer()).clone(), planes.size(plan.answer()).len());
        Self { stages, answer }
    }

    /// Bytes of the largest of the buffers for an input of so many columns and rows.
    pub fn largest_buffer(plan: &Plan, size: [usize; 2]) -> u64 {
        let weights = plan.convolutions().map(|layer| layer.inputs() * layer.channels[1].next_multiple_of(4));
        TypedBuffer::<f32>::bytes(weights.fold(GpuPlanes::largest(plan, size), usize::max))
    }

    /// The stages in order, with the workgroups of each.
    pub fn stages(&self) -> &[(Stage, u32)] {
        &self.stages
    }

    /// Rows × columns × [`Plan::output_channels`], zeros bringing these to a multiple of four.
    pub const fn answer(&self) -> &TypedBuffer<f32> {
        &self.answer
    }
}

/// What the stages of each step are made of.
struct Steps<'a> {
    context: &'a Context,
    network: &'a ConvolutionalNetwork,
    planes: &'a GpuPlanes,
}

impl Steps<'_> {
    fn stages(&self, step: &Step, from: PlaneId, to: PlaneId) -> Vec<(Stage, u32)> {
        let shape = |stride| self.shape(from, to, stride);
        let planes = [from, to].map(|plane| self.planes.buffer(plane));
        let [read, written] = planes;
        let numbers = self.planes.size(to).len() as u32;
        match step {
            Step::Standardise => vec![(standardise::stage(self.context, [&shape(1), read, written]), 1)],
            Step::MeanBlocks => {
                let stage = mean_blocks::stage(self.context, [&shape(1), read, written]);
                vec![(stage, mean_blocks::workgroups(numbers))]
            }
            Step::Enlarge => {
                let stage = enlarge_plane::stage(self.context, [&shape(1), read, written]);
                vec![(stage, enlarge_plane::workgroups(numbers))]
            }
            Step::Convolve(convolution) if convolution.side == 1 => vec![self.product(convolution, read, to)],
            Step::Convolve(convolution) => {
                let patches = self.planes.patches();
                let stage = gather_patches::stage(self.context, [&shape(convolution.stride), read, patches]);
                let numbers = self.planes.size(to).pixels() * convolution.inputs();
                let gather = (stage, gather_patches::workgroups(numbers as u32));
                vec![gather, self.product(convolution, patches, to)]
            }
        }
    }

    fn shape(&self, from: PlaneId, to: PlaneId, stride: usize) -> TypedBuffer<PlaneShape> {
        let [read, written] = [from, to].map(|plane| self.planes.size(plane));
        let [columns, rows, channels] = [read.columns, read.rows, read.channels].map(|side| side as u32);
        let [columns_out, rows_out, stride] = [written.columns, written.rows, stride].map(|side| side as u32);
        let shape = PlaneShape { columns, rows, channels, stride, columns_out, rows_out, unused: [0; 2] };
        TypedBuffer::from_slice(self.context, "plane shape", &[shape])
    }

    /// Of the rows of neighbourhoods and a convolution's matrix.
    fn product(&self, convolution: &Convolution, rows: &wgpu::Buffer, to: PlaneId) -> (Stage, u32) {
        let context = self.context;
        let written = self.planes.size(to);
        let [weight, bias] = convolution.tensors().map(|(name, _)| {
            let values = &self.network.tensors()[&name].values;
            TypedBuffer::from_slice(context, "weights", &widened(values, convolution.channels[1], written.channels))
        });
        let [inputs, outputs, count] =
            [convolution.inputs(), written.channels, written.pixels()].map(|size| size as u32);
        let layer = LayerShape { inputs, outputs, mode: convolution.after as u32, ..LayerShape::default() };
        let layer = TypedBuffer::from_slice(context, "layer", &[layer]);
        let batch = TypedBuffer::from_slice(context, "pixels", &[1, 0, count]);
        let stage = linear_rows::stage(context, [&layer, &batch, rows, &weight, &bias, self.planes.buffer(to)]);
        (stage, count.div_ceil(TILE_ROWS) * outputs.div_ceil(TILE_COLUMNS))
    }
}

/// The rows of a matrix, zeros bringing its columns to so many.
fn widened(values: &[f32], columns: usize, wide: usize) -> Vec<f32> {
    let zeros = vec![0.0; wide - columns];
    values.chunks_exact(columns).flat_map(|row| row.iter().chain(&zeros)).copied().collect()
}
