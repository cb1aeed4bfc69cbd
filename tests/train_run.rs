//! A training survives what happens to long runs: it can be stopped, killed and resumed, and says what went wrong.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use burn::tensor::{Device, DeviceKind};
use nabla_ransac::data::{PairSet, SyntheticOptions, SyntheticPairs, write_scene};
use nabla_ransac::network::{NetworkConfig, Ranker, Weights};
use nabla_ransac::train::{
    BAD_BATCH, CHECKPOINT, EndToEnd, Ending, Event, Objective, OptimizerOptions, SamplerGradient, TrainOptions,
    Trainer, WEIGHTS,
};
use nabla_ransac::{Error, ModelKind};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, io};
use tempfile::tempdir;

/// Two epochs of the initialisation and one end to end, of three steps each.
fn options() -> TrainOptions {
    TrainOptions {
        network: NetworkConfig { channels: 16, blocks: 1, neighbours: 4, ..NetworkConfig::default() },
        batch: 4,
        init_epochs: 2,
        epochs: 1,
        end_to_end: EndToEnd { hypotheses: 4, candidates: 2, ..EndToEnd::default() },
        checkpoint_every: 1,
        validation_iterations: 2,
        ..TrainOptions::default()
    }
}

/// The same with CLNet.
fn clnet_options() -> TrainOptions {
    let network = NetworkConfig { channels: 16, blocks: 1, ..NetworkConfig::clnet(ModelKind::Essential) };
    TrainOptions { network, ..options() }
}

fn pairs(count: usize, seed: u64) -> PairSet {
    let options = SyntheticOptions { matches: [60, 100], right_share: [0.5, 0.9], ..SyntheticOptions::default() };
    PairSet::synthetic(SyntheticPairs::new(options, seed).unwrap(), count, ModelKind::Essential).unwrap()
}

/// Trains, and asks to stop after so many steps.
fn run(trainer: &mut Trainer, stop_after: usize) -> nabla_ransac::Result<Ending> {
    let stop = AtomicBool::new(false);
    let val = pairs(2, 9);
    trainer.run(&Arc::new(pairs(12, 1)), &val, &stop, &mut |event| {
        if let Event::Step(report) = event {
            assert!(report.loss.is_finite());
            stop.store(report.step >= stop_after, Ordering::Relaxed);
        }
    })
}

fn start(options: TrainOptions, folder: &Path) -> Trainer {
    Trainer::new(options, folder, serde_json::json!({}), None, Device::flex()).unwrap()
}

fn resume(options: TrainOptions, folder: &Path) -> nabla_ransac::Result<Trainer> {
    Trainer::resume(options, folder, serde_json::json!({}), &pairs(12, 1), Device::flex())
}

/// The weights at the end by their names.
fn last_weights(folder: &Path) -> BTreeMap<String, nabla_ransac::network::Tensor> {
    Weights::read(&folder.join("last.safetensors")).unwrap().tensors().clone()
}

#[test]
fn a_stopped_training_goes_on_to_the_same_weights() {
    for options in [options(), clnet_options(), TrainOptions { micro_batch: 3, ..clnet_options() }] {
        let whole = tempdir().unwrap();
        assert_eq!(run(&mut start(options.clone(), whole.path()), usize::MAX).unwrap(), Ending::Finished);
        for stop_after in [1, 3, 6, 7] {
            let folder = tempdir().unwrap();
            assert_eq!(run(&mut start(options.clone(), folder.path()), stop_after).unwrap(), Ending::Stopped);
            let mut resumed = resume(options.clone(), folder.path()).unwrap();
            assert_eq!(resumed.steps(), stop_after);
            assert_eq!(run(&mut resumed, usize::MAX).unwrap(), Ending::Finished);
            assert!(last_weights(folder.path()) == last_weights(whole.path()), "stopped after {stop_after}");
        }
    }
}

#[test]
fn clnet_learns_and_its_running_statistics_are_those_of_its_batches() {
    let folder = tempdir().unwrap();
    let options = TrainOptions { init_epochs: 20, epochs: 0, validate_every: 20, ..clnet_options() };
    let mut trainer = start(options.clone(), folder.path());
    let (mut losses, mut of_val) = (Vec::new(), Vec::new());
    let mut note = |event| match event {
        Event::Step(report) => losses.push(report.loss),
        Event::Validated { figures, .. } => of_val.push(figures),
    };
    let val = pairs(2, 9);
    trainer.run(&Arc::new(pairs(12, 1)), &val, &AtomicBool::new(false), &mut note).unwrap();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let [early, late] = [&losses[..3], &losses[40..]].map(mean);
    assert!(late < 0.9 * early, "{losses:?}");
    // of pairs never seen, by the running statistics
    assert!(of_val[0].loss < 0.69, "{of_val:?}");
    let before = Weights::initial(options.network, options.seed).unwrap();
    let after = Weights::read(&folder.path().join("last.safetensors")).unwrap();
    for (name, tensor) in after.tensors().iter().filter(|(name, _)| name.contains("running")) {
        assert!(tensor.values != before.tensors()[name].values, "{name} did not move");
    }
    // the mean of what was normed before is 0, its variance about 1
    assert!(after.values("last.linear1_norm.running_mean").iter().all(|mean| mean.abs() < 1e-4));
    assert!(after.values("last.linear1_norm.running_var").iter().all(|var| (0.5..1.1).contains(var)));
    let record = val.pair(0, 0).unwrap();
    assert!(Ranker::new(after).logits(&record.rank_input(ModelKind::Essential).unwrap()).is_ok());
}

#[test]
fn a_training_is_resumed_with_its_own_options_only() {
    let folder = tempdir().unwrap();
    run(&mut start(options(), folder.path()), 1).unwrap();
    let refused = resume(TrainOptions { seed: 5, ..options() }, folder.path()).unwrap_err();
    assert!(matches!(&refused, Error::File { message, .. } if message.contains("options")), "{refused}");
    fs::write(folder.path().join(CHECKPOINT), b"not a checkpoint").unwrap();
    assert!(matches!(resume(options(), folder.path()).unwrap_err(), Error::File { .. }));
}

#[test]
fn every_way_end_to_end_changes_the_weights_and_stays_finite() {
    let plain = EndToEnd { hypotheses: 4, candidates: 2, ..EndToEnd::default() };
    let ways = [
        EndToEnd { selection: 0.0, sampling: 0.0, mean: 1.0, ..plain },
        EndToEnd { selection: 0.0, sampling: 0.0, mean: 1.0, gradient: SamplerGradient::ScoreFunction, ..plain },
        EndToEnd { mean: 0.0, ..plain },
        EndToEnd { sampling: 0.0, selection: 1.0, ..plain },
        EndToEnd { objective: Objective::InlierScore, ..plain },
    ];
    let cases = [
        (ModelKind::Essential, options()),
        (ModelKind::Fundamental, options()),
        (ModelKind::Essential, clnet_options()),
    ];
    for (model, options) in cases {
        for end_to_end in ways {
            let folder = tempdir().unwrap();
            let mut options = TrainOptions { init_epochs: 0, end_to_end, ..options.clone() };
            options.network.model = model;
            run(&mut start(options.clone(), folder.path()), usize::MAX).unwrap();
            let trained = Weights::read(&folder.path().join("last.safetensors")).unwrap();
            let before = Weights::initial(options.network, options.seed).unwrap();
            assert!(trained.tensors()["input.weight"].values != before.tensors()["input.weight"].values);
        }
    }
}

#[test]
fn a_loss_that_is_no_number_stops_and_saves_the_batch() {
    let folder = tempdir().unwrap();
    let wild = OptimizerOptions { learning_rate: 1e30, clip_norm: 0.0, ..OptimizerOptions::default() };
    let mut trainer = start(TrainOptions { init_optimizer: wild, ..options() }, folder.path());
    let error = run(&mut trainer, usize::MAX).unwrap_err();
    assert!(matches!(error, Error::TrainingDiverged { .. }), "{error}");
    assert!(error.to_string().contains(BAD_BATCH), "{error}");
    assert!(folder.path().join(BAD_BATCH).exists());
    // the checkpoint before it is whole
    assert!(Weights::read(&folder.path().join(CHECKPOINT)).is_err());
    assert!(resume(TrainOptions { init_optimizer: wild, ..options() }, folder.path()).is_ok());
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_the_one_before() {
    let folder = tempdir().unwrap();
    run(&mut start(options(), folder.path()), 2).unwrap();
    let before = fs::read(folder.path().join(CHECKPOINT)).unwrap();
    block(&folder.path().join(format!("{CHECKPOINT}.partial"))).unwrap();
    let error = run(&mut resume(options(), folder.path()).unwrap(), usize::MAX).unwrap_err();
    assert!(matches!(&error, Error::File { path, .. } if path.ends_with(CHECKPOINT)), "{error}");
    assert_eq!(fs::read(folder.path().join(CHECKPOINT)).unwrap(), before);
}

/// A file to which nothing can be written, since its disk is full.
#[cfg(target_os = "linux")]
fn block(path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink("/dev/full", path)
}

#[cfg(not(target_os = "linux"))]
fn block(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[test]
fn sets_of_too_few_pairs_and_missing_files_are_refused() {
    let folder = tempdir().unwrap();
    let one = Arc::new(pairs(1, 1));
    let ended = start(options(), folder.path()).run(&one, &pairs(1, 2), &AtomicBool::new(false), &mut |_| {});
    assert!(matches!(ended.unwrap_err(), Error::BadOption { .. }));
    let nowhere = folder.path().join("nowhere.safetensors");
    assert!(matches!(PairSet::open(&[nowhere], ModelKind::Essential).unwrap_err(), Error::File { .. }));
    let empty = folder.path().join("empty.safetensors");
    write_scene(&empty, &[], &[]).unwrap();
    assert!(PairSet::open(&[empty], ModelKind::Essential).is_err());
}

#[test]
fn a_scene_that_disappears_after_it_was_opened_does_not_matter() {
    let folder = tempdir().unwrap();
    let scene = folder.path().join("scene.safetensors");
    let records: Vec<_> = (0..12).map(|index| pairs(12, 1).pair(0, index).unwrap()).collect();
    write_scene(&scene, &records, &[]).unwrap();
    let set = Arc::new(PairSet::open(std::slice::from_ref(&scene), ModelKind::Essential).unwrap());
    fs::remove_file(&scene).unwrap();
    let mut trainer = start(TrainOptions { init_epochs: 1, epochs: 0, ..options() }, folder.path());
    let ended = trainer.run(&set, &pairs(2, 9), &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!(ended, Ending::Finished);
    assert!(folder.path().join(WEIGHTS).exists());
}

#[test]
fn training_on_wgpu_gives_the_losses_of_the_cpu() {
    let losses = |device: Device, options: TrainOptions| {
        let folder = tempdir().unwrap();
        let options = TrainOptions { init_epochs: 1, epochs: 0, batch: 3, ..options };
        let mut losses = Vec::new();
        let mut trainer = Trainer::new(options, folder.path(), serde_json::json!({}), None, device).unwrap();
        let mut note = |event| {
            if let Event::Step(report) = event {
                losses.push(report.loss);
            }
        };
        trainer.run(&Arc::new(pairs(6, 1)), &pairs(1, 9), &AtomicBool::new(false), &mut note).unwrap();
        losses
    };
    for options in [options(), clnet_options()] {
        let cpu = losses(Device::flex(), options.clone());
        let gpu = losses(Device::wgpu(DeviceKind::DefaultDevice), options);
        assert_eq!(cpu.len(), 2);
        for (cpu, gpu) in cpu.iter().zip(&gpu) {
            assert!((cpu - gpu).abs() < 1e-3 * cpu, "{cpu}, on wgpu {gpu}");
        }
    }
}

/// The command on random pairs, with its folder and a configuration in it.
fn command(folder: &Path, more: &[&str]) -> Command {
    let (config, val) = (folder.join("config.toml"), folder.join("val.safetensors"));
    let options = TrainOptions { synthetic: 12, init_epochs: 6, ..options() };
    fs::write(&config, toml::to_string(&options).unwrap()).unwrap();
    write_scene(&val, &[pairs(1, 9).pair(0, 0).unwrap()], &[]).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    command.arg("train").arg("--config").arg(config).arg("--val").arg(val).arg("--out").arg(folder).args(more);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_killed_training_is_resumed_to_the_same_weights() {
    let whole = tempdir().unwrap();
    let picture = whole.path().join("curves.png");
    assert!(command(whole.path(), &["--plot", picture.to_str().unwrap()]).status().unwrap().success());
    assert!(picture.exists());
    let log = |folder: &Path| fs::read_to_string(folder.join("log.jsonl")).unwrap_or_default().lines().count();
    for lines in [2, 7, 15] {
        let folder = tempdir().unwrap();
        let mut killed = command(folder.path(), &[]).spawn().unwrap();
        while log(folder.path()) < lines && killed.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert!(command(folder.path(), &["--resume"]).status().unwrap().success());
        assert!(last_weights(folder.path()) == last_weights(whole.path()), "killed after {lines} lines");
        assert_eq!(log(folder.path()), log(whole.path()));
    }
}

#[test]
fn a_training_killed_before_its_first_checkpoint_starts_anew_and_says_so() {
    let whole = tempdir().unwrap();
    assert!(command(whole.path(), &[]).status().unwrap().success());
    // what is left of one that had just begun
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("log.jsonl"), "{\"epoch\":0,\"step\":1,\"loss\":1.0}\n").unwrap();
    let output = command(folder.path(), &["--resume"]).stderr(Stdio::piped()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("starts anew"), "{stderr}");
    assert!(last_weights(folder.path()) == last_weights(whole.path()));
    // a folder that is not there is a mistake
    let missing = folder.path().join("missing");
    let mut resume = Command::new(env!("CARGO_BIN_EXE_nabla-ransac"));
    resume.args(["train", "--resume", "--synthetic", "12", "--val"]).arg(folder.path().join("val.safetensors"));
    let output = resume.arg("--out").arg(&missing).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("missing") && !missing.exists(), "{stderr}");
}

#[test]
fn options_whose_last_places_json_rounds_are_the_same_options() {
    let read_back = |x: f64| serde_json::from_str::<f64>(&serde_json::to_string(&x).unwrap()).unwrap();
    let rounded = (1..100_000).map(|k| 1e-3 / f64::from(k)).find(|&x| read_back(x) != x);
    let learning_rate = rounded.unwrap_or(1e-3);
    let folder = tempdir().unwrap();
    let options =
        TrainOptions { init_optimizer: OptimizerOptions { learning_rate, ..Default::default() }, ..options() };
    run(&mut start(options.clone(), folder.path()), 1).unwrap();
    assert_eq!(resume(options, folder.path()).unwrap().steps(), 1);
}

#[test]
#[cfg(unix)]
fn an_interrupted_training_saves_and_says_so() {
    let folder = tempdir().unwrap();
    let mut interrupted = command(folder.path(), &["--init-epochs", "1000"]).spawn().unwrap();
    while !folder.path().join(CHECKPOINT).exists() {
        assert!(interrupted.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    Command::new("kill").args(["-INT", &interrupted.id().to_string()]).status().unwrap();
    assert_eq!(interrupted.wait().unwrap().code(), Some(130));
    assert!(folder.path().join(CHECKPOINT).exists());
}
