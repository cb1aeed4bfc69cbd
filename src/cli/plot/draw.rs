//! `--draw`: inliers and outliers over the two images, or on a canvas of their sizes.

use super::canvas::{Area, FONT, ORANGE, SKY_BLUE, save};
use super::views::{Mark, View, views};
use crate::data::PairRecord;
use crate::geometry::Matches;
use anyhow::{Context, bail};
use glam::DVec2;
use image::imageops::{self, FilterType};
use image::{ImageReader, Rgb, RgbImage};
use plotters::prelude::{Circle, Color, IntoFont, PathElement, RGBColor, Text, WHITE};
use std::path::{Path, PathBuf};

/// The picture is scaled to this width, if its height then stays below the limit.
const WIDTH: f64 = 1600.0;
const MAX_HEIGHT: f64 = 1200.0;
/// Height of the line of text above the images, and distance between them.
const HEADER: u32 = 44;
const GAP: u32 = 8;
const BACKGROUND: Rgb<u8> = Rgb([32, 32, 32]);
const EMPTY_IMAGE: Rgb<u8> = Rgb([60, 60, 60]);
/// Photographs are shown grey and this much darker, so that the colours stand out.
const DIM: f32 = 0.75;

/// One image of the picture.
struct Panel {
    view: View,
    /// Place in the picture.
    corner: DVec2,
}

/// Draws the matches of a pair, or the image points of a query.
pub(crate) fn draw(
    path: &Path,
    images: &[PathBuf],
    record: &PairRecord,
    marks: &[Mark],
    title: &str,
) -> anyhow::Result<()> {
    if matches!(record.matches, Matches::WorldWorld { .. }) {
        bail!("--draw shows matches in images, but these are of two 3-D point sets");
    }
    let views = views(images, record)?;
    let total: f64 = views.iter().map(|view| view.size_px.x).sum();
    let tallest = views.iter().map(|view| view.size_px.y).fold(0.0, f64::max);
    let scale = (WIDTH / total).min(MAX_HEIGHT / tallest);
    let mut left = 0.0;
    let mut panels = Vec::new();
    for view in views {
        let corner = DVec2::new(left, f64::from(HEADER));
        left += (view.size_px.x * scale).ceil() + f64::from(GAP);
        panels.push(Panel { view, corner });
    }
    let size = ((left as u32).saturating_sub(GAP).max(640), (tallest * scale).ceil() as u32 + HEADER);
    let mut picture = RgbImage::from_pixel(size.0, size.1, BACKGROUND);
    for panel in &panels {
        let image = panel.image(scale)?;
        imageops::replace(&mut picture, &image, panel.corner.x as i64, panel.corner.y as i64);
    }
    save(picture, path, |area| {
        write_header(area, marks, title)?;
        draw_marks(area, &panels, marks, scale)?;
        label(area, &panels, scale)
    })
}

impl Panel {
    fn image(&self, scale: f64) -> anyhow::Result<RgbImage> {
        let size = (self.view.size_px * scale).ceil().max(DVec2::ONE);
        let (width, height) = (size.x as u32, size.y as u32);
        let Some(path) = &self.view.path else { return Ok(RgbImage::from_pixel(width, height, EMPTY_IMAGE)) };
        let photograph = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
        let photograph = photograph.with_context(|| path.display().to_string())?;
        let photograph = photograph.decode().with_context(|| path.display().to_string())?;
        let grey = imageops::resize(&photograph.to_luma8(), width, height, FilterType::Triangle);
        Ok(RgbImage::from_fn(width, height, |x, y| {
            let [level] = grey.get_pixel(x, y).0;
            Rgb([(f32::from(level) * DIM) as u8; 3])
        }))
    }

    /// A point's place in the picture; `None` outside of the image.
    fn place(&self, index: usize, scale: f64) -> Option<(i32, i32)> {
        let point = *self.view.points_px.get(index)?;
        let inside = point.cmpge(DVec2::splat(-0.5)).all() && point.cmplt(self.view.size_px).all();
        let place = self.corner + (point + 0.5) * scale;
        inside.then_some((place.x as i32, place.y as i32))
    }
}

pub(crate) const fn colour(mark: Mark) -> RGBColor {
    match mark {
        Mark::Inlier => SKY_BLUE,
        Mark::Outlier => ORANGE,
        Mark::Unused => RGBColor(150, 150, 150),
    }
}

/// How opaque the lines of a kind are: the less, the more there are, so that the images stay visible.
fn line_opacity(mark: Mark, count: usize) -> f64 {
    let share = 1.0 / count.max(1) as f64;
    match mark {
        Mark::Inlier => (100.0 * share).clamp(0.2, 0.6),
        Mark::Outlier => (40.0 * share).clamp(0.06, 0.2),
        Mark::Unused => 0.0,
    }
}

/// Inliers last, on top; points on top of lines.
fn draw_marks(area: &Area<'_>, panels: &[Panel], marks: &[Mark], scale: f64) -> anyhow::Result<()> {
    let order = [Mark::Unused, Mark::Outlier, Mark::Inlier];
    let of = |mark: Mark| marks.iter().enumerate().filter(move |(_, there)| **there == mark).map(|(index, _)| index);
    for mark in order {
        let opacity = line_opacity(mark, of(mark).count());
        for index in of(mark).filter(|_| opacity > 0.0) {
            let places: Option<Vec<_>> = panels.iter().map(|panel| panel.place(index, scale)).collect();
            area.draw(&PathElement::new(places.unwrap_or_default(), colour(mark).mix(opacity)))?;
        }
    }
    for mark in order {
        for place in of(mark).flat_map(|index| panels.iter().filter_map(move |panel| panel.place(index, scale))) {
            area.draw(&Circle::new(place, 2, colour(mark).filled()))?;
        }
    }
    Ok(())
}

fn write_header(area: &Area<'_>, marks: &[Mark], title: &str) -> anyhow::Result<()> {
    let font = (FONT, 20).into_font();
    area.draw(&Text::new(title.to_owned(), (12, 12), font.clone().color(&WHITE)))?;
    let mut left = 24 + font.box_size(title)?.0 as i32;
    for (mark, name) in [(Mark::Inlier, "inliers"), (Mark::Outlier, "outliers"), (Mark::Unused, "not used")] {
        let count = marks.iter().filter(|there| **there == mark).count();
        if count == 0 && mark == Mark::Unused {
            continue;
        }
        let entry = format!("{count} {name}");
        area.draw(&Circle::new((left + 18, 19), 6, colour(mark).filled()))?;
        area.draw(&Text::new(entry.clone(), (left + 32, 12), font.clone().color(&colour(mark))))?;
        left += 44 + font.box_size(&entry)?.0 as i32;
    }
    Ok(())
}

/// The file's name, or the image's number, with the size, at the lower left of each image.
fn label(area: &Area<'_>, panels: &[Panel], scale: f64) -> anyhow::Result<()> {
    let font = (FONT, 15).into_font();
    for (index, panel) in panels.iter().enumerate() {
        let view = &panel.view;
        let name = view.path.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
        let number = if panels.len() > 1 { format!("image {}", index + 1) } else { "image".to_owned() };
        let name = name.unwrap_or(number);
        let text = format!("{name}, {} × {} px", view.size_px.x.round(), view.size_px.y.round());
        let (width, height) = font.box_size(&text)?;
        let bottom = (panel.corner.y + view.size_px.y * scale) as i32;
        let corner = (panel.corner.x as i32 + 8, bottom - height as i32 - 12);
        let back = plotters::element::Rectangle::new(
            [(corner.0 - 4, corner.1 - 4), (corner.0 + width as i32 + 4, corner.1 + height as i32 + 6)],
            RGBColor(0, 0, 0).mix(0.6).filled(),
        );
        area.draw(&back)?;
        area.draw(&Text::new(text, corner, font.clone().color(&WHITE)))?;
    }
    Ok(())
}
