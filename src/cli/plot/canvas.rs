//! The pixels of a picture, its colours and its font.

use anyhow::{Context, anyhow};
use image::RgbImage;
use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::{FontStyle, RGBColor, register_font};
use std::path::Path;

/// Colours that stay apart with every kind of colour blindness (Okabe and Ito 2008), for light backgrounds.
pub(crate) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(crate) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
pub(crate) const GREEN: RGBColor = RGBColor(0, 158, 115);
/// Those for dark backgrounds.
pub(crate) const SKY_BLUE: RGBColor = RGBColor(86, 180, 233);
pub(crate) const ORANGE: RGBColor = RGBColor(230, 159, 0);

/// The one font.
pub(crate) const FONT: &str = "sans-serif";

/// A part of a picture that is drawn on.
pub(crate) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws on an image and saves it as PNG.
pub(crate) fn save(
    mut image: RgbImage,
    path: &Path,
    draw: impl FnOnce(&Area<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular()).map_err(|_| anyhow!("the embedded font is bad"))?;
    let size = image.dimensions();
    {
        let area = BitMapBackend::with_buffer(&mut image, size).into_drawing_area();
        draw(&area)?;
        area.present()?;
    }
    image.save_with_format(path, image::ImageFormat::Png).with_context(|| path.display().to_string())
}
