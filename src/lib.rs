//! Robust estimation of two-view geometry, absolute pose and rigid motion, on any GPU and without one.
//!
//! Tentative matches go in; the model, its inlier mask and its score come out. Every numeric stage is a WGSL compute
//! shader run through wgpu and has a CPU twin, so that the same seed gives the same samples on both.
//!
//! Conventions: pixels have x to the right, y down and the centre of the top-left pixel at (0, 0);
//! `x2 ~ K2 (R K1⁻¹ x1 d + t)`, `E = [t]× R`, `x2ᵀ F x1 = 0`, `x2 ~ H x1`, `x_camera = R X_world + t`.

pub mod algebra;
#[cfg(feature = "collection")]
pub mod collection;
pub mod constants;
pub mod cpu;
#[cfg(feature = "formats")]
pub mod data;
mod error;
pub mod geometry;
pub mod gpu;
pub mod kernels;
#[cfg(all(feature = "network", not(target_arch = "wasm32")))]
pub mod localise;
#[cfg(feature = "network")]
pub mod network;
mod parallel;
pub mod ransac;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "network")]
mod write_whole;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

pub use error::{Error, Result};
pub use geometry::{Camera, MatchesView, Model, ModelKind, Pose};
pub use ransac::{Backend, Estimator, Options, Outcome, Problem, Sampler, Score};

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
