//! Gradients on the GPU, and their errors.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use crate::gradient_errors::{Distribution, closest};
use crate::gradients::{Case, Sample, Task};
use crate::minimal::{Rows, Solver, rows_f64};
use glam::DVec4;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::solve::run_solver::run_solver;
use nabla_ransac::kernels::solve::solver_backward::{BackwardInput, run_backward};

/// The gradients on the GPU, from the models rounded to f32.
pub(crate) fn on_gpu(context: &Context, case: &Case, tasks: &[Task]) -> Vec<Option<Sample>> {
    let as_f32 = |rows: &Rows| rows.map(|row| row.as_vec4().to_array());
    let points: Vec<_> = tasks.iter().flat_map(|t| &t.sample.points).map(|p| p.as_vec4().to_array()).collect();
    let models: Vec<_> = tasks.iter().map(|task| as_f32(&task.model)).collect();
    let model_gradients: Vec<_> = tasks.iter().map(|task| as_f32(&task.gradient)).collect();
    let weight = |task: &Task, i: usize| task.sample.weights.get(i).map_or(1.0, |&w| w as f32);
    let weights: Vec<_> = tasks.iter().flat_map(|t| (0..t.sample.points.len()).map(move |i| weight(t, i))).collect();
    let mut first = 0;
    let mut range = |task: &Task| {
        let count = task.sample.points.len() as u32;
        first += count;
        [first - count, count]
    };
    let ranges: Vec<_> = tasks.iter().map(&mut range).collect();
    let weighted = case.shader.name.contains("8pt").then_some((&weights[..], &ranges[..]));
    let input = BackwardInput { points: &points, models: &models, model_gradients: &model_gradients, weighted };
    let found = run_backward(context, &case.shader, input).unwrap();
    let taken = |(usable, &[first, count]): (&bool, &[u32; 2])| {
        let range = first as usize..(first + count) as usize;
        let points: Vec<_> = found.points[range.clone()].iter().map(|p| DVec4::from_array(p.map(f64::from))).collect();
        let weights: Vec<_> = found.weights.get(range).unwrap_or_default().iter().copied().map(f64::from).collect();
        assert!(points.iter().all(|p| p.is_finite()) && weights.iter().all(|w| w.is_finite()), "{}", case.name);
        assert!(*usable || points.iter().all(|&p| p == DVec4::ZERO) && weights.iter().all(|&w| w == 0.0));
        usable.then_some(Sample { points, weights })
    };
    found.usable.iter().zip(&ranges).map(taken).collect()
}

/// Of the GPU's gradients against those of the CPU twin, and how many models only one of them drops. The GPU is given
/// `gpu_tasks`, which may have the models in f32.
pub(crate) fn measure_gpu(context: &Context, case: &Case, tasks: &[Task], gpu_tasks: &[Task]) -> (Distribution, usize) {
    let mut distribution = Distribution::default();
    let mut disagreeing = 0;
    for (task, found) in tasks.iter().zip(on_gpu(context, case, gpu_tasks)) {
        match (found, (case.backward)(&task.sample, &task.model, &task.gradient)) {
            (Some(found), Some(twin)) => distribution.errors.push(relative_error(case, &found, &twin)),
            (None, None) => distribution.dropped += 1,
            _ => disagreeing += 1,
        }
    }
    (distribution, disagreeing)
}

/// Those of the tasks whose model the GPU's own solver finds to within 1e-2, as they are and with its f32 models.
pub(crate) fn with_gpu_models(context: &Context, case: &Case, solver: &Solver, tasks: &[Task]) -> [Vec<Task>; 2] {
    let points: Vec<_> = tasks.iter().flat_map(|t| &t.sample.points).map(|p| p.as_vec4().to_array()).collect();
    let found = run_solver(context, &solver.shader, &points, solver.vec4s, solver.most_models).unwrap();
    let (mut exact, mut with_f32) = (vec![], vec![]);
    for (task, models) in tasks.iter().zip(found) {
        let models: Vec<_> = models.iter().map(rows_f64).collect();
        if let Some(model) = closest(case, models, &task.model)
            && (case.distance)(&model, &task.model) < 1e-2
        {
            exact.push(task.clone());
            with_f32.push(Task { model, ..task.clone() });
        }
    }
    [exact, with_f32]
}

fn relative_error(case: &Case, found: &Sample, expected: &Sample) -> f64 {
    let (found, expected) = (found.values(case), expected.values(case));
    let error_sq: f64 = found.iter().zip(&expected).map(|(a, b)| (a - b).powi(2)).sum();
    (error_sq / expected.iter().map(|x| x * x).sum::<f64>()).sqrt()
}
