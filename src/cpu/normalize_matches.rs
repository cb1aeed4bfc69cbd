//! normalize matches.
