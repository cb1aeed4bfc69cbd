//! The last stages of the estimator agree with their CPU twins, many pairs in one submission.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "how often both differ")]

#[path = "../common/scenes.rs"]
mod scenes;

mod batch;
mod coherence;
mod determination;
mod noise;
mod rotation;
