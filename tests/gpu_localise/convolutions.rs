//! The steps of convolutional networks.

use crate::device::{close, context, grey, poisoned, run, shape};
use crate::random_maps::random;
use nabla_ransac::cpu::localise::enlarge_plane::enlarge_plane;
use nabla_ransac::cpu::localise::gather_patches::gather_patches;
use nabla_ransac::cpu::localise::mean_blocks::mean_blocks;
use nabla_ransac::cpu::localise::place_points::place_points;
use nabla_ransac::cpu::localise::plane::{Plane, PlaneSize};
use nabla_ransac::cpu::localise::standardise::standardise;
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::{layout::PlaneShape, localise as kernels};
use nabla_ransac::localise::CellGrid;

/// Columns, rows, channels.
const SIZES: [[usize; 3]; 7] = [[1, 1, 1], [1, 1, 3], [4, 4, 1], [37, 20, 1], [37, 20, 3], [37, 20, 8], [5, 70, 12]];

fn size([columns, rows, channels]: [usize; 3]) -> PlaneSize {
    PlaneSize { columns, rows, channels }
}

fn plane(size: PlaneSize, seed: u64) -> Plane {
    Plane { size, values: random(size.len(), seed) }
}

fn plane_shape(context: &Context, read: PlaneSize, written: PlaneSize, stride: usize) -> TypedBuffer<PlaneShape> {
    let [columns, rows, channels] = [read.columns, read.rows, read.channels].map(|side| side as u32);
    let [columns_out, rows_out, stride] = [written.columns, written.rows, stride].map(|side| side as u32);
    let shape = PlaneShape { columns, rows, channels, stride, columns_out, rows_out, unused: [0; 2] };
    TypedBuffer::from_slice(context, "shape", &[shape])
}

/// As long as vectors of four need.
fn uploaded(context: &Context, values: &[f32]) -> TypedBuffer<f32> {
    let buffer = poisoned(context, values.len().next_multiple_of(4));
    buffer.write(context, 0, values);
    buffer
}

fn same_patches(context: &Context, read: PlaneSize, stride: usize) {
    let plane = plane(read, 1);
    let written = read.every(stride);
    let mut expected = Vec::new();
    for row in 0..written.rows {
        let mut patches = Vec::new();
        gather_patches(&plane, stride, row, &mut patches);
        expected.extend(patches);
    }
    let shape = plane_shape(context, read, written, stride);
    let out = poisoned::<f32>(context, expected.len().next_multiple_of(4));
    let stage = kernels::gather_patches::stage(context, [&shape, &uploaded(context, &plane.values), &out]);
    run(context, &stage, kernels::gather_patches::workgroups(expected.len() as u32));
    let found = out.read_blocking(context).unwrap();
    assert!(found[..expected.len()] == expected, "{read:?} {stride}");
}

#[test]
fn neighbourhoods_are_those_of_the_cpu() {
    let context = context();
    for (read, stride) in SIZES.into_iter().flat_map(|read| [(read, 1), (read, 2)]) {
        same_patches(&context, size(read), stride);
    }
    // more workgroups than fit one axis
    same_patches(&context, size([500, 480, 8]), 1);
}

#[test]
fn standardised_images_are_those_of_the_cpu() {
    let context = context();
    for size_px in [[1, 1], [37, 20], [320, 240], [1280, 720]] {
        let mut broken = grey(size_px);
        broken.iter_mut().zip([f32::NAN, f32::INFINITY, -1e38, 3.0]).for_each(|(value, bad)| *value = bad);
        let even = vec![0.7; broken.len()];
        for values in [grey(size_px), even, broken] {
            let [columns, rows] = size_px.map(|side| side as usize);
            let shape = plane_shape(&context, size([columns, rows, 1]), size([columns, rows, 1]), 1);
            let out = poisoned::<f32>(&context, values.len());
            let stage = kernels::standardise::stage(&context, [&shape, &uploaded(&context, &values), &out]);
            run(&context, &stage, 1);
            let expected = standardise(&values);
            let largest = expected.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
            close(&out.read_blocking(&context).unwrap(), &expected, 1e-5 * largest);
        }
    }
}

#[test]
fn means_of_blocks_are_those_of_the_cpu() {
    let context = context();
    for read in SIZES.map(size) {
        let plane = plane(read, 2);
        let expected = mean_blocks(&plane);
        let shape = plane_shape(&context, read, expected.size, 1);
        let out = poisoned::<f32>(&context, expected.values.len());
        let stage = kernels::mean_blocks::stage(&context, [&shape, &uploaded(&context, &plane.values), &out]);
        run(&context, &stage, kernels::mean_blocks::workgroups(expected.values.len() as u32));
        close(&out.read_blocking(&context).unwrap(), &expected.values, 1e-6);
    }
}

#[test]
fn enlarged_planes_are_those_of_the_cpu() {
    let context = context();
    for ([columns, rows, channels], small) in SIZES.into_iter().flat_map(|size| [(size, [1, 1]), (size, [3, 2])]) {
        let large = plane(size([columns, rows, channels]), 3);
        let small = plane(size([small[0].min(columns), small[1].min(rows), channels]), 4);
        let mut expected = large.clone();
        enlarge_plane(&small, &mut expected);
        let shape = plane_shape(&context, small.size, large.size, 1);
        let out = TypedBuffer::from_slice(&context, "plane", &large.values);
        let stage = kernels::enlarge_plane::stage(&context, [&shape, &uploaded(&context, &small.values), &out]);
        run(&context, &stage, kernels::enlarge_plane::workgroups(large.values.len() as u32));
        close(&out.read_blocking(&context).unwrap(), &expected.values, 1e-5);
    }
}

#[test]
fn placed_points_are_those_of_the_cpu() {
    let context = context();
    for size_px in [[1, 1], [37, 20], [427, 241]] {
        let cells = CellGrid::new(size_px).len();
        let points = random(3 * cells, 5);
        let expected = place_points(&points);
        let wide: Vec<[f32; 4]> = points.as_chunks().0.iter().map(|&[x, y, z]| [x, y, z, -1.0]).collect();
        // every third sees no ray
        let seen = |cell: usize| if cell % 3 == 2 { 0.0 } else { 1.0 };
        let pixels: Vec<[f32; 4]> = (0..cells).map(|cell| [cell as f32, 7.0, seen(cell), 0.0]).collect();
        let [wide, pixels] = [wide, pixels].map(|values| TypedBuffer::from_slice(&context, "input", &values));
        let matches = poisoned::<[[f32; 4]; 2]>(&context, cells);
        let [weights, spreads] = [0, 1].map(|_| poisoned::<f32>(&context, cells));
        let shape = shape(&context, size_px, 0);
        let buffers = [&*shape, &wide, &pixels, &matches, &weights, &spreads];
        let stage = kernels::place_points::stage(&context, buffers);
        run(&context, &stage, kernels::place_points::workgroups(cells as u32));
        let matches = matches.read_blocking(&context).unwrap();
        let [weights, spreads] = [weights, spreads].map(|buffer| buffer.read_blocking(&context).unwrap());
        for (cell, expected) in expected.iter().enumerate() {
            let [x, y, z] = expected.point;
            assert_eq!(matches[cell], [[x, y, z, 0.0], [cell as f32, 7.0, 0.0, 0.0]]);
            assert_eq!((weights[cell], spreads[cell]), (seen(cell), expected.spread));
        }
    }
}
