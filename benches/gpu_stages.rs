//! The estimator's speed on a GPU as Markdown: each stage by timestamps, the scoring, a pair from buffer to buffer, batches of up to
//! 100,000 pairs with and without the upload, the ranking, localisation. `cargo bench --bench gpu_stages`; takes any adapter, software ones included (smaller).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and fails by panicking"
)]

#[path = "../tests/common/box_room.rs"]
mod box_room;
#[path = "../tests/common/random_maps.rs"]
mod random_maps;
#[path = "../tests/common/ranked.rs"]
mod ranked;
#[path = "../tests/common/scenes.rs"]
mod scenes;

use nabla_ransac::geometry::Intrinsics;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::HostBuffers;
use nabla_ransac::localise::{Encoder, FrameImage, GpuLocaliser, GreyImage, LocaliseOptions, MapLayout, SceneMap};
use nabla_ransac::network::{GpuRanker, LearnedEstimator, RankInput, Ranker, Weights, guided};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{Estimator, ModelKind, Options, Problem};
use ranked::Known;
use scenes::Scene;
use std::time::Instant;

/// Repetitions of which the median is printed.
const REPEATS: usize = 15;
/// Timestamps of one submission at most.
const TIMESTAMPS: u32 = 2048;
/// Bytes of the largest buffer a pipeline may have here.
const LARGEST_BUFFER: u64 = 1 << 31;
/// Pairs of a batch.
const BATCHES: [usize; 5] = [1, 16, 256, 4096, 100_000];
/// A batch that would take longer by the rate of the smaller one is left out, seconds: the whole page is to take minutes.
const LONGEST: f64 = 4.0;
/// The same on software adapters, on which all else takes long.
const LONGEST_SOFTWARE: f64 = 0.5;
/// Stages below this share of the sum are printed together.
const LEAST_SHARE: f64 = 0.01;
/// Floating-point operations of the residual of a match with its gain, as the shaders write them: products, sums and quotients,
/// one each, without comparisons and what does not depend on the match. Essential (`residual_essential`): R x1 12, t × x2 7, t × R x1
/// 9, Eᵀ x2 10, the metric 4, x2ᵀ E x1 5, the quotient 9, the depths 17. Fundamental (`residual_fundamental`, `residual_sampson`):
/// F x1 12, Fᵀ x2 8, the metric 4, x2ᵀ F x1 4, the quotient 9. The gain (`gain_magsac`) 29, its weight and sum 2.
const FLOPS: [(ModelKind, f64); 2] = [(ModelKind::Essential, 73.0 + 31.0), (ModelKind::Fundamental, 37.0 + 31.0)];

fn main() {
    // as `cargo test` runs every bench
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let context = timed_context();
    let info = context.device().adapter_info();
    let software = info.device_type == wgpu::DeviceType::Cpu;
    println!("{} ({:?}), {} {}\n", info.name, info.backend, info.driver, info.driver_info);
    stages(&context);
    scoring(&context, software);
    batches(&context, software);
    host_time(&context, software);
    ranking(&context, software);
    localising(&context);
}

/// A device with timestamps, where the adapter has them.
fn timed_context() -> Context {
    let features = wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES;
    pollster::block_on(async {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let preference = wgpu::PowerPreference::HighPerformance;
        let options = wgpu::RequestAdapterOptions { power_preference: preference, ..Default::default() };
        let adapter = instance.request_adapter(&options).await.unwrap();
        let descriptor = wgpu::DeviceDescriptor {
            required_features: adapter.features() & features,
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&descriptor).await.unwrap();
        Context::from_device(device, queue)
    })
}

fn options(kind: ModelKind, hypotheses: u32) -> Options {
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    Options { threshold_px, min_iterations: hypotheses, max_iterations: hypotheses, ..Options::default() }
}

fn scene(kind: ModelKind, matches: usize) -> Scene {
    Scene::new(kind, 1, matches, 0.5, if kind == ModelKind::Rigid { 0.01 } else { 0.5 })
}

/// A pipeline with its pairs written.
fn pipeline(context: &Context, kind: ModelKind, options: &Options, pairs: usize, matches: usize) -> GpuPipeline {
    let scene = scene(kind, matches);
    let capacity = [pairs, pairs * matches].map(|size| size as u32);
    let pipeline = GpuPipeline::new_blocking(context.clone(), kind, options, capacity, HostBuffers::default()).unwrap();
    let raw = scene.raw_matches();
    for pair in 0..pairs {
        pipeline.raw_matches().write(context, pair * raw.len(), &raw);
    }
    let inputs: Vec<_> =
        (0..pairs).map(|pair| scene.input(options.threshold_px, pair as u64, pair * matches)).collect();
    pipeline.write_pairs(&inputs).unwrap();
    pipeline
}

fn submit(context: &Context, encode: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = context.encoder("bench");
    encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    context.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
}

/// The median of some seconds, after a run to warm up.
fn median_seconds(repeats: usize, mut run: impl FnMut()) -> f64 {
    run();
    let mut seconds: Vec<f64> = (0..repeats)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[repeats / 2]
}

/// One pair and a batch, stage by stage.
fn stages(context: &Context) {
    let pairs = if context.device().adapter_info().device_type == wgpu::DeviceType::Cpu { [1, 2] } else { [1, 256] };
    for pairs in pairs {
        println!("## {pairs} pair(s) of 2000 matches, 1024 hypotheses, buffer to buffer\n");
        println!("| model | submitted to done, ms | by timestamps, ms: |\n|---|---:|---|");
        for kind in ModelKind::ALL {
            let pipeline = pipeline(context, kind, &options(kind, 1024), pairs, 2000);
            let seconds = median_seconds(REPEATS, || submit(context, |encoder| pipeline.encode(encoder)));
            let stages = stage_times(context, |encoder, before| pipeline.encode_observed(encoder, before));
            println!("| {} | {:.3} | {} |", kind.name(), 1e3 * seconds, listed(&stages));
        }
        println!();
    }
}

/// Stages with their milliseconds.
type Times = Vec<(&'static str, f64)>;

/// What is called before each stage.
type Observer<'a> = &'a mut dyn FnMut(&mut wgpu::ComputePass<'_>, &'static str);

/// Milliseconds of each stage of one submission, in the order in which they begin; none without timestamps.
fn stage_times(context: &Context, encode: impl FnOnce(&mut wgpu::CommandEncoder, Observer<'_>)) -> Times {
    let device = context.device();
    if !device.features().contains(wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES) {
        return Vec::new();
    }
    let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
        label: None,
        ty: wgpu::QueryType::Timestamp,
        count: TIMESTAMPS,
    });
    let bytes = u64::from(TIMESTAMPS) * 8;
    let buffer = |usage| {
        let usage = usage | wgpu::BufferUsages::COPY_DST;
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size: bytes, usage, mapped_at_creation: false })
    };
    let resolved = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC);
    let read = buffer(wgpu::BufferUsages::MAP_READ);
    let mut names = Vec::new();
    submit(context, |encoder| {
        let mut observe = |pass: &mut wgpu::ComputePass<'_>, stage| {
            pass.write_timestamp(&queries, names.len() as u32);
            names.push(stage);
        };
        encode(encoder, &mut observe);
        encoder.resolve_query_set(&queries, 0..names.len() as u32, &resolved, 0);
        encoder.copy_buffer_to_buffer(&resolved, 0, &read, 0, bytes);
    });
    read.slice(..).map_async(wgpu::MapMode::Read, |mapped| mapped.unwrap());
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&read.slice(..).get_mapped_range().unwrap());
    let tick_ms = f64::from(context.queue().get_timestamp_period()) / 1e6;
    let mut sums = Times::new();
    for (stage, &name) in names.iter().enumerate().take(names.len() - 1) {
        let milliseconds = ticks[stage + 1].wrapping_sub(ticks[stage]) as f64 * tick_ms;
        match sums.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += milliseconds,
            None => sums.push((name, milliseconds)),
        }
    }
    sums
}

/// The stages, those that hardly count together.
fn listed(times: &Times) -> String {
    if times.is_empty() {
        return "no timestamps here".to_owned();
    }
    let sum: f64 = times.iter().map(|(_, milliseconds)| milliseconds).sum();
    let (large, small): (Times, Times) = times.iter().partition(|(_, milliseconds)| *milliseconds >= LEAST_SHARE * sum);
    let mut items: Vec<String> = large.iter().map(|(name, milliseconds)| format!("{name} {milliseconds:.3}")).collect();
    if !small.is_empty() {
        let rest: f64 = small.iter().map(|(_, milliseconds)| milliseconds).sum();
        items.push(format!("{} others {rest:.3}", small.len()));
    }
    items.join(", ")
}

/// How fast models meet matches, by the timestamps around the scoring; as a share of the card's peak where `PEAK_TFLOPS` says it.
fn scoring(context: &Context, software: bool) {
    let pairs = if software { 2 } else { 256 };
    println!("## Scoring, {pairs} pair(s) of 2000 matches, 1024 hypotheses\n");
    let peak: Option<f64> = std::env::var("PEAK_TFLOPS").ok().and_then(|peak| peak.parse().ok());
    println!("| model | models | ms | evaluations/s | flop an evaluation | Tflop/s | of the peak |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (kind, flops) in FLOPS {
        let pipeline = pipeline(context, kind, &options(kind, 1024), pairs, 2000);
        submit(context, |encoder| pipeline.encode(encoder));
        let times = stage_times(context, |encoder, before| pipeline.encode_observed(encoder, before));
        let Some((_, milliseconds)) = times.into_iter().find(|(name, _)| *name == "score_models") else {
            println!("| {} | no timestamps here |", kind.name());
            continue;
        };
        let lists: Vec<u32> = pipeline.buffers().lists.read_blocking(context).unwrap();
        let models: u32 = lists.chunks(1 + 1024 * kind.max_solutions()).map(|list| list[0]).sum();
        let rate = f64::from(models) * 2000.0 / milliseconds * 1e3;
        let tera = rate * flops / 1e12;
        let share = peak.map_or_else(|| "-".to_owned(), |peak| format!("{:.1} %", 100.0 * tera / peak));
        println!("| {} | {models} | {milliseconds:.3} | {rate:.3e} | {flops} | {tera:.3} | {share} |", kind.name());
    }
    println!();
}

/// Pairs a second, from buffer to buffer and from the caller's slices to outcomes.
fn batches(context: &Context, software: bool) {
    let longest = if software { LONGEST_SOFTWARE } else { LONGEST };
    println!("## Pairs/s\n");
    println!("-: it would take more than {longest} s. What a submission cannot hold goes through it in turns.\n");
    let sizes: String = BATCHES.iter().map(|size| format!(" batch of {size} |")).collect();
    println!("| model | hypotheses | matches | from |{sizes}\n|---|---:|---:|---|{}", "---:|".repeat(BATCHES.len()));
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        for (hypotheses, matches) in [(100, 500), (100, 2000), (1024, 500), (1024, 2000)] {
            let options = options(kind, hypotheses);
            let row = |from: &str, rates: String| {
                println!("| {} | {hypotheses} | {matches} | {from} |{rates}", kind.name());
            };
            row("buffers", rates(longest, |pairs| buffer_seconds(context, kind, &options, [pairs, matches])));
            let seconds =
                |options, ranked| move |pairs| slice_seconds(context, kind, options, [pairs, matches], ranked);
            row("slices", rates(longest, seconds(&options, false)));
            if (hypotheses, matches) == (1024, 2000) {
                let undiagnosed = Options { diagnose: false, ..options.clone() };
                row("slices, no diagnosis", rates(longest, seconds(&undiagnosed, false)));
                row("slices, ranked", rates(longest, seconds(&options, true)));
            }
        }
    }
    println!();
}

/// What the host computes for a pair: checks, conversion, upload, encoding, and the answers; on one thread, as Linux counts its time.
fn host_time(context: &Context, software: bool) {
    let pairs = if software { 64 } else { 1000 };
    let kind = ModelKind::Essential;
    let options = Options { threads: 1, ..options(kind, if software { 16 } else { 256 }) };
    let estimator = || {
        Estimator::from_device(context.device().clone(), context.queue().clone(), guided(options.clone(), kind))
            .unwrap()
    };
    let ranker = Ranker::new(Weights::shipped(kind).unwrap());
    let scene = scene(kind, 500);
    let known = Known::new(500, 1);
    let RankInput { ratios, scales_px, angles_deg, .. } = known.input(kind);
    let of = |seed| Problem { seed, ratios, scales_px, angles_deg, ..Problem::new(scene.view()) };
    let problems: Vec<_> = (0..pairs).map(of).collect();
    for (what, ranker) in [("", None), (" with the network in front", Some(ranker))] {
        let estimator = LearnedEstimator::with_ranker(estimator(), ranker).unwrap();
        let run = || assert!(estimator.estimate_batch(&problems).iter().all(Result::is_ok));
        run();
        let Some(before) = thread_microseconds() else { return };
        run();
        let microseconds = (thread_microseconds().unwrap() - before) / pairs as f64;
        println!("The host's own time{what}: {microseconds:.1} µs a pair ({pairs} pairs of 500 matches, essential)\n");
    }
}

/// Time that this thread has had a core for.
fn thread_microseconds() -> Option<f64> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(counted.split(' ').next()?.parse::<f64>().ok()? / 1e3)
}

/// Of each size of a batch, of its seconds.
fn rates(longest: f64, seconds: impl Fn(usize) -> f64) -> String {
    let mut a_pair = 0.0;
    let cells = BATCHES.iter().map(|&pairs| {
        if a_pair * pairs as f64 > longest {
            return " - |".to_owned();
        }
        a_pair = seconds(pairs) / pairs as f64;
        format!(" {:.0} |", 1.0 / a_pair)
    });
    cells.collect()
}

/// Large batches are runs of many pairs by themselves.
const fn repeats(pairs: usize) -> usize {
    if pairs > 256 { 1 } else { 3 }
}

/// Submissions of one pipeline as large as its buffers may be.
fn buffer_seconds(context: &Context, kind: ModelKind, options: &Options, [pairs, matches]: [usize; 2]) -> f64 {
    let models = options.max_iterations as usize * kind.max_solutions() * 48;
    let room = context.max_storage_bytes().min(LARGEST_BUFFER) as usize / models.max(32 * matches);
    let at_once = pairs.min(room.clamp(1, 4096));
    let pipeline = pipeline(context, kind, options, at_once, matches);
    let turns = pairs.div_ceil(at_once);
    let seconds = median_seconds(repeats(pairs), || {
        (0..turns).for_each(|_| submit(context, |encoder| pipeline.encode(encoder)));
    });
    seconds * pairs as f64 / (turns * at_once) as f64
}

/// The estimator, with preparation, upload and read-back, and with the network in front or without.
fn slice_seconds(
    context: &Context,
    kind: ModelKind,
    options: &Options,
    [pairs, matches]: [usize; 2],
    ranked: bool,
) -> f64 {
    let scene = scene(kind, matches);
    let estimator = Estimator::from_device(context.device().clone(), context.queue().clone(), options.clone()).unwrap();
    let ranker = ranked.then(|| Ranker::new(Weights::shipped(kind).unwrap()));
    let estimator = LearnedEstimator::with_ranker(estimator, ranker).unwrap();
    let problems: Vec<_> = (0..pairs as u64).map(|seed| Problem { seed, ..Problem::new(scene.view()) }).collect();
    median_seconds(repeats(pairs), || {
        assert!(estimator.estimate_batch(&problems).iter().all(Result::is_ok));
    })
}

/// Milliseconds of the ranking.
fn ranking(context: &Context, software: bool) {
    let sizes: &[usize] = if software { &[1] } else { &[1, 16, 256] };
    println!("## Ranking, 2000 matches a pair\n");
    println!("| pairs | network on the GPU, ms | with its inputs made and uploaded, ms | by timestamps, ms: |");
    println!("|---:|---:|---:|---|");
    let weights = Weights::shipped(ModelKind::Essential).unwrap();
    for &pairs in sizes {
        let known: Vec<Known> = (0..pairs).map(|pair| Known::new(2000, pair as u32 + 1)).collect();
        let inputs: Vec<_> = known.iter().map(|pair| pair.input(ModelKind::Essential)).collect();
        let capacity = [pairs, pairs * 2000].map(|size| size as u32);
        let mut ranker = GpuRanker::new_blocking(context.clone(), &weights, capacity, HostBuffers::default()).unwrap();
        ranker.write(&inputs).unwrap();
        let network = median_seconds(REPEATS, || submit(context, |encoder| ranker.encode(encoder)));
        let all = median_seconds(5, || {
            ranker.write(&inputs).unwrap();
            submit(context, |encoder| ranker.encode(encoder));
        });
        let stages = stage_times(context, |encoder, before| ranker.encode_observed(encoder, before));
        println!("| {pairs} | {:.3} | {:.3} | {} |", 1e3 * network, 1e3 * all, listed(&stages));
    }
}

/// Milliseconds of one frame, from an image in a buffer to its pose, with a map of each kind; the networks mean nothing.
fn localising(context: &Context) {
    let [width, height] = box_room::SIZE_PX;
    println!("\n## Localisation, {width}x{height} pixels, 256 hypotheses\n");
    println!("| map | submitted to done, ms | by timestamps, ms: |\n|---|---:|---|");
    let memory = box_room::map(96, 12_000, glam::DVec3::ZERO).unwrap();
    let network = |layout, encoder| random_maps::map(random_maps::config(layout, &encoder, height, [0.0; 3]), encoder);
    let dsac_star = network(MapLayout::DsacStar { channels: [16, 32, 64, 128, 128] }, Encoder::Gradients);
    let head = network(MapLayout::Head { width: 192 }, random_maps::xfeat_encoder(1));
    for (name, map) in [("memory", memory), ("DSAC*", dsac_star), ("head on XFeat", head)] {
        localising_with(context, name, &map);
    }
}

fn localising_with(context: &Context, name: &str, map: &SceneMap) {
    let default = LocaliseOptions::default();
    let estimator = Options { min_iterations: 256, max_iterations: 256, ..default.estimator.clone() };
    let options = LocaliseOptions { estimator, ..default };
    let image = FrameImage::Values(box_room::SIZE_PX);
    let mut localiser = GpuLocaliser::new_blocking(context.clone(), map, &image, &options).unwrap();
    let seen = box_room::render(&box_room::pose_at(0.3, 0.05, glam::DVec3::ZERO), glam::DVec3::ZERO);
    let grey = GreyImage::from_rgba(box_room::SIZE_PX, &seen).unwrap();
    localiser.grey_values().write(context, 0, &grey.values);
    localiser.write_frame(&Intrinsics::Pinhole(box_room::camera()), 1).unwrap();
    let seconds = median_seconds(REPEATS, || submit(context, |encoder| localiser.encode(encoder)));
    let stages = stage_times(context, |encoder, before| localiser.encode_observed(encoder, before));
    println!("| {name}, {:?} | {:.3} | {} |", map.config().layout, 1e3 * seconds, listed(&stages));
}
