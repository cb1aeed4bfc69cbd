//! A step that does not fit the device is taken in parts, which changes nothing but rounding.
#![cfg(feature = "train")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

use burn::tensor::{Device, wgpu::WgpuSetup};
use nabla_ransac::data::{Augmentation, PairSet, SyntheticOptions, SyntheticPairs};
use nabla_ransac::network::NetworkConfig;
use nabla_ransac::train::ops::Solver;
use nabla_ransac::train::{
    CHECKPOINT, EndToEnd, Event, Memory, Objective, SamplerGradient, StepReport, TrainOptions, Trainer,
};
use nabla_ransac::{Error, ModelKind, Result};
use safetensors::SafeTensors;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::tempdir;

const BATCH: usize = 5;

/// A step of the initialisation.
fn initialisation() -> TrainOptions {
    TrainOptions {
        network: NetworkConfig { channels: 16, blocks: 2, neighbours: 4, ..NetworkConfig::default() },
        batch: BATCH,
        init_epochs: 1,
        validate_every: 0,
        ..TrainOptions::default()
    }
}

/// A step of the end-to-end stage.
fn end_to_end(end_to_end: EndToEnd) -> TrainOptions {
    TrainOptions { init_epochs: 0, epochs: 1, end_to_end, ..initialisation() }
}

fn pairs(matches: usize) -> PairSet {
    let matches = [matches * 3 / 5, matches];
    let options = SyntheticOptions { matches, right_share: [0.5, 0.9], ..SyntheticOptions::default() };
    PairSet::synthetic(SyntheticPairs::new(options, 1).unwrap(), 3 * BATCH, ModelKind::Essential).unwrap()
}

/// What the first step says, and its gradient: Adam's first moments, which are a tenth of it.
fn first_step(
    options: &TrainOptions,
    matches: usize,
    device: Device,
    memory: Option<Memory>,
) -> Result<(StepReport, Vec<f32>)> {
    let folder = tempdir().unwrap();
    let mut trainer = Trainer::new(options.clone(), folder.path(), serde_json::json!({}), None, device)?;
    if let Some(memory) = memory {
        trainer = trainer.with_memory(memory);
    }
    let stop = AtomicBool::new(false);
    let mut first = None;
    trainer.run(&Arc::new(pairs(matches)), &pairs(100), &stop, &mut |event| {
        if let Event::Step(report) = event {
            first = Some(report);
            stop.store(true, Ordering::Relaxed);
        }
    })?;
    let bytes = std::fs::read(folder.path().join(CHECKPOINT)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<_> = file.names().into_iter().filter(|name| name.ends_with(".0")).collect();
    names.sort_unstable();
    let floats = |name: &str| file.tensor(name).unwrap().data().as_chunks().0.iter().copied().map(f32::from_le_bytes);
    Ok((first.unwrap(), names.into_iter().flat_map(|name| floats(name).collect::<Vec<_>>()).collect()))
}

/// |a − b| / |a|.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut a.iter().copied())
}

fn ways() -> [TrainOptions; 6] {
    let plain = EndToEnd { hypotheses: 12, candidates: 2, ..EndToEnd::default() };
    let mean = EndToEnd { sampling: 0.0, mean: 1.0, ..plain };
    [
        initialisation(),
        end_to_end(mean),
        end_to_end(EndToEnd { gradient: SamplerGradient::ScoreFunction, ..mean }),
        end_to_end(EndToEnd { solver: Some(Solver::Fundamental8pt), ..mean }),
        end_to_end(EndToEnd { selection: 1.0, ..plain }),
        end_to_end(EndToEnd { objective: Objective::InlierScore, ..plain }),
    ]
}

#[test]
fn the_gradient_of_a_step_does_not_depend_on_its_parts() {
    for options in ways() {
        let (whole, gradient) = first_step(&options, 100, Device::flex(), None).unwrap();
        assert_eq!(whole.parts, 1);
        assert!(gradient.iter().any(|g| *g != 0.0));
        for micro_batch in [1, 3] {
            let options = TrainOptions { micro_batch, ..options.clone() };
            let (report, found) = first_step(&options, 100, Device::flex(), None).unwrap();
            assert_eq!(report.parts, BATCH.div_ceil(micro_batch));
            assert!((report.loss - whole.loss).abs() < 1e-5 * whole.loss.abs(), "{report:?} {whole:?}");
            assert!(
                difference(&gradient, &found) < 1e-4,
                "{:?}: {}",
                options.end_to_end,
                difference(&gradient, &found)
            );
        }
    }
}

#[test]
fn a_step_that_does_not_fit_is_taken_in_parts() {
    for options in [initialisation(), end_to_end(EndToEnd { hypotheses: 400, ..EndToEnd::default() })] {
        let (whole, gradient) = first_step(&options, 100, Device::flex(), None).unwrap();
        let mut most_parts = 1;
        for shift in [18, 20, 22] {
            for memory in [
                Memory { buffer: 1 << (shift - 3), ..Memory::UNLIMITED },
                Memory { total: 1 << (shift + 1), ..Memory::UNLIMITED },
            ] {
                let taken = first_step(&options, 100, Device::flex(), Some(memory));
                let Ok((report, found)) = taken else {
                    assert!(matches!(taken.unwrap_err(), Error::DeviceTooSmall { .. }));
                    continue;
                };
                println!("{memory:?}: {} parts", report.parts);
                most_parts = most_parts.max(report.parts);
                assert!((report.loss - whole.loss).abs() < 1e-5 * whole.loss.abs());
                assert!(difference(&gradient, &found) < 1e-4);
            }
        }
        assert!(most_parts > 1);
    }
}

#[test]
fn a_pair_that_does_not_fit_says_what_would() {
    let too_small =
        |options: &TrainOptions, memory: Memory| match first_step(options, 100, Device::flex(), Some(memory)) {
            Err(Error::DeviceTooSmall { matches, hypotheses, most_matches, most_hypotheses, .. }) => {
                (matches, hypotheses, most_matches, most_hypotheses)
            }
            other => panic!("{:?}", other.map(|(report, _)| report)),
        };
    let many = |hypotheses| end_to_end(EndToEnd { hypotheses, ..EndToEnd::default() });
    // eleven numbers an edge, of 4 bytes
    let (matches, hypotheses, fit, _) =
        too_small(&initialisation(), Memory { buffer: 30 * 4 * 11 * 4, ..Memory::UNLIMITED });
    assert!(matches > 30 && hypotheses == 0 && fit == 30, "{matches} {hypotheses} {fit}");
    // of ten models of twelve numbers
    let (_, hypotheses, _, fit) = too_small(&many(5000), Memory { buffer: 100 * 480, ..Memory::UNLIMITED });
    assert!(hypotheses == 5000 && fit == 100);
    // what would fit does
    first_step(&many(100), 100, Device::flex(), Some(Memory { buffer: 100 * 480, ..Memory::UNLIMITED })).unwrap();
    let error = first_step(&many(1), 100, Device::flex(), Some(Memory { buffer: 1, total: 1 })).unwrap_err();
    assert!(error.to_string().contains("would fit"), "{error}");
}

/// A device of buffers of so many bytes at most, whatever the adapter has.
fn device_of_small_buffers(bytes: u64) -> Device {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
        .expect("an adapter; a software one on Debian: apt-get install mesa-vulkan-drivers");
    let required_limits =
        wgpu::Limits { max_buffer_size: bytes, max_storage_buffer_binding_size: bytes, ..adapter.limits() };
    let required_features = adapter.features() - wgpu::Features::all_experimental_mask();
    let descriptor = wgpu::DeviceDescriptor { required_limits, required_features, ..Default::default() };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let backend = adapter.get_info().backend;
    Device::wgpu_options().setup(WgpuSetup { instance, adapter, device, queue, backend }).init().unwrap()
}

/// On devices whose buffers are said to be larger than they are. CLNet reads its device on the way, the default network at the end of
/// the step alone.
#[test]
fn a_device_that_refuses_a_step_gets_it_in_parts() {
    let few = NetworkConfig { channels: 256, blocks: 1, ..initialisation().network };
    let clnet =
        NetworkConfig { channels: 256, blocks: 1, neighbours: 30, ..NetworkConfig::clnet(ModelKind::Essential) };
    // bytes of a match in the largest buffer
    for (network, of_match, bytes) in [(clnet, 30 << 10, 128 << 20), (few, 2 << 10, 16 << 20)] {
        let device = device_of_small_buffers(bytes);
        let said = Memory::of_device(&device);
        let options = TrainOptions { network, batch: 2, augmentation: Augmentation::none(), ..initialisation() };
        let matches = (said.buffer / of_match) as usize * 9 / 10;
        assert!(matches < 8000, "{said:?}: too much to try");
        let (report, gradient) = first_step(&options, matches, device.clone(), Some(Memory::UNLIMITED)).unwrap();
        println!("{said:?}: {} matches in {} parts; {:?}", report.matches, report.parts, device.memory_pool_usage());
        assert!(report.parts == 2 && gradient.iter().all(|g| g.is_finite()));
    }
}
