//! robust.
