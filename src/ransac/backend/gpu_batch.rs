//! Problems as the buffers of one submission, and the buffers back as outcomes.

use super::gpu_pipeline::GpuPipeline;
use crate::constants::{
    AMBIGUOUS, BAD_INPUT, HAS_HOMOGRAPHY, HAS_SECOND_MOTION, NO_MODEL, NOT_FINITE, PLANAR, ROTATION_ONLY,
    ROTATION_UNDETERMINED, TOO_FEW,
};
use crate::ransac::{
    Diagnosis, Options, Outcome, Problem,
    check::check,
    outcome::Estimate,
    stages::{
        coordinates::{coordinates, origins},
        weights::Given,
    },
};
use crate::{
    Camera, Error, MatchesView, ModelKind, Pose, Result,
    algebra::{matrix3::unit_frobenius, svd3::Svd3},
    cpu::{
        residual::ModelRows,
        search::normalize_matches::{Scaling, denormalize, matrix_of, pose_of, rows_of_pose},
    },
    gpu::{Context, ReadBack, TypedBuffer},
    kernels::{
        Buffers,
        layout::{Candidate, Pair, PairDiagnosis, PairInput, PairResult},
    },
};
use glam::{DMat3, DVec2, DVec3};

/// One problem, ready for the GPU.
pub(crate) struct Prepared<'a> {
    /// Its place among the caller's problems.
    pub(crate) index: usize,
    pub(crate) kind: ModelKind,
    problem: Problem<'a>,
    pub(crate) given: Given,
    /// In f32, from `origin` on.
    matches: Vec<[f32; 4]>,
    input: PairInput,
    origin: [DVec3; 2],
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(index: usize, problem: &Problem<'a>, options: &Options) -> Result<Self> {
        check(problem)?;
        let origin = origins(&problem.matches);
        Ok(Self {
            index,
            kind: problem.matches.kind(),
            problem: *problem,
            given: Given::of(problem, options),
            matches: coordinates(&problem.matches, &origin),
            input: input(problem, options),
            origin,
        })
    }

    /// Uploads what is known of its matches, which go from `start` on.
    fn write_known(&self, context: &Context, buffers: &Buffers, start: usize) {
        let Problem { weights, ratios, scales_px, angles_deg, .. } = self.problem;
        buffers.weights.write(context, start, weights.unwrap_or_default());
        buffers.ratios.write(context, start, ratios.unwrap_or_default());
        if let (true, Some([s1, s2]), Some([a1, a2])) = (self.given.key_points, scales_px, angles_deg) {
            let key_points: Vec<[f32; 4]> = (0..self.match_count()).map(|i| [s1[i], s2[i], a1[i], a2[i]]).collect();
            buffers.key_points.write(context, start, &key_points);
        }
    }

    pub(crate) const fn match_count(&self) -> usize {
        self.input.match_count as usize
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

/// Uploads the problems, submits their estimation, and encodes the copies back.
pub(crate) fn submit(context: &Context, pipeline: &GpuPipeline, batch: &[Prepared<'_>]) -> Result<ReadBack> {
    let buffers = pipeline.buffers();
    let mut inputs = Vec::with_capacity(batch.len());
    let mut start = 0;
    for problem in batch {
        let vectors = problem.matches.len() / problem.match_count().max(1);
        buffers.raw_matches.write(context, start * vectors, &problem.matches);
        problem.write_known(context, buffers, start);
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
            (&buffers.results, TypedBuffer::<PairResult>::bytes(pairs)),
            (&buffers.best, TypedBuffer::<Candidate>::bytes(pairs)),
            (&buffers.pairs, TypedBuffer::<Pair>::bytes(pairs)),
            (&buffers.inlier_mask, TypedBuffer::<u32>::bytes(start)),
            (&buffers.diagnoses, TypedBuffer::<PairDiagnosis>::bytes(pairs)),
        ],
    );
    context.queue().submit([encoder.finish()]);
    Ok(read_back)
}

/// What [`submit`] copied back of one pair.
struct PairAnswer<'a> {
    result: PairResult,
    best: Candidate,
    pair: Pair,
    inliers: &'a [u32],
    diagnosis: PairDiagnosis,
}

/// The outcome of each problem of the batch, of what [`submit`] copied back.
pub(crate) fn outcomes(batch: &[Prepared<'_>], options: &Options, bytes: &[Vec<u8>]) -> Vec<Result<Outcome>> {
    let [results, best, pairs, mask, diagnoses] = bytes else { return Vec::new() };
    let results: Vec<PairResult> = bytemuck::pod_collect_to_vec(results);
    let best: Vec<Candidate> = bytemuck::pod_collect_to_vec(best);
    let pairs: Vec<Pair> = bytemuck::pod_collect_to_vec(pairs);
    let mask: Vec<u32> = bytemuck::pod_collect_to_vec(mask);
    let diagnoses: Vec<PairDiagnosis> = bytemuck::pod_collect_to_vec(diagnoses);
    let mut start = 0;
    let of_one = |(k, problem): (usize, &Prepared<'_>)| {
        let inliers = &mask[start..start + problem.match_count()];
        start += problem.match_count();
        let answer = PairAnswer { result: results[k], best: best[k], pair: pairs[k], inliers, diagnosis: diagnoses[k] };
        outcome(problem, options, &answer)
    };
    batch.iter().enumerate().map(of_one).collect()
}

fn outcome(problem: &Prepared<'_>, options: &Options, answer: &PairAnswer<'_>) -> Result<Outcome> {
    let PairAnswer { result, best, pair, .. } = answer;
    if result.status & NO_MODEL != 0 {
        return Ok(Outcome::new(None, result.iterations, None, options));
    }
    if result.status != 0 {
        return Err(refusal(problem, pair, result.status));
    }
    let model = denormalize(problem.kind, &scaling(problem, pair), &rows_f64(problem.kind, &best.rows));
    let estimate = Estimate {
        model,
        score: f64::from(result.score),
        inliers: answer.inliers.iter().map(|&inlier| inlier != 0).collect(),
        diagnosis: diagnosis(problem, &answer.diagnosis),
    };
    Ok(Outcome::of_log_rest(estimate, result.iterations, result.log_rest, options))
}

fn diagnosis(problem: &Prepared<'_>, found: &PairDiagnosis) -> Diagnosis {
    let says = |flag| found.flags & flag != 0;
    let motion = || pose_of(&rows_f64(ModelKind::Essential, &found.second_motion));
    let homography = || homography_from_origins(&found.homography, &problem.origin);
    Diagnosis {
        planar: says(PLANAR),
        rotation_only: says(ROTATION_ONLY),
        homography: says(HAS_HOMOGRAPHY).then(|| (homography(), found.homography_inliers as usize)),
        second_motion: says(HAS_SECOND_MOTION).then(|| (motion(), f64::from(found.second_score))),
        ambiguous: says(AMBIGUOUS),
        rotation_undetermined: says(ROTATION_UNDETERMINED),
    }
}

/// A homography of the points as they were uploaded, for the points themselves; Frobenius norm 1.
fn homography_from_origins(rows: &[[f32; 4]; 3], [origin1, origin2]: &[DVec3; 2]) -> DMat3 {
    let shift = |by: DVec2| DMat3::from_cols(DVec3::X, DVec3::Y, by.extend(1.0));
    let matrix = matrix_of(&rows.map(|row| row.map(f64::from)));
    let moved = shift(origin2.truncate()) * matrix * shift(-origin1.truncate());
    unit_frobenius(&moved).unwrap_or(moved)
}

/// The rows in f64; of a motion with the rotation closest to theirs, which single precision leaves off the rotations.
fn rows_f64(kind: ModelKind, rows: &[[f32; 4]; 3]) -> ModelRows {
    let rows = rows.map(|row| row.map(f64::from));
    match kind {
        ModelKind::Fundamental | ModelKind::Homography => rows,
        ModelKind::Essential | ModelKind::Pose | ModelKind::Rigid => {
            let Pose { rotation, translation } = pose_of(&rows);
            let translation = if kind == ModelKind::Essential { translation.normalize() } else { translation };
            rows_of_pose(&Pose { rotation: Svd3::new(&rotation).closest_rotation(), translation })
        }
    }
}

fn scaling(problem: &Prepared<'_>, pair: &Pair) -> [Scaling; 2] {
    [(pair.offset1, pair.scale1, 0), (pair.offset2, pair.scale2, 1)].map(|(offset, scale, side)| Scaling {
        offset: DVec3::from_array(offset.map(f64::from)) + problem.origin[side],
        scale: DVec3::from_array(scale.map(f64::from)),
    })
}

/// What the flags of a pair say.
fn refusal(problem: &Prepared<'_>, pair: &Pair, status: u32) -> Error {
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
