//! Positive definite solves (Cholesky) and general ones (Gauss with pivoting) of small systems.
