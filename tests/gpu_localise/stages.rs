//! The stages of maps that are a memory of gradients.

use crate::device::{close, context, grey, numbers, poisoned, run, shape, texture};
use nabla_ransac::constants::{DESCRIPTOR_COLUMNS, QUERY_COLUMNS, RECALLED_CELLS};
use nabla_ransac::cpu::localise::{
    describe_cells::describe_cells,
    orient_gradients::orient_gradients,
    pool_gradients::{Histogram, lattice, pool_gradients},
    read_texture::read_texture,
    recall_points::{Memory, recall_points, sampling_weight},
};
use nabla_ransac::gpu::TypedBuffer;
use nabla_ransac::kernels::{layout::FrameShape, localise as kernels};
use nabla_ransac::localise::{CellGrid, GreyImage};

const SIZES: [[u32; 2]; 6] = [[1, 1], [3, 40], [8, 8], [45, 26], [131, 77], [320, 240]];

#[test]
fn gradients_are_those_of_the_cpu() {
    let context = context();
    for size_px in SIZES {
        let mut values = grey(size_px);
        let middle = values.len() / 2;
        values[middle] = f32::NAN;
        let shape = shape(&context, size_px, 1);
        let input = TypedBuffer::from_slice(&context, "grey", &values);
        let out = poisoned::<[f32; 2]>(&context, values.len());
        let stage = kernels::orient_gradients::stage(&context, [&shape, &input, &out]);
        run(&context, &stage, kernels::orient_gradients::workgroups(size_px));
        // a direction counts by its length
        let vector = |&[length, direction]: &[f32; 2]| {
            assert!((0.0..8.0).contains(&direction));
            let (sin, cos) = (direction * std::f32::consts::FRAC_PI_4).sin_cos();
            [length * cos, length * sin]
        };
        let vectors = |all: Vec<[f32; 2]>| all.iter().flat_map(vector).collect::<Vec<_>>();
        let expected = vectors(orient_gradients(&values, size_px[0] as usize));
        close(&vectors(out.read_blocking(&context).unwrap()), &expected, 2e-6);
    }
}

#[test]
fn histograms_and_descriptors_are_those_of_the_cpu() {
    let context = context();
    for size_px in SIZES {
        let grid = CellGrid::new(size_px);
        let gradients = orient_gradients(&grey(size_px), size_px[0] as usize);
        let expected = pool_gradients(&gradients, &grid);
        let shape = shape(&context, size_px, 1);
        let input = TypedBuffer::from_slice(&context, "gradients", &gradients);
        let pooled = poisoned::<Histogram>(&context, expected.len());
        let stage = kernels::pool_gradients::stage(&context, [&shape, &input, &pooled]);
        let lattice = lattice(&grid).map(|side| side as u32);
        run(&context, &stage, kernels::pool_gradients::workgroups(lattice));
        close(pooled.read_blocking(&context).unwrap().as_flattened(), expected.as_flattened(), 2e-3);
        let descriptors = poisoned::<f32>(&context, grid.len() * DESCRIPTOR_COLUMNS as usize);
        pooled.write(&context, 0, &expected);
        let stage = kernels::describe_cells::stage(&context, [&shape, &pooled, &descriptors]);
        run(&context, &stage, grid.len() as u32);
        close(&descriptors.read_blocking(&context).unwrap(), &describe_cells(&expected, &grid), 1e-5);
    }
}

#[test]
fn recalled_points_are_those_of_the_cpu() {
    let context = context();
    for (size_px, count) in [([1, 1], 1), ([45, 26], 1), ([8, 8], 3), ([131, 77], 1000), ([45, 26], 129)] {
        let cells = CellGrid::new(size_px).len();
        let columns = QUERY_COLUMNS as usize;
        let mut queries = numbers(cells * columns, 0.37);
        queries[..columns].fill(0.0);
        let keys: Vec<f32> = numbers(count * columns, 0.91).iter().map(|x| 3.0 * x).collect();
        let (biases, points) = (numbers(count, 1.7), numbers(3 * count, 2.3));
        let expected = recall_points(&queries, &Memory::new(&keys, &biases, &points));
        let across: Vec<f32> = (0..columns / 4)
            .flat_map(|v| keys.as_chunks::<4>().0.iter().skip(v).step_by(columns / 4))
            .flatten()
            .copied()
            .collect();
        let points: Vec<[f32; 4]> =
            points.as_chunks().0.iter().zip(&biases).map(|(&[x, y, z], &bias)| [x, y, z, bias]).collect();
        // every third sees no ray
        let seen = |cell: usize| if cell % 3 == 2 { 0.0 } else { 1.0 };
        let pixels: Vec<[f32; 4]> = (0..cells).map(|cell| [cell as f32, 7.0, seen(cell), 0.0]).collect();
        let shape = shape(&context, size_px, count);
        let upload = |values: &[f32]| TypedBuffer::from_slice(&context, "input", values);
        let [queries, keys, points, pixels] =
            [upload(&queries), upload(&across), upload(points.as_flattened()), upload(pixels.as_flattened())];
        let matches = poisoned::<[[f32; 4]; 2]>(&context, cells);
        let [weights, spreads] = [0, 1].map(|_| poisoned::<f32>(&context, cells));
        let buffers = [&*shape, &queries, &keys, &points, &pixels, &matches, &weights, &spreads];
        let stage = kernels::recall_points::stage(&context, buffers);
        run(&context, &stage, (cells as u32).div_ceil(RECALLED_CELLS));
        let matches = matches.read_blocking(&context).unwrap();
        let [weights, spreads] = [weights, spreads].map(|buffer| buffer.read_blocking(&context).unwrap());
        for (cell, expected) in expected.iter().enumerate() {
            let [[x, y, z, w], pixel] = matches[cell];
            close(&[x, y, z, w], &[expected.point, [0.0; 3]].concat()[..4], 1e-4);
            assert_eq!(pixel, [cell as f32, 7.0, 0.0, 0.0]);
            // a difference of squares
            assert!((spreads[cell].powi(2) - expected.spread.powi(2)).abs() < 1e-5);
            assert!((weights[cell] - seen(cell) * sampling_weight(spreads[cell], 0.1)).abs() < 1e-6);
        }
    }
}

#[test]
fn textures_of_any_size_are_read_as_images_are_resized() {
    use wgpu::TextureFormat::{Bgra8Unorm, Rgba8Unorm, Rgba8UnormSrgb};
    let context = context();
    for (from, to) in [([64, 48], [64, 48]), ([1, 1], [5, 8]), ([97, 61], [33, 20]), ([40, 30], [61, 45])] {
        let bytes: Vec<u8> = (0..from[0] * from[1] * 4).map(|i| (i * i * 31 % 251) as u8).collect();
        let swapped: Vec<u8> = bytes.as_chunks().0.iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
        let expected = read_texture(bytes.as_chunks().0, from, to);
        let image = GreyImage::from_rgba(from, &bytes).unwrap().resized(to);
        assert_eq!(image.values, expected);
        for (format, bytes) in [(Rgba8Unorm, &bytes), (Rgba8UnormSrgb, &bytes), (Bgra8Unorm, &swapped)] {
            let view = texture(&context, format, from, bytes).create_view(&wgpu::TextureViewDescriptor::default());
            let encode = u32::from(format.is_srgb());
            let shape = FrameShape { width: to[0], height: to[1], encode, ..FrameShape::default() };
            let shape = TypedBuffer::from_slice(&context, "shape", &[shape]);
            let out = poisoned::<f32>(&context, expected.len());
            let stage = kernels::read_texture::stage(&context, &shape, &view, &out);
            run(&context, &stage, (to[0] * to[1]).div_ceil(64));
            close(&out.read_blocking(&context).unwrap(), &expected, if encode == 1 { 2e-3 } else { 1e-5 });
        }
    }
}
