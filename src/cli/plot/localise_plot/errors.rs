//! The errors of the frames, in their order.

use super::{LocalisedFrame, caption};
use crate::cli::plot::canvas::{Area, BLUE, FONT, VERMILLION};
use crate::geometry::accuracy::median;
use plotters::chart::ChartBuilder;
use plotters::coord::combinators::IntoLogRange;
use plotters::prelude::{BLACK, Circle, Color, Cross, LineSeries, PathElement, RGBColor, Text, WHITE};
use std::ops::Range;

const GREY: RGBColor = RGBColor(110, 110, 110);
/// Errors below are drawn as this, cm and degrees.
const SMALLEST: f64 = 0.01;
/// The limits that localisation is counted by: 5 cm and 5°.
const LIMIT: f64 = 5.0;
const METRES: &str = "m";

/// Errors of one kind, where there is a pose.
struct Errors {
    name: &'static str,
    unit: String,
    colour: RGBColor,
    values: Vec<Option<f64>>,
}

impl Errors {
    fn entry(&self) -> (Option<RGBColor>, String) {
        let Self { name, unit, colour, values } = self;
        let middle = median(&values.iter().flatten().copied().collect::<Vec<_>>());
        let middle = middle.map_or_else(String::new, |middle| format!(", median {middle:.2} {unit}"));
        (Some(*colour), format!("{name}{middle}"))
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        let errors = self.values.iter().enumerate();
        errors.filter_map(|(frame, error)| Some((frame as f64, error.filter(|error| error.is_finite())?.max(SMALLEST))))
    }
}

/// On a logarithmic scale, of centimetres (or the unit) and of degrees: the limits of both are at the same height.
pub(super) fn draw_errors(area: &Area<'_>, frames: &[LocalisedFrame], unit: &str) -> anyhow::Result<()> {
    let (scale, unit) = if unit == METRES { (100.0, "cm") } else { (1.0, unit) };
    let position = |frame: &LocalisedFrame| frame.position_error().map(|error| error * scale);
    let positions = Errors {
        name: "position",
        unit: unit.to_owned(),
        colour: VERMILLION,
        values: frames.iter().map(position).collect(),
    };
    let rotations = Errors {
        name: "rotation",
        unit: "degrees".to_owned(),
        colour: BLUE,
        values: frames.iter().map(LocalisedFrame::rotation_error_deg).collect(),
    };
    let entries = [positions.entry(), rotations.entry(), (None, "no pose".to_owned())];
    let area = caption(area, "Errors of the frames", &entries)?;
    let range = error_range(positions.points().chain(rotations.points()).map(|point| point.1));
    let (first, last) = (-0.5, frames.len().max(1) as f64 - 0.5);
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(60)
        .build_cartesian_2d(first..last, range.clone().log_scale())?;
    chart
        .configure_mesh()
        .x_desc("frame")
        .y_desc(format!("error, {unit} and degrees"))
        .label_style((FONT, 14))
        .axis_desc_style((FONT, 15))
        .x_label_formatter(&|frame| if frame.fract() == 0.0 { format!("{frame:.0}") } else { String::new() })
        .y_label_formatter(&f64::to_string)
        .light_line_style(WHITE)
        .draw()?;
    chart.draw_series([PathElement::new([(first, LIMIT), (last, LIMIT)], GREY.stroke_width(2))])?;
    let limit = if unit == "cm" { "5 cm, 5°" } else { "5°" };
    let beside_axis = first + 0.005 * (last - first);
    chart.draw_series([Text::new(limit, (beside_axis, LIMIT * 1.6), (FONT, 14))])?;
    for errors in [&positions, &rotations] {
        let colour = errors.colour;
        chart.draw_series(LineSeries::new(errors.points(), colour.mix(0.35).stroke_width(1)))?;
        chart.draw_series(errors.points().map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    let lost = positions.values.iter().enumerate().filter(|(_, error)| error.is_none());
    let top = range.end / 1.4;
    chart.draw_series(lost.map(|(frame, _)| Cross::new((frame as f64, top), 5, BLACK.stroke_width(2))))?;
    Ok(())
}

/// Around the errors and the limit, by whole powers of ten.
fn error_range(errors: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = errors.fold((LIMIT, LIMIT), |(low, high), error| (low.min(error), high.max(error)));
    let power = |exponent: f64| 10_f64.powf(exponent);
    power(low.max(SMALLEST).log10().floor())..power((high * 1.5).log10().ceil())
}
