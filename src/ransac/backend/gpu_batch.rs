//! Problems as the buffers of one submission.

use super::gpu_pipeline::GpuPipeline;
use crate::ransac::{
    Options, Problem,
    check::check,
    stages::{
        coordinates::{coordinates, origins},
        weights::{Given, rules},
    },
};
use crate::{
    Camera, MatchesView, ModelKind, Result,
    gpu::{Context, TypedBuffer, Upload},
    kernels::{
        layout::{PairInput, Settings},
        match_vectors,
    },
};
use glam::{DVec2, DVec3};

/// One problem, ready for the GPU.
pub(super) struct Prepared<'a> {
    /// Its place among the caller's problems.
    pub(super) index: usize,
    pub(super) kind: ModelKind,
    pub(super) problem: Problem<'a>,
    given: Given,
    /// In f32, from `origin` on; none any more once they are uploaded.
    matches: Vec<[f32; 4]>,
    input: PairInput,
    pub(super) origin: [DVec3; 2],
}

impl<'a> Prepared<'a> {
    pub(super) fn new(index: usize, problem: &Problem<'a>, options: &Options) -> Result<Self> {
        check(problem)?;
        let (kind, given) = (problem.matches.kind(), Given::of(problem, options));
        rules(kind, options, given)?;
        let origin = origins(&problem.matches);
        Ok(Self {
            index,
            kind,
            problem: *problem,
            given,
            matches: coordinates(&problem.matches, &origin),
            input: input(problem, options),
            origin,
        })
    }

    pub(super) const fn match_count(&self) -> usize {
        self.input.match_count as usize
    }

    /// Its place in the buffers over the matches, once it is uploaded.
    pub(super) const fn match_start(&self) -> usize {
        self.input.match_start as usize
    }

    fn key_points(&self) -> Vec<[f32; 4]> {
        let Problem { scales_px: Some([s1, s2]), angles_deg: Some([a1, a2]), .. } = self.problem else {
            return Vec::new();
        };
        (0..self.match_count()).map(|i| [s1[i], s2[i], a1[i], a2[i]]).collect()
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
pub(super) const fn upload_bytes(kind: ModelKind, given: Given, pairs: usize, matches: usize) -> u64 {
    let known = 4 * given.weights as u64 + 4 * given.ratios as u64 + 16 * given.key_points as u64;
    TypedBuffer::<Settings>::bytes(1)
        + TypedBuffer::<PairInput>::bytes(pairs)
        + matches as u64 * (16 * match_vectors(kind) as u64 + known)
}

/// What the submission of the batch begins with; its matches go one pair after the other.
pub(super) fn upload(context: &Context, pipeline: &GpuPipeline, batch: &mut [Prepared<'_>]) -> Result<Upload> {
    let Some(&Prepared { kind, given, .. }) = batch.first() else { return Upload::new(context, 0) };
    let mut matches = 0;
    for problem in batch.iter_mut() {
        problem.input.match_start = matches as u32;
        matches += problem.match_count();
    }
    let inputs: Vec<PairInput> = batch.iter().map(|problem| problem.input).collect();
    let mut upload = Upload::new(context, upload_bytes(kind, given, batch.len(), matches))?;
    pipeline.upload_pairs(&mut upload, &inputs);
    let buffers = pipeline.buffers();
    upload.begin(&buffers.raw_matches, 0);
    batch.iter_mut().for_each(|problem| upload.add(&std::mem::take(&mut problem.matches)));
    if given.weights {
        upload.begin(&buffers.weights, 0);
        batch.iter().for_each(|problem| upload.add(problem.problem.weights.unwrap_or_default()));
    }
    if given.ratios {
        upload.begin(&buffers.ratios, 0);
        batch.iter().for_each(|problem| upload.add(problem.problem.ratios.unwrap_or_default()));
    }
    if given.key_points {
        upload.begin(&buffers.key_points, 0);
        batch.iter().for_each(|problem| upload.add(&problem.key_points()));
    }
    Ok(upload)
}
