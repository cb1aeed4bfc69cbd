//! solve pose p3p.
