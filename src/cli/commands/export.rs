//! `nabla-ransac export`: the pairs of a COLMAP database as a scene file or as Parquet files.

use crate::cli::{complain, print, print_json};
use crate::collection::{Database, ExportedPairs, export_pairs};
use crate::data::{PairRecord, Reconstruction, write_scene};
use crate::geometry::Matches;
use anyhow::{bail, ensure};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Different errors that are told.
const TOLD: usize = 20;

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// COLMAP's database, of 3.8 to 4.2, with cameras, images, key points and matches
    pub(super) database: PathBuf,
    /// The scene file to write: .safetensors
    #[arg(required_unless_present = "parquet")]
    scene: Option<PathBuf>,
    /// Folder of Parquet files to write in place of a scene, for verify-shards
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scene", "reconstruction"])]
    parquet: Option<PathBuf>,
    /// Pairs of a Parquet file; 8192 are some 64 MB with 500 matches each
    #[arg(long, value_name = "N", requires = "parquet", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) pairs_per_part: Option<u32>,
    /// Folder of a reconstruction of these images, cameras.bin and images.bin or .txt: their poses and cameras become the truth
    #[arg(long, value_name = "DIR")]
    reconstruction: Option<PathBuf>,
    /// Threads; 0 takes one a core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) threads: usize,
    /// Print the summary as JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn run(arguments: &ExportArgs) -> anyhow::Result<()> {
    match (&arguments.scene, &arguments.parquet) {
        (Some(scene), _) => write_records(arguments, scene),
        #[cfg(feature = "shards")]
        (None, Some(folder)) => super::export_parquet::run(arguments, folder),
        #[cfg(not(feature = "shards"))]
        (None, Some(_)) => super::missing::shards(),
        (None, None) => bail!("expected a scene file, or --parquet"),
    }
}

fn write_records(arguments: &ExportArgs, scene: &Path) -> anyhow::Result<()> {
    let ExportArgs { database, reconstruction, .. } = arguments;
    let ending = scene.extension().and_then(|ending| ending.to_str());
    ensure!(ending == Some("safetensors"), "expected a file that ends in .safetensors, but got {}", scene.display());
    let truth = reconstruction.as_deref().map(Reconstruction::read).transpose()?;
    let exported = export_pairs(Database::open(database)?, truth.as_ref(), arguments.threads)?;
    let ExportedPairs { records, failures, lost_matches } = &exported;
    failures.iter().take(TOLD).for_each(|failure| complain(&format!("a pair is left out: {failure}")));
    ensure!(!records.is_empty(), "{}: expected pairs with matches, but there is none to export", database.display());
    write_scene(scene, records, &[("scene", database.display().to_string())])?;

    let count = |is: fn(&PairRecord) -> bool| records.iter().filter(|record| is(record)).count();
    let matches: usize = records.iter().map(|record| record.matches.len()).sum();
    let with_cameras = count(|record| matches!(record.matches, Matches::TwoView { cameras: Some(_), .. }));
    let with_truth = count(|record| record.truth.is_some());
    if arguments.json {
        print_json(&json!({
            "database": database.to_string_lossy(),
            "scene": scene.to_string_lossy(),
            "pairs": records.len(),
            "with_cameras": with_cameras,
            "with_truth": with_truth,
            "matches": matches,
            "lost_matches": lost_matches,
            "failed": failures.len(),
            "failures": failures.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        let (scene, pairs) = (scene.display(), records.len());
        print(&format!(
            "{scene}: {pairs} pairs, {matches} matches; {with_cameras} with cameras, {with_truth} with the true motion\n"
        ))?;
        if *lost_matches > 0 {
            print(&format!("{lost_matches} matches are left out: a point of each cannot be undistorted\n"))?;
        }
    }
    match failures.len() {
        0 => Ok(()),
        failed => {
            bail!("{failed} pairs are left out because their rows are wrong; the others are in {}", scene.display())
        }
    }
}
