//! refine model.
