//! solve fundamental 8pt.
