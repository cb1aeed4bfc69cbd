//! What a step minimises in either stage, and what a validation measures.

pub(crate) mod candidates;
pub(crate) mod end_to_end;
pub(crate) mod initialisation;
pub(crate) mod validation;
