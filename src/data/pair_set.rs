use super::synthetic::problems::{generator, pair_seed};
use super::{CameraSet, PairRecord, Scene, SyntheticPairs};
use crate::geometry::{Matches, ModelKind};
use crate::{Error, Result};
use rand::seq::SliceRandom;
use std::fmt;
use std::path::PathBuf;

/// Image pairs with their truth, to train and to validate on: those of files, random ones, or both.
///
/// The files are read once, when the set is opened: what becomes of them later does not matter.
#[derive(Debug)]
pub struct PairSet {
    scenes: Vec<Scene>,
    /// Index of a scene, and of a pair in it.
    usable: Vec<(usize, usize)>,
    skipped: Skipped,
    synthetic: Option<(SyntheticPairs, usize)>,
    sample_size: usize,
}

/// How many pairs of the files are left out, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// No true motion or no cameras.
    pub without_truth: usize,
    /// Fewer matches than a sample.
    pub too_few_matches: usize,
    /// Fewer right matches than a sample.
    pub too_few_right: usize,
}

impl PairSet {
    /// The usable pairs of these files: with their truth and at least a sample of right matches.
    ///
    /// # Errors
    /// [`Error::File`] when one cannot be read, or a coordinate or a value of a match is not finite;
    /// [`Error::NothingToTrainOn`] when no pair is left.
    pub fn open(files: &[PathBuf], kind: ModelKind) -> Result<Self> {
        let scenes = files.iter().map(|path| Scene::open(path, kind, CameraSet::default())).collect::<Result<_>>()?;
        let mut set = Self {
            scenes,
            usable: Vec::new(),
            skipped: Skipped::default(),
            synthetic: None,
            sample_size: kind.sample_size(),
        };
        set.look_at_all()?;
        if set.usable.is_empty() {
            let pairs = set.scenes.iter().map(Scene::len).sum();
            return Err(Error::NothingToTrainOn { needed: set.sample_size, pairs, skipped: set.skipped.to_string() });
        }
        Ok(set)
    }

    /// Random pairs alone, so many in an epoch; every epoch has others.
    ///
    /// # Errors
    /// [`Error::BadOption`] when an epoch would be empty.
    pub fn synthetic(pairs: SyntheticPairs, per_epoch: usize, kind: ModelKind) -> Result<Self> {
        let (scenes, usable, skipped) = (Vec::new(), Vec::new(), Skipped::default());
        Self { scenes, usable, skipped, synthetic: None, sample_size: kind.sample_size() }
            .with_synthetic(pairs, per_epoch)
    }

    /// The pairs of this set and so many random ones in every epoch.
    ///
    /// # Errors
    /// [`Error::BadOption`] for none.
    pub fn with_synthetic(self, pairs: SyntheticPairs, per_epoch: usize) -> Result<Self> {
        if per_epoch == 0 {
            let found = per_epoch.to_string();
            return Err(Error::BadOption { name: "synthetic pairs an epoch", expected: "at least 1", found });
        }
        Ok(Self { synthetic: Some((pairs, per_epoch)), ..self })
    }

    /// Pairs of an epoch.
    pub fn len(&self) -> usize {
        self.usable.len() + self.synthetic.as_ref().map_or(0, |&(_, per_epoch)| per_epoch)
    }

    /// Steps of an epoch, of so many pairs each; the last may have fewer.
    pub fn steps_per_epoch(&self, batch: usize) -> usize {
        self.len().div_ceil(batch)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What of the files was left out.
    pub const fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// Names of the files, without folders and endings.
    pub fn names(&self) -> Vec<String> {
        self.scenes.iter().map(Scene::name).collect()
    }

    /// Matches of a minimal sample: right ones that every pair has at least.
    pub const fn sample_size(&self) -> usize {
        self.sample_size
    }

    /// Pair `index` of an epoch as it is; those of the files come first and are the same in every epoch.
    ///
    /// # Errors
    /// [`Error::File`] out of range.
    pub fn pair(&self, epoch: usize, index: usize) -> Result<PairRecord> {
        if let Some(&(scene, pair)) = self.usable.get(index) {
            return self.scenes[scene].pair(pair);
        }
        match &self.synthetic {
            Some((pairs, per_epoch)) if index < self.len() => {
                Ok(pairs.pair((epoch * per_epoch + index - self.usable.len()) as u64))
            }
            _ => {
                let message = format!("expected a pair below {}, but {index} was asked for", self.len());
                Err(Error::File { path: "set of pairs".to_owned(), message })
            }
        }
    }

    /// The pairs of an epoch in a random order, which follows from the seed and the epoch alone.
    pub(super) fn order(&self, seed: u64, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut generator(pair_seed(seed, epoch)));
        order
    }

    fn look_at_all(&mut self) -> Result<()> {
        for (place, scene) in self.scenes.iter().enumerate() {
            for index in 0..scene.len() {
                let record = scene.pair(index)?;
                check_finite(&record).map_err(|message| scene.error(format!("pair {}: {message}", record.id)))?;
                let right = record.right_matches().map(|right| right.into_iter().filter(|&right| right).count());
                match right {
                    None => self.skipped.without_truth += 1,
                    Some(_) if record.matches.len() < self.sample_size => self.skipped.too_few_matches += 1,
                    Some(right) if right < self.sample_size => self.skipped.too_few_right += 1,
                    Some(_) => self.usable.push((place, index)),
                }
            }
        }
        Ok(())
    }
}

/// NaN would go through the whole network: it is said before the training starts.
fn check_finite(record: &PairRecord) -> std::result::Result<(), String> {
    let first_bad = |values: &[f32]| values.iter().position(|value| !value.is_finite());
    let said = |what: &str, index: Option<usize>| {
        index.map_or(Ok(()), |index| Err(format!("{what} of match {index} must be finite, but is not")))
    };
    if let Matches::TwoView { points1_px, points2_px, .. } = &record.matches {
        for points in [points1_px, points2_px] {
            said("coordinates", points.iter().position(|point| !point.is_finite()))?;
        }
    }
    said("ratio", record.ratios.as_deref().and_then(first_bad))?;
    said("weight", record.weights.as_deref().and_then(first_bad))?;
    for both in [&record.scales_px, &record.angles_deg].into_iter().flatten().flatten() {
        said("scale or angle", first_bad(both))?;
    }
    Ok(())
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { without_truth, too_few_matches, too_few_right } = self;
        write!(
            f,
            "{without_truth} have no truth, {too_few_matches} too few matches, {too_few_right} too few right ones"
        )
    }
}
