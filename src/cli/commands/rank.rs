//! `nabla-ransac rank`: how likely a network finds each match of a file.

use crate::cli::arguments::{CameraArgs, FilterArgs};
use crate::cli::{print, print_json, report::json, warnings};
use crate::cpu::rank::predict_logits::sigmoid;
use crate::data::Scene;
use crate::network::{Ranker, Weights};
use crate::{ModelKind, Options};
use clap::Args;
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct RankArgs {
    /// Matches: .safetensors, .npz or .csv
    file: PathBuf,
    /// Which pair of the file; the first if not given
    #[arg(long, value_name = "ID")]
    pair: Option<String>,
    /// The model whose inliers are asked for: essential or fundamental; that of the weights if not given
    #[arg(long, value_enum, required_unless_present = "weights")]
    model: Option<ModelKind>,
    /// Weights of a network; those that ship if not given
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Print JSON in place of CSV
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cameras: CameraArgs,
}

pub(crate) fn run(arguments: &RankArgs) -> anyhow::Result<()> {
    let weights = match (&arguments.weights, arguments.model) {
        (Some(path), _) => Weights::read(path)?,
        (None, model) => Weights::shipped(model.unwrap_or(ModelKind::Essential))?,
    };
    let kind = arguments.model.unwrap_or(weights.config().model);
    let scene = Scene::open(&arguments.file, kind, arguments.cameras.cameras()?)?;
    let record = scene.pair(arguments.pair.as_ref().map_or(Ok(0), |id| scene.find(id))?)?;
    let used = arguments.filter.indices(&record, kind).unwrap_or_else(|| (0..record.matches.len()).collect());
    if record.ratios.is_none() {
        warnings::tell(&warnings::without_ratios(arguments.filter, &Options::default()));
    }
    let logits = Ranker::new(weights).logits(&record.select(&used).rank_input(kind)?)?;
    if arguments.json {
        let numbers =
            |number: fn(f32) -> f32| logits.iter().map(|&l| json::number(number(l).into())).collect::<Vec<_>>();
        return print_json(&json!({
            "file": arguments.file.to_string_lossy(),
            "pair": record.id,
            "model": kind,
            "matches": used,
            "logits": numbers(|logit| logit),
            "probabilities": numbers(sigmoid),
        }));
    }
    let mut text = "match,logit,probability\n".to_owned();
    for (index, &logit) in used.iter().zip(&logits) {
        writeln!(text, "{index},{logit},{}", sigmoid(logit))?;
    }
    print(&text)
}
