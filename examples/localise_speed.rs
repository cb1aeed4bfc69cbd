//! Time of a training step's hypotheses and refinements on the CPU: `cargo run --release --features train --example
//! localise_speed`.
//!
//! One frame of a room, 640 × 480 pixels at a focal length of 525, a threshold of 10 pixels, 64 hypotheses; half of the cells
//! are right, with two pixels of noise.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example says what it measured")]

use burn::tensor::{Device, Tensor, TensorData};
use glam::{DMat3, DQuat, DVec3};
use nabla_ransac::ModelKind;
use nabla_ransac::train::ops::{Drawing, Packing, Refining, draw_hypotheses, refine_poses};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::{Duration, Instant};

const FOCAL_PX: f64 = 525.0;
const RIGHT: f64 = 0.5;
const FRAMES: u32 = 30;

/// Rows X Y Z x y of the cells of an image.
fn cells(count: usize, rng: &mut StdRng) -> Vec<f32> {
    let mut vector = |size: f64| DVec3::from_array(std::array::from_fn(|_| rng.random_range(-size..size)));
    let (rotation, centre) = (DMat3::from_quat(DQuat::from_scaled_axis(vector(1.0))), vector(2.0));
    let columns = (count as f64 * 4.0 / 3.0).sqrt().round();
    let mut rows = Vec::new();
    for cell in 0..count {
        let pixel = 640.0 / columns;
        let x = ((cell as f64 % columns + 0.5) * pixel - 320.0) / FOCAL_PX;
        let y = ((cell as f64 / columns).floor() * pixel + 0.5 * pixel - 240.0) / FOCAL_PX;
        let depth = rng.random_range(1.0..4.0);
        let noise = DVec3::new(rng.random_range(-2.0..2.0), rng.random_range(-2.0..2.0), 0.0) * (depth / FOCAL_PX);
        let wrong = if rng.random_range(0.0..1.0) < RIGHT { 0.0 } else { 1.0 };
        let off = DVec3::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0))) * wrong;
        let world = rotation * (DVec3::new(x, y, 1.0) * depth + noise) + centre + off;
        rows.extend([world.x, world.y, world.z, x, y].map(|number| number as f32));
    }
    rows
}

/// Milliseconds a frame.
fn milliseconds(total: Duration) -> f64 {
    1e3 * total.as_secs_f64() / f64::from(FRAMES)
}

fn main() {
    let device = Device::flex().autodiff();
    for count in [1200, 4800] {
        let points = cells(count, &mut StdRng::seed_from_u64(1));
        let packing = Packing::new(&[count], &[[(10.0 / FOCAL_PX) as f32; 4]]).unwrap();
        let [mut draw, mut refine, mut backward] = [Duration::ZERO; 3];
        let (mut tries, mut inliers) = (0.0, 0.0);
        for step in 0..FRAMES {
            let points = Tensor::<2>::from_data(TensorData::new(points.clone(), [count, 5]), &device).require_grad();
            let start = Instant::now();
            let drawing = Drawing { step, ..Drawing::default() };
            let found = draw_hypotheses(ModelKind::Pose, points.clone(), None, &packing, &drawing).unwrap();
            draw += start.elapsed();
            let start = Instant::now();
            let models = found.models.clone();
            let refined =
                refine_poses(ModelKind::Pose, models.clone(), points, &packing, &Refining::default()).unwrap();
            refine += start.elapsed();
            tries += f64::from(found.tries.mean().into_scalar::<f32>());
            inliers += f64::from(refined.inliers.mean().into_scalar::<f32>());
            let start = Instant::now();
            let _gradients = (models + refined.models).sum().backward();
            backward += start.elapsed();
        }
        let [draw, refine, backward] = [draw, refine, backward].map(milliseconds);
        let (tries, inliers) = (tries / f64::from(FRAMES), inliers / f64::from(FRAMES));
        println!(
            "{count} cells × 64 hypotheses: draw {draw:.1} ms ({tries:.1} tries), refine {refine:.1} ms ({inliers:.0} inliers), both backward {backward:.1} ms"
        );
    }
}
