use super::{CameraSet, PairRecord};
use crate::geometry::{Intrinsics, ModelKind};
use crate::{Error, Outcome, Problem, Result};

/// A record of a pair as a problem, with all that this borrows: what a binding makes of its arguments.
#[derive(Clone, Debug)]
pub struct OwnedProblem {
    /// The matches that can be inliers.
    record: PairRecord,
    /// Their places among all matches.
    places: Vec<usize>,
    match_count: usize,
    threshold_px: Option<f64>,
    seed: u64,
}

impl OwnedProblem {
    /// The problem of a record, with a threshold of its own, pixels, where it has one.
    pub fn new(record: PairRecord, threshold_px: Option<f64>, seed: u64) -> Self {
        let (places, match_count) = (record.usable(), record.matches.len());
        let record = if places.len() == match_count { record } else { record.select(&places) };
        Self { record, places, match_count, threshold_px, seed }
    }

    /// The problem, of the matches that can be inliers.
    ///
    /// # Errors
    /// Those of [`PairRecord::problem`].
    pub fn problem(&self, kind: ModelKind) -> Result<Problem<'_>> {
        Ok(Problem { threshold_px: self.threshold_px, ..self.record.problem(kind, self.seed)? })
    }

    /// How many matches the record has.
    pub const fn match_count(&self) -> usize {
        self.match_count
    }

    /// One entry a match of the record: those of the matches that can be inliers at their places, `other` elsewhere.
    pub fn of_all<T: Copy>(&self, of_usable: &[T], other: T) -> Vec<T> {
        let mut all = vec![other; self.match_count];
        for (&place, &value) in self.places.iter().zip(of_usable) {
            all[place] = value;
        }
        all
    }

    /// The mask of an outcome of this problem: one entry a match of the record.
    pub fn mask(&self, outcome: &Outcome) -> Vec<bool> {
        self.of_all(outcome.estimate.as_ref().map_or(&[], |estimate| &estimate.inliers), false)
    }
}

impl CameraSet {
    /// The cameras of a problem of this kind.
    ///
    /// # Errors
    /// [`Error::UselessCamera`].
    pub fn for_model(kind: ModelKind, [camera1, camera2]: [Option<Intrinsics>; 2]) -> Result<Self> {
        let wanted = match kind {
            ModelKind::Essential => 2,
            ModelKind::Pose => 1,
            ModelKind::Fundamental | ModelKind::Homography | ModelKind::Rigid => 0,
        };
        let given = [("camera1", camera1.is_some()), ("camera2", camera2.is_some())];
        match given.into_iter().skip(wanted).find(|(_, is_given)| *is_given) {
            Some((camera, _)) => Err(Error::UselessCamera { camera, model: kind.name() }),
            None => Ok(Self { camera1, camera2 }),
        }
    }
}
