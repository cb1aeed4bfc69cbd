//! Null space of a short, wide matrix.
