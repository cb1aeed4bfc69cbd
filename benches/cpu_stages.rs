//! The stages of the CPU backend, one thread, and whole estimations. `cargo bench --bench cpu_stages`.
//!
//! Scenes of 2000 matches, half of them wrong; minimal samples are drawn from them as the estimator does.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "criterion's macro; a bench fails by panicking")]

#[path = "../tests/common/box_room.rs"]
mod box_room;
#[path = "../tests/common/ranked.rs"]
mod ranked;
#[path = "../tests/common/scenes.rs"]
mod scenes;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use glam::{DVec2, DVec3};
use nabla_ransac::constants::QUERY_COLUMNS;
use nabla_ransac::cpu::{
    localise::{
        describe_cells::describe_cells,
        orient_gradients::orient_gradients,
        pool_gradients::pool_gradients,
        recall_points::{Memory, recall_points},
    },
    rank::linear_rows::{After, Linear, linear_rows},
    residual::ModelRows,
    robust::Loss,
    search::{
        normalize_matches::NormalizedMatches,
        refine_model::{Refinement, refine_model},
        sample_minimal::{SampleSource, sample_minimal},
        score_models::Scorer,
    },
    solve::{
        solve_essential_5pt::solve_essential_5pt,
        solve_fundamental_8pt::solve_fundamental_8pt,
        solve_sample::{solve_hypothesis, solve_sample},
    },
};
use nabla_ransac::geometry::{CellGrid, Intrinsics};
use nabla_ransac::localise::{GreyImage, LocaliseOptions, Localiser};
use nabla_ransac::network::{Features, NetworkConfig, Ranker};
use nabla_ransac::ransac::EpipolarResidual;
use nabla_ransac::{Backend, Estimator, ModelKind, Options, Problem, Score};
use ranked::{Known, random_weights};
use scenes::Scene;
use std::{hint::black_box, time::Duration};

const MATCHES: usize = 2000;
/// Samples that a solver is given in turn, models that are scored in turn.
const SAMPLES: u32 = 256;
/// The refinement of a round's best models, as in the estimator.
const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };

/// A scene with its threshold and its matches.
fn scene(kind: ModelKind) -> (Scene, f64, NormalizedMatches) {
    let (threshold, noise) = if kind == ModelKind::Rigid { (0.02, 0.01) } else { (1.0, 0.5) };
    let scene = Scene::new(kind, 1, MATCHES, 0.5, noise);
    let matches = NormalizedMatches::new(&scene.view(), threshold, None, None);
    (scene, threshold, matches)
}

/// Ratios that tell the right matches apart a little.
fn ratios(scene: &Scene) -> Vec<f32> {
    scene.inlier.iter().enumerate().map(|(i, &right)| (i % 97) as f32 / 200.0 + if right { 0.4 } else { 0.5 }).collect()
}

/// A group with short measurements.
fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800)).sample_size(20);
    group
}

fn sampling(criterion: &mut Criterion) {
    let mut group = group(criterion, "sample_minimal");
    let weights: Vec<f32> = (0..MATCHES).map(|i| 1.0 / (1.0 + i as f32)).collect();
    let sources = [
        ("uniform", SampleSource::Uniform(MATCHES as u32)),
        ("weighted", SampleSource::weighted(&weights)),
        ("alternating", SampleSource::alternating(&weights, &[1.0; MATCHES])),
    ];
    group.throughput(Throughput::Elements(u64::from(SAMPLES)));
    for (name, source) in sources {
        group.bench_function(name, |bencher| {
            bencher.iter(|| (0..SAMPLES).for_each(|h| _ = black_box(sample_minimal::<5>(&source, 1, h))));
        });
    }
    group.finish();
}

/// Distinct matches of each sample, drawn alike from all.
fn samples<const M: usize>() -> Vec<[u32; M]> {
    let source = SampleSource::Uniform(MATCHES as u32);
    (0..SAMPLES).filter_map(|h| sample_minimal(&source, 1, h)).collect()
}

fn solving(criterion: &mut Criterion) {
    let mut group = group(criterion, "solve");
    group.throughput(Throughput::Elements(u64::from(SAMPLES)));
    let (_, _, matches) = scene(ModelKind::Essential);
    let pick = |sample: &[u32; 5]| matches.two_view_sample(sample).unwrap();
    let points: Vec<[[DVec2; 5]; 2]> = samples().iter().map(pick).collect();
    group.bench_function("essential 5-point, matrices", |bencher| {
        bencher.iter(|| points.iter().for_each(|[p, q]| _ = black_box(solve_essential_5pt(p, q))));
    });
    let pick = |sample: &[u32; 8]| matches.two_view_sample(sample).unwrap();
    let points: Vec<[[DVec2; 8]; 2]> = samples().iter().map(pick).collect();
    group.bench_function("fundamental 8-point", |bencher| {
        bencher.iter(|| points.iter().for_each(|[p, q]| _ = black_box(solve_fundamental_8pt(p, q, None))));
    });
    for kind in ModelKind::ALL {
        let (_, _, matches) = scene(kind);
        let drawn = samples::<8>();
        let size = kind.sample_size();
        let mut models = Vec::new();
        group.bench_function(format!("{} {size}-point", kind.name()), |bencher| {
            bencher.iter(|| {
                for sample in &drawn {
                    models.clear();
                    solve_sample(&matches, &sample[..size], &mut models);
                    black_box(&models);
                }
            });
        });
    }
    group.finish();
}

/// Models of the first samples.
fn models(matches: &NormalizedMatches) -> Vec<ModelRows> {
    let mut models = Vec::new();
    let source = SampleSource::Uniform(MATCHES as u32);
    (0..SAMPLES).for_each(|h| solve_hypothesis(matches, &source, 1, h, &mut models));
    models
}

fn scoring(criterion: &mut Criterion) {
    for (name, score) in [("ransac", Score::Ransac), ("msac", Score::Msac), ("magsac++", Score::Magsacpp)] {
        let mut group = group(criterion, &format!("score_models {name}"));
        for kind in ModelKind::ALL {
            let (_, _, matches) = scene(kind);
            let models = models(&matches);
            let scorer = Scorer::new(kind, score, EpipolarResidual::Sampson);
            group.throughput(Throughput::Elements((models.len() * MATCHES) as u64));
            group.bench_function(kind.name(), |bencher| {
                bencher.iter(|| models.iter().map(|m| scorer.score(m, &matches, f32::NEG_INFINITY)).sum::<f32>());
            });
        }
        group.finish();
    }
}

/// The refinement of the best of the first samples' models.
fn refining(criterion: &mut Criterion) {
    let mut group = group(criterion, "refine_model");
    for kind in ModelKind::ALL {
        let (_, _, matches) = scene(kind);
        let scorer = Scorer::new(kind, Score::Magsacpp, EpipolarResidual::Sampson);
        let score = |model: &ModelRows| scorer.score(model, &matches, f32::NEG_INFINITY);
        let best = models(&matches).into_iter().max_by(|a, b| score(a).total_cmp(&score(b))).unwrap();
        group.bench_function(kind.name(), |bencher| {
            bencher.iter(|| refine_model(black_box(&best), &matches, &LOCAL));
        });
    }
    group.finish();
}

fn estimating(criterion: &mut Criterion) {
    let mut group = group(criterion, "estimate");
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        let (scene, threshold_px, _) = scene(kind);
        let ratios = ratios(&scene);
        for iterations in [20, 100, 1000] {
            let options = Options {
                threshold_px,
                min_iterations: iterations,
                max_iterations: iterations,
                backend: Backend::Cpu,
                ..Options::default()
            };
            let problem = |seed| Problem { seed, ratios: Some(&ratios), ..Problem::new(scene.view()) };
            let estimator = Estimator::new(Options { threads: 1, ..options.clone() }).unwrap();
            group.throughput(Throughput::Elements(1));
            group.bench_function(format!("{} {iterations}", kind.name()), |bencher| {
                bencher.iter(|| estimator.estimate(&problem(1)).unwrap());
            });
            if iterations == 100 {
                let problems: Vec<Problem<'_>> = (0..16).map(problem).collect();
                let estimator = Estimator::new(options).unwrap();
                group.throughput(Throughput::Elements(problems.len() as u64));
                group.bench_function(format!("{} {iterations}, batch of 16 on all cores", kind.name()), |bencher| {
                    bencher.iter(|| estimator.estimate_batch(&problems));
                });
            }
        }
    }
    group.finish();
}

/// What the default network sees of so many matches.
fn features(group: &mut BenchmarkGroup<'_, WallTime>, count: usize) {
    let known = Known::new(count, 1);
    let input = known.input(ModelKind::Essential);
    group.throughput(Throughput::Elements(count as u64));
    group.bench_function(format!("features, {count} matches"), |bencher| {
        bencher.iter(|| Features::new(black_box(&input), &NetworkConfig::default()).unwrap());
    });
}

/// Features and networks, of 400 and 2000 matches.
fn ranking(criterion: &mut Criterion) {
    let mut group = group(criterion, "rank_matches");
    let default = NetworkConfig::default();
    let wide = NetworkConfig { channels: 64, blocks: 6, ..default };
    for count in [400, MATCHES] {
        let known = Known::new(count, 1);
        let input = known.input(ModelKind::Essential);
        features(&mut group, count);
        for (name, config) in [
            ("default", default),
            ("64 channels, 6 blocks", wide),
            ("clnet", NetworkConfig::clnet(ModelKind::Essential)),
        ] {
            let ranker = Ranker::new(random_weights(config, 1));
            let features = Features::new(&input, &config).unwrap();
            group.bench_function(format!("{name}, {count} matches"), |bencher| {
                bencher.iter(|| ranker.logits_of(black_box(&features)).unwrap());
            });
        }
    }
    // of very many the time should grow in proportion
    for count in [20_000, 200_000] {
        features(&mut group, count);
    }
    group.finish();
}

/// The stages of one image of 320 × 240 pixels, with a map of 12 000 keys at most.
fn localising(criterion: &mut Criterion) {
    let mut group = group(criterion, "localise");
    let map = box_room::map(96, 12_000, DVec3::ZERO).unwrap();
    let seen = box_room::render(&box_room::pose_at(0.3, 0.05, DVec3::ZERO), DVec3::ZERO);
    let image = GreyImage::from_rgba(box_room::SIZE_PX, &seen).unwrap();
    let (grid, width) = (CellGrid::new(image.size_px), image.size_px[0] as usize);
    let gradients = orient_gradients(&image.values, width);
    let pooled = pool_gradients(&gradients, &grid);
    let descriptors = describe_cells(&pooled, &grid);
    let projection = Linear::new(map.values("projection.weight"), map.values("projection.bias"));
    let mut queries = vec![0.0; grid.len() * QUERY_COLUMNS as usize];
    linear_rows(&descriptors, &projection, After::Nothing, &mut queries);
    let memory = Memory::new(map.values("keys"), map.values("key_biases"), map.values("points"));
    group.bench_function("orient_gradients", |bencher| bencher.iter(|| orient_gradients(&image.values, width)));
    group.bench_function("pool_gradients", |bencher| bencher.iter(|| pool_gradients(&gradients, &grid)));
    group.bench_function("describe_cells", |bencher| bencher.iter(|| describe_cells(&pooled, &grid)));
    let mut out = queries.clone();
    group.bench_function("linear_rows", |bencher| {
        bencher.iter(|| linear_rows(&descriptors, &projection, After::Nothing, &mut out));
    });
    let name = format!("recall_points of {} keys", memory.len());
    group.bench_function(name, |bencher| bencher.iter(|| recall_points(&queries, &memory)));
    let default = LocaliseOptions::default();
    let estimator = Options { backend: Backend::Cpu, ..default.estimator.clone() };
    let localiser = Localiser::new(map, LocaliseOptions { estimator, ..default }).unwrap();
    let camera = Intrinsics::Pinhole(box_room::camera());
    let points = localiser.scene_points(&image);
    group.bench_function("pose", |bencher| bencher.iter(|| localiser.locate(points.clone(), &camera, 1).unwrap()));
    group.finish();
}

criterion_group!(stages, sampling, solving, scoring, refining, estimating, ranking, localising);
criterion_main!(stages);
