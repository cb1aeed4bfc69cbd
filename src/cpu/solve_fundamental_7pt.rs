//! solve fundamental 7pt.
