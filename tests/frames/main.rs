//! Posed photographs: every layout gives the same frames, depth goes to the colour image, and what is wrong is told.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

#[path = "../files/mod.rs"]
mod files;
#[path = "../common/mutations.rs"]
mod mutations;
mod scene;

mod depth;
mod faults;
mod layouts;
mod pictures;
mod redkitchen;

use nabla_ransac::data::{FrameOptions, FrameSet};
use std::path::Path;

fn open(folder: &Path) -> FrameSet {
    FrameSet::open(folder, &FrameOptions::default()).unwrap()
}

#[track_caller]
fn says<T: std::fmt::Debug>(found: nabla_ransac::Result<T>, parts: &[&str]) {
    let message = found.unwrap_err().to_string();
    assert!(parts.iter().all(|part| message.contains(part)), "{message:?} does not say {parts:?}");
}
