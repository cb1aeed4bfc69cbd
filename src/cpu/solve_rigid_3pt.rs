//! solve rigid 3pt.
