//! `nabla-ransac localise train`, once the map is built: its training.

use super::build::{Built, UNIT, at_height};
use crate::Pose;
use crate::cli::{INTERRUPTED, complain, plot::train_plot};
use crate::data::Frame;
use crate::localise::{MapLayout, SceneMap};
use crate::train::Ending;
use crate::train::scene::{PoseSelection, SceneData, SceneEnding, SceneOptions, SceneStep, SceneTrainer, View};
use anyhow::Context;
use burn::tensor::{Device, DeviceKind};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

#[derive(Args, Debug)]
#[command(next_help_heading = "Training")]
pub(super) struct TrainingArgs {
    /// What is to say where cells lie
    #[arg(long, value_enum, default_value_t)]
    layout: Layout,
    /// Channels of a head's layers
    #[arg(long, value_name = "N", default_value_t = 192)]
    width: usize,
    /// Channels of the five parts of DSAC*'s network; the paper has 32,64,128,256,512
    #[arg(long, value_name = "N,N,N,N,N", value_parser = channels, default_value = "16,32,64,128,128")]
    channels: [usize; 5],
    /// TOML file of options; the command line goes before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Steps on points that are known: of shuffled cells, or of whole photographs (dsac-star)
    #[arg(long, value_name = "N")]
    init_steps: Option<usize>,
    /// Steps end to end, through the selection of a pose
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// How a pose is selected of the hypotheses end to end
    #[arg(long, value_enum)]
    selection: Option<PoseSelection>,
    /// Seed of the order of cells and photographs, and of the hypotheses
    #[arg(long)]
    seed: Option<u64>,
    /// Map of the scene to start from, in place of the one that is built
    #[arg(long, value_name = "MAP.safetensors", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Go on where the checkpoint beside the map was, or from the start if there is none
    #[arg(long)]
    resume: bool,
    /// Draw the losses of both stages into this PNG file
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
    /// Where the training runs
    #[arg(long, value_enum, default_value_t = TrainDevice::Cpu)]
    device: TrainDevice,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Layout {
    /// A memory of what was seen where
    #[default]
    Memory,
    /// Residual layers on what describes a cell
    Head,
    /// The convolutional network of DSAC*, on the image
    DsacStar,
}

fn channels(text: &str) -> Result<[usize; 5], String> {
    let numbers: Vec<usize> = text.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    numbers.try_into().map_err(|_| "expected five numbers with commas between them".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TrainDevice {
    /// All cores
    Cpu,
    /// The GPU that wgpu prefers, a software one where there is no other
    Gpu,
}

impl TrainingArgs {
    pub(super) fn has_network(&self) -> bool {
        self.layout != Layout::Memory
    }

    /// Of a memory the number of keys is not known yet.
    const fn layout(&self) -> MapLayout {
        match self.layout {
            Layout::Memory => MapLayout::Memory { keys: 0 },
            Layout::Head => MapLayout::Head { width: self.width },
            Layout::DsacStar => MapLayout::DsacStar { channels: self.channels },
        }
    }

    /// The defaults of a layout, then the file, then the command line.
    fn options(&self, layout: &MapLayout) -> anyhow::Result<SceneOptions> {
        let usual = SceneOptions::of(layout);
        let mut options = match &self.config {
            Some(path) => usual.with_file(path)?,
            None => usual,
        };
        options.init_steps = self.init_steps.unwrap_or(options.init_steps);
        options.steps = self.steps.unwrap_or(options.steps);
        options.seed = self.seed.unwrap_or(options.seed);
        options.end_to_end.selection = self.selection.unwrap_or(options.end_to_end.selection);
        options.check()?;
        Ok(options)
    }
}

/// Trains the map that was built; `out` is where it will be written, and its checkpoint and log beside it.
pub(super) fn train(built: Built<'_>, arguments: &TrainingArgs, out: &Path) -> anyhow::Result<SceneMap> {
    let layout = arguments.layout();
    let map = match (&arguments.from, layout) {
        (Some(path), _) => SceneMap::read(path)?.with_encoder(built.cells.encoder().clone())?,
        (None, MapLayout::Memory { .. }) => built.memory()?,
        (None, _) => {
            let (camera, record) = (built.camera.clone(), built.record.clone());
            built.cells.start(layout, arguments.seed.unwrap_or_default(), UNIT, camera, record)?
        }
    };
    let options = arguments.options(&map.config().layout)?;
    let Built { cells, photographs, .. } = built;
    let viewed = map.clone();
    let mut record = map.record().clone();
    record["training"] = json!(options);
    let data = SceneData {
        cells: &cells,
        photographs: photographs.len(),
        view: &|index| view(&viewed, photographs[index]),
        name: json!({ "scene": record["scene"], "truth": record["truth"], "frames": record["frames"], "cells": record["cells"] }),
    };
    let device = match arguments.device {
        TrainDevice::Cpu => Device::flex(),
        TrainDevice::Gpu => Device::wgpu(DeviceKind::DefaultDevice),
    };
    let [checkpoint, log] = ["checkpoint.safetensors", "log.jsonl"].map(|ending| out.with_extension(ending));
    let mut trainer = if arguments.resume && checkpoint.exists() {
        SceneTrainer::resume(options, map, &data, &checkpoint, device)?
    } else {
        if arguments.resume {
            complain(&format!("{}: there is no checkpoint: the training starts anew", checkpoint.display()));
        }
        SceneTrainer::new(options, map, device)?
    };
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let mut log = Log::open(log, trainer.steps(), trainer.total_steps())?;
    let ending = trainer.run(&data, &checkpoint, &stop, &mut |step| {
        asked.fetch_or(crate::cli::interrupt::is_asked(), Ordering::Relaxed);
        log.note(&step);
    })?;
    log.finish()?;
    if let Some(path) = &arguments.plot {
        train_plot::draw_stages(path, &log.path)?;
    }
    match ending {
        SceneEnding::Done(Ending::Finished) => {}
        SceneEnding::Exploded => complain(
            "the loss of the end-to-end stage rose far beyond its lowest: it is ended, and the map of the lowest loss is kept; \
             a lower learning rate may do better",
        ),
        SceneEnding::Done(Ending::Stopped) => {
            trainer.map(record)?.write(out)?;
            complain("stopped: the map as it is now is written; go on with --resume");
            std::process::exit(INTERRUPTED)
        }
    }
    Ok(trainer.map(record)?)
}

fn view(map: &SceneMap, (frame, pose): (&Frame, Pose)) -> crate::Result<View> {
    let image = at_height(frame, map.config().height_px)?;
    Ok(View::new(map, &image, &frame.camera_at(image.size_px)?, pose))
}

/// The progress bar, and the log beside the map.
struct Log {
    path: PathBuf,
    file: File,
    bar: ProgressBar,
    /// Of the last steps.
    recent: Vec<(Instant, SceneStep)>,
    told: usize,
    failed: Option<std::io::Error>,
}

/// Steps whose means are told.
const WINDOW: usize = 50;
/// Steps from one line to the next where there is no terminal.
const TELL_EVERY: usize = 250;

impl Log {
    /// Lines of steps after `steps`, of a training that was killed after its checkpoint, are dropped.
    fn open(path: PathBuf, steps: usize, total: usize) -> anyhow::Result<Self> {
        let before = if steps > 0 { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        let is_before = |line: &&str| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            line["step"].as_u64().is_some_and(|step| step <= steps as u64)
        };
        let kept: String = before.lines().filter(is_before).flat_map(|line| [line, "\n"]).collect();
        std::fs::write(&path, kept).with_context(|| path.display().to_string())?;
        let file = OpenOptions::new().append(true).open(&path).with_context(|| path.display().to_string())?;
        let bar = if stderr().is_terminal() { ProgressBar::new(total as u64) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} steps, {eta} left {msg}") {
            bar.set_style(style);
        }
        bar.set_position(steps as u64);
        Ok(Self { path, file, bar, recent: Vec::new(), told: steps, failed: None })
    }

    fn note(&mut self, step: &SceneStep) {
        if self.recent.last().is_some_and(|(_, last)| last.pose.is_some() != step.pose.is_some()) {
            self.recent.clear();
        }
        self.recent.push((Instant::now(), *step));
        self.recent.drain(..self.recent.len().saturating_sub(WINDOW));
        self.bar.set_position(step.step as u64);
        self.bar.set_message(self.message());
        if self.bar.is_hidden() && step.step >= self.told + TELL_EVERY {
            self.told = step.step;
            complain(&format!("step {}: {}", step.step, self.message()));
        }
        if let Err(error) = writeln!(self.file, "{}", line(step)) {
            self.failed.get_or_insert(error);
        }
    }

    fn message(&self) -> String {
        let (Some((first, _)), Some((last, step))) = (self.recent.first(), self.recent.last()) else {
            return String::new();
        };
        let seconds = last.duration_since(*first).as_secs_f64().max(1e-9);
        let mean = |of: &dyn Fn(&SceneStep) -> f64| {
            let values: Vec<f64> = self.recent.iter().map(|(_, step)| of(step)).filter(|x| x.is_finite()).collect();
            values.iter().sum::<f64>() / values.len().max(1) as f64
        };
        let loss = mean(&|step| step.loss);
        let Some(pose) = step.pose else {
            let cells = (self.recent.len() - 1) * step.cells;
            return format!("points: loss {loss:.4}, {:.0} cells/s", cells as f64 / seconds);
        };
        let best = |k: usize| mean(&|step| step.pose.map_or(f64::NAN, |pose| pose.best_errors[k]));
        let rate = ((self.recent.len() - 1) * pose.photographs) as f64 / seconds;
        let (near, turn) = (best(0), best(1));
        format!("poses: expected error {loss:.3}°, of the best {near:.4} and {turn:.2}°, {rate:.1} photographs/s")
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        self.failed.take().map_or(Ok(()), |error| Err(error).with_context(|| self.path.display().to_string()))
    }
}

fn line(step: &SceneStep) -> Value {
    let mut line = json!({
        "step": step.step,
        "stage": if step.pose.is_some() { "poses" } else { "points" },
        "loss": step.loss,
        "learning_rate": step.learning_rate,
    });
    if let Some(pose) = &step.pose {
        line["entropy_bits"] = json!(pose.entropy_bits);
        line["lost"] = json!(pose.lost);
        line["best_position"] = json!(pose.best_errors[0]);
        line["best_deg"] = json!(pose.best_errors[1]);
    }
    line
}
