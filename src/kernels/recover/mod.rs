//! What an estimate leaves open.

pub mod certify_rotation;
pub mod explain_by_rotation;
