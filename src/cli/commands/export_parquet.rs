//! The pairs of a COLMAP database as Parquet files.

use super::export::ExportArgs;
use crate::cli::{complain_of, interrupt, print, print_json, progress};
use crate::collection::Database;
use crate::collection::shards::{PAIRS_PER_PART, write_pairs};
use anyhow::bail;
use serde_json::json;
use std::path::Path;

pub(super) fn run(arguments: &ExportArgs, folder: &Path) -> anyhow::Result<()> {
    let ExportArgs { database, threads, json, .. } = arguments;
    let pairs_per_part = arguments.pairs_per_part.map_or(PAIRS_PER_PART, |pairs| pairs as usize);
    let opened = Database::open(database)?;
    interrupt::listen()?;
    let [all, _] = opened.count_pairs()?;
    let bar = progress::bar(all, "pairs");
    let summary = write_pairs(&opened, folder, pairs_per_part, *threads, &mut |pairs| {
        bar.inc(pairs as u64);
        interrupt::flow()
    })?;
    bar.finish_and_clear();
    if summary.stopped {
        interrupt::exit("interrupted: there is no folder of pairs");
    }
    let failed = summary.failed.len();
    if *json {
        print_json(&json!({
            "database": database.to_string_lossy(),
            "folder": folder.to_string_lossy(),
            "parts": summary.parts,
            "pairs": summary.pairs,
            "failed": failed,
            "failures": summary.failed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        print(&format!("{}: {} pairs in {} files\n", folder.display(), summary.pairs, summary.parts))?;
    }
    complain_of(&summary.failed);
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} pairs are left out because their rows are wrong; the others are in {}", folder.display()),
    }
}
