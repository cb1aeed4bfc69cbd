use super::{NetworkBackend, neighbour_pool, segment_norm, segments::Segments};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use std::borrow::Cow;

impl NetworkBackend for Flex {
    fn segment_norm(
        rows: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        relu: bool,
        segments: Segments,
    ) -> FlexTensor {
        let affine = segment_norm::Affine { gamma: &floats(&gamma), beta: &floats(&beta), relu };
        tensor(segment_norm::forward(&floats(&rows), affine, &segments), dims(&rows))
    }

    fn segment_norm_backward(
        rows: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        gradient: FlexTensor,
        relu: bool,
        segments: Segments,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let affine = segment_norm::Affine { gamma: &floats(&gamma), beta: &floats(&beta), relu };
        let to = segment_norm::backward(&floats(&rows), affine, &floats(&gradient), &segments);
        (tensor(to.rows, dims(&rows)), tensor(to.gamma, dims(&gamma)), tensor(to.beta, dims(&beta)))
    }

    fn pool_neighbours(
        both: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        edges: FlexTensor,
        neighbours: FlexTensor,
        segments: Segments,
    ) -> FlexTensor {
        let shape = vec![segments.rows(), dims(&bias)[0]];
        let pooled = with_inputs([&both, &weight, &bias, &edges], &neighbours, |inputs| {
            neighbour_pool::forward(inputs, &segments)
        });
        tensor(pooled, shape)
    }

    fn pool_neighbours_backward(
        both: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        edges: FlexTensor,
        neighbours: FlexTensor,
        gradient: FlexTensor,
        segments: Segments,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let to = with_inputs([&both, &weight, &bias, &edges], &neighbours, |inputs| {
            neighbour_pool::backward(inputs, &floats(&gradient), &segments)
        });
        (tensor(to.both, dims(&both)), tensor(to.weight, dims(&weight)), tensor(to.bias, dims(&bias)))
    }
}

fn with_inputs<T>(
    [both, weight, bias, edges]: [&FlexTensor; 4],
    neighbours: &FlexTensor,
    run: impl FnOnce(&neighbour_pool::Inputs<'_>) -> T,
) -> T {
    let neighbours = neighbours.to_contiguous();
    run(&neighbour_pool::Inputs {
        both: &floats(both),
        neighbours: neighbours.as_slice::<i32>().map_or(&[], bytemuck::cast_slice),
        edges: &floats(edges),
        weight: &floats(weight),
        bias: &floats(bias),
        count: dims(&neighbours)[1],
    })
}

fn dims(tensor: &FlexTensor) -> Vec<usize> {
    tensor.layout().shape().to_vec()
}

/// The numbers in the order of their rows.
fn floats(tensor: &FlexTensor) -> Cow<'_, [f32]> {
    match tensor.as_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(tensor.to_contiguous().as_slice().map_or_else(Vec::new, <[f32]>::to_vec)),
    }
}

fn tensor(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}
