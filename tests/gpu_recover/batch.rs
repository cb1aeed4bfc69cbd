//! Scenes that the search and the two stages went through in one submission, and what these left in their buffers.

use crate::plane_scenes::PlaneScene;
use glam::{DMat3, DVec2};
use nabla_ransac::constants::{HAS_HOMOGRAPHY, PLANAR, RECOVERED, ROTATION_ONLY};
use nabla_ransac::cpu::search::normalize_matches::matrix_of;
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::{
    HostBuffers, Variant, Workgroups,
    layout::{Candidate, Pair, PairDiagnosis, PairResult},
    recover,
};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{ModelKind, Options};

/// A flag of another stage, which stays.
pub(crate) const OTHERS: u32 = ROTATION_ONLY;

/// What the search, then the two stages left in their buffers.
pub(crate) struct Batch {
    pub(crate) options: Options,
    pub(crate) kind: ModelKind,
    pub(crate) weights: Vec<f32>,
    pub(crate) sums: Vec<[u32; 2]>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) matches: Vec<[f32; 4]>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) minimal_models: Vec<[[f32; 4]; 3]>,
    pub(crate) results: Vec<PairResult>,
    pub(crate) mask: Vec<u32>,
    pub(crate) diagnoses: Vec<PairDiagnosis>,
}

pub(crate) fn run(kind: ModelKind, options: Options, scenes: &[PlaneScene]) -> Batch {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    let raw: Vec<[f32; 4]> = scenes.iter().flat_map(PlaneScene::raw_matches).collect();
    let weights: Vec<f32> = scenes.iter().flat_map(|scene| scene.weights.clone()).collect();
    let weight_buffer = TypedBuffer::from_slice(&context, "weights", &weights);
    let host = HostBuffers { weights: Some(wgpu::Buffer::clone(&weight_buffer).into()), ..HostBuffers::default() };
    let room = [scenes.len() as u32, raw.len() as u32];
    let pipeline = GpuPipeline::new_blocking(context.clone(), kind, &options, room, host).unwrap();
    let b = pipeline.buffers();
    b.raw_matches.write(&context, 0, &raw);
    let starts = scenes.iter().scan(0, |start, scene| {
        let first = *start;
        *start += scene.points1.len();
        Some(first)
    });
    let inputs: Vec<_> = scenes.iter().zip(starts).map(|(scene, start)| scene.input(start)).collect();
    pipeline.write_pairs(&inputs).unwrap();
    let blank = PairDiagnosis { flags: OTHERS | PLANAR | HAS_HOMOGRAPHY, ..bytemuck::Zeroable::zeroed() };
    let variant = Variant { kind, residual: options.residual, score: options.score };
    context
        .catch_blocking(|| {
            let explain = recover::explain_by_homography::stage(&context, variant, b);
            let recover = (kind == ModelKind::Fundamental).then(|| recover::recover_plane::stage(&context, variant, b));
            let mut encoder = context.encoder("test");
            pipeline.encode(&mut encoder);
            context.queue().submit([encoder.finish()]);
            b.diagnoses.write(&context, 0, &vec![blank; scenes.len()]);
            let mut encoder = context.encoder("test");
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            if let Some(recover) = &recover {
                recover.encode(&mut pass, Workgroups::Count(room[0] * RECOVERED));
            }
            explain.encode(&mut pass, Workgroups::Count(room[0]));
            drop(pass);
            context.queue().submit([encoder.finish()]);
        })
        .unwrap();
    Batch {
        sums: b.weight_sums.read_blocking(&context).unwrap(),
        pairs: b.pairs.read_blocking(&context).unwrap(),
        matches: b.matches.read_blocking(&context).unwrap(),
        candidates: b.candidates.read_blocking(&context).unwrap(),
        minimal_models: b.minimal_models.read_blocking(&context).unwrap(),
        results: b.results.read_blocking(&context).unwrap(),
        mask: b.inlier_mask.read_blocking(&context).unwrap(),
        diagnoses: b.diagnoses.read_blocking(&context).unwrap(),
        options,
        kind,
        weights,
    }
}

pub(crate) fn matrix(rows: &[[f32; 4]; 3]) -> DMat3 {
    matrix_of(&rows.map(|row| row.map(f64::from)))
}

impl Batch {
    pub(crate) fn range(&self, pair: usize) -> std::ops::Range<usize> {
        let Pair { match_start, match_count, .. } = self.pairs[pair];
        match_start as usize..(match_start + match_count) as usize
    }

    pub(crate) fn seed(&self, pair: usize) -> u64 {
        let [low, high] = self.pairs[pair].seed;
        u64::from(high) << 32 | u64::from(low)
    }

    pub(crate) fn points(&self, pair: usize, pick: impl Fn(usize) -> bool) -> [Vec<DVec2>; 2] {
        let picked: Vec<[f64; 4]> =
            self.range(pair).filter(|&i| pick(i)).map(|i| self.matches[i].map(f64::from)).collect();
        [0, 2].map(|k| picked.iter().map(|m| DVec2::new(m[k], m[k + 1])).collect())
    }
}
