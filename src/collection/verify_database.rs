//! All pairs of a database, batch by batch.

use super::database::{StoredKeyPoints, images_of_pair};
use super::{Configuration, Database, Pair, StoredPair, TwoViewGeometry, VerifiedRow, Verifier, View};
use crate::data::synthetic::problems::pair_seed;
use crate::error::no_answer;
use crate::parallel::parallel_map;
use crate::{Error, Result};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Pairs of one batch at most: as many are lost when the process is killed.
pub(super) const PAIRS: usize = 1024;
/// Matches of one batch, about.
pub(super) const MATCHES: usize = 1 << 20;
/// Bytes of key points in memory, beside those of one batch.
const VIEW_BYTES: usize = 64 << 20;

/// Which pairs are verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyDatabase {
    /// Verifies pairs that have a geometry again, and replaces it.
    pub overwrite: bool,
    /// The same seed gives the same geometries; each pair has its own samples by its number.
    pub seed: u64,
}

/// A batch of pairs whose geometries are in the database.
#[derive(Debug)]
pub struct VerifiedBatch<'a> {
    /// The pairs' numbers.
    pub ids: &'a [i64],
    /// Their views and matches; none of a pair whose rows are wrong.
    pub pairs: &'a [Option<Pair<'a>>],
    /// The geometry of each, or why it has none.
    pub geometries: &'a [Result<TwoViewGeometry>],
}

/// What became of the pairs.
#[derive(Clone, Debug, Default)]
pub struct VerifySummary {
    /// Pairs that had a geometry before and kept it.
    pub kept: u64,
    /// Pairs verified, by configuration number.
    pub configurations: [u64; Configuration::ALL.len()],
    /// Pairs that failed: each has its error, none a geometry.
    pub failed: u64,
    /// Whether it was stopped before the last pair.
    pub stopped: bool,
    /// Matches of the verified pairs, and inliers among them.
    pub matches: u64,
    /// Inliers.
    pub inliers: u64,
    /// Hypotheses drawn.
    pub iterations: u64,
    /// Pairs whose matches another motion explains nearly as well.
    pub ambiguous: u64,
    /// Time reading the database.
    pub reading: Duration,
    /// Time making views of key points: undistortion for the most part.
    pub undistorting: Duration,
    /// Time estimating.
    pub estimating: Duration,
    /// Time writing the database.
    pub writing: Duration,
}

impl VerifySummary {
    /// Pairs verified.
    pub fn verified(&self) -> u64 {
        self.configurations.iter().sum()
    }

    /// Pairs a second.
    pub fn pairs_per_s(&self, seconds: f64) -> f64 {
        (self.verified() + self.failed) as f64 / seconds
    }

    /// By name, with what was verified, how, and in how many seconds in all.
    pub fn report(&self, database: &Path, verifier: &Verifier, seed: u64, seconds: f64) -> Value {
        let configurations = Configuration::ALL.into_iter().zip(self.configurations);
        let configurations: Map<String, Value> =
            configurations.map(|(one, pairs)| (one.name().replace(' ', "_"), json!(pairs))).collect();
        json!({
            "database": database.to_string_lossy(),
            "verified": self.verified(),
            "kept": self.kept,
            "failed": self.failed,
            "configurations": configurations,
            "ambiguous": self.ambiguous,
            "matches": self.matches,
            "inliers": self.inliers,
            "iterations": self.iterations,
            "seconds": {
                "all": seconds,
                "reading": self.reading.as_secs_f64(),
                "undistorting": self.undistorting.as_secs_f64(),
                "estimating": self.estimating.as_secs_f64(),
                "writing": self.writing.as_secs_f64(),
            },
            "pairs_per_s": self.pairs_per_s(seconds),
            "device": verifier.device_name(),
            "seed": seed,
            "settings": verifier.options().estimator,
        })
    }

    fn count(&mut self, batch: &VerifiedBatch<'_>) {
        for (geometry, pair) in batch.geometries.iter().zip(batch.pairs) {
            let Ok(geometry) = geometry else {
                self.failed += 1;
                continue;
            };
            self.configurations[geometry.configuration as usize] += 1;
            self.matches += pair.map_or(0, |pair| pair.matches.len() as u64);
            self.inliers += geometry.inliers.len() as u64;
            self.iterations += u64::from(geometry.iterations);
            self.ambiguous += u64::from(geometry.ambiguous);
        }
    }
}

/// Verifies the pairs of a database that have matches and writes their geometries, each batch in one transaction. `watch` is
/// called after each batch and may stop there. Whenever it ends, the database is whole, and a further call goes on with the
/// pairs that have no geometry.
///
/// # Errors
/// [`Error::File`] when the database cannot be read or written. A pair that fails has its own error and no geometry; the others go on.
pub fn verify_database(
    database: &mut Database,
    verifier: &Verifier,
    asked: VerifyDatabase,
    watch: &mut dyn FnMut(&VerifiedBatch<'_>, &VerifySummary) -> ControlFlow<()>,
) -> Result<VerifySummary> {
    database.check_writable()?;
    let [all, left] = database.count_pairs()?;
    let mut summary = VerifySummary { kept: if asked.overwrite { 0 } else { all - left }, ..VerifySummary::default() };
    let mut views = Views::default();
    let mut after = i64::MIN;
    while !summary.stopped {
        let start = Instant::now();
        let stored = database.pairs_after(after, PAIRS, MATCHES, asked.overwrite)?;
        let Some(last) = stored.last() else { break };
        after = last.id;
        let key_points = views.read_missing(database, &stored)?;
        let start = lap(start, &mut summary.reading);
        views.make(database, key_points, verifier.options().estimator.threads);
        let start = lap(start, &mut summary.undistorting);

        let pairs: Vec<Result<Pair<'_>>> = stored.iter().map(|row| views.pair(database, row, asked.seed)).collect();
        let ready: Vec<Option<Pair<'_>>> = pairs.iter().map(|pair| pair.as_ref().ok().copied()).collect();
        let mut verified = verifier.verify_batch(&ready.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
        let geometries: Vec<Result<TwoViewGeometry>> = pairs
            .into_iter()
            .zip(&stored)
            .map(|(pair, row)| {
                let found = pair.map(|_| verified.next().unwrap_or_else(no_answer))?;
                found.map_err(|error| database.row(row_name(row.id), error))
            })
            .collect();
        let start = lap(start, &mut summary.estimating);

        let rows = stored.iter().zip(&geometries).filter_map(|(row, geometry)| {
            let (matches, geometry) = (row.matches.as_ref().ok()?, geometry.as_ref().ok()?);
            Some(VerifiedRow { pair_id: row.id, matches, geometry })
        });
        database.write_geometries(&rows.collect::<Vec<_>>())?;
        lap(start, &mut summary.writing);

        let ids: Vec<i64> = stored.iter().map(|row| row.id).collect();
        let batch = VerifiedBatch { ids: &ids, pairs: &ready, geometries: &geometries };
        summary.count(&batch);
        summary.stopped = watch(&batch, &summary).is_break();
    }
    Ok(summary)
}

/// Adds the time since `start`; now.
fn lap(start: Instant, time: &mut Duration) -> Instant {
    *time += start.elapsed();
    Instant::now()
}

/// The row of a pair's matches, for messages.
pub(super) fn row_name(pair_id: i64) -> String {
    let [image1, image2] = images_of_pair(pair_id);
    format!("matches {pair_id} (images {image1} and {image2})")
}

/// The views of the images at hand.
#[derive(Default)]
pub(super) struct Views {
    /// Or the row that is wrong, and why.
    by_image: FxHashMap<u32, std::result::Result<View, [String; 2]>>,
    bytes: usize,
}

impl Views {
    /// Reads the key points of the images that some pairs need and that are not here; where too much is, the others go first.
    pub(super) fn read_missing(
        &mut self,
        database: &Database,
        pairs: &[StoredPair],
    ) -> Result<Vec<(u32, StoredKeyPoints)>> {
        let needed: BTreeSet<u32> = pairs.iter().flat_map(|pair| images_of_pair(pair.id)).collect();
        if self.bytes > VIEW_BYTES {
            self.by_image.retain(|image, _| needed.contains(image));
            self.bytes = self.by_image.values().flatten().map(View::bytes).sum();
        }
        let mut read = Vec::new();
        for image in needed.into_iter().filter(|image| !self.by_image.contains_key(image)).collect::<Vec<_>>() {
            match database.stored_key_points(image) {
                Ok(stored) => read.push((image, stored)),
                Err(Error::Row { row, message, .. }) => drop(self.by_image.insert(image, Err([row, message]))),
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    pub(super) fn make(&mut self, database: &Database, key_points: Vec<(u32, StoredKeyPoints)>, threads: usize) {
        let lens = database.lens();
        let views = parallel_map(threads, key_points.len(), |index| {
            let (image, stored) = &key_points[index];
            lens.view(*image, stored)
        });
        for ((image, _), view) in key_points.into_iter().zip(views) {
            self.bytes += view.as_ref().map_or(0, View::bytes);
            self.by_image.insert(image, view);
        }
    }

    pub(super) fn pair<'a>(&'a self, database: &Database, stored: &'a StoredPair, seed: u64) -> Result<Pair<'a>> {
        let matches = stored.matches.as_ref().map_err(|message| database.row(row_name(stored.id), message))?;
        let view = |image: u32| match self.by_image.get(&image) {
            Some(Ok(view)) => Ok(view),
            Some(Err([row, message])) => Err(database.row(row.clone(), message)),
            None => Err(database.row(row_name(stored.id), "its images are not there")),
        };
        let [image1, image2] = images_of_pair(stored.id);
        let seed = pair_seed(seed, stored.id as usize);
        Ok(Pair { views: [view(image1)?, view(image2)?], matches, ratios: None, seed })
    }
}
