//! Geometries of files into a COLMAP database.

use super::import::ImportArgs;
use crate::cli::{complain_of, interrupt, print, print_json, progress};
use crate::collection::Database;
use crate::collection::shards::import_geometries;
use anyhow::bail;
use serde_json::json;
use std::path::Path;

pub(super) fn run(arguments: &ImportArgs, database: &Path) -> anyhow::Result<()> {
    let mut opened = Database::open(database)?;
    interrupt::listen()?;
    let [all, _] = opened.count_pairs()?;
    let bar = progress::bar(all, "pairs");
    let summary = import_geometries(&mut opened, &arguments.source, arguments.overwrite, &mut |pairs| {
        bar.inc(pairs as u64);
        interrupt::flow()
    });
    bar.finish_and_clear();
    let summary = match summary {
        Err(error) if interrupt::is_asked() => interrupt::exit(&error.to_string()),
        summary => summary?,
    };
    let failed = summary.failed.len();
    if arguments.json {
        print_json(&json!({
            "database": database.to_string_lossy(),
            "imported": summary.pairs,
            "kept": summary.kept,
            "failed": failed,
            "failures": summary.failed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        let kept = match summary.kept {
            0 => String::new(),
            kept => format!("; {kept} had one before and kept it: --overwrite replaces those"),
        };
        print(&format!("{}: geometries of {} pairs{kept}\n", database.display(), summary.pairs))?;
    }
    complain_of(&summary.failed);
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} pairs of the files have no geometry in the database; all others have theirs"),
    }
}
