//! What is measured of each pair, and said of all.

pub(crate) mod accuracy;
pub(crate) mod bootstrap;
pub(crate) mod collection;
pub(crate) mod effort;
pub(crate) mod json;
pub(crate) mod pair_result;
pub(crate) mod pose;
pub(crate) mod ranking;
pub(crate) mod refined_truth;
pub(crate) mod summary;
pub(crate) mod two_view;
