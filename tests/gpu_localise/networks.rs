//! Whole convolutional networks.

use crate::device::{context, grey};
use crate::random_maps::{network, random};
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::Workgroups;
use nabla_ransac::localise::convolutional::{ConvolutionStages, ConvolutionalNetwork, dsac_star, head, xfeat};

/// The answers to several inputs of a size, one after the other in the same buffers; without what fills them up to vectors of four.
fn answers(context: &Context, network: &ConvolutionalNetwork, inputs: &[Vec<f32>], size: [usize; 2]) -> Vec<Vec<f32>> {
    let buffer = TypedBuffer::<f32>::new(context, "input", inputs[0].len());
    let stages = ConvolutionStages::new(context, network, &buffer, size);
    let channels = network.plan().output_channels();
    let answer = |input: &Vec<f32>| {
        buffer.write(context, 0, input);
        let mut encoder = context.encoder("network");
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for (stage, workgroups) in stages.stages() {
            stage.encode(&mut pass, Workgroups::Count(*workgroups));
        }
        drop(pass);
        context.queue().submit([encoder.finish()]);
        let found = stages.answer().read_blocking(context).unwrap();
        let (pixels, filled) = (size[0] * size[1], channels.next_multiple_of(4));
        assert!(found.len().is_multiple_of(filled) && found.len() <= pixels * filled);
        found.chunks_exact(filled).flat_map(|pixel| &pixel[..channels]).copied().collect()
    };
    inputs.iter().map(answer).collect()
}

fn agrees(context: &Context, network: &ConvolutionalNetwork, inputs: &[Vec<f32>], size: [usize; 2]) {
    for (input, found) in inputs.iter().zip(answers(context, network, inputs, size)) {
        let expected = network.run(input.clone(), size[0]).values;
        let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        assert!(largest > 0.01 && largest < 1e4, "{largest}");
        assert_eq!(found.len(), expected.len());
        let farthest = found.iter().zip(&expected).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(farthest < 1e-4 * largest, "{size:?}: {farthest} of {largest}");
    }
}

#[test]
fn networks_of_images_are_those_of_the_cpu() {
    let context = context();
    for network in [network(dsac_star([8, 12, 16, 36, 40]), 1), network(xfeat(), 2)] {
        for size_px in [[1, 1], [8, 8], [37, 20], [320, 240], [427, 241]] {
            let image = grey(size_px);
            let turned = image.iter().rev().copied().collect();
            agrees(&context, &network, &[turned, image], size_px.map(|side| side as usize));
        }
    }
}

#[test]
fn heads_are_those_of_the_cpu() {
    let context = context();
    for (inputs, width) in [(64, 32), (384, 192), (4, 4)] {
        let network = network(head(inputs, width), 3);
        for size in [[1, 1], [5, 3], [54, 31]] {
            let cells = size[0] * size[1];
            agrees(&context, &network, &[random(cells * inputs, 1), random(cells * inputs, 2)], size);
        }
    }
}

/// What is refused where it is larger than the device takes.
#[test]
fn the_largest_buffer_counts_neighbourhoods_and_weights() {
    // 9 × 32 numbers around each pixel of half the image
    let wide = dsac_star([32, 64, 128, 256, 512]);
    assert_eq!(ConvolutionStages::largest_buffer(&wide, [640, 480]), 4 * 320 * 240 * 9 * 32);
    assert_eq!(ConvolutionStages::largest_buffer(&wide, [8, 8]), 4 * 9 * 512 * 512);
    assert_eq!(ConvolutionStages::largest_buffer(&head(64, 32), [100, 100]), 4 * 100 * 100 * 32);
}
