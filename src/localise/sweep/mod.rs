//! The depth of cells from photographs whose poses are known, by a plane sweep (Collins, CVPR 1996): how alike is what other photographs
//! show where a cell would be seen, were it at this distance or at that one.
//!
//! First the range of distances is found, whatever the unit of the poses, from a few photographs with many distances; then each
//! photograph is swept within it, neighbouring cells are smoothed along lines (semi-global matching; Hirschmüller, TPAMI 2008), and
//! what other photographs do not confirm is left out.

mod agree;
mod neighbours;
mod patch;
mod range;
mod smooth;
mod view;
mod volume;

use crate::geometry::{Intrinsics, Pose};
use crate::localise::GreyImage;
use crate::parallel::parallel_map;
use crate::{Error, Result};
use glam::DVec3;
use neighbours::neighbours;
use range::Range;
use view::View;

/// A photograph to sweep.
#[derive(Clone, Debug)]
pub struct SweepView {
    /// At the map's height.
    pub image: GreyImage,
    /// Its camera, at this size.
    pub camera: Intrinsics,
    /// Where it was taken; the unit is that of the points that come out.
    pub camera_from_world: Pose,
}

/// Cells whose distance is found at least, in all photographs together.
const LEAST_CELLS: usize = 100;

/// The point that is seen at the centre of each cell, in the frame of its camera, where the other photographs tell; as
/// [`MapBuilder::add`](super::MapBuilder::add) takes them. Threads: 0 takes one a core.
///
/// # Errors
/// [`Error::NoParallax`] where hardly anything is seen from two places; [`Error::SingularCamera`].
pub fn sweep_depths(views: &[SweepView], threads: usize) -> Result<Vec<Vec<Option<DVec3>>>> {
    sweep_depths_with(views, threads, &|| ())
}

/// As [`sweep_depths`]; `swept_one` is called after each photograph.
pub(crate) fn sweep_depths_with(
    views: &[SweepView],
    threads: usize,
    swept_one: &(impl Fn() + Sync),
) -> Result<Vec<Vec<Option<DVec3>>>> {
    let views = parallel_map(threads, views.len(), |index| View::new(&views[index]));
    let views = views.into_iter().collect::<Result<Vec<_>>>()?;
    let no_parallax = |found| Error::NoParallax { photographs: views.len(), needed: LEAST_CELLS, found };
    let range = Range::find(&views, threads).map_err(no_parallax)?;
    let beside: Vec<Vec<usize>> = (0..views.len()).map(|index| neighbours(&views, index, &range)).collect();
    let swept = parallel_map(threads, views.len(), |index| {
        let others: Vec<&View> = beside[index].iter().map(|&other| &views[other]).collect();
        let depths = volume::depths(&views[index], &others, &range);
        swept_one();
        depths
    });
    let agreed = parallel_map(threads, views.len(), |index| agree::agreed(&views, &swept, &beside[index], index));
    let found = agreed.iter().flatten().flatten().count();
    if found < LEAST_CELLS {
        return Err(no_parallax(found));
    }
    let on_rays = |(view, depths): (&View, Vec<Option<f32>>)| {
        let on_ray = |(ray, z): (&Option<DVec3>, Option<f32>)| Some((*ray)? * f64::from(z?));
        view.rays.iter().zip(depths).map(on_ray).collect()
    };
    Ok(views.iter().zip(agreed).map(on_rays).collect())
}
