//! The stages on one problem, the same on every backend: weights, rounds, search, choice, diagnosis.

pub(crate) mod coherence;
pub(crate) mod coordinates;
pub(crate) mod diagnosis;
pub(crate) mod final_score;
pub(crate) mod noise;
pub(crate) mod schedule;
pub(crate) mod search;
pub(crate) mod stopping;
pub(crate) mod use_all;
pub(crate) mod weights;
