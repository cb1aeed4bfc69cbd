//! `train --plot`: the loss of each step, and the figures of each validation; `localise train --plot`: the losses of both stages.

use super::canvas::{Area, BLUE, FONT, GREEN, VERMILLION, save};
use anyhow::Context;
use image::{Rgb, RgbImage};
use plotters::chart::{ChartBuilder, SeriesLabelPosition};
use plotters::prelude::{BLACK, Circle, Color, LineSeries, PathElement, RGBColor, WHITE};
use serde_json::Value;
use std::path::Path;

const SIZE: (u32, u32) = (1100, 480);
/// Steps that are averaged in the loss.
const SMOOTH: usize = 20;

type Points = Vec<(f64, f64)>;

/// Draws the two panels into a PNG file, from the log of a training.
pub(crate) fn draw(path: &Path, log: &Path) -> anyhow::Result<()> {
    let lines = read_log(log)?;
    let points = |of: &dyn Fn(&Value) -> Option<f64>| points(&lines, of);
    let training = smooth(&points(&|line| line["loss"].as_f64()));
    let of_val = |name: &'static str| points(&move |line| line["val"][name].as_f64());
    let auc = points(&|line| line["val"]["auc"][1].as_f64());
    save(RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([255; 3])), path, |area| {
        let panels = area.split_evenly((1, 2));
        let [losses, figures] = panels.as_slice() else { return Ok(()) };
        curves(
            losses,
            "Loss",
            &[("training", BLUE, training), ("initialisation's loss on val", VERMILLION, of_val("loss"))],
        )?;
        let figures_of_val = [
            ("AUROC", BLUE, of_val("auroc")),
            ("average precision", GREEN, of_val("average_precision")),
            ("AUC@10", VERMILLION, auc),
        ];
        curves(figures, "Validation", &figures_of_val)
    })
}

/// Draws the two stages of a map's training into a PNG file, from its log.
pub(crate) fn draw_stages(path: &Path, log: &Path) -> anyhow::Result<()> {
    let lines = read_log(log)?;
    let of_stage = |stage: &'static str, key: &'static str| {
        smooth(&points(&lines, &move |line| line[key].as_f64().filter(|_| line["stage"] == stage)))
    };
    let points = of_stage("points", "loss");
    let poses = [
        ("expected error of the pose, degrees", BLUE, of_stage("poses", "loss")),
        ("error of the highest score, degrees", VERMILLION, of_stage("poses", "best_deg")),
        ("entropy of the selection, bits", GREEN, of_stage("poses", "entropy_bits")),
    ];
    save(RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([255; 3])), path, |area| {
        let panels = area.split_evenly((1, 2));
        let [first, last] = panels.as_slice() else { return Ok(()) };
        curves(first, "Points of the scene", &[("clamped error, a share of the distance", BLUE, points)])?;
        curves(last, "Poses, end to end", &poses)
    })
}

fn read_log(log: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(log).with_context(|| log.display().to_string())?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn points(lines: &[Value], of: &dyn Fn(&Value) -> Option<f64>) -> Points {
    lines.iter().filter_map(|line| Some((line["step"].as_f64()?, of(line)?))).collect()
}

/// Means of [`SMOOTH`] points each.
fn smooth(points: &Points) -> Points {
    let mean =
        |window: &[(f64, f64)]| (window[0].0, window.iter().map(|point| point.1).sum::<f64>() / window.len() as f64);
    points.chunks(SMOOTH).map(mean).collect()
}

fn curves(area: &Area<'_>, title: &str, curves: &[(&str, RGBColor, Points)]) -> anyhow::Result<()> {
    let all = || curves.iter().flat_map(|(_, _, points)| points);
    let last = all().map(|point| point.0).fold(1.0, f64::max);
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p.1), high.max(p.1)));
    let (low, high) = match () {
        () if low < high => (low, high),
        () if low == high => (low - 0.5, high + 0.5),
        () => (0.0, 1.0),
    };
    let margin = 0.05 * (high - low);
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..last, low - margin..high + margin)?;
    chart
        .configure_mesh()
        .x_desc("step")
        .label_style((FONT, 14))
        .axis_desc_style((FONT, 15))
        .light_line_style(WHITE)
        .draw()?;
    for (name, colour, points) in curves {
        let colour = *colour;
        // a line of one point has no length
        let lone = (points.len() == 1).then(|| Circle::new(points[0], 4, colour.filled()));
        chart.draw_series(lone)?;
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::MiddleRight)
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_of_one_point_is_drawn_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let [log, picture] = ["log.jsonl", "curves.png"].map(|name| folder.path().join(name));
        let pixels = |lines: &str, [r, g, b]: [u8; 3]| {
            std::fs::write(&log, lines).unwrap();
            draw(&picture, &log).unwrap();
            image::open(&picture).unwrap().to_rgb8().pixels().filter(|pixel| pixel.0 == [r, g, b]).count()
        };
        let colour = [VERMILLION.0, VERMILLION.1, VERMILLION.2];
        let none = pixels("{\"step\":1,\"loss\":2.5}\n", colour);
        let lone = "{\"step\":1,\"loss\":2.5}\n{\"step\":1,\"val\":{\"loss\":2.5,\"auroc\":0.7,\"average_precision\":0.6,\"auc\":[0.1,0.2,0.3]}}\n";
        assert!(pixels(lone, colour) > none + 60);
    }
}
