//! The GPU estimator's speed: evaluations of the scoring, latency of one pair and pairs a second of a batch, from GPU buffer
//! to GPU buffer. `cargo bench --bench gpu_stages`; takes any adapter, software ones included.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "criterion's macro; a bench fails by panicking")]

#[path = "../tests/common/scenes.rs"]
mod scenes;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::{
    HostBuffers, Variant, Workgroups,
    buffers::{MODELS_A_WORKGROUP, SCORE_SHARES},
    score_models,
};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{ModelKind, Options};
use scenes::Scene;

const MATCHES: usize = 2000;
const HYPOTHESES: u32 = 1024;

fn options(kind: ModelKind) -> Options {
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    Options { threshold_px, min_iterations: HYPOTHESES, max_iterations: HYPOTHESES, ..Options::default() }
}

fn pipeline(context: &Context, kind: ModelKind, pairs: usize) -> GpuPipeline {
    let noise = if kind == ModelKind::Rigid { 0.01 } else { 0.5 };
    let scene = Scene::new(kind, 1, MATCHES, 0.5, noise);
    let capacity = [pairs as u32, (pairs * MATCHES) as u32];
    let pipeline =
        GpuPipeline::new_blocking(context.clone(), kind, &options(kind), capacity, HostBuffers::default()).unwrap();
    let raw = scene.raw_matches();
    for pair in 0..pairs {
        pipeline.raw_matches().write(context, pair * raw.len(), &raw);
    }
    let threshold = options(kind).threshold_px;
    let inputs: Vec<_> = (0..pairs).map(|pair| scene.input(threshold, pair as u64, pair * MATCHES)).collect();
    pipeline.write_pairs(&inputs).unwrap();
    pipeline
}

fn submit(context: &Context, encode: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = context.encoder("bench");
    encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    context.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
}

/// Scores the list of models that an estimation left, again and again.
fn scoring(criterion: &mut Criterion, context: &Context) {
    let mut group = criterion.benchmark_group("score_models");
    for kind in ModelKind::ALL {
        let pipeline = pipeline(context, kind, 1);
        submit(context, |encoder| pipeline.encode(encoder));
        let b = pipeline.buffers();
        let models = b.lists.read_blocking(context).unwrap()[0] as usize;
        // a round of this one pair, as plan_round and pack_models leave it
        b.progress.write(context, 0, &[1, HYPOTHESES, 0, 1, 0]);
        let workgroups = [models.div_ceil(MODELS_A_WORKGROUP), 1, SCORE_SHARES].map(|count| count as u32);
        b.round_counts.write(context, 1, &workgroups);
        let Options { residual, score, .. } = options(kind);
        let stage = score_models::stage(context, Variant { kind, residual, score }, b);
        group.throughput(Throughput::Elements((models * MATCHES) as u64));
        group.bench_function(kind.name(), |bencher| {
            bencher.iter(|| {
                submit(context, |encoder| {
                    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                    stage.encode(&mut pass, Workgroups::Indirect(&b.round_counts, 4));
                });
            });
        });
    }
    group.finish();
}

fn estimation(criterion: &mut Criterion, context: &Context) {
    for (name, pairs) in [("one pair", 1), ("batch of 16", 16), ("batch of 256", 256)] {
        // hours on a CPU
        if pairs > 16 && context.device().adapter_info().device_type == wgpu::DeviceType::Cpu {
            continue;
        }
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Elements(pairs as u64));
        for kind in ModelKind::ALL {
            let pipeline = pipeline(context, kind, pairs);
            group.bench_function(kind.name(), |bencher| {
                bencher.iter(|| submit(context, |encoder| pipeline.encode(encoder)));
            });
        }
        group.finish();
    }
}

fn benches(criterion: &mut Criterion) {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    scoring(criterion, &context);
    estimation(criterion, &context);
}

criterion_group!(stages, benches);
criterion_main!(stages);
