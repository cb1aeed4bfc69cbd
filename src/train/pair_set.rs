use super::example::Example;
use super::options::TrainOptions;
use crate::data::synthetic::generator;
use crate::data::{CameraSet, PairRecord, Scene};
use crate::{Error, ModelKind, Result};
use rand::RngExt;
use rand::seq::SliceRandom;
use std::path::PathBuf;

/// Where the limit of the SNN ratio is drawn from for each pair in training.
const RATIO_BELOW: std::ops::Range<f32> = 0.8..0.96;
/// Matches that the limit leaves at least.
const LEAST_MATCHES: usize = 64;

/// Image pairs with their truth, in memory.
#[derive(Clone, Debug)]
pub struct PairSet {
    records: Vec<PairRecord>,
    names: Vec<String>,
}

impl PairSet {
    /// Reads all pairs of these files.
    ///
    /// # Errors
    /// [`Error::File`] when one cannot be read or holds no pair with its truth.
    pub fn open(files: &[PathBuf], kind: ModelKind) -> Result<Self> {
        let (mut records, mut names) = (Vec::new(), Vec::new());
        for path in files {
            let scene = Scene::open(path, kind, CameraSet::default())?;
            let before = records.len();
            for index in 0..scene.len() {
                let record = scene.pair(index)?;
                let enough = record.matches.len() > kind.sample_size();
                if record.truth.is_some() && enough && record.matches.view(ModelKind::Essential).is_ok() {
                    records.push(record);
                }
            }
            if records.len() == before {
                let message = format!(
                    "expected image pairs with their true motion (R, t), both cameras (K1, K2) and more than {} matches, but none of the {} pairs is one",
                    kind.sample_size(),
                    scene.len()
                );
                return Err(Error::File { path: path.display().to_string(), message });
            }
            names.push(scene.name());
        }
        Ok(Self { records, names })
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Names of the files.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Every pair as it is.
    pub(super) fn examples<'a>(&'a self, options: &'a TrainOptions) -> impl Iterator<Item = Result<Example>> + 'a {
        self.records.iter().map(|record| Example::new(record.clone(), &options.network))
    }

    /// Steps of an epoch.
    pub(super) fn steps_per_epoch(&self, options: &TrainOptions) -> usize {
        self.len().div_ceil(options.batch)
    }

    /// The pairs of a step; they follow from the seed and the step alone.
    pub(super) fn batch(&self, options: &TrainOptions, step: usize) -> Result<Vec<Example>> {
        let (epoch, place) = (step / self.steps_per_epoch(options), step % self.steps_per_epoch(options));
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut generator(mix(options.seed, epoch as u64)));
        let chosen = order.iter().skip(place * options.batch).take(options.batch);
        chosen
            .map(|&index| {
                let seed = mix(mix(options.seed, epoch as u64), 1 + index as u64);
                Example::new(part(&self.records[index], options, seed), &options.network)
            })
            .collect()
    }
}

/// Some of the matches of a pair: those below a random ratio, and of these at most so many.
fn part(record: &PairRecord, options: &TrainOptions, seed: u64) -> PairRecord {
    let mut rng = generator(seed);
    let below = rng.random_range(RATIO_BELOW);
    let mut indices = record.best_by_ratio(below, LEAST_MATCHES.min(record.matches.len()), usize::MAX);
    if indices.len() > options.matches {
        indices.shuffle(&mut rng);
        indices.truncate(options.matches);
        indices.sort_unstable();
    }
    record.select(&indices)
}

/// SplitMix64 (Steele et al. 2014) of two numbers.
const fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
