//! How well the sampler tells right matches from wrong ones.

use crate::geometry::ranking::{auroc, average_precision};

/// Of the matches of one pair: how many are right, and how well the sampler's quality of each tells them from the wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ranking {
    /// Share of right matches; `None` where the truth is not known.
    pub(crate) right_share: Option<f64>,
    /// `None` where there is no quality, or no right or no wrong match.
    pub(crate) auroc: Option<f64>,
    pub(crate) average_precision: Option<f64>,
}

impl Ranking {
    pub(crate) fn of(right: &[bool], quality: Option<&[f32]>) -> Self {
        let count = right.iter().filter(|&&right| right).count();
        Self {
            right_share: Some(count as f64 / right.len().max(1) as f64),
            auroc: quality.and_then(|quality| auroc(quality, right)),
            average_precision: quality.and_then(|quality| average_precision(quality, right)),
        }
    }
}
