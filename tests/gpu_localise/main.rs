//! Localisation on the GPU agrees with the CPU: stage by stage, and as a whole, on a host's device with WebGPU's default limits.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../common/box_room.rs"]
mod box_room;
mod convolutions;
mod device;
mod frames;
mod maps;
mod networks;
mod points;
#[path = "../common/random_maps.rs"]
mod random_maps;
mod stages;
