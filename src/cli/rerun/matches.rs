//! The images side by side, with lines between the points of a match.

use super::recording::Recording;
use super::view::{LoggedView, MARKS, colour_of, with_mark};
use crate::cli::plot::views::Mark;
use re_chunk::ChunkResult;
use re_sdk_types::archetypes::{LineStrips2D, Transform3D};
use re_sdk_types::components::Radius;

/// Between the images, as a share of the width of the first.
const GAP: f64 = 0.02;
/// Lines are over the images, which the viewer draws at −10, and below the points, at 30.
const LINES_ORDER: f32 = 10.0;
/// Thin, as the viewer draws no line through which the image could be seen.
const RADIUS_UI_POINTS: f32 = 0.5;

pub(super) fn log(recording: &mut Recording, views: &[LoggedView<'_>], marks: &[Mark]) -> ChunkResult<()> {
    for (index, view) in views.iter().enumerate() {
        let entity = format!("matches/image{}", index + 1);
        recording.log(&entity, &Transform3D::from_translation([left_px(views, index), 0.0, 0.0]))?;
        view.log(recording, &entity, marks)?;
    }
    if views.len() > 1 { log_lines(recording, views, marks) } else { Ok(()) }
}

/// Where an image begins.
fn left_px(views: &[LoggedView<'_>], index: usize) -> f32 {
    views[..index].iter().map(|view| (view.size_px().x * (1.0 + GAP)).round() as f32).sum()
}

/// Inliers over outliers; matches that were not used have none.
fn log_lines(recording: &mut Recording, views: &[LoggedView<'_>], marks: &[Mark]) -> ChunkResult<()> {
    let point = |match_index: usize, index: usize| {
        let [x, y] = views[index].pixel(match_index);
        [x + left_px(views, index), y]
    };
    for (order, (mark, name)) in MARKS.into_iter().enumerate() {
        let lines: Vec<_> = with_mark(marks, mark).map(|index| [0, 1].map(|view| point(index, view))).collect();
        if !lines.is_empty() && mark != Mark::Unused {
            let lines = LineStrips2D::new(lines).with_colors([colour_of(mark)]);
            let lines = lines.with_radii([Radius::new_ui_points(RADIUS_UI_POINTS)]);
            recording.log(&format!("matches/{name}"), &lines.with_draw_order(LINES_ORDER + order as f32))?;
        }
    }
    Ok(())
}
