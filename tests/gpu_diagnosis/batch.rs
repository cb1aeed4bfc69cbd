//! Pairs as the stages before leave them in their buffers, and their twins on the CPU.

use crate::scenes::Scene;
use glam::{DMat3, DVec3};
use nabla_ransac::constants::{NO_MODEL, PLANAR, ROTATION_ONLY, ROTATION_UNDETERMINED};
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::search::normalize_matches::{NormalizedMatches, rows_of_pose};
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::layout::{Candidate, Pair, PairDiagnosis, PairResult, Settings};
use nabla_ransac::kernels::{Buffers, Capacity, HostBuffers, MatchArrays, Stage, Variant, Workgroups};
use nabla_ransac::{Model, ModelKind, Pose, Score, ransac::EpipolarResidual};

/// Matches of nobody between those of two pairs.
const GAP: usize = 5;

/// Flags of every pair before a stage: one that it has nothing to do with, and those that it sets or clears.
pub(crate) const LEFT_ALONE: u32 = PLANAR;
const SET: u32 = ROTATION_ONLY | ROTATION_UNDETERMINED;

/// One pair.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) kind: ModelKind,
    /// Normalised, as columns of the twin.
    pub(crate) rows: Vec<[f64; 6]>,
    pub(crate) metric: [f64; 4],
    pub(crate) weights: Vec<f32>,
    pub(crate) model: ModelRows,
    pub(crate) seed: u64,
    pub(crate) flags: u32,
    pub(crate) found: bool,
    pub(crate) mask: Vec<bool>,
}

impl Case {
    /// Of rows in normalised coordinates, rounded to what the GPU has; all of weight 1.
    pub(crate) fn new(kind: ModelKind, rows: &[[f64; 6]], threshold: f64, model: &Pose, seed: u64) -> Self {
        let rows: Vec<_> = rows.iter().map(|row| row.map(|x| f64::from(x as f32))).collect();
        let model = rounded(rows_of_pose(model));
        let weights = vec![1.0; rows.len()];
        let metric = [f64::from(threshold as f32); 4];
        let mask = vec![true; rows.len()];
        Self { kind, rows, metric, weights, model, seed, flags: 0, found: true, mask }
    }

    /// Of a scene: with its motion, turned by a vector.
    pub(crate) fn of_scene(scene: &Scene, threshold_px: f64, turn: DVec3, seed: u64) -> Self {
        let normalized = NormalizedMatches::new(&scene.view(), threshold_px, None, None);
        let row = |i: usize| normalized.columns.each_ref().map(|column| column.get(i).copied().unwrap_or(0.0));
        let rows: Vec<[f64; 6]> = (0..normalized.count).map(row).collect();
        let rotation = scene.pose.rotation * DMat3::from_quat(glam::DQuat::from_scaled_axis(turn));
        let motion = Pose { rotation, ..scene.pose };
        let mut case = Self::new(scene.kind, &rows, 1.0, &motion, seed);
        if scene.kind == ModelKind::Pose {
            case.model = rounded(normalized.normalize_model(&Model::Pose(motion)).unwrap());
        }
        case.metric = normalized.metric.map(|x| f64::from(x as f32));
        case
    }

    /// Whether the stages have anything to say of it.
    pub(crate) const fn counts(&self) -> bool {
        self.found && self.flags == 0
    }

    pub(crate) fn normalized(&self) -> NormalizedMatches {
        NormalizedMatches::of_rows(self.kind, &self.rows, self.metric).with_weights(&self.weights)
    }

    /// As a candidate on the GPU.
    pub(crate) fn candidate(&self) -> Candidate {
        let rows = self.model.map(|row| row.map(|x| x as f32));
        Candidate { rows, found: u32::from(self.found), scale_sq: -12_345.0, ..bytemuck::Zeroable::zeroed() }
    }
}

/// Pairs in the buffers of an estimator.
pub(crate) struct Batch {
    pub(crate) context: Context,
    pub(crate) variant: Variant,
    pub(crate) buffers: Buffers,
    pub(crate) capacity: Capacity,
    /// The first match of each pair.
    pub(crate) starts: Vec<usize>,
}

impl Batch {
    /// Of pairs of one kind: the last one has the first matches.
    pub(crate) fn new(context: &Context, residual: EpipolarResidual, cases: &[Case], weigh_matches: bool) -> Self {
        let variant = Variant { kind: cases[0].kind, residual, score: Score::Msac };
        let mut starts = vec![0; cases.len()];
        let mut matches = GAP;
        for (case, start) in cases.iter().zip(&mut starts).rev() {
            *start = matches;
            matches += case.rows.len() + GAP;
        }
        // room for a pair more than there are
        let [pairs, matches] = [cases.len() + 1, matches].map(|count| count as u32);
        let capacity = Capacity { pairs, matches, hypotheses: 1, candidates: 1, rounds: 1 };
        let needed = MatchArrays { facts: weigh_matches, ..MatchArrays::default() };
        let buffers = Buffers::new(context, variant, capacity, needed, HostBuffers::default());
        let batch = Self { context: context.clone(), variant, buffers, capacity, starts };
        batch.write(cases, weigh_matches);
        batch
    }

    fn write(&self, cases: &[Case], weigh_matches: bool) {
        let (b, context, kind) = (&self.buffers, &self.context, self.variant.kind);
        let settings = Settings {
            pair_count: cases.len() as u32,
            sample_size: kind.sample_size() as u32,
            kind: kind as u32,
            weigh_matches: u32::from(weigh_matches),
            match_capacity: self.capacity.matches,
            ..Settings::default()
        };
        b.settings.write(context, 0, &[settings]);
        let vectors = self.variant.match_vectors();
        let pairs: Vec<Pair> = cases.iter().zip(&self.starts).map(|(case, &start)| pair(case, start)).collect();
        b.pairs.write(context, 0, &pairs);
        b.results.write(context, 0, &cases.iter().map(result).collect::<Vec<_>>());
        b.diagnoses.write(
            context,
            0,
            &vec![PairDiagnosis { flags: LEFT_ALONE | SET, ..bytemuck::Zeroable::zeroed() }; cases.len()],
        );
        b.best.write(context, 0, &cases.iter().map(Case::candidate).collect::<Vec<_>>());
        for (case, &start) in cases.iter().zip(&self.starts) {
            let matches: Vec<[f32; 4]> = case.rows.iter().flat_map(|row| packed(kind, row)).collect();
            b.matches.write(context, start * vectors, &matches);
            let mask: Vec<u32> = case.mask.iter().map(|&inlier| u32::from(inlier)).collect();
            b.inlier_mask.write(context, start, &mask);
            if weigh_matches {
                let facts: Vec<[f32; 4]> = case.weights.iter().map(|&weight| [7.0, weight, 0.0, 0.0]).collect();
                b.match_facts.write(context, start, &facts);
            }
        }
    }

    /// Runs one stage.
    pub(crate) fn run(&self, stage: &Stage, workgroups: u32) {
        let mut encoder = self.context.encoder("test");
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        stage.encode(&mut pass, Workgroups::Count(workgroups));
        drop(pass);
        self.context.queue().submit([encoder.finish()]);
    }
}

/// To what the GPU has.
pub(crate) fn rounded(rows: ModelRows) -> ModelRows {
    rows.map(|row| row.map(|x| f64::from(x as f32)))
}

fn result(case: &Case) -> PairResult {
    let status = if case.found { case.flags } else { NO_MODEL };
    PairResult { status, ..bytemuck::Zeroable::zeroed() }
}

fn pair(case: &Case, start: usize) -> Pair {
    Pair {
        match_start: start as u32,
        match_count: case.rows.len() as u32,
        flags: case.flags,
        metric: case.metric.map(|x| x as f32),
        seed: [case.seed as u32, (case.seed >> 32) as u32],
        ..bytemuck::Zeroable::zeroed()
    }
}

fn packed(kind: ModelKind, row: &[f64; 6]) -> Vec<[f32; 4]> {
    let [a, b, c, d, e, f] = row.map(|x| x as f32);
    match kind {
        ModelKind::Pose | ModelKind::Rigid => vec![[a, b, c, 0.0], [d, e, f, 0.0]],
        _ => vec![[a, b, c, d]],
    }
}
