//! Problems as the buffers of one submission.

use super::{
    gpu_pipeline::GpuPipeline,
    gpu_plan::Key,
    gpu_ranking::{BatchRanker, counts_bytes},
};
use crate::ransac::{
    Options, Problem,
    check::check,
    stages::{
        coordinates::{coordinates, key_points_of, origins, ratios_of},
        weights::{Given, rules},
    },
};
use crate::{
    Camera, MatchesView, Result,
    cpu::search::normalize_matches::{Scaling, normalize},
    gpu::{Context, TypedBuffer, Upload},
    kernels::{
        HostBuffers,
        layout::{PairInput, PairResult, Settings},
        match_vectors,
    },
};
use glam::{DVec2, DVec3};

/// One problem, ready for the GPU.
pub(super) struct Prepared<'a> {
    /// Its place among the caller's problems.
    pub(super) index: usize,
    pub(super) key: Key,
    pub(super) problem: Problem<'a>,
    /// In f32, from `origin` on; none any more once they are uploaded.
    matches: Vec<[f32; 4]>,
    input: PairInput,
    pub(super) origin: [DVec3; 2],
}

impl<'a> Prepared<'a> {
    pub(super) fn new(index: usize, problem: &Problem<'a>, key: Key, options: &Options) -> Result<Self> {
        check(problem)?;
        rules(key.kind, options, key.given)?;
        let origin = origins(&problem.matches);
        Ok(Self {
            index,
            key,
            problem: *problem,
            matches: coordinates(&problem.matches, &origin),
            input: input(problem, options),
            origin,
        })
    }

    pub(super) const fn match_count(&self) -> usize {
        self.input.match_count as usize
    }

    /// What is expected of the matches as they are uploaded.
    fn prior(&self) -> PairResult {
        let from_origin = self.origin.map(|offset| Scaling { offset, scale: DVec3::ONE });
        let rows = self.problem.prior.map_or([[0.0; 4]; 3], |prior| normalize(&from_origin, &prior));
        PairResult::of_rows(&rows)
    }

    /// Its place in the buffers over the matches, once it is uploaded.
    pub(super) const fn match_start(&self) -> usize {
        self.input.match_start as usize
    }
}

fn input(problem: &Problem<'_>, options: &Options) -> PairInput {
    let unused = Camera { focal_px: DVec2::ONE, principal_point_px: DVec2::ZERO, skew_px: 0.0 };
    let [camera1, camera2] = match problem.matches {
        MatchesView::Essential { camera1, camera2, .. } => [camera1, camera2],
        MatchesView::Pose { camera, .. } => [unused, camera],
        _ => [unused; 2],
    };
    let packed =
        |c: &Camera| [c.focal_px.x, c.focal_px.y, c.principal_point_px.x, c.principal_point_px.y].map(|x| x as f32);
    PairInput {
        camera1: packed(&camera1),
        camera2: packed(&camera2),
        skew: [camera1.skew_px as f32, camera2.skew_px as f32],
        threshold: problem.threshold_px.unwrap_or(options.threshold_px) as f32,
        match_start: 0,
        match_count: problem.matches.lengths()[0] as u32,
        seed_low: problem.seed as u32,
        seed_high: (problem.seed >> 32) as u32,
        enabled: 1,
    }
}

/// Bytes that [`upload`] takes.
pub(super) const fn upload_bytes(key: Key, pairs: usize, matches: usize) -> u64 {
    let Key { kind, given, ranked } = key;
    let prior = if given.prior { TypedBuffer::<PairResult>::bytes(pairs) } else { 0 };
    // a network is told of each match what is known of it
    let known =
        if ranked { 4 + 16 } else { 4 * given.weights as u64 + 4 * given.ratios as u64 + 16 * given.key_points as u64 };
    (if ranked { counts_bytes(pairs) } else { 0 })
        + TypedBuffer::<Settings>::bytes(1)
        + TypedBuffer::<PairInput>::bytes(pairs)
        + prior
        + matches as u64 * (16 * match_vectors(kind) as u64 + known)
}

/// What the submission of the batch begins with; its matches go one pair after the other.
pub(super) fn upload(
    context: &Context,
    pipeline: &GpuPipeline,
    ranker: Option<&dyn BatchRanker>,
    batch: &mut [Prepared<'_>],
) -> Result<Upload> {
    let Some(&Prepared { key, .. }) = batch.first() else { return Upload::new(context, 0) };
    let mut matches = 0;
    for problem in batch.iter_mut() {
        problem.input.match_start = matches as u32;
        matches += problem.match_count();
    }
    let inputs: Vec<PairInput> = batch.iter().map(|problem| problem.input).collect();
    let mut upload = Upload::new(context, upload_bytes(key, batch.len(), matches))?;
    pipeline.upload_pairs(&mut upload, &inputs);
    if key.given.prior {
        upload.begin(pipeline.priors(), 0);
        upload.add(&batch.iter().map(Prepared::prior).collect::<Vec<_>>());
    }
    let buffers = pipeline.buffers();
    upload.begin(&buffers.raw_matches, 0);
    batch.iter_mut().for_each(|problem| upload.add(&std::mem::take(&mut problem.matches)));
    if let Some(ranker) = ranker {
        ranker.upload_counts(&mut upload, &inputs.iter().map(|input| input.match_count).collect::<Vec<_>>());
        let HostBuffers { ratios, key_points, .. } = ranker.buffers();
        upload_known(&mut upload, batch, [None, ratios.map(|part| part.buffer), key_points.map(|part| part.buffer)]);
    } else {
        let Given { weights, ratios, key_points, .. } = key.given;
        let of_pipeline =
            [(weights, &*buffers.weights), (ratios, &*buffers.ratios), (key_points, &*buffers.key_points)];
        upload_known(&mut upload, batch, of_pipeline.map(|(is_given, buffer)| is_given.then(|| buffer.clone())));
    }
    Ok(upload)
}

/// What is known of each match, to the buffers there are for weights, ratios and key points.
fn upload_known(upload: &mut Upload, batch: &[Prepared<'_>], [weights, ratios, key_points]: [Option<wgpu::Buffer>; 3]) {
    if let Some(weights) = weights {
        upload.begin(&weights, 0);
        batch.iter().for_each(|problem| upload.add(problem.problem.weights.unwrap_or_default()));
    }
    if let Some(ratios) = ratios {
        upload.begin(&ratios, 0);
        batch.iter().for_each(|of| upload.add(&ratios_of(of.problem.ratios, of.match_count())));
    }
    if let Some(key_points) = key_points {
        upload.begin(&key_points, 0);
        batch.iter().for_each(|of| {
            let Problem { scales_px, angles_deg, .. } = of.problem;
            upload.add(&key_points_of(scales_px, angles_deg, of.match_count()));
        });
    }
}
