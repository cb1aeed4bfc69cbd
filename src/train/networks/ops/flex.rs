use super::{NetworkBackend, neighbours::links_a_row, pool_neighbours, segment_norm, segments::Segments};
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
        links: FlexTensor,
        segments: Segments,
    ) -> FlexTensor {
        let shape = vec![segments.rows(), dims(&bias)[0]];
        let pooled = with_inputs([&both, &weight, &bias, &edges], &links, &segments, |inputs| {
            pool_neighbours::forward(inputs, &segments)
        });
        tensor(pooled, shape)
    }

    fn pool_neighbours_backward(
        both: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        edges: FlexTensor,
        links: FlexTensor,
        gradient: FlexTensor,
        segments: Segments,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let to = with_inputs([&both, &weight, &bias, &edges], &links, &segments, |inputs| {
            pool_neighbours::backward(inputs, &floats(&gradient), &segments)
        });
        (tensor(to.both, dims(&both)), tensor(to.weight, dims(&weight)), tensor(to.bias, dims(&bias)))
    }
}

fn with_inputs<T>(
    [both, weight, bias, edges]: [&FlexTensor; 4],
    links: &FlexTensor,
    segments: &Segments,
    run: impl FnOnce(&pool_neighbours::Inputs<'_>) -> T,
) -> T {
    let (links, count) = (links.to_contiguous(), links_a_row(dims(links)[0], segments));
    let rows = links.as_slice::<i32>().and_then(|links| links.get(..segments.rows() * count)).unwrap_or(&[]);
    // within the pair
    let of_pair = segments.split(rows, count).into_iter().zip(segments.ranges());
    let neighbours: Vec<u32> =
        of_pair.flat_map(|(rows, pair)| rows.iter().map(move |&row| row as u32 - pair.start as u32)).collect();
    run(&pool_neighbours::Inputs {
        both: &floats(both),
        neighbours: &neighbours,
        edges: &floats(edges),
        weight: &floats(weight),
        bias: &floats(bias),
        count,
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
