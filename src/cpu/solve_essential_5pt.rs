//! solve essential 5pt.
