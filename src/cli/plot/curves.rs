//! `eval --plot`: recall against errors and the times, for two views as in Figure 4 of ∇-RANSAC.

use super::canvas::{Area, BLUE, FONT, VERMILLION, save};
use crate::ModelKind;
use crate::cli::report::accuracy::Accuracy;
use crate::cli::report::pair_result::PairResult;
use crate::geometry::accuracy::median;
use image::{Rgb, RgbImage};
use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::prelude::{BLACK, Color, LineSeries, PathElement, RGBColor, Rectangle, WHITE};
use std::path::Path;

const SIZE: (u32, u32) = (1500, 480);
/// Bars of the time distribution.
const BARS: usize = 40;

/// Shares of the pairs below each error.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What the errors are, with their unit.
    pub(crate) unit: String,
    /// Right end of the axis.
    pub(crate) limit: f64,
    /// Name, colour and errors of each.
    pub(crate) curves: Vec<(&'static str, RGBColor, Vec<f64>)>,
}

/// Draws the three panels into a PNG file.
pub(crate) fn draw<A: Accuracy>(path: &Path, kind: ModelKind, results: &[PairResult<A>]) -> anyhow::Result<()> {
    let milliseconds: Vec<f64> = results.iter().map(|result| result.milliseconds).collect();
    let [first, last] = A::panels(kind, results);
    save(RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([255; 3])), path, |area| {
        let panels = area.split_evenly((1, 3));
        let [left, middle, right] = panels.as_slice() else { return Ok(()) };
        recall_curves(left, &first)?;
        distribution(middle, &milliseconds)?;
        recall_curves(right, &last)
    })
}

fn recall_curves(area: &Area<'_>, Panel { title, unit, limit, curves }: &Panel) -> anyhow::Result<()> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..*limit, 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_desc(unit)
        .y_desc("share of the pairs below")
        .label_style((FONT, 14))
        .axis_desc_style((FONT, 15))
        .light_line_style(WHITE)
        .draw()?;
    for (name, colour, errors) in curves {
        let colour = *colour;
        chart
            .draw_series(LineSeries::new(recall_steps(errors, *limit), colour.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

/// The staircase of the sorted errors up to the limit.
fn recall_steps(errors: &[f64], limit: f64) -> Vec<(f64, f64)> {
    let mut below: Vec<f64> = errors.iter().copied().filter(|&error| error <= limit).collect();
    below.sort_by(f64::total_cmp);
    let count = errors.len() as f64;
    let stairs = below
        .iter()
        .enumerate()
        .flat_map(|(rank, &error)| [(error, rank as f64 / count), (error, (rank + 1) as f64 / count)]);
    let end = (limit, below.len() as f64 / count.max(1.0));
    std::iter::once((0.0, 0.0)).chain(stairs).chain([end]).collect()
}

/// Histogram of the times up to a little above the 98 % quantile; the last bar holds what is longer.
fn distribution(area: &Area<'_>, milliseconds: &[f64]) -> anyhow::Result<()> {
    let mut sorted = milliseconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let limit = sorted.get(sorted.len() * 98 / 100).copied().unwrap_or(1.0).max(1e-3) * 1.1;
    let mut counts = [0_u32; BARS];
    for time in sorted {
        counts[((time / limit * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    let tallest = counts.iter().copied().max().unwrap_or(1).max(1);
    let middle = median(milliseconds).unwrap_or(0.0);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Time of a pair, median {middle:.2} ms"), (FONT, 18))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..limit, 0.0..f64::from(tallest) * 1.08)?;
    chart
        .configure_mesh()
        .x_desc("time, ms (the last bar: all longer ones)")
        .y_desc("pairs")
        .label_style((FONT, 14))
        .axis_desc_style((FONT, 15))
        .light_line_style(WHITE)
        .draw()?;
    let width = limit / BARS as f64;
    let bar = |(index, &count): (usize, &u32)| {
        let left = index as f64 * width;
        Rectangle::new([(left, 0.0), (left + 0.9 * width, f64::from(count))], BLUE.filled())
    };
    chart.draw_series(counts.iter().enumerate().map(bar))?;
    chart.draw_series([PathElement::new([(middle, 0.0), (middle, f64::from(tallest))], VERMILLION.stroke_width(2))])?;
    Ok(())
}
