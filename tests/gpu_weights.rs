//! What the GPU makes of what is known of each match is what its twin makes of it, the integers that samples are drawn by to the
//! bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/known.rs"]
mod known;
#[path = "common/scenes.rs"]
mod scenes;

use known::Pair;
use nabla_ransac::constants::{BAD_INPUT, KNOWS_KEY_POINTS, KNOWS_RATIOS, KNOWS_WEIGHTS};
use nabla_ransac::cpu::search::{
    sample_minimal::SampleSource,
    weigh_matches::{Rules, SampleBy, Weighed, similarity, weigh_matches},
};
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::{
    Buffers, Capacity, HostBuffers, MatchArrays, Variant, Workgroups,
    layout::{PairInput, Settings},
    search::weigh_matches::stage,
};
use nabla_ransac::network::guided;
use nabla_ransac::ransac::{EpipolarResidual, GpuEstimator, GpuPipeline};
use nabla_ransac::{Backend, Estimator, ModelKind, Options, Problem, Sampler, Score};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use scenes::Scene;

const POISON: u32 = (-12345_i32).cast_unsigned();

fn context() -> Context {
    Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"))
}

/// The stage on buffers of its own.
struct Stage {
    context: Context,
    kind: ModelKind,
    buffers: Buffers,
    stage: nabla_ransac::kernels::Stage,
}

/// Which arrays there are: weights, ratios, key points.
type Given = [bool; 3];

impl Stage {
    fn new(context: &Context, kind: ModelKind, pairs: usize, matches: usize) -> Self {
        let variant = Variant { kind, residual: EpipolarResidual::Sampson, score: Score::Msac };
        let (pairs, matches) = (pairs as u32, matches as u32);
        let capacity = Capacity { pairs, matches, hypotheses: 1, candidates: 1, rounds: 1 };
        let all = MatchArrays {
            weights: true,
            ratios: true,
            key_points: true,
            facts: true,
            sums: true,
            sharing: true,
            neighbours: true,
        };
        let made = context.catch_blocking(|| {
            let buffers = Buffers::new(context, variant, capacity, all, HostBuffers::default());
            let stage = stage(context, variant, &buffers);
            (buffers, stage)
        });
        let (buffers, stage) = made.unwrap();
        Self { context: context.clone(), kind, buffers, stage }
    }

    fn upload(&self, pairs: &[Pair]) {
        let (b, context) = (&self.buffers, &self.context);
        let mut start = 0;
        let mut inputs = Vec::new();
        for pair in pairs {
            let vectors = pair.matches.len() / pair.len().max(1);
            b.raw_matches.write(context, start * vectors, &pair.matches);
            b.weights.write(context, start, &pair.weights);
            b.ratios.write(context, start, &pair.ratios);
            b.key_points.write(context, start, &pair.key_points);
            let (match_start, match_count) = (start as u32, pair.len() as u32);
            let unknown: PairInput = bytemuck::Zeroable::zeroed();
            inputs.push(PairInput { match_start, match_count, threshold: 1.0, enabled: 1, ..unknown });
            start += pair.len();
        }
        b.inputs.write(context, 0, &inputs);
    }

    /// Sums, facts and what is bad of each pair.
    fn run(&self, pairs: usize, rules: &Rules, given: Given) -> (Vec<[u32; 2]>, Vec<[f32; 4]>, Vec<u32>) {
        let (b, context) = (&self.buffers, &self.context);
        let flags = given.iter().zip([KNOWS_WEIGHTS, KNOWS_RATIOS, KNOWS_KEY_POINTS]);
        let flags: u32 = flags.filter(|(is_given, _)| **is_given).map(|(_, flag)| flag).sum();
        let settings = Settings {
            pair_count: pairs as u32,
            sample_size: self.kind.sample_size() as u32,
            weigh_sampling: rules.sample_by as u32,
            weighing: flags | rules.flags(),
            sample_ratio_below: rules.ratio_below,
            weigh_matches: 1,
            ..Settings::default()
        };
        b.settings.write(context, 0, &[settings]);
        b.sharing.write(context, 0, &vec![POISON; b.sharing.len()]);
        b.weight_sums.write(context, 0, &vec![[POISON; 2]; b.weight_sums.len()]);
        b.match_facts.write(context, 0, &vec![[-12345.0; 4]; b.match_facts.len()]);
        let submit = || {
            let mut encoder = context.encoder("test");
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.stage.encode(&mut pass, Workgroups::Count(pairs as u32));
            drop(pass);
            context.queue().submit([encoder.finish()]);
        };
        context.catch_blocking(submit).unwrap();
        let mut bad = b.sharing.read_blocking(context).unwrap();
        bad.truncate(pairs);
        (b.weight_sums.read_blocking(context).unwrap(), b.match_facts.read_blocking(context).unwrap(), bad)
    }

    fn agrees(&self, pairs: &[Pair], rules: &Rules, given: Given) {
        let (sums, facts, bad) = self.run(pairs.len(), rules, given);
        assert!(bad.iter().all(|&bad| bad == 0), "{bad:?}");
        let mut start = 0;
        for pair in pairs {
            let range = start..start + pair.len();
            start += pair.len();
            if pair.len() < self.kind.sample_size() {
                continue;
            }
            let expected = weigh_matches(&pair.known(given[0], given[1]), pair.len(), rules);
            let what = || format!("{:?} {} {given:?} {rules:?}", self.kind, pair.len());
            if rules.sample_by != SampleBy::Nothing {
                assert!(sums[range.clone()] == sums_of(&expected.source), "{}", what());
            }
            are_close(&facts[range], &expected, given[2].then_some(&pair.key_points), &what());
        }
    }
}

/// The prefix sums of both weightings.
fn sums_of(source: &SampleSource) -> Vec<[u32; 2]> {
    match source {
        // all weigh as much: nearly the most of which the sum fits 32 bits
        SampleSource::Uniform(count) => {
            let one = 1 << (30 - count.next_power_of_two().trailing_zeros());
            (1..=*count).map(|k| [k * one; 2]).collect()
        }
        SampleSource::Weighted(sums) => sums.iter().map(|&sum| [sum; 2]).collect(),
        SampleSource::Alternating([first, second]) => first.iter().zip(second).map(|(&a, &b)| [a, b]).collect(),
    }
}

fn are_close(facts: &[[f32; 4]], expected: &Weighed, key_points: Option<&Vec<[f32; 4]>>, what: &str) {
    for (i, &[score, refinement, cosine, sine]) in facts.iter().enumerate() {
        let of = |weights: &Option<Vec<f32>>| weights.as_ref().map_or(1.0, |weights| weights[i]);
        for (found, expected) in [(score, of(&expected.score)), (refinement, of(&expected.refinement))] {
            // subnormal numbers may be flushed
            let close = (found - expected).abs() <= 1e-6 * expected + 2.0 * f32::MIN_POSITIVE;
            assert!(close, "{what}: match {i}: {found} in place of {expected}");
        }
        let similar = key_points.and_then(|key_points| {
            let [scale1, scale2, angle1, angle2] = key_points[i];
            similarity([scale1, scale2], [angle1, angle2])
        });
        let similar = similar.unwrap_or_default();
        let error = (glam::DVec2::new(f64::from(cosine), f64::from(sine)) - similar).length();
        assert!(error <= 1e-6 * similar.length(), "{what}: match {i}: {cosine} {sine} in place of {similar}");
    }
}

fn rules(rng: &mut StdRng, kind: ModelKind, [weights, ratios, _]: Given) -> Rules {
    let is_known = weights || ratios;
    let by: Vec<SampleBy> = [
        (true, SampleBy::Credit),
        (true, SampleBy::Nothing),
        (weights, SampleBy::Weight),
        (ratios, SampleBy::Ratio),
        (is_known, SampleBy::Guide),
    ]
    .into_iter()
    .filter(|(can, _)| *can)
    .map(|(_, by)| by)
    .collect();
    let weigh_refinement = is_known && rng.random_bool(0.6);
    Rules {
        spatial: matches!(kind, ModelKind::Pose | ModelKind::Rigid),
        sample_by: by[rng.random_range(0..by.len())],
        ratio_below: if rng.random_bool(0.5) { f32::MAX } else { 0.8 },
        one_to_one: rng.random_bool(0.8),
        weigh_score: is_known && rng.random_bool(0.5),
        weigh_refinement,
        at_least: weigh_refinement && rng.random_bool(0.5),
    }
}

#[test]
fn weights_of_random_matches_are_those_of_the_twin() {
    let context = context();
    let counts = [(0, 1), (2, 1), (7, 2), (64, 1), (255, 3), (256, 1), (257, 100), (1000, 2), (3000, 1), (20_000, 4)];
    for kind in [ModelKind::Essential, ModelKind::Homography, ModelKind::Pose, ModelKind::Rigid] {
        let mut rng = StdRng::seed_from_u64(kind as u64);
        let pairs: Vec<Pair> = counts.iter().map(|&(count, shared)| Pair::new(&mut rng, kind, count, shared)).collect();
        let stage = Stage::new(&context, kind, pairs.len(), pairs.iter().map(Pair::len).sum());
        stage.upload(&pairs);
        for round in 0..16 {
            let given = [round & 1 != 0, round & 2 != 0, round & 4 != 0];
            let rules = rules(&mut rng, kind, given);
            stage.agrees(&pairs, &rules, given);
        }
    }
}

#[test]
fn all_matches_of_one_point_and_all_copies_of_one_match_are_weighed() {
    let context = context();
    let kind = ModelKind::Fundamental;
    let mut rng = StdRng::seed_from_u64(5);
    let mut one_point = Pair::new(&mut rng, kind, 5000, 1);
    one_point.matches.iter_mut().for_each(|m| (m[0], m[1]) = (3.0, 4.0));
    let mut copies = Pair::new(&mut rng, kind, 5000, 1);
    copies.matches.fill([1.0, 2.0, 3.0, 4.0]);
    let pairs = [one_point, copies];
    let stage = Stage::new(&context, kind, 2, 10_000);
    stage.upload(&pairs);
    for given in [[false; 3], [true, false, true], [false, true, false], [true; 3]] {
        let rules = Rules { one_to_one: true, ..rules(&mut rng, kind, given) };
        stage.agrees(&pairs, &rules, given);
    }
}

/// The status of two pairs of a pipeline, of which the host knows much.
fn statuses(context: &Context, pair: &Pair, scene: &Scene) -> Vec<u32> {
    let options = Options { sampler: Sampler::Ratio, max_iterations: 64, ..Options::default() };
    let twice = |values: &[f32]| [&vec![0.5; values.len()][..], values].concat();
    let key_points = [&vec![[1.0, 1.0, 0.0, 0.0]; pair.len()][..], &pair.key_points].concat();
    let host = HostBuffers {
        weights: Some(wgpu::Buffer::clone(&TypedBuffer::from_slice(context, "weights", &twice(&pair.weights)))),
        ratios: Some(wgpu::Buffer::clone(&TypedBuffer::from_slice(context, "ratios", &twice(&pair.ratios)))),
        key_points: Some(wgpu::Buffer::clone(&TypedBuffer::from_slice(context, "key points", &key_points))),
        ..HostBuffers::default()
    };
    let capacity = [2, 2 * pair.len() as u32];
    let pipeline = GpuPipeline::new_blocking(context.clone(), scene.kind, &options, capacity, host).unwrap();
    pipeline.raw_matches().write(context, 0, &[scene.raw_matches(), scene.raw_matches()].concat());
    pipeline.write_pairs(&[scene.input(2.0, 1, 0), scene.input(2.0, 1, pair.len())]).unwrap();
    let mut encoder = context.encoder("frame");
    pipeline.encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    pipeline.results().read_blocking(context).unwrap().iter().map(|result| result.status).collect()
}

#[test]
fn what_is_no_number_is_refused_and_leaves_the_other_pair_alone() {
    let context = context();
    let scene = Scene::new(ModelKind::Essential, 2, 60, 0.8, 0.3);
    let good = || Pair {
        matches: Vec::new(),
        weights: vec![0.5; 60],
        ratios: vec![0.5; 60],
        key_points: vec![[0.0, 2.0, -30.0, 400.0]; 60],
    };
    assert_eq!(statuses(&context, &good(), &scene), [0, 0]);
    let faults: [fn(&mut Pair); 8] = [
        |pair| pair.weights[59] = f32::NAN,
        |pair| pair.weights[0] = f32::INFINITY,
        |pair| pair.weights[7] = -1e-3,
        |pair| pair.ratios[30] = f32::NAN,
        |pair| pair.ratios[31] = f32::NEG_INFINITY,
        |pair| pair.key_points[3][0] = -1.0,
        |pair| pair.key_points[3][1] = f32::NAN,
        |pair| pair.key_points[3][3] = f32::INFINITY,
    ];
    for (index, fault) in faults.iter().enumerate() {
        let mut pair = good();
        fault(&mut pair);
        assert_eq!(statuses(&context, &pair, &scene), [0, BAD_INPUT], "{index}");
    }
}

/// An essential problem of which a network doubts the right matches, with a false partner for every fourth.
fn doubted(seed: u64) -> (Scene, Vec<f32>, Vec<f32>) {
    let mut scene = Scene::new(ModelKind::Essential, seed, 240, 0.6, 0.4);
    for k in (0..140).step_by(4) {
        scene.image1[k + 100] = scene.image1[k];
    }
    let weights = (0..240).map(|k| if k < 100 { 0.004 + 0.0004 * k as f32 } else { 1e-4 }).collect();
    let ratios = (0..240).map(|k| if k < 100 { 0.6 } else { 0.75 }).collect();
    (scene, weights, ratios)
}

#[test]
fn both_backends_weigh_the_refinement_of_guided_problems_alike() {
    let context = context();
    let options = Options { threshold_px: 2.0, ..guided(Options::default(), ModelKind::Essential) };
    for seed in 0..3 {
        let (scene, weights, ratios) = doubted(seed);
        let host = HostBuffers {
            weights: Some(wgpu::Buffer::clone(&TypedBuffer::from_slice(&context, "weights", &weights))),
            ratios: Some(wgpu::Buffer::clone(&TypedBuffer::from_slice(&context, "ratios", &ratios))),
            ..HostBuffers::default()
        };
        let pipeline = GpuPipeline::new_blocking(context.clone(), scene.kind, &options, [1, 240], host).unwrap();
        pipeline.raw_matches().write(&context, 0, &scene.raw_matches());
        pipeline.write_pairs(&[scene.input(2.0, seed, 0)]).unwrap();
        let mut encoder = context.encoder("frame");
        pipeline.encode(&mut encoder);
        context.queue().submit([encoder.finish()]);
        let facts = pipeline.buffers().match_facts.read_blocking(&context).unwrap();
        // alone, and as likely as the sum of both or hardly ever right
        assert_eq!(facts[1][..2], [1.0, 0.05]);
        assert!(facts[0][0] < 0.9 && (facts[0][1] / facts[0][0] - 0.05).abs() < 1e-6, "{:?}", facts[0]);
        let raw = scene.raw_matches();
        let pair = Pair { matches: raw, weights: weights.clone(), ratios: ratios.clone(), key_points: Vec::new() };
        let rules = Rules {
            spatial: false,
            sample_by: SampleBy::Guide,
            ratio_below: f32::MAX,
            one_to_one: true,
            weigh_score: false,
            weigh_refinement: true,
            at_least: true,
        };
        let expected = weigh_matches(&pair.known(true, true), 240, &rules);
        are_close(&facts, &expected, None, "guided");
        assert!(pipeline.buffers().weight_sums.read_blocking(&context).unwrap() == sums_of(&expected.source));

        let problem = Problem { weights: Some(&weights), ratios: Some(&ratios), seed, ..Problem::new(scene.view()) };
        let gpu = GpuEstimator::new(context.clone(), options.clone()).unwrap();
        let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options.clone() }).unwrap();
        let [found, expected] = [gpu.estimate_batch(&[problem]).remove(0), cpu.estimate(&problem)]
            .map(|outcome| outcome.unwrap().estimate.unwrap());
        assert!((found.score / expected.score - 1.0).abs() < 0.01, "{seed}: {} {}", found.score, expected.score);
        assert!(scene.error(&found.model) < 0.02, "{seed}: {}", scene.error(&found.model));
    }
}
