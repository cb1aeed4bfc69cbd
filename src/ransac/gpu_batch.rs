//! Problems as the buffers of one submission, and the buffers back as outcomes.

use super::{
    Diagnosis, Options, Outcome, Problem,
    check::check,
    gpu_pipeline::{GpuPipeline, SampleBy},
    outcome::Estimate,
    weights::MatchWeights,
};
use crate::{
    Camera, Error, MatchesView, ModelKind, Result,
    cpu::{
        normalize_matches::{Scaling, denormalize},
        residual::ModelRows,
        sample_minimal::SampleSource,
    },
    gpu::{Context, ReadBack},
    kernels::layout::{BAD_INPUT, Candidate, NO_MODEL, NOT_FINITE, Pair, PairInput, PairResult, TOO_FEW},
};
use glam::DVec3;

/// One problem, ready for the GPU.
pub(super) struct Prepared {
    /// Its place among the caller's problems.
    pub(super) index: usize,
    pub(super) kind: ModelKind,
    pub(super) sample_by: SampleBy,
    /// In f32, 3-D points from `origin` on.
    matches: Vec<[f32; 4]>,
    sums: Vec<u32>,
    weights: Option<Vec<f32>>,
    input: PairInput,
    origin: [DVec3; 2],
}

impl Prepared {
    pub(super) fn new(index: usize, problem: &Problem<'_>, options: &Options) -> Result<Self> {
        check(problem)?;
        let weights = MatchWeights::new(problem, options)?;
        let (sample_by, sums) = match weights.source {
            SampleSource::Uniform(_) => (SampleBy::Uniform, Vec::new()),
            SampleSource::Weighted(sums) => (SampleBy::Sum, sums),
        };
        let origin = origins(&problem.matches);
        Ok(Self {
            index,
            kind: problem.matches.kind(),
            sample_by,
            matches: coordinates(&problem.matches, &origin),
            sums,
            weights: weights.score.or(weights.refinement),
            input: input(problem, options),
            origin,
        })
    }

    pub(super) const fn match_count(&self) -> usize {
        self.input.match_count as usize
    }
}

fn input(problem: &Problem<'_>, options: &Options) -> PairInput {
    let unused = Camera { focal_px: glam::DVec2::ONE, principal_point_px: glam::DVec2::ZERO, skew_px: 0.0 };
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

/// What is taken off 3-D points in f64, so that f32 holds what is left of them.
fn origins(matches: &MatchesView<'_>) -> [DVec3; 2] {
    let first = |points: &[DVec3]| points.first().copied().filter(|p| p.is_finite()).unwrap_or_default();
    match matches {
        MatchesView::Pose { points_world, .. } => [first(points_world), DVec3::ZERO],
        MatchesView::Rigid { points1, points2 } => [first(points1), first(points2)],
        _ => [DVec3::ZERO; 2],
    }
}

fn coordinates(matches: &MatchesView<'_>, origin: &[DVec3; 2]) -> Vec<[f32; 4]> {
    let spatial = |p: DVec3| [p.x as f32, p.y as f32, p.z as f32, 0.0];
    match *matches {
        MatchesView::Essential { points1_px, points2_px, .. }
        | MatchesView::Fundamental { points1_px, points2_px }
        | MatchesView::Homography { points1_px, points2_px } => {
            points1_px.iter().zip(points2_px).map(|(p, q)| [p.x, p.y, q.x, q.y].map(|x| x as f32)).collect()
        }
        MatchesView::Pose { points_px, points_world, .. } => points_world
            .iter()
            .zip(points_px)
            .flat_map(|(&x, p)| [spatial(x - origin[0]), [p.x as f32, p.y as f32, 0.0, 0.0]])
            .collect(),
        MatchesView::Rigid { points1, points2 } => {
            points1.iter().zip(points2).flat_map(|(&p, &q)| [spatial(p - origin[0]), spatial(q - origin[1])]).collect()
        }
    }
}

/// Uploads the problems, submits their estimation, and encodes the copies back.
pub(super) fn submit(context: &Context, pipeline: &GpuPipeline, batch: &[Prepared]) -> Result<ReadBack> {
    let buffers = pipeline.buffers();
    let mut inputs = Vec::with_capacity(batch.len());
    let mut start = 0;
    for problem in batch {
        let vectors = problem.matches.len() / problem.match_count().max(1);
        buffers.raw_matches.write(context, start * vectors, &problem.matches);
        buffers.weight_sums.write(context, start, &problem.sums);
        if buffers.weights.len() > 1 {
            let ones = || vec![1.0; problem.match_count()];
            buffers.weights.write(context, start, &problem.weights.clone().unwrap_or_else(ones));
        }
        inputs.push(PairInput { match_start: start as u32, ..problem.input });
        start += problem.match_count();
    }
    pipeline.write_pairs(&inputs)?;
    let mut encoder = context.encoder("ransac");
    pipeline.encode(&mut encoder);
    let pairs = batch.len();
    let read_back = ReadBack::encode(
        context,
        &mut encoder,
        &[
            (&buffers.results, (pairs * size_of::<PairResult>()) as u64),
            (&buffers.best, (pairs * size_of::<Candidate>()) as u64),
            (&buffers.pairs, (pairs * size_of::<Pair>()) as u64),
            (&buffers.inlier_mask, (start * size_of::<u32>()) as u64),
        ],
    );
    context.queue().submit([encoder.finish()]);
    Ok(read_back)
}

/// The outcome of each problem of the batch, of what [`submit`] copied back.
pub(super) fn outcomes(batch: &[Prepared], bytes: &[Vec<u8>]) -> Vec<Result<Outcome>> {
    let [results, best, pairs, mask] = bytes else { return Vec::new() };
    let results: Vec<PairResult> = bytemuck::pod_collect_to_vec(results);
    let best: Vec<Candidate> = bytemuck::pod_collect_to_vec(best);
    let pairs: Vec<Pair> = bytemuck::pod_collect_to_vec(pairs);
    let mask: Vec<u32> = bytemuck::pod_collect_to_vec(mask);
    let mut rest = mask.as_slice();
    let of_one = |(((problem, result), best), pair): (((&Prepared, &PairResult), &Candidate), &Pair)| {
        let (inliers, after) = rest.split_at(problem.match_count().min(rest.len()));
        rest = after;
        outcome(problem, result, best, pair, inliers)
    };
    batch.iter().zip(&results).zip(&best).zip(&pairs).map(of_one).collect()
}

fn outcome(problem: &Prepared, result: &PairResult, best: &Candidate, pair: &Pair, inliers: &[u32]) -> Result<Outcome> {
    if result.status & NO_MODEL != 0 {
        return Ok(Outcome { estimate: None, iterations: result.iterations });
    }
    if result.status != 0 {
        return Err(refusal(problem, pair, result.status));
    }
    let rows: ModelRows = best.rows.map(|row| row.map(f64::from));
    let scaling =
        [(pair.offset1, pair.scale1, 0), (pair.offset2, pair.scale2, 1)].map(|(offset, scale, side)| Scaling {
            offset: DVec3::from_array(offset.map(f64::from)) + problem.origin[side],
            scale: DVec3::from_array(scale.map(f64::from)),
        });
    let estimate = Estimate {
        model: denormalize(problem.kind, &scaling, &rows),
        score: f64::from(result.score),
        inliers: inliers.iter().map(|&inlier| inlier != 0).collect(),
        diagnosis: Diagnosis::default(),
    };
    Ok(Outcome { estimate: Some(estimate), iterations: result.iterations })
}

/// What the flags of a pair say.
fn refusal(problem: &Prepared, pair: &Pair, status: u32) -> Error {
    let model = problem.kind.name();
    if status & NOT_FINITE != 0 {
        let vectors = problem.matches.len() / problem.match_count().max(1);
        let found = problem.matches.as_flattened().iter().position(|x| !x.is_finite()).unwrap_or(0);
        let value = problem.matches.as_flattened().get(found).map_or(f64::NAN, |&x| f64::from(x));
        return Error::NotFinite { what: "a coordinate", index: found / (4 * vectors.max(1)), value };
    }
    if status & TOO_FEW != 0 {
        let found = pair.sampleable as usize;
        return Error::TooFewMatches { model, needed: problem.kind.sample_size(), found };
    }
    let found = if status & BAD_INPUT != 0 { "the threshold or a camera in f32" } else { "a disabled pair" };
    Error::Device(format!("expected finite, positive inputs, but found {found} out of range"))
}
