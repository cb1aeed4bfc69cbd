//! What a submission copied back, as outcomes.

use super::gpu_batch::Prepared;
use crate::constants::{
    AMBIGUOUS, BAD_INPUT, HAS_HOMOGRAPHY, HAS_SECOND_MOTION, NO_MODEL, NOT_FINITE, PLANAR, ROTATION_ONLY,
    ROTATION_UNDETERMINED, TOO_FEW,
};
use crate::ransac::{Diagnosis, Options, Outcome, outcome::Estimate, stages::coordinates::coordinates};
use crate::{
    Error, ModelKind, Result,
    algebra::matrix3::unit_frobenius,
    cpu::{
        residual::ModelRows,
        search::normalize_matches::{Scaling, closest_motion, denormalize, matrix_of, pose_of},
    },
    kernels::layout::{Candidate, Pair, PairDiagnosis, PairResult},
    parallel::parallel_map,
};
use bytemuck::Zeroable;
use glam::{DMat3, DVec2, DVec3};

/// What [`Slot::submit`](super::gpu_pool::Slot::submit) copied back of one pair.
struct PairAnswer {
    result: PairResult,
    best: Candidate,
    pair: Pair,
    inliers: Vec<bool>,
    diagnosis: PairDiagnosis,
}

/// The outcome of each problem of the batch.
pub(super) fn outcomes(
    batch: &[Prepared<'_>],
    options: &Options,
    threads: usize,
    bytes: &[Vec<u8>],
) -> Vec<Result<Outcome>> {
    let [results, best, pairs, bits, diagnoses] = bytes else { return Vec::new() };
    let of_one = |k: usize| {
        let problem = &batch[k];
        let range = problem.match_start()..problem.match_start() + problem.match_count();
        let answer = PairAnswer {
            result: element(results, k),
            best: element(best, k),
            pair: element(pairs, k),
            inliers: range.map(|index| bits[index / 8] >> (index % 8) & 1 != 0).collect(),
            diagnosis: if options.diagnose { element(diagnoses, k) } else { PairDiagnosis::zeroed() },
        };
        outcome(problem, options, answer)
    };
    parallel_map(threads, batch.len(), of_one)
}

fn element<T: bytemuck::AnyBitPattern>(bytes: &[u8], index: usize) -> T {
    bytemuck::pod_read_unaligned(&bytes[index * size_of::<T>()..][..size_of::<T>()])
}

fn outcome(problem: &Prepared<'_>, options: &Options, answer: PairAnswer) -> Result<Outcome> {
    let PairAnswer { result, best, pair, inliers, diagnosis: found } = answer;
    if result.status & NO_MODEL != 0 {
        return Ok(Outcome::new(None, result.iterations, None, options));
    }
    if result.status != 0 {
        return Err(refusal(problem, &pair, result.status));
    }
    let model = denormalize(problem.key.kind, &scaling(problem, &pair), &rows_f64(problem.key.kind, &best.rows));
    let estimate = Estimate { model, score: f64::from(result.score), inliers, diagnosis: diagnosis(problem, &found) };
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
        ModelKind::Essential | ModelKind::Pose | ModelKind::Rigid => closest_motion(kind, &rows),
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
    let model = problem.key.kind.name();
    if status & NOT_FINITE != 0 {
        let matches = coordinates(&problem.problem.matches, &problem.origin);
        let vectors = matches.len() / problem.match_count().max(1);
        let found = matches.as_flattened().iter().position(|x| !x.is_finite()).unwrap_or(0);
        let value = matches.as_flattened().get(found).map_or(f64::NAN, |&x| f64::from(x));
        return Error::NotFinite { what: "a coordinate", index: found / (4 * vectors.max(1)), value };
    }
    if status & TOO_FEW != 0 {
        let found = pair.sampleable as usize;
        return Error::TooFewMatches { model, needed: problem.key.kind.sample_size(), found };
    }
    let found = match status & BAD_INPUT != 0 {
        true if problem.key.ranked => "the threshold, a camera in f32 or a logit of the network",
        true => "the threshold or a camera in f32",
        false => "a disabled pair",
    };
    Error::Device(format!("expected finite, positive inputs, but found {found} out of range"))
}
