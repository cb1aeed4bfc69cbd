//! Where cameras were and where they were found, from above, and how far off each was.

mod errors;
mod positions;

use super::canvas::{Area, FONT, save};
use crate::geometry::Pose;
use crate::geometry::accuracy::{position_error, rotation_error_deg};
use errors::draw_errors;
use image::{Rgb, RgbImage};
use plotters::prelude::{BLACK, Circle, Color, Cross, IntoFont, RGBColor, Text};
use positions::draw_positions;
use std::path::Path;

const SIZE: (u32, u32) = (1100, 1040);
/// Height of the picture of the positions.
const POSITIONS: u32 = 640;

/// Poses camera_from_world of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LocalisedFrame {
    pub(crate) truth: Pose,
    /// `None` where none was found.
    pub(crate) estimate: Option<Pose>,
}

impl LocalisedFrame {
    fn position_error(&self) -> Option<f64> {
        self.estimate.map(|estimate| position_error(&estimate, &self.truth))
    }

    fn rotation_error_deg(&self) -> Option<f64> {
        self.estimate.map(|estimate| rotation_error_deg(&estimate.rotation, &self.truth.rotation))
    }
}

/// Draws true and estimated positions, and below the errors of the frames in their order, into a PNG file. `unit` is that of the positions;
/// errors of metres are shown in centimetres.
pub(crate) fn draw(path: &Path, frames: &[LocalisedFrame], unit: &str) -> anyhow::Result<()> {
    save(RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([255; 3])), path, |area| {
        let (positions, errors) = area.split_vertically(POSITIONS);
        draw_positions(&positions, frames, unit)?;
        draw_errors(&errors, frames, unit)
    })
}

/// A line of text above a chart: its title, then what its marks are, dots of a colour or crosses; gives what is left below.
fn caption<'a>(area: &Area<'a>, title: &str, entries: &[(Option<RGBColor>, String)]) -> anyhow::Result<Area<'a>> {
    let (line, rest) = area.split_vertically(CAPTION);
    let (font, small) = ((FONT, 18).into_font(), (FONT, 14).into_font());
    line.draw(&Text::new(title.to_owned(), (LEFT, 14), font.clone()))?;
    let mut left = LEFT + 30 + font.box_size(title)?.0 as i32;
    for (colour, name) in entries {
        match colour {
            Some(colour) => line.draw(&Circle::new((left, 23), 4, colour.filled()))?,
            None => line.draw(&Cross::new((left, 23), 5, BLACK.stroke_width(2)))?,
        }
        line.draw(&Text::new(name.clone(), (left + 12, 16), small.clone()))?;
        left += 40 + small.box_size(name)?.0 as i32;
    }
    Ok(rest)
}

/// Height of that line, and where it begins.
const CAPTION: u32 = 36;
const LEFT: i32 = 74;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plot::canvas::{BLUE, VERMILLION};
    use glam::{DMat3, DVec3};

    /// A walk of figures of eight; every seventh frame is lost, and one is metres off.
    fn frames(count: usize) -> Vec<LocalisedFrame> {
        let noise = |frame: usize, of: f64| ((frame as f64 * 12.9898 + of).sin() * 43_758.547).fract();
        let frame = |index: usize| {
            let angle = 0.13 * index as f64;
            let place = DVec3::new(1.4 * angle.sin(), 0.9 * (1.7 * angle).sin(), 1.5 + 0.1 * angle.cos());
            let truth = Pose { rotation: DMat3::IDENTITY, translation: -place };
            let off = DVec3::new(noise(index, 0.0), noise(index, 1.0), noise(index, 2.0));
            let far = if index == 11 { 80.0 } else { 1.0 + 4.0 * noise(index, 4.0).abs().powi(4) };
            let rotation = DMat3::from_rotation_y(0.01 * far * noise(index, 3.0));
            let estimate = Pose { rotation, translation: -(rotation * (place + 0.04 * far * off)) };
            LocalisedFrame { truth, estimate: (index % 7 != 3).then_some(estimate) }
        };
        (0..count).map(frame).collect()
    }

    fn pixels(frames: &[LocalisedFrame], unit: &str, RGBColor(r, g, b): RGBColor) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("localised.png");
        draw(&path, frames, unit).unwrap();
        image::open(&path).unwrap().to_rgb8().pixels().filter(|pixel| pixel.0 == [r, g, b]).count()
    }

    #[test]
    fn true_and_estimated_positions_and_errors_are_drawn() {
        let all = frames(60);
        for colour in [BLUE, VERMILLION, BLACK] {
            assert!(pixels(&all, "m", colour) > 300);
        }
    }

    #[test]
    fn nothing_and_one_frame_and_none_found_are_drawn() {
        let mut one = frames(1);
        for unit in ["m", "units"] {
            pixels(&[], unit, BLUE);
            assert!(pixels(&one, unit, VERMILLION) > 10);
        }
        one[0].estimate = None;
        pixels(&one, "m", BLUE);
        one[0].estimate = Some(Pose { translation: DVec3::NAN, ..Pose::IDENTITY });
        pixels(&one, "m", BLUE);
    }
}
