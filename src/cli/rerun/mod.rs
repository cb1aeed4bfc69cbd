//! `--rerun`: the matches, the cameras and the points of an estimate, to look at with the rerun viewer.
//!
//! | entity | what it has |
//! |---|---|
//! | `matches` | the images side by side, their points, and lines between them |
//! | `world` | cameras and points of the model, in the frame of camera 1, of the world or of point set 2 |
//! | `second_motion` | the same of the other motion, where the pair is ambiguous |
//! | `report` | what the command says |

mod blueprint;
mod matches;
mod recording;
mod view;
mod world;

use super::plot::views::{Mark, View};
use crate::data::PairRecord;
use crate::ransac::Estimate;
use crate::write_whole::write_whole;
use re_log_encoding::Encoder;
use re_sdk_types::archetypes::{RecordingInfo, TextDocument};
use recording::Recording;
use std::path::Path;
use view::LoggedView;

/// What is shown of a pair or a query.
pub(crate) struct Shown<'a> {
    /// The matches that the estimate is of, with the cameras.
    pub(crate) record: &'a PairRecord,
    /// The images, with the points where they were measured.
    pub(crate) views: &'a [View],
    /// Of each match.
    pub(crate) marks: &'a [Mark],
    pub(crate) estimate: Option<&'a Estimate>,
    /// What the command says of it.
    pub(crate) report: String,
}

/// Writes it to a file.
pub(crate) fn save(path: &Path, shown: &Shown<'_>) -> anyhow::Result<()> {
    let mut recording = Recording::new();
    let views = shown.views.iter().map(LoggedView::new).collect::<anyhow::Result<Vec<_>>>()?;
    matches::log(&mut recording, &views, shown.marks)?;
    let worlds = world::log(&mut recording, &views, shown)?;
    let units = worlds.first().map_or("", |world| world.units);
    recording.log("report", &TextDocument::new(format!("{}\n{units}\n", shown.report)))?;
    recording.log("__properties", &RecordingInfo::new().with_name(shown.record.id.as_str()))?;
    let roots: Vec<_> = worlds.iter().map(|world| world.root).collect();
    let blueprint = blueprint::messages(!views.is_empty(), &roots)?;
    let messages = recording.into_messages().into_iter().chain(blueprint);
    Ok(write_whole(path, &Encoder::encode(messages.map(Ok))?)?)
}
