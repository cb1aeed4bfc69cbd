//! The stages on the GPU for `bench`: minimal solvers, and scoring.

use super::bench::{PROBLEMS, Rate};
use crate::cli::synthetic_views::{MinimalProblems, Points, SyntheticViews};
use crate::constants::{MODELS_A_WORKGROUP, SCORE_SHARES};
use crate::cpu::magsac::MagsacFit;
use crate::cpu::search::normalize_matches::{NormalizedMatches, rows_of_pose};
use crate::gpu::{Context, Shader, TypedBuffer};
use crate::kernels::layout::{Pair, Progress, Settings};
use crate::kernels::solve::solver::{SolverBuffers, SolverKernel};
use crate::kernels::{
    Buffers, Capacity, HostBuffers, MatchArrays, Variant, Workgroups,
    search::score_models,
    solve::{
        solve_essential_5pt, solve_fundamental_7pt, solve_fundamental_8pt, solve_homography_4pt, solve_pose_p3p,
        solve_rigid_3pt,
    },
};
use crate::{Error, ModelKind, Options, Result};
use bytemuck::Zeroable;
use glam::{DVec2, DVec3};
use std::time::{Duration, Instant};

/// Samples of one dispatch of a solver.
const SAMPLES: usize = 1 << 16;
/// Models of a pair that are scored in one dispatch.
const MODELS: usize = 1024;

/// Dispatches a second: as many in one submission as take the time, so that the submission itself does not count.
fn dispatches_per_second(
    context: &Context,
    time: Duration,
    dispatch: impl Fn(&mut wgpu::ComputePass<'_>),
) -> Result<f64> {
    let mut count = 1_u32;
    loop {
        let mut encoder = context.encoder("bench");
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            (0..count).for_each(|_| dispatch(&mut pass));
        }
        let commands = encoder.finish();
        let start = Instant::now();
        context.queue().submit([commands]);
        let waited = context.device().poll(wgpu::PollType::wait_indefinitely());
        waited.map_err(|error| Error::Device(error.to_string()))?;
        let seconds = start.elapsed().as_secs_f64();
        // The first submission also uploads the buffers and warms up.
        if count > 1 && seconds >= time.as_secs_f64() {
            return Ok(f64::from(count) / seconds);
        }
        count *= 2;
    }
}

/// Every minimal solver.
pub(crate) fn solver_rates(context: &Context, seed: u64, time: Duration) -> Result<Vec<Rate>> {
    let p = MinimalProblems::new(seed, PROBLEMS);
    let (views, plane) = (two_views(&p.views1, &p.views2), two_views(&p.plane1, &p.plane2));
    let (pose, rigid) = (image_world(&p.views2, &p.world2), spatial(&p.world1, &p.world2));
    let rate = |solver: &str, shader: &Shader<'_>, points: &[Vec<[f32; 4]>], vectors: usize, most_models: usize| {
        let per_second = solves_per_second(context, shader, points, vectors, most_models, time)?;
        Ok(Rate { what: solver.to_owned(), unit: "solves/s", per_second })
    };
    Ok(vec![
        rate("essential 5-point", &solve_essential_5pt::SHADER, &views, 5, 10)?,
        rate("fundamental 7-point", &solve_fundamental_7pt::SHADER, &views, 7, 3)?,
        rate("fundamental 8-point", &solve_fundamental_8pt::SHADER, &views, 8, 1)?,
        rate("homography 4-point", &solve_homography_4pt::SHADER, &plane, 4, 1)?,
        rate("pose P3P", &solve_pose_p3p::SHADER, &pose, 6, 4)?,
        rate("rigid 3-point", &solve_rigid_3pt::SHADER, &rigid, 6, 1)?,
    ])
}

fn solves_per_second(
    context: &Context,
    shader: &Shader<'_>,
    points: &[Vec<[f32; 4]>],
    vectors: usize,
    most_models: usize,
    time: Duration,
) -> Result<f64> {
    let samples: Vec<[f32; 4]> = points.iter().cycle().take(SAMPLES).flat_map(|p| p[..vectors].to_vec()).collect();
    let params = TypedBuffer::from_slice(context, "params", &[SAMPLES as u32]);
    let points = TypedBuffer::from_slice(context, "points", &samples);
    let models = TypedBuffer::<[[f32; 4]; 3]>::new(context, "models", SAMPLES * most_models);
    let counts = TypedBuffer::<u32>::new(context, "model counts", SAMPLES);
    let buffers = SolverBuffers { params: &params, points: &points, models: &models, model_counts: &counts };
    let kernel = context.catch_blocking(|| SolverKernel::new(context, shader, buffers))?;
    let dispatches = dispatches_per_second(context, time, |pass| kernel.dispatch(pass, SAMPLES as u32))?;
    Ok(dispatches * SAMPLES as f64)
}

fn two_views(points1: &[Points<DVec2>], points2: &[Points<DVec2>]) -> Vec<Vec<[f32; 4]>> {
    let row = |(p, q): (&DVec2, &DVec2)| [p.x as f32, p.y as f32, q.x as f32, q.y as f32];
    points1.iter().zip(points2).map(|(p, q)| p.iter().zip(q).map(row).collect()).collect()
}

fn image_world(image: &[Points<DVec2>], world: &[Points<DVec3>]) -> Vec<Vec<[f32; 4]>> {
    let rows = |(x, world): (&DVec2, &DVec3)| [world.extend(0.0).as_vec4().into(), [x.x as f32, x.y as f32, 0.0, 0.0]];
    image.iter().zip(world).map(|(p, q)| p.iter().zip(q).flat_map(rows).collect()).collect()
}

fn spatial(points1: &[Points<DVec3>], points2: &[Points<DVec3>]) -> Vec<Vec<[f32; 4]>> {
    let rows = |(p, q): (&DVec3, &DVec3)| [p.extend(0.0).as_vec4().into(), q.extend(0.0).as_vec4().into()];
    points1.iter().zip(points2).map(|(p, q)| p.iter().zip(q).flat_map(rows).collect()).collect()
}

/// Residual and gain of every match under [`MODELS`] essential matrices, for so many pairs at once, or what fits.
pub(crate) fn scoring_rate(
    context: &Context,
    views: &SyntheticViews,
    options: &Options,
    pairs: usize,
    time: Duration,
) -> anyhow::Result<Rate> {
    let kind = ModelKind::Essential;
    let variant = Variant { kind, residual: options.residual, score: options.score };
    let matches = NormalizedMatches::new(&views.matches.view(kind)?, options.threshold_px, None, None);
    let count = views.matches.len();
    let one_pair = Capacity { pairs: 1, matches: count as u32, hypotheses: MODELS as u32, candidates: 1, rounds: 1 };
    let pairs = pairs.min(most_pairs(one_pair, kind, context.max_storage_bytes()));
    let capacity = Capacity { pairs: pairs as u32, ..one_pair };
    let settings = Settings {
        pair_count: pairs as u32,
        hypotheses: MODELS as u32,
        max_solutions: 1,
        magsac: MagsacFit::new(kind).vectors(),
        ..Settings::default()
    };
    let buffers = context.catch_blocking(|| {
        let buffers = Buffers::new(context, variant, capacity, MatchArrays::default(), HostBuffers::default());
        buffers.settings.write(context, 0, &[settings]);
        let rows: Vec<[f32; 4]> =
            (0..count).map(|index| std::array::from_fn(|k| matches.columns[k][index] as f32)).collect();
        buffers.matches.write(context, 0, &rows);
        let metric = matches.metric.map(|metric| metric as f32);
        let pair = Pair { match_count: count as u32, metric, ..Pair::zeroed() };
        buffers.pairs.write(context, 0, &vec![pair; pairs]);
        let progress = Progress { active_pairs: pairs as u32, hypotheses: MODELS as u32, ..Progress::default() };
        buffers.progress.write(context, 0, &progress.with_pairs(0..pairs as u32));
        let models: Vec<[[f32; 4]; 3]> = (0..MODELS).map(|index| rows_f32(views, index)).collect();
        buffers.models.write(context, 0, &models.repeat(pairs));
        let list: Vec<u32> = std::iter::once(MODELS as u32).chain(0..MODELS as u32).collect();
        buffers.lists.write(context, 0, &list.repeat(pairs));
        let workgroups = [MODELS.div_ceil(MODELS_A_WORKGROUP), pairs, SCORE_SHARES].map(|size| size as u32);
        buffers.round_counts.write(context, 0, &workgroups);
        buffers
    })?;
    let stage = context.catch_blocking(|| score_models::stage(context, variant, &buffers))?;
    let dispatches = dispatches_per_second(context, time, |pass| {
        stage.encode(pass, Workgroups::Indirect(&buffers.round_counts, 0));
    })?;
    Ok(Rate {
        what: format!("scoring essential matrices, {MODELS} for each of {pairs} pairs"),
        unit: "model-match evaluations/s",
        per_second: dispatches * (MODELS * count * pairs) as f64,
    })
}

/// As many pairs as buffers of this size hold, at least one.
fn most_pairs(one_pair: Capacity, kind: ModelKind, available_bytes: u64) -> usize {
    (available_bytes / one_pair.largest_buffer(kind)).max(1) as usize
}

fn rows_f32(views: &SyntheticViews, index: usize) -> [[f32; 4]; 3] {
    rows_of_pose(&views.motion_near_truth(index)).map(|row| row.map(|entry| entry as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_buffer_is_larger_than_the_device_allows() {
        let one_pair = Capacity { pairs: 1, matches: 8, hypotheses: MODELS as u32, candidates: 1, rounds: 1 };
        let (kind, available) = (ModelKind::Essential, 128 << 20);
        let pairs = most_pairs(one_pair, kind, available) as u32;
        let bytes = |pairs| Capacity { pairs, ..one_pair }.largest_buffer(kind);
        assert!(bytes(pairs) <= available && bytes(pairs + 1) > available);
    }
}
