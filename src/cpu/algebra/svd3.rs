//! Singular value decomposition of 3×3 matrices.
