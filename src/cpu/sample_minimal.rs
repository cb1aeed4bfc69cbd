//! sample minimal.
