use crate::{Error, Result};
use std::ops::Range;

/// How the pairs of a batch are packed: their matches one pair after the other, and how far a match may be from a model.
///
/// The matches of pair p are rows `rows(p)` of every array of matches. With H hypotheses a pair, row p·H + h of every array
/// of hypotheses is hypothesis h of pair p.
#[derive(Clone, Debug, PartialEq)]
pub struct Packing {
    offsets: Vec<u32>,
    metrics: Vec<[f32; 4]>,
}

/// Above this many matches a batch, their indices are no longer exact in f32.
const MOST_MATCHES: usize = 1 << 24;

impl Packing {
    /// Of the pairs' numbers of matches, and of one inlier threshold in the normalised unit of each coordinate (x1, y1, x2,
    /// y2): threshold in pixels / focal length. A pose has its image in the last two, and a rigid transform is measured in
    /// the third.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is one threshold a pair; [`Error::BadOption`] without pairs, for more than
    /// 2²⁴ matches and for thresholds that are not positive and finite.
    pub fn new(match_counts: &[usize], thresholds: &[[f32; 4]]) -> Result<Self> {
        if match_counts.len() != thresholds.len() {
            let (expected, found) = (match_counts.len(), thresholds.len());
            return Err(Error::LengthMismatch { what: "thresholds (one a pair)", expected, found });
        }
        let total: usize = match_counts.iter().sum();
        if match_counts.is_empty() || total > MOST_MATCHES {
            let found = format!("{} pairs with {total}", match_counts.len());
            return Err(Error::BadOption { name: "batch", expected: "at least one pair, at most 2^24 matches", found });
        }
        if let Some(bad) = thresholds.iter().flatten().find(|t| !(t.is_finite() && **t > 0.0)) {
            let found = bad.to_string();
            return Err(Error::BadOption { name: "threshold", expected: "a positive length", found });
        }
        let mut offsets = vec![0];
        let mut sum = 0;
        offsets.extend(match_counts.iter().map(|&count| {
            sum += count as u32;
            sum
        }));
        Ok(Self { offsets, metrics: thresholds.to_vec() })
    }

    /// Pairs of the batch.
    pub const fn pairs(&self) -> usize {
        self.metrics.len()
    }

    /// Matches of all pairs.
    pub fn matches(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    /// The rows of a pair's matches.
    pub fn rows(&self, pair: usize) -> Range<usize> {
        self.offsets[pair] as usize..self.offsets[pair + 1] as usize
    }

    /// The pair's thresholds.
    pub(super) fn metric(&self, pair: usize) -> [f64; 4] {
        self.metrics[pair].map(f64::from)
    }

    /// Hypotheses a pair, of so many rows.
    ///
    /// # Errors
    /// [`Error::BadOption`] where they are no multiple of the pairs.
    pub(super) fn hypotheses(&self, rows: usize) -> Result<usize> {
        if rows.is_multiple_of(self.pairs()) {
            return Ok(rows / self.pairs());
        }
        let found = format!("{rows} rows for {} pairs", self.pairs());
        Err(Error::BadOption { name: "hypotheses", expected: "as many rows for every pair", found })
    }

    /// As `shared/layout/packing` of the shaders reads it: pairs, hypotheses a pair, six words of the kernel's own, offsets, metrics.
    pub(super) fn params(&self, hypotheses: usize, own: &[u32]) -> Vec<u32> {
        let mut params = vec![self.pairs() as u32, hypotheses as u32];
        params.extend(own);
        params.resize(8, 0);
        params.extend(&self.offsets);
        params.extend(self.metrics.iter().flatten().map(|threshold| threshold.to_bits()));
        params
    }

    /// # Errors
    /// [`Error::LengthMismatch`] unless there are as many as matches.
    pub(super) fn check_matches(&self, what: &'static str, found: usize) -> Result<()> {
        let expected = self.matches();
        if found == expected { Ok(()) } else { Err(Error::LengthMismatch { what, expected, found }) }
    }
}
