//! `nabla-ransac verify-shards`: pairs of Parquet files to geometries in Parquet files, on as many machines as there are.

use super::verify::VerifierArgs;
use crate::cli::{complain_of, interrupt, print, print_json, progress};
use crate::collection::Verifier;
use crate::collection::shards::{Shard, ShardSummary, count_pairs, verify_shard};
use anyhow::bail;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args, Debug)]
pub(crate) struct VerifyShardsArgs {
    /// Folder of pairs in Parquet files, as export --parquet writes them
    pairs: PathBuf,
    /// The part of the work that is done here: i/n with i from 0 to n - 1
    #[arg(long, value_name = "i/n", default_value = "0/1")]
    shard: Shard,
    /// Folder of geometries to write, a file for each file of pairs; what is there is not done again
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    how: VerifierArgs,
}

pub(crate) fn run(arguments: &VerifyShardsArgs) -> anyhow::Result<()> {
    let VerifyShardsArgs { pairs, shard, out, how, .. } = arguments;
    let verifier = Verifier::new(how.options()?)?;
    interrupt::listen()?;
    let start = Instant::now();
    let bar = progress::bar(count_pairs(pairs, *shard, out)?, "pairs");
    let summary = verify_shard(&verifier, pairs, *shard, out, how.options.seed, &mut |pairs| {
        bar.inc(pairs as u64);
        interrupt::flow()
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    let ShardSummary { parts, skipped, pairs, failed, .. } = summary;
    let pairs_per_s = pairs as f64 / seconds;
    let device = verifier.device_name();
    if arguments.json {
        let texts = |errors: &[crate::Error]| errors.iter().map(ToString::to_string).collect::<Vec<_>>();
        print_json(&json!({
            "out": out.to_string_lossy(),
            "shard": format!("{}/{}", shard.index, shard.count),
            "parts": parts,
            "skipped": skipped,
            "pairs": pairs,
            "failed": failed,
            "failures": texts(&summary.failures),
            "failed_parts": texts(&summary.failed_parts),
            "interrupted": summary.stopped,
            "seconds": seconds,
            "pairs_per_s": pairs_per_s,
            "device": device,
            "seed": how.options.seed,
            "settings": verifier.options().estimator,
        }))?;
    } else {
        let there = if skipped == 0 { String::new() } else { format!(", {skipped} were there") };
        print(&format!(
            "{}: {parts} files{there}; {pairs} pairs on {device}, {seconds:.1} s, {pairs_per_s:.0} pairs/s\n",
            out.display()
        ))?;
    }
    complain_of(&summary.failures);
    complain_of(&summary.failed_parts);
    if summary.stopped {
        interrupt::exit("interrupted: files that are whole are there, and the same command goes on from there");
    }
    match (summary.failed_parts.len(), failed) {
        (0, 0) => Ok(()),
        (0, failed) => bail!("{failed} pairs have an error in place of a geometry; all others have theirs"),
        (parts, _) => bail!("{parts} files of pairs could not be verified; all others are"),
    }
}
