//! Localisation in a room that is rendered: how near the poses come, and what happens to maps and images that are not as they should be.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod building;
mod maps;
mod networks;
mod poses;
#[path = "../common/random_maps.rs"]
mod random_maps;
mod room;
mod scene;
mod sweep;
