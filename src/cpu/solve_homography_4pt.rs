//! solve homography 4pt.
