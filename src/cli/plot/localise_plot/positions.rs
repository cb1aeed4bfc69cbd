//! True and estimated positions, from above.

use super::{LocalisedFrame, caption};
use crate::cli::plot::canvas::{Area, BLUE, FONT, VERMILLION};
use crate::geometry::Pose;
use glam::{DVec2, DVec3};
use plotters::backend::BitMapBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{BLACK, Circle, Color, Cross, LineSeries, PathElement, WHITE};

type Chart<'a, 'b> = ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

pub(super) fn draw_positions(area: &Area<'_>, frames: &[LocalisedFrame], unit: &str) -> anyhow::Result<()> {
    let lost = frames.iter().filter(|frame| frame.estimate.is_none()).count();
    let pose = if lost == 0 { String::new() } else { format!(", {lost} without a pose") };
    let entries = [(Some(BLUE), "true"), (Some(VERMILLION), "estimated, joined to the true one"), (None, "no pose")];
    let entries = entries.map(|(colour, name)| (colour, name.to_owned()));
    let area = caption(area, &format!("Positions of {} frames{pose}", frames.len()), &entries)?;
    let truths: Vec<DVec3> = frames.iter().map(|frame| centre(&frame.truth)).collect();
    let axes = largest_axes(&truths);
    let flat = |pose: &Pose| DVec2::new(centre(pose)[axes[0]], centre(pose)[axes[1]]);
    let places: Vec<(DVec2, Option<DVec2>)> =
        frames.iter().map(|frame| (flat(&frame.truth), frame.estimate.as_ref().map(flat))).collect();
    let mut builder = ChartBuilder::on(&area);
    builder.margin(14).x_label_area_size(46).y_label_area_size(60);
    // the size of what is within the labels, so that both axes have one scale
    let (width, height) = builder.build_cartesian_2d(0.0..1.0, 0.0..1.0)?.plotting_area().dim_in_pixel();
    let [low, high] = view(&places, DVec2::new(width.into(), height.into()));
    let mut chart = builder.build_cartesian_2d(low.x..high.x, low.y..high.y)?;
    let [x, y] = axes.map(|axis| format!("{}, {unit}", ["x", "y", "z"][axis]));
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&place_label)
        .y_label_formatter(&place_label)
        .label_style((FONT, 14))
        .axis_desc_style((FONT, 15))
        .light_line_style(WHITE)
        .draw()?;
    draw_walk(&mut chart, &places, [low, high])
}

fn draw_walk(chart: &mut Chart<'_, '_>, places: &[(DVec2, Option<DVec2>)], view: [DVec2; 2]) -> anyhow::Result<()> {
    let joined = places.iter().filter_map(|&(truth, estimate)| {
        let end = clipped(truth, estimate?, view);
        Some(PathElement::new([truth.into(), end.into()], VERMILLION.stroke_width(2)))
    });
    chart.draw_series(LineSeries::new(places.iter().map(|&(truth, _)| truth.into()), BLUE.stroke_width(1)))?;
    chart.draw_series(joined)?;
    chart.draw_series(places.iter().map(|&(truth, _)| Circle::new(truth.into(), 3, BLUE.filled())))?;
    let found = places.iter().filter_map(|&(truth, estimate)| {
        let estimate = estimate.filter(|&estimate| clipped(truth, estimate, view) == estimate)?;
        Some(Circle::new(estimate.into(), 3, VERMILLION.filled()))
    });
    chart.draw_series(found)?;
    let lost = places.iter().filter(|(_, estimate)| estimate.is_none());
    chart.draw_series(lost.map(|&(truth, _)| Cross::new(truth.into(), 7, BLACK.stroke_width(2))))?;
    Ok(())
}

/// Without a sign before 0.
fn place_label(place: &f64) -> String {
    ((place * 1000.0).round() / 1000.0 + 0.0).to_string()
}

fn centre(pose: &Pose) -> DVec3 {
    pose.inverse().translation
}

/// The two axes along which points lie furthest apart, in their order: what is left is seldom other than the vertical.
fn largest_axes(points: &[DVec3]) -> [usize; 2] {
    let start = [DVec3::INFINITY, DVec3::NEG_INFINITY];
    let [low, high] = points.iter().fold(start, |[low, high], &point| [low.min(point), high.max(point)]);
    match (high - low).min_position() {
        0 => [1, 2],
        1 => [0, 2],
        _ => [0, 1],
    }
}

/// Two corners around the true positions, with a margin, as wide and high as the area so that both axes have one scale. Estimates far off
/// do not count, or all else would be too small.
fn view(places: &[(DVec2, Option<DVec2>)], area_px: DVec2) -> [DVec2; 2] {
    let finite = places.iter().map(|place| place.0).filter(|place| place.is_finite());
    let [low, high] =
        finite.fold([DVec2::INFINITY, DVec2::NEG_INFINITY], |[low, high], place| [low.min(place), high.max(place)]);
    if low.cmpgt(high).any() {
        return [-area_px / area_px.x, area_px / area_px.x];
    }
    let middle = 0.5 * (low + high);
    let px_a_unit = (area_px / (high - low)).min_element();
    // one place alone has no extent
    let px_a_unit = if px_a_unit.is_finite() { px_a_unit / MARGIN } else { area_px.min_element() };
    let half = 0.5 * area_px / px_a_unit;
    [middle - half, middle + half]
}

/// How much larger than the positions' extent the view is.
const MARGIN: f64 = 1.25;

/// The estimate, or where the line to it leaves the view.
fn clipped(truth: DVec2, estimate: DVec2, [low, high]: [DVec2; 2]) -> DVec2 {
    if !estimate.is_finite() {
        return truth;
    }
    let step = estimate - truth;
    let ends = DVec2::select(step.cmplt(DVec2::ZERO), low, high);
    let share = ((ends - truth) / step).to_array().into_iter().filter(|share| share.is_finite()).fold(1.0, f64::min);
    if share < 1.0 { truth + share * step } else { estimate }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_axes_have_one_scale_and_far_estimates_end_at_the_border() {
        let places = [(DVec2::ZERO, None), (DVec2::new(4.0, 1.0), Some(DVec2::new(40.0, 1.0)))];
        let [low, high] = view(&places, DVec2::new(800.0, 400.0));
        let size = high - low;
        assert!((size.x / size.y - 2.0).abs() < 1e-12 && size.x > 4.0 && size.y > 1.0);
        let end = clipped(places[1].0, DVec2::new(40.0, 1.0), [low, high]);
        assert!(end.abs_diff_eq(DVec2::new(high.x, 1.0), 1e-12), "{end}");
        assert_eq!(clipped(DVec2::ZERO, DVec2::new(0.1, -0.05), [low, high]), DVec2::new(0.1, -0.05));
        assert_eq!(largest_axes(&[DVec3::ZERO, DVec3::new(3.0, 0.1, 1.0)]), [0, 2]);
    }
}
