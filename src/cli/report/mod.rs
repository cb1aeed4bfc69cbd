//! What is measured of each pair, and said of all.

pub(crate) mod bootstrap;
pub(crate) mod collection;
pub(crate) mod effort;
pub(crate) mod figures;
pub(crate) mod json;
pub(crate) mod measure;
pub(crate) mod pair_result;
pub(crate) mod refined_truth;
pub(crate) mod summary;
