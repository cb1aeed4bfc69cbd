//! The last stages of the estimator agree with their CPU twins, many pairs in one submission.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../common/scenes.rs"]
mod scenes;

mod batch;
mod coherence;
mod determination;
mod noise;
mod rotation;
