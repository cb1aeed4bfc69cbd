//! What pictures show: the images, the points in them, and what became of each match.

use crate::data::PairRecord;
use crate::geometry::Matches;
use anyhow::{Context, bail};
use glam::DVec2;
use std::path::{Path, PathBuf};

/// Which matches there are, by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Inlier,
    Outlier,
    /// Not given to the estimator.
    Unused,
}

/// One image with its points.
pub(crate) struct View {
    pub(crate) points_px: Vec<DVec2>,
    /// Width and height of the image, pixels.
    pub(crate) size_px: DVec2,
    pub(crate) path: Option<PathBuf>,
}

/// The two images of a pair, or that of a query; none of two 3-D point sets.
pub(crate) fn views(images: &[PathBuf], record: &PairRecord) -> anyhow::Result<Vec<View>> {
    let sides = match &record.matches {
        Matches::TwoView { points1_px, points2_px, .. } => vec![points1_px.clone(), points2_px.clone()],
        Matches::ImageWorld { points_px, .. } => vec![points_px.clone()],
        Matches::WorldWorld { .. } => Vec::new(),
    };
    if !images.is_empty() && images.len() != sides.len() {
        bail!("--images: expected {} images, but got {}", sides.len(), images.len());
    }
    let view = |(index, points_px): (usize, Vec<DVec2>)| {
        let path = images.get(index).cloned();
        let size_px = size_px(index, path.as_deref(), &points_px, record)?;
        Ok(View { points_px, size_px, path })
    };
    sides.into_iter().enumerate().map(view).collect()
}

/// What the file says, else the image's own size, else what holds all points.
fn size_px(index: usize, path: Option<&Path>, points_px: &[DVec2], record: &PairRecord) -> anyhow::Result<DVec2> {
    if let Some(sizes) = record.sizes_px
        && sizes[index].iter().all(|&side| side > 0)
    {
        return Ok(DVec2::new(sizes[index][0].into(), sizes[index][1].into()));
    }
    if let Some(path) = path {
        let (width, height) = image::image_dimensions(path).with_context(|| path.display().to_string())?;
        return Ok(DVec2::new(width.into(), height.into()));
    }
    let finite = points_px.iter().filter(|point| point.is_finite());
    Ok(finite.fold(DVec2::ONE, |size, &point| size.max(point + 1.0)))
}
