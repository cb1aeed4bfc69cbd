//! Eigenvalues and eigenvectors of small symmetric matrices by cyclic Jacobi rotations.
