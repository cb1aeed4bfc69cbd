//! An image with its points.

use super::recording::Recording;
use crate::cli::plot::draw::colour;
use crate::cli::plot::views::{Mark, View};
use anyhow::{Context, ensure};
use glam::DVec2;
use image::ImageReader;
use plotters::style::RGBColor;
use re_chunk::ChunkResult;
use re_sdk_types::archetypes::{Boxes2D, EncodedImage, Points2D};
use re_sdk_types::components::{Color, Radius};
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// In rerun the corner of an image is at (0, 0), here the centre of its top-left pixel.
pub(super) const HALF_PIXEL: DVec2 = DVec2::splat(0.5);
/// In the order in which they are drawn, with their entities.
pub(super) const MARKS: [(Mark, &str); 3] =
    [(Mark::Unused, "unused"), (Mark::Outlier, "outliers"), (Mark::Inlier, "inliers")];
/// Of the points in images, whatever the zoom.
const RADIUS_UI_POINTS: f32 = 2.0;

/// A view with the file of its image, which the viewer decodes.
pub(super) struct LoggedView<'a> {
    view: &'a View,
    image: Option<EncodedImage>,
}

impl<'a> LoggedView<'a> {
    /// Reads the image, if there is one.
    pub(super) fn new(view: &'a View) -> anyhow::Result<Self> {
        let read = |path: &Path| encoded(path, view.size_px).with_context(|| path.display().to_string());
        Ok(Self { view, image: view.path.as_deref().map(read).transpose()? })
    }

    pub(super) const fn size_px(&self) -> DVec2 {
        self.view.size_px
    }

    /// The point of a match, in rerun's pixels.
    pub(super) fn pixel(&self, index: usize) -> [f32; 2] {
        (self.view.points_px[index] + HALF_PIXEL).as_vec2().to_array()
    }

    /// The image or its outline, and the points by their marks.
    pub(super) fn log(&self, recording: &mut Recording, entity: &str, marks: &[Mark]) -> ChunkResult<()> {
        match &self.image {
            Some(image) => recording.log(entity, image)?,
            None => {
                let size = self.view.size_px.as_vec2().to_array();
                recording.log(entity, &Boxes2D::from_mins_and_sizes([[0.0; 2]], [size]))?;
            }
        }
        for (mark, name) in MARKS {
            let points: Vec<_> = with_mark(marks, mark).map(|index| self.pixel(index)).collect();
            if !points.is_empty() {
                let points = Points2D::new(points).with_colors([colour_of(mark)]);
                let points = points.with_radii([Radius::new_ui_points(RADIUS_UI_POINTS)]);
                recording.log(&format!("{entity}/{name}"), &points)?;
            }
        }
        Ok(())
    }
}

/// A file of these pixels.
fn encoded(path: &Path, size_px: DVec2) -> anyhow::Result<EncodedImage> {
    let bytes = fs::read(path)?;
    let format = image::guess_format(&bytes)?;
    let (width, height) = ImageReader::with_format(Cursor::new(&bytes), format).into_dimensions()?;
    let size = DVec2::new(width.into(), height.into());
    ensure!(
        size == size_px,
        "expected {} × {} pixels, as the file of the matches says, but it has {width} × {height}",
        size_px.x,
        size_px.y
    );
    Ok(EncodedImage::new(bytes).with_media_type(format.to_mime_type()))
}

/// The matches that have it.
pub(super) fn with_mark(marks: &[Mark], mark: Mark) -> impl Iterator<Item = usize> {
    marks.iter().enumerate().filter(move |(_, there)| **there == mark).map(|(index, _)| index)
}

/// That of the pictures of `--draw`.
pub(super) fn colour_of(mark: Mark) -> Color {
    let RGBColor(red, green, blue) = colour(mark);
    Color::from_rgb(red, green, blue)
}
