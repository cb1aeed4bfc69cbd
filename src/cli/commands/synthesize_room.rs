//! `nabla-ransac synthesize-room`: photographs of a room with depth and known poses, to try localisation with.

use crate::cli::print;
use crate::data::synthetic::room::{RoomOptions, write_room};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct SynthesizeRoomArgs {
    /// The folder to write to: the frames of a map into its folder train, those to localise into test
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// How many frames to make a map of
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    frames: u32,
    /// How many frames to localise, of a later part of the walk through the room
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    test_frames: u32,
    /// Width and height of the images, pixels
    #[arg(long, num_args = 2, value_names = ["WIDTH", "HEIGHT"], default_values_t = RoomOptions::default().size_px, value_parser = clap::value_parser!(u32).range(16..=4096))]
    size: Vec<u32>,
    /// The same seed gives the same room and the same walk
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
}

pub(crate) fn run(arguments: &SynthesizeRoomArgs) -> anyhow::Result<()> {
    let options = RoomOptions {
        frames: arguments.frames as usize,
        test_frames: arguments.test_frames as usize,
        size_px: arguments.size.as_slice().try_into()?,
        seed: arguments.seed,
        ..RoomOptions::default()
    };
    write_room(&arguments.folder, &options)?;
    let folder = arguments.folder.display();
    print(&format!("{folder}: {} frames in train, {} in test\n", options.frames, options.test_frames))
}
