//! How alike two photographs are around a pixel, by normalised correlation.

use super::view::View;
use crate::localise::grey_image::bilinear;
use glam::Vec2;

/// Values along a side of what is compared.
const SIDE: usize = 8;
/// Pixels between them.
const STEP_PX: f32 = 1.5;
/// Values that are compared.
const COUNT: usize = SIDE * SIDE;
/// Standard deviation of a patch that has as much texture as noise.
const NOISE: f32 = 0.006;
const NOISE_SQ: f32 = NOISE * NOISE * COUNT as f32;

/// A patch of mean 0 and of length below 1: 1 of one that is all texture.
pub(super) type Patch = [f32; COUNT];

/// From the middle of a patch to its corner.
const REACH_PX: f32 = 0.5 * (SIDE - 1) as f32 * STEP_PX;

/// Steps of a pixel to the right and down, as the other view has them.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) middle: Vec2,
    pub(super) right: Vec2,
    pub(super) down: Vec2,
}

/// Around a pixel; `None` where there is no texture, or part of it is not in the image.
pub(super) fn patch(view: &View, middle: Vec2) -> Option<Patch> {
    let mut values = [0.0; COUNT];
    let place = Place { middle, right: Vec2::X, down: Vec2::Y };
    if !inside(view, &place) {
        return None;
    }
    for (at, value) in values.iter_mut().enumerate() {
        let (across, down) = offset(at);
        *value = bilinear(&view.values, view.size_px, middle.x + across, middle.y + down);
    }
    let mean = values.iter().sum::<f32>() / COUNT as f32;
    let squares: f32 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let scale = 1.0 / (squares + NOISE_SQ).sqrt();
    values.iter_mut().for_each(|value| *value = (*value - mean) * scale);
    (squares > NOISE_SQ).then_some(values)
}

/// The correlation of a patch with that of another view at a place, −1..=1; `None` where it leaves the image.
#[inline]
pub(super) fn correlation(patch: &Patch, view: &View, place: &Place) -> Option<f32> {
    if !inside(view, place) {
        return None;
    }
    let width = view.size_px[0];
    let (across, down) = (place.right * STEP_PX, place.down * STEP_PX);
    let corner = place.middle - (across + down) * (0.5 * (SIDE - 1) as f32);
    let (mut sum, mut squares, mut product) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (row, patch) in patch.chunks_exact(SIDE).enumerate() {
        let start = corner + down * row as f32;
        for (column, &expected) in patch.iter().enumerate() {
            let at = start + across * column as f32;
            let value = between(&view.values, width, at)?;
            sum += value;
            squares += value * value;
            product += expected * value;
        }
    }
    let variance = (squares - sum * sum / COUNT as f32).max(0.0);
    Some(product / (variance + NOISE_SQ).sqrt())
}

/// As [`bilinear`], of a place that has all four pixels around it.
#[inline(always)]
fn between(values: &[f32], width: usize, at: Vec2) -> Option<f32> {
    let (left, top) = (at.x as usize, at.y as usize);
    let (dx, dy) = (at.x - left as f32, at.y - top as f32);
    let first = top * width + left;
    let (above, below) = (values.get(first..first + 2)?, values.get(first + width..first + width + 2)?);
    let [upper, lower] = [above, below].map(|row| row[0] + dx * (row[1] - row[0]));
    Some(upper + dy * (lower - upper))
}

/// Whether all four corners are in the image, with a pixel to spare.
fn inside(view: &View, place: &Place) -> bool {
    let reach = (place.right.abs() + place.down.abs()) * REACH_PX + 1.0;
    let [width, height] = view.size_px.map(|side| side as f32);
    let far = Vec2::new(width - 1.0, height - 1.0);
    (place.middle - reach).cmpge(Vec2::ZERO).all() && (place.middle + reach).cmplt(far).all()
}

fn offset(at: usize) -> (f32, f32) {
    let along = |place: usize| (place as f32 - 0.5 * (SIDE - 1) as f32) * STEP_PX;
    (along(at % SIDE), along(at / SIDE))
}
