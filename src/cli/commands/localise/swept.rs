//! The depth of photographs that come without, by matching them with each other.

use super::build::{Cells, at_height};
use crate::cli::{complain, interrupt, progress};
use crate::data::Frame;
use crate::localise::{SweepView, sweep_depths_with};
use crate::parallel::parallel_map;
use crate::{Error, Pose, Result};
use std::collections::BTreeMap;

/// Photographs that are swept at most, of more every so many: they are all in memory.
const MOST: usize = 600;

/// What was found of photographs, by their places in the list.
pub(super) struct Swept {
    cells: BTreeMap<usize, Cells>,
    /// Whether a photograph comes without depth.
    without: Vec<bool>,
}

impl Swept {
    /// Sweeps photographs without depth and points; all where that is asked for.
    pub(super) fn new(photographs: &[(&Frame, Pose)], height_px: u32, all: bool) -> anyhow::Result<Self> {
        let has_points = |frame: &Frame| frame.has_depth() || !frame.points.is_empty();
        let without: Vec<bool> = photographs.iter().map(|(frame, _)| all || !has_points(frame)).collect();
        let chosen: Vec<usize> = (0..photographs.len()).filter(|&index| without[index]).collect();
        let mut swept = Self { cells: BTreeMap::new(), without };
        if chosen.is_empty() {
            return Ok(swept);
        }
        let step = chosen.len().div_ceil(MOST);
        let chosen: Vec<usize> = chosen.into_iter().step_by(step).collect();
        complain(&format!(
            "the depth of {} photographs is found by matching them with each other: their poses have to be exact",
            chosen.len()
        ));
        let views = parallel_map(0, chosen.len(), |index| view(&photographs[chosen[index]], height_px));
        let views = views.into_iter().collect::<Result<Vec<_>>>()?;
        let bar = progress::bar(views.len() as u64, "photographs compared");
        let found = sweep_depths_with(&views, 0, &|| {
            bar.inc(1);
            if interrupt::is_asked() {
                interrupt::exit("interrupted: no map is written");
            }
        });
        bar.finish_and_clear();
        let found = match found {
            // those with depth make a map of their own
            Err(error @ Error::NoParallax { .. }) if swept.without.contains(&false) => {
                complain(&format!("photographs without depth are left out: {error}"));
                return Ok(swept);
            }
            found => found?,
        };
        let images = views.into_iter().map(|view| view.image);
        swept.cells = chosen.into_iter().zip(images.zip(found)).collect();
        Ok(swept)
    }

    /// How many were swept.
    pub(super) fn count(&self) -> usize {
        self.cells.len()
    }

    /// How many take no part.
    pub(super) fn left_out(&self) -> usize {
        self.without.iter().filter(|without| **without).count() - self.count()
    }

    /// Whether the photograph has no depth of its own.
    pub(super) fn is_for(&self, index: usize) -> bool {
        self.without[index]
    }

    /// What was found of a photograph, once.
    pub(super) fn take(&mut self, index: usize) -> Option<Cells> {
        self.cells.remove(&index)
    }
}

fn view((frame, camera_from_world): &(&Frame, Pose), height_px: u32) -> Result<SweepView> {
    let image = at_height(frame, height_px)?;
    let camera = frame.camera_at(image.size_px)?;
    Ok(SweepView { image, camera, camera_from_world: *camera_from_world })
}
