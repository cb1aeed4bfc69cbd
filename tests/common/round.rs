//! One round of the search on the GPU, stage by stage.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use crate::scenes::Scene;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::search::normalize_matches::NormalizedMatches;
use nabla_ransac::cpu::search::score_models::Scorer;
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::HostBuffers;
use nabla_ransac::kernels::layout::Candidate;
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{ModelKind, Options};
use rand::{RngExt, SeedableRng, rngs::StdRng};

pub const COUNT: usize = 600;
/// Matches of nobody before the scene's.
const START: usize = 100;
pub const SEED: u64 = 0x1234_5678_9abc_def0;

/// What the stages left in their buffers after one round of one scene.
pub struct Round {
    pub scene: Scene,
    pub options: Options,
    pub weights: Vec<f32>,
    pub matches: Vec<[f32; 4]>,
    pub samples: Vec<u32>,
    pub models: Vec<[[f32; 4]; 3]>,
    pub list: Vec<u32>,
    pub scores: Vec<f32>,
    pub candidates: Vec<Candidate>,
    pub best: Candidate,
    pub mask: Vec<u32>,
    pub score: f32,
}

/// One round of a random scene of `COUNT` matches, half of them right.
pub fn run(context: &Context, kind: ModelKind, options: Options, scene_seed: u64) -> Round {
    let noise = if kind == ModelKind::Rigid { 0.01 } else { 0.5 };
    let scene = Scene::new(kind, scene_seed, COUNT, 0.5, noise);
    let mut rng = StdRng::seed_from_u64(3);
    let weights: Vec<f32> =
        (0..COUNT).map(|_| rng.random_range(0.0..1.0)).map(|w| if w < 0.1 { 0.0 } else { w }).collect();
    let weight_buffer = TypedBuffer::<f32>::new(context, "weights", START + COUNT);
    weight_buffer.write(context, START, &weights);
    let host = HostBuffers { weights: Some(wgpu::Buffer::clone(&weight_buffer).into()), ..HostBuffers::default() };
    let pipeline =
        GpuPipeline::new_blocking(context.clone(), kind, &options, [1, (START + COUNT) as u32], host).unwrap();
    let b = pipeline.buffers();
    let raw = scene.raw_matches();
    let vectors = raw.len() / COUNT;
    b.raw_matches.write(context, START * vectors, &raw);
    pipeline.write_pairs(&[scene.input(options.threshold_px, SEED, START)]).unwrap();
    context
        .catch_blocking(|| {
            let mut encoder = context.encoder("test");
            pipeline.encode(&mut encoder);
            context.queue().submit([encoder.finish()]);
        })
        .unwrap();
    let result = b.results.read_blocking(context).unwrap()[0];
    assert_eq!((result.status, result.iterations), (0, options.max_iterations));
    Round {
        matches: b.matches.read_blocking(context).unwrap().split_off(START * vectors),
        samples: b.samples.read_blocking(context).unwrap(),
        models: b.models.read_blocking(context).unwrap(),
        list: b.lists.read_blocking(context).unwrap(),
        scores: b.partial_scores.read_blocking(context).unwrap(),
        candidates: b.candidates.read_blocking(context).unwrap().into_iter().filter(|c| c.found != 0).collect(),
        best: b.best.read_blocking(context).unwrap()[0],
        mask: b.inlier_mask.read_blocking(context).unwrap().split_off(START),
        score: result.score,
        scene,
        options,
        weights,
    }
}

pub fn rows(model: &[[f32; 4]; 3]) -> ModelRows {
    model.map(|row| row.map(f64::from))
}

impl Round {
    pub fn normalized(&self) -> NormalizedMatches {
        let when = |on: bool| on.then_some(self.weights.as_slice());
        let (score, refinement) = (when(self.options.weigh_score), when(self.options.weigh_refinement));
        NormalizedMatches::new(&self.scene.view(), self.options.threshold_px, score, refinement)
    }

    pub fn scorer(&self) -> Scorer {
        Scorer::new(self.scene.kind, self.options.score, self.options.residual)
    }
}
