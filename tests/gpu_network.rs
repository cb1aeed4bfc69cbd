//! The ranking networks on the GPU agree with the CPU: stage by stage, and as a whole, for batches of mixed sizes.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/ranked.rs"]
mod ranked;

use bytemuck::Zeroable;
use nabla_ransac::constants::NEIGHBOUR_ROWS;
use nabla_ransac::cpu::rank::{
    edge_features::edge_features, feature_neighbours::feature_neighbours, find_neighbours::find_neighbours,
};
use nabla_ransac::gpu::{Context, TypedBuffer};
use nabla_ransac::kernels::layout::{LayerShape, PairInput, PairResult};
use nabla_ransac::kernels::{self, HostBuffers, Stage, Workgroups};
use nabla_ransac::network::{Features, GpuRanker, GraphConvolution, NetworkConfig, RankInput, Ranker};
use nabla_ransac::ransac::{GpuPipeline, Options};
use nabla_ransac::{Error, ModelKind, Sampler};
use ranked::{Known, random_weights};

/// Largest difference of two logits, by the largest logit: rounding in f32, in another order.
const TOLERANCE: f32 = 1e-3;

fn context() -> Context {
    Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"))
}

fn pairs(counts: &[usize]) -> Vec<Known> {
    counts.iter().enumerate().map(|(i, &count)| Known::new(count, i as u32 + 1)).collect()
}

fn inputs(pairs: &[Known], kind: ModelKind) -> Vec<RankInput<'_>> {
    pairs.iter().map(|pair| pair.input(kind)).collect()
}

/// Compares whole networks.
fn check(config: NetworkConfig, counts: &[usize]) {
    let weights = random_weights(config, 3);
    let capacity = [counts.len() as u32, counts.iter().sum::<usize>() as u32];
    let mut gpu = GpuRanker::new_blocking(context(), &weights, capacity, HostBuffers::default()).unwrap();
    let cpu = Ranker::new(weights);
    let pairs = pairs(counts);
    let inputs = inputs(&pairs, config.model);
    // a second time, in the buffers of the first
    for inputs in [&inputs[..], &inputs[..inputs.len() / 2 + 1]] {
        let found = gpu.logits_blocking(inputs).unwrap();
        for (found, input) in found.iter().zip(inputs) {
            let expected = cpu.logits(input).unwrap();
            assert_eq!(found.len(), expected.len());
            let largest = expected.iter().fold(1.0, |a: f32, b| a.max(b.abs()));
            let differing = found.iter().zip(&expected).filter(|(a, b)| (*a - *b).abs() > TOLERANCE * largest).count();
            // neighbours that are equally far to rounding may swap at the last place
            assert!(differing * 100 <= found.len(), "{config:?}: {differing} of {}", found.len());
        }
    }
}

#[test]
fn message_passing_agrees_for_any_number_of_matches() {
    let config = NetworkConfig::default();
    for count in [5, 9, 37, 2000] {
        check(config, &[count]);
    }
    check(config, &[64, 5, 333, 7, 2000]);
    check(
        NetworkConfig { model: ModelKind::Fundamental, channels: 48, blocks: 2, neighbours: 16, ..config },
        &[37, 120],
    );
}

#[test]
fn clnet_agrees_for_any_number_of_matches() {
    for graph in [GraphConvolution::Exact, GraphConvolution::Collapsed] {
        let config = NetworkConfig { graph, blocks: 2, ..NetworkConfig::clnet(ModelKind::Essential) };
        check(config, &[5]);
        check(config, &[37, 9, 120]);
    }
    let narrow = NetworkConfig { channels: 32, blocks: 1, ..NetworkConfig::clnet(ModelKind::Fundamental) };
    check(narrow, &[1000, 33]);
}

/// Runs one stage.
fn run(context: &Context, stage: &Stage, workgroups: u32) {
    let mut encoder = context.encoder("stage");
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    stage.encode(&mut pass, Workgroups::Count(workgroups));
    drop(pass);
    context.queue().submit([encoder.finish()]);
}

/// Pairs with all that `prepare_rows` has to cope with.
fn difficult_pairs() -> Vec<Known> {
    let mut pairs = pairs(&[6, 300, 41, 2000, 257, 64, 64, 500]);
    // points that several matches share, copies, ratios that are equal, zero or not known, key points that are not known
    for pair in &mut pairs[1..] {
        let count = pair.ratios.len();
        for i in (0..count).step_by(3) {
            let of = (7 * i + 1) % count;
            match i % 4 {
                0 => pair.points1_px[i] = pair.points1_px[of],
                1 => pair.points2_px[i] = pair.points2_px[of],
                2 => pair.ratios[i] = pair.ratios[of],
                _ => (pair.points1_px[i], pair.points2_px[i]) = (pair.points1_px[of], pair.points2_px[of]),
            }
            pair.ratios[of] = [-1.0, 0.0, -0.0, 0.5][i % 5 % 4];
            pair.scales_px[i % 2][of] = 0.0;
            pair.angles_deg[1][i] += 360.0;
        }
    }
    // an absurd point; half of the points one point; all of one image
    pairs[4].points1_px[100] = glam::DVec2::new(1e29, -3.0);
    pairs[5].points1_px[..40].fill(glam::DVec2::new(3.0, 5.0));
    pairs[5].points1_px[50].x = 1e25;
    pairs[6].points2_px.fill(glam::DVec2::new(-3.0, 5.0));
    pairs
}

#[test]
fn rows_are_those_of_the_cpu() {
    let context = context();
    let pairs = difficult_pairs();
    for config in [NetworkConfig::default(), NetworkConfig { channels: 16, ..NetworkConfig::default() }] {
        for what_is_known in 0..3 {
            let of = |pair| match what_is_known {
                0 => Known::input(pair, config.model),
                1 => RankInput { ratios: None, ..pair.input(config.model) },
                _ => RankInput { angles_deg: None, ..pair.input(config.model) },
            };
            let inputs: Vec<RankInput<'_>> = pairs.iter().map(of).collect();
            let capacity = [10, pairs.iter().map(|pair| pair.ratios.len() as u32).sum::<u32>() + 7];
            let weights = random_weights(config, 3);
            let mut ranker =
                GpuRanker::new_blocking(context.clone(), &weights, capacity, HostBuffers::default()).unwrap();
            ranker.logits_blocking(&inputs).unwrap();
            let matches = ranker.matches().read_blocking(&context).unwrap();
            let rows = ranker.rows().read_blocking(&context).unwrap();
            let mut start = 0;
            for (place, input) in inputs.iter().enumerate() {
                let expected = Features::new(input, &config).unwrap();
                let count = expected.matches.len();
                let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 2e-6 * (1.0 + b.abs());
                let found = matches[start..][..count].as_flattened();
                assert!(found.iter().zip(expected.matches.as_flattened()).all(close), "points of {place}");
                let found = &rows[start * config.inputs()..][..expected.rows.len()];
                for (i, both) in found.iter().zip(&expected.rows).enumerate() {
                    let [row, column] = [i / config.inputs(), i % config.inputs()];
                    assert!(close(both), "pair {place}, row {row}, column {column}: {both:?}");
                }
                start += count;
            }
        }
    }
}

#[test]
fn neighbours_and_edges_are_those_of_the_cpu() {
    let context = context();
    let config = NetworkConfig::default();
    let (k, columns) = (config.neighbours, config.inputs());
    let pairs = pairs(&[6, 300, 41]);
    let features: Vec<Features> =
        inputs(&pairs, config.model).iter().map(|input| Features::new(input, &config).unwrap()).collect();
    let rows: Vec<f32> = features.iter().flat_map(|f| f.rows.clone()).collect();
    let shape = LayerShape { inputs: columns as u32, outputs: config.edges() as u32, neighbours: k as u32, mode: 0 };
    let shape = TypedBuffer::from_slice(&context, "shape", &[shape]);
    let batch = TypedBuffer::from_slice(&context, "batch", &[3u32, 0, 6, 306, 347]);
    let rows = TypedBuffer::from_slice(&context, "rows", &rows);
    let matches: Vec<[f32; 4]> = features.iter().flat_map(|f| f.matches.clone()).collect();
    let matches = TypedBuffer::from_slice(&context, "matches", &matches);
    // poisoned, so that an entry left unwritten shows
    let neighbours = TypedBuffer::from_slice(&context, "neighbours", &vec![12_345u32; 347 * k]);
    let edges = TypedBuffer::from_slice(&context, "edges", &vec![-12_345.0f32; 347 * k * config.edges()]);
    run(
        &context,
        &kernels::rank::find_neighbours::stage(&context, [&shape, &batch, &matches, &neighbours]),
        347 / NEIGHBOUR_ROWS + 3,
    );
    run(
        &context,
        &kernels::rank::edge_features::stage(&context, [&shape, &batch, &matches, &rows, &neighbours, &edges]),
        (347 * k as u32).div_ceil(64),
    );
    let (found, found_edges) = (neighbours.read_blocking(&context).unwrap(), edges.read_blocking(&context).unwrap());
    for (f, start) in features.iter().zip([0u32, 6, 306]) {
        let count = f.matches.len();
        let of_pair: Vec<u32> = found[start as usize * k..][..count * k].iter().map(|j| j - start).collect();
        let differing = of_pair.iter().zip(&f.neighbours).filter(|(a, b)| a != b).count();
        assert!(differing * 500 <= of_pair.len(), "{differing} of {}", of_pair.len());
        let expected = edge_features(&f.matches, &f.rows, &of_pair, k);
        let found = &found_edges[start as usize * k * config.edges()..][..expected.len()];
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * (1.0 + b.abs());
        assert!(found.iter().zip(&expected).all(close));
    }
}

#[test]
fn equally_near_neighbours_go_by_place() {
    let context = context();
    // distances are exact; of the 150 that are one point, more are equally near than a workgroup lists
    let grid = |i: u32| [i % 17, i % 5, i % 3, i % 11].map(|x| x as f32);
    let pairs = [
        (0..650).map(grid).collect::<Vec<_>>(),
        vec![[1.0; 4]; 150],
        (0..3).map(grid).collect(),
        vec![],
        (0..70).map(grid).collect(),
    ];
    let ends = pairs.iter().scan(0, |end, pair| {
        *end += pair.len() as u32;
        Some(*end)
    });
    let batch: Vec<u32> = [pairs.len() as u32, 0].into_iter().chain(ends).collect();
    let matches = pairs.concat();
    let batch_buffer = TypedBuffer::from_slice(&context, "batch", &batch);
    let match_buffer = TypedBuffer::from_slice(&context, "matches", &matches);
    for k in [1, 8, 32] {
        let shape = LayerShape { neighbours: k as u32, ..LayerShape::default() };
        let shape = TypedBuffer::from_slice(&context, "shape", &[shape]);
        let neighbours = TypedBuffer::from_slice(&context, "neighbours", &vec![12_345u32; matches.len() * k]);
        let stage =
            kernels::rank::find_neighbours::stage(&context, [&shape, &batch_buffer, &match_buffer, &neighbours]);
        run(&context, &stage, matches.len() as u32 / NEIGHBOUR_ROWS + batch[0]);
        let of_pair =
            |(pair, &start): (&Vec<[f32; 4]>, &u32)| find_neighbours(pair, k).into_iter().map(move |j| j + start);
        let expected: Vec<u32> = pairs.iter().zip(&batch[1..]).flat_map(of_pair).collect();
        assert_eq!(neighbours.read_blocking(&context).unwrap(), expected, "{k}");
    }
}

#[test]
fn neighbours_in_feature_space_are_those_of_the_cpu() {
    let context = context();
    let (channels, k, counts) = (48, 9, [4, 100, 29]);
    let rows: Vec<f32> = (0..133 * channels).map(|i| (i as f32 * 0.37).sin()).collect();
    let shape = LayerShape { inputs: channels as u32, neighbours: k as u32, ..LayerShape::default() };
    let shape = TypedBuffer::from_slice(&context, "shape", &[shape]);
    let batch = TypedBuffer::from_slice(&context, "batch", &[3u32, 0, 4, 104, 133]);
    let buffer = TypedBuffer::from_slice(&context, "rows", &rows);
    let neighbours = TypedBuffer::from_slice(&context, "neighbours", &vec![12_345u32; 133 * k]);
    run(&context, &kernels::rank::feature_neighbours::stage(&context, [&shape, &batch, &buffer, &neighbours]), 9);
    let found = neighbours.read_blocking(&context).unwrap();
    let mut start = 0;
    for count in counts {
        let expected = feature_neighbours(&rows[start * channels..][..count * channels], channels, k);
        let found = found[start * k..][..count * k].iter().map(|j| j - start as u32);
        let differing = found.zip(&expected).filter(|(a, b)| a != *b).count();
        assert!(differing * 100 <= expected.len(), "{count}: {differing} of {}", expected.len());
        start += count;
    }
}

/// What the estimator on the GPU makes of some pairs, with buffers that have their weights; `before` is encoded ahead of it.
fn estimate(
    context: &Context,
    pairs: &[Known],
    host: HostBuffers,
    before: impl FnOnce(&mut wgpu::CommandEncoder),
) -> Vec<PairResult> {
    let options = Options { sampler: Sampler::Weights, weigh_score: true, ..Options::default() };
    let capacity = [pairs.len() as u32, pairs.iter().map(|pair| pair.ratios.len() as u32).sum()];
    let has_matches = host.matches.is_some();
    let pipeline = GpuPipeline::new_blocking(context.clone(), ModelKind::Essential, &options, capacity, host).unwrap();
    let mut match_start = 0;
    let mut matches = Vec::new();
    let mut written = Vec::new();
    for pair in pairs {
        let both = pair.points1_px.iter().zip(&pair.points2_px);
        matches.extend(both.map(|(p, q)| [p.x, p.y, q.x, q.y].map(|x| x as f32)));
        let (f, c) = (pair.camera.focal_px.as_vec2(), pair.camera.principal_point_px.as_vec2());
        let match_count = pair.ratios.len() as u32;
        written.push(PairInput {
            camera1: [f.x, f.y, c.x, c.y],
            camera2: [f.x, f.y, c.x, c.y],
            threshold: 1.0,
            match_start,
            match_count,
            enabled: 1,
            ..PairInput::zeroed()
        });
        match_start += match_count;
    }
    if !has_matches {
        pipeline.raw_matches().write(context, 0, &matches);
    }
    pipeline.write_pairs(&written).unwrap();
    let mut encoder = context.encoder("frame");
    before(&mut encoder);
    pipeline.encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    pipeline.results().read_blocking(context).unwrap()
}

#[test]
fn probabilities_are_the_weights_of_an_estimator_that_reads_nothing_back() {
    let context = context();
    let config = NetworkConfig::default();
    let pairs = pairs(&[200, 90]);
    let mut ranker =
        GpuRanker::new_blocking(context.clone(), &random_weights(config, 3), [2, 290], HostBuffers::default()).unwrap();
    ranker.write(&inputs(&pairs, config.model)).unwrap();
    let host = HostBuffers { ratios: None, key_points: None, ..ranker.host_buffers() };
    let chained = estimate(&context, &pairs, host, |encoder| ranker.encode(encoder));
    let probabilities = ranker.probabilities().read_blocking(&context).unwrap();
    let logits = ranker.logits().read_blocking(&context).unwrap();
    assert!(probabilities.iter().zip(&logits).all(|(p, l)| (p - 1.0 / (1.0 + (-l).exp())).abs() < 1e-5));
    let uploaded = TypedBuffer::from_slice(&context, "weights", &probabilities);
    let host = HostBuffers { weights: Some(uploaded.part()), ..HostBuffers::default() };
    let expected = estimate(&context, &pairs, host, |_| ());
    assert!(chained.iter().all(|result| result.status == 0));
    assert_eq!(chained, expected);
}

#[test]
fn what_does_not_fit_is_refused() {
    let config = NetworkConfig::default();
    let weights = random_weights(config, 3);
    let mut ranker = GpuRanker::new_blocking(context(), &weights, [2, 50], HostBuffers::default()).unwrap();
    let pairs = pairs(&[30, 30, 10]);
    let all = inputs(&pairs, config.model);
    assert!(matches!(ranker.write(&all[..2]), Err(Error::OutOfMemory { .. })));
    assert!(matches!(ranker.write_counts(&[10, 10, 10]), Err(Error::OutOfMemory { .. })));
    assert!(ranker.logits_blocking(&all[1..]).is_ok() && ranker.logits_blocking(&[]).unwrap().is_empty());
    let huge = GpuRanker::new_blocking(context(), &weights, [1, u32::MAX], HostBuffers::default());
    assert!(matches!(huge, Err(Error::OutOfMemory { .. })));
    let part = Some(TypedBuffer::<f32>::new(&context(), "a part", 49).part());
    let with = |config: NetworkConfig, host| {
        GpuRanker::new_blocking(context(), &random_weights(config, 3), [2, 50], host).unwrap_err()
    };
    let weights = with(config, HostBuffers { weights: part.clone(), ..HostBuffers::default() });
    assert!(matches!(weights, Error::BadOption { name: "the host's weights", .. }));
    let small = with(config, HostBuffers { ratios: part.clone(), ..HostBuffers::default() });
    assert!(matches!(small, Error::BadBuffer { what: "the SNN ratios", .. }));
    let of_clnet = with(
        NetworkConfig { blocks: 1, ..NetworkConfig::clnet(ModelKind::Essential) },
        HostBuffers { ratios: part, ..HostBuffers::default() },
    );
    assert!(matches!(of_clnet, Error::BadOption { name: "the host's buffers", .. }));
}
