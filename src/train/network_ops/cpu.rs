use super::{NetworkBackend, neighbour_pool, segment_norm, segments::Segments};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use std::borrow::Cow;

impl NetworkBackend for Flex {
    fn segment_norm(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        relu: bool,
        segments: Segments,
    ) -> FlexTensor {
        let (scale, shift) = (floats(&scale), floats(&shift));
        let affine = segment_norm::Affine { scale: &scale, shift: &shift, relu };
        tensor(segment_norm::forward(&floats(&input), affine, &segments), &input)
    }

    fn segment_norm_backward(
        input: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        gradient: FlexTensor,
        relu: bool,
        segments: Segments,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (scales, shifts) = (floats(&scale), floats(&shift));
        let affine = segment_norm::Affine { scale: &scales, shift: &shifts, relu };
        let to = segment_norm::backward(&floats(&input), affine, &floats(&gradient), &segments);
        (tensor(to.input, &input), tensor(to.scale, &scale), tensor(to.shift, &shift))
    }

    fn neighbour_pool(
        own: FlexTensor,
        others: FlexTensor,
        weights: FlexTensor,
        edges: FlexTensor,
        neighbours: FlexTensor,
        segments: Segments,
    ) -> FlexTensor {
        let pooled = with_inputs([&own, &others, &weights, &edges], &neighbours, |inputs| {
            neighbour_pool::forward(inputs, &segments)
        });
        tensor(pooled, &own)
    }

    fn neighbour_pool_backward(
        own: FlexTensor,
        others: FlexTensor,
        weights: FlexTensor,
        edges: FlexTensor,
        neighbours: FlexTensor,
        gradient: FlexTensor,
        segments: Segments,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let to = with_inputs([&own, &others, &weights, &edges], &neighbours, |inputs| {
            neighbour_pool::backward(inputs, &floats(&gradient), &segments)
        });
        (tensor(to.own, &own), tensor(to.others, &others), tensor(to.weights, &weights))
    }
}

fn with_inputs<T>(
    [own, others, weights, edges]: [&FlexTensor; 4],
    neighbours: &FlexTensor,
    run: impl FnOnce(&neighbour_pool::Inputs<'_>) -> T,
) -> T {
    let [channels, count] = [own, neighbours].map(|tensor| tensor.layout().shape()[1]);
    let neighbours = neighbours.to_contiguous();
    run(&neighbour_pool::Inputs {
        own: &floats(own),
        others: &floats(others),
        neighbours: neighbours.as_slice::<i32>().map_or(&[], bytemuck::cast_slice),
        edges: &floats(edges),
        weights: &floats(weights),
        channels,
        count,
    })
}

/// The numbers in the order of their rows.
fn floats(tensor: &FlexTensor) -> Cow<'_, [f32]> {
    match tensor.as_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(tensor.to_contiguous().as_slice().map_or_else(Vec::new, <[f32]>::to_vec)),
    }
}

/// A tensor of the shape of another.
fn tensor(values: Vec<f32>, like: &FlexTensor) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, like.layout().shape().clone()))
}
