//! `nabla-ransac synthesize`: random image pairs with known truth, to look at and to train on.

use crate::cli::print;
use crate::data::{SyntheticOptions, SyntheticPairs, write_scene};
use crate::parallel::parallel_map;
use anyhow::{Context, ensure};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct SynthesizeArgs {
    /// The file to write
    #[arg(value_name = "OUT.safetensors")]
    out: PathBuf,
    /// How many pairs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pairs: u64,
    /// The same seed gives the same pairs
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Fewest and most matches of a pair
    #[arg(long, num_args = 2, value_names = ["FEWEST", "MOST"], default_values_t = SyntheticOptions::default().matches)]
    matches: Vec<usize>,
    /// Smallest and largest share of right matches
    #[arg(long, num_args = 2, value_names = ["LEAST", "LARGEST"], default_values_t = SyntheticOptions::default().right_share)]
    right_share: Vec<f64>,
    /// Share of pairs as of a learned matcher, with no scales and angles
    #[arg(long, value_name = "SHARE", default_value_t = SyntheticOptions::default().learned_share)]
    learned_share: f64,
}

pub(crate) fn run(arguments: &SynthesizeArgs) -> anyhow::Result<()> {
    let out = &arguments.out;
    let ending = out.extension().and_then(|ending| ending.to_str());
    ensure!(ending == Some("safetensors"), "expected a file that ends in .safetensors, but got {}", out.display());
    let options = SyntheticOptions {
        matches: arguments.matches.as_slice().try_into().context("--matches")?,
        right_share: arguments.right_share.as_slice().try_into().context("--right-share")?,
        learned_share: arguments.learned_share,
    };
    let pairs = SyntheticPairs::new(options, arguments.seed)?;
    let records = parallel_map(0, arguments.pairs as usize, |index| pairs.pair(index as u64));
    let notes = [
        ("scene", "synthetic".to_owned()),
        ("seed", arguments.seed.to_string()),
        ("options", serde_json::to_string(pairs.options())?),
    ];
    write_scene(out, &records, &notes)?;
    let matches: usize = records.iter().map(|record| record.matches.len()).sum();
    print(&format!("{}: {} pairs, {matches} matches\n", out.display(), records.len()))
}
