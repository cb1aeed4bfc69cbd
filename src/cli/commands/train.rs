//! `nabla-ransac train`: weights from image pairs with their truth.

use crate::ModelKind;
use crate::cli::{complain, plot::train_plot, print};
use crate::data::{PairSet, Skipped, SyntheticPairs};
use crate::network::Weights;
use crate::train::{CHECKPOINT, Ending, Event, Memory, StepReport, TrainOptions, Trainer, Validation};
use anyhow::{Context, bail};
use burn::tensor::{Device, DeviceKind};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The log in the folder of a training.
const LOG: &str = "log.jsonl";
/// Steps whose pairs per second and loss the progress bar shows.
const WINDOW: usize = 20;

#[derive(Args, Debug)]
pub(crate) struct TrainArgs {
    /// Files of image pairs to learn from
    #[arg(long, required_unless_present_any = ["synthetic", "config"], num_args = 1.., value_name = "FILE")]
    train: Vec<PathBuf>,
    /// Files of image pairs to validate on
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    val: Vec<PathBuf>,
    /// Folder of the weights, the checkpoint and the log
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// TOML file of options; the command line goes before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The model whose inliers are learned: essential or fundamental
    #[arg(long, value_enum)]
    model: Option<ModelKind>,
    /// Epochs of the initialisation
    #[arg(long, value_name = "N")]
    init_epochs: Option<usize>,
    /// Epochs end to end
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Hypotheses of a pair in a step of the end-to-end stage
    #[arg(long, value_name = "N")]
    hypotheses: Option<usize>,
    /// Pairs of a step
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Random pairs of an epoch, besides those of the files
    #[arg(long, value_name = "N")]
    synthetic: Option<usize>,
    /// Seed of the weights, of the order of the pairs and of their augmentation
    #[arg(long)]
    seed: Option<u64>,
    /// Weights to start from
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    weights: Option<PathBuf>,
    /// Go on where the checkpoint in the folder was, or from the start if it was stopped before the first one
    #[arg(long)]
    resume: bool,
    /// Draw the curves of loss and validation into this PNG file at the end
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
    /// Where the training runs
    #[arg(long, value_enum, default_value_t = TrainDevice::Cpu)]
    device: TrainDevice,
    /// Memory that a step may take, MiB: what takes more is done in parts. A GPU whose driver tells how much it has needs none
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TrainDevice {
    /// All cores
    Cpu,
    /// The GPU that wgpu prefers, a software one where there is no other
    Gpu,
}

pub(crate) fn run(arguments: &TrainArgs) -> anyhow::Result<()> {
    let options = arguments.options()?;
    let train = Arc::new(arguments.pairs(&options)?);
    let val = PairSet::open(&arguments.val, options.network.model)?;
    for (set, pairs) in [("--train", train.as_ref()), ("--val", &val)] {
        if pairs.skipped() != Skipped::default() {
            complain(&format!("{set}: of the pairs {}", pairs.skipped()));
        }
    }
    let device = match arguments.device {
        TrainDevice::Cpu => Device::flex(),
        TrainDevice::Gpu => Device::wgpu(DeviceKind::DefaultDevice),
    };
    let record = json!({
        "command": std::env::args().collect::<Vec<_>>().join(" "),
        "train": train.names(),
        "val": val.names(),
        "seed": options.seed,
        "options": options,
        "version": env!("CARGO_PKG_VERSION"),
    });
    let memory =
        arguments.memory.map(|mib| Memory { total: mib.saturating_mul(1 << 20), ..Memory::of_device(&device) });
    let killed_early = arguments.resume && arguments.out.is_dir() && !arguments.out.join(CHECKPOINT).exists();
    if killed_early {
        complain(&format!(
            "{}: no checkpoint was written yet: the training starts anew, from random weights",
            arguments.out.display()
        ));
    }
    let trainer = if arguments.resume && !killed_early {
        Trainer::resume(options, &arguments.out, record, &train, device)?
    } else {
        let weights = arguments.weights.as_deref().map(Weights::read).transpose()?;
        if let Some(weights) = &weights
            && *weights.config() != options.network
        {
            bail!("--weights: expected weights of {:?}, but they are of {:?}", options.network, weights.config());
        }
        Trainer::new(options, &arguments.out, record, weights.as_ref(), device)?
    };
    let mut trainer = match memory {
        Some(memory) => trainer.with_memory(memory),
        None => trainer,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(crate::cli::INTERRUPTED);
        }
        complain("interrupted: saving a checkpoint after this step");
    })?;

    let mut log = Log::open(&arguments.out, trainer.steps(), trainer.total_steps(&train))?;
    let ending = trainer.run(&train, &val, &stop, &mut |event| log.note(event))?;
    log.finish()?;
    if let Some(path) = &arguments.plot {
        train_plot::draw(path, &arguments.out.join(LOG))?;
    }
    match ending {
        Ending::Finished => print(&format!("{}\n", arguments.out.join(crate::train::WEIGHTS).display())),
        Ending::Stopped => {
            complain("stopped; go on with --resume");
            std::process::exit(crate::cli::INTERRUPTED)
        }
    }
}

impl TrainArgs {
    /// Defaults, then the file, then the command line.
    fn options(&self) -> anyhow::Result<TrainOptions> {
        let mut options = self.config.as_deref().map(TrainOptions::read).transpose()?.unwrap_or_default();
        if let Some(model) = self.model {
            options.network.model = model;
        }
        let given = [
            (&mut options.init_epochs, self.init_epochs),
            (&mut options.epochs, self.epochs),
            (&mut options.end_to_end.hypotheses, self.hypotheses),
            (&mut options.batch, self.batch),
            (&mut options.synthetic, self.synthetic),
        ];
        given.into_iter().for_each(|(option, given)| *option = given.unwrap_or(*option));
        options.seed = self.seed.unwrap_or(options.seed);
        options.check()?;
        Ok(options)
    }

    /// The pairs of the files and the random ones.
    fn pairs(&self, options: &TrainOptions) -> crate::Result<PairSet> {
        let (kind, count) = (options.network.model, options.synthetic);
        let random = || SyntheticPairs::new(options.synthetic_pairs.clone(), options.seed);
        match (self.train.is_empty(), count) {
            (true, _) => PairSet::synthetic(random()?, count, kind),
            (false, 0) => PairSet::open(&self.train, kind),
            (false, _) => PairSet::open(&self.train, kind)?.with_synthetic(random()?, count),
        }
    }
}

/// The progress bar and the file `log.jsonl`.
struct Log {
    file: File,
    bar: ProgressBar,
    recent: Vec<(Instant, StepReport)>,
    figures: Option<Validation>,
    failed: Option<std::io::Error>,
}

impl Log {
    /// Lines of steps after `steps`, of a training that was killed after its checkpoint, are dropped.
    fn open(folder: &Path, steps: usize, total: usize) -> anyhow::Result<Self> {
        let path = folder.join(LOG);
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
        Ok(Self { file, bar, recent: Vec::new(), figures: None, failed: None })
    }

    fn note(&mut self, event: Event) {
        let line = match event {
            Event::Step(report) => {
                self.recent.push((Instant::now(), report));
                self.recent.drain(..self.recent.len().saturating_sub(WINDOW));
                self.bar.set_position(report.step as u64);
                self.bar.set_message(self.message());
                step_line(&report)
            }
            Event::Validated { epoch, step, figures, is_best } => {
                self.figures = Some(figures);
                if self.bar.is_hidden() {
                    complain(&format!("epoch {epoch}: {}", self.message()));
                }
                json!({ "epoch": epoch, "step": step, "val": figures, "is_best": is_best })
            }
        };
        if let Err(error) = writeln!(self.file, "{line}") {
            self.failed.get_or_insert(error);
        }
    }

    fn message(&self) -> String {
        let count = self.recent.len().max(1) as f64;
        let loss = self.recent.iter().map(|(_, report)| report.loss).sum::<f64>() / count;
        let pairs: usize = self.recent.iter().skip(1).map(|(_, report)| report.pairs).sum();
        let span = match (self.recent.first(), self.recent.last()) {
            (Some((first, _)), Some((last, _))) => last.duration_since(*first),
            _ => Duration::ZERO,
        };
        let rate = pairs as f64 / span.as_secs_f64().max(1e-9);
        let val = self.figures.map_or_else(String::new, |val| {
            format!(", val AUROC {:.3} AP {:.3} AUC@10 {:.3}", val.auroc, val.average_precision, val.auc[1])
        });
        format!("loss {loss:.3}, {rate:.1} pairs/s{val}")
    }

    fn finish(self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        self.failed.map_or(Ok(()), |error| Err(error).context(LOG))
    }
}

fn step_line(report: &StepReport) -> Value {
    let ms = |time: Duration| (time.as_secs_f64() * 1e4).round() / 10.0;
    json!({
        "epoch": report.epoch,
        "step": report.step,
        "loss": report.loss,
        "gradient_norm": report.gradient_norm,
        "learning_rate": report.learning_rate,
        "pairs": report.pairs,
        "matches": report.matches,
        "parts": report.parts,
        "loading_ms": ms(report.loading),
        "network_ms": ms(report.network),
        "optimizer_ms": ms(report.optimizer),
    })
}
