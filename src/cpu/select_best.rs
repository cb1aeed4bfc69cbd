//! select best.
