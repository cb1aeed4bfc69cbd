//! What an estimate leaves open.

pub mod explain_by_rotation;
