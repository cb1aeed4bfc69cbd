//! score models.
