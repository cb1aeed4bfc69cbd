//! The sweep of one photograph.

use super::patch::{Patch, Place, correlation, patch};
use super::range::Range;
use super::smooth::smooth;
use super::view::View;
use glam::{DMat3, DVec2, Vec2, Vec3};

/// What a plane costs of which nothing is known.
const UNKNOWN: f32 = 1.0;
/// The correlation that a distance has at least.
const LEAST: f32 = 0.5;
/// By how much other distances are worse, after smoothing.
const CLEAR: f32 = 0.02;
/// Planes that are no other distance.
const BESIDE: usize = 2;

/// The distance z of each cell, where the others tell.
pub(super) fn depths(view: &View, others: &[&View], range: &Range) -> Vec<Option<f32>> {
    if others.is_empty() {
        return vec![None; view.rays.len()];
    }
    let planes = range.inverse.len();
    let moves: Vec<Move> = others.iter().map(|other| Move::new(view, other)).collect();
    let mut similar = vec![0.0; planes * others.len()];
    let costs: Vec<f32> = (view.rays.iter())
        .flat_map(|ray| {
            let known = ray.and_then(|ray| {
                let pixel = view.pixel(ray);
                Some((pixel, patch(view, pixel.as_vec2())?))
            });
            match known {
                Some((pixel, patch)) => cell_costs(&patch, pixel, &moves, range, &mut similar),
                None => vec![UNKNOWN; planes],
            }
        })
        .collect();
    let smoothed = smooth(&costs, &view.grid, planes);
    let cells = costs.chunks_exact(planes).zip(smoothed.chunks_exact(planes));
    cells.map(|(costs, smoothed)| best(costs, smoothed, &range.inverse)).collect()
}

/// 1 − the mean correlation with those half of the others that are most alike: the rest may not see it.
fn cell_costs(patch: &Patch, pixel: DVec2, moves: &[Move], range: &Range, similar: &mut [f32]) -> Vec<f32> {
    let planes = range.inverse.len();
    similar.fill(f32::NAN);
    for (moved, similar) in moves.iter().zip(similar.chunks_exact_mut(planes)) {
        let sighted = moved.sight(pixel);
        for (similar, &inverse) in similar.iter_mut().zip(&range.inverse) {
            let baseline = moved.baseline * f64::from(inverse);
            if baseline < range.baselines[0] || baseline > range.baselines[1] {
                continue;
            }
            let place = sighted.place(inverse);
            *similar = place.and_then(|place| correlation(patch, moved.other, &place)).unwrap_or(f32::NAN);
        }
    }
    let mut known = Vec::with_capacity(moves.len());
    let cost = |plane: usize| {
        known.clear();
        known.extend(similar[plane..].iter().step_by(planes).copied().filter(|value| !value.is_nan()));
        if known.len() < moves.len().clamp(1, 2) {
            return UNKNOWN;
        }
        known.sort_unstable_by(|a, b| b.total_cmp(a));
        let half = known.len().div_ceil(2).max(2).min(known.len());
        1.0 - known[..half].iter().sum::<f32>() / half as f32
    };
    (0..planes).map(cost).collect()
}

/// The distance that is clearly better than others, between planes by a parabola.
fn best(costs: &[f32], smoothed: &[f32], inverse: &[f32]) -> Option<f32> {
    let least = |planes: &mut dyn Iterator<Item = usize>| {
        planes.map(|plane| (smoothed[plane], plane)).min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let (cost, plane) = least(&mut (0..costs.len()))?;
    let (next, _) = least(&mut (0..costs.len()).filter(|other| other.abs_diff(plane) > BESIDE))?;
    if plane == 0 || plane + 1 == costs.len() || costs[plane] > 1.0 - LEAST || next < cost + CLEAR {
        return None;
    }
    // of the cell's own costs: those beside it lie elsewhere
    let [before, here, after] = [costs[plane - 1], costs[plane], costs[plane + 1]];
    let shift = 0.5 * (before - after) / (before - 2.0 * here + after).max(1e-9);
    let towards = if shift < 0.0 { inverse[plane] - inverse[plane - 1] } else { inverse[plane + 1] - inverse[plane] };
    Some(1.0 / (inverse[plane] + shift.clamp(-0.5, 0.5) * towards))
}

/// From one photograph's pixels to those of another one.
struct Move<'a> {
    other: &'a View,
    baseline: f64,
    /// Of a homogeneous pixel at infinity, and of the camera's centre.
    turn: DMat3,
    shift: Vec3,
}

impl<'a> Move<'a> {
    fn new(view: &View, other: &'a View) -> Self {
        let motion = other.pose * view.pose.inverse();
        let k = other.camera.matrix();
        let turn = k * motion.rotation * view.camera.matrix().inverse();
        let baseline = view.centre.distance(other.centre);
        Self { other, baseline, turn, shift: (k * motion.translation).as_vec3() }
    }

    fn sight(&self, pixel: DVec2) -> Sight {
        let at = |offset: DVec2| (self.turn * (pixel + offset).extend(1.0)).as_vec3();
        Sight { rays: [DVec2::ZERO, DVec2::X, DVec2::Y].map(at), shift: self.shift }
    }
}

/// The rays of a pixel and of those right of it and below, as the other view has them.
struct Sight {
    rays: [Vec3; 3],
    shift: Vec3,
}

impl Sight {
    /// On the plane of an inverse distance; `None` behind the camera.
    fn place(&self, inverse: f32) -> Option<Place> {
        let points = self.rays.map(|ray| ray + self.shift * inverse);
        if points.iter().any(|point| point.z < 0.1) {
            return None;
        }
        let [middle, right, down] = points.map(|point| Vec2::new(point.x, point.y) / point.z);
        Some(Place { middle, right: right - middle, down: down - middle })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_plane_is_clear_inside_and_lies_between_planes() {
        let inverse = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        // a parabola whose lowest point is at 0.33
        let costs: Vec<f32> = inverse.iter().map(|x| (10.0 * (x - 0.33_f32).powi(2) + 0.1).min(0.9)).collect();
        let z = best(&costs, &costs, &inverse).unwrap();
        assert!((1.0 / z - 0.33).abs() < 1e-3, "{z}");
        let twice: Vec<f32> = costs.iter().enumerate().map(|(i, &cost)| if i == 7 { 0.12 } else { cost }).collect();
        assert_eq!(best(&twice, &twice, &inverse), None);
        let at_end: Vec<f32> = (0..8).map(|plane| 0.1 * plane as f32).collect();
        assert_eq!(best(&at_end, &at_end, &inverse), None);
        let unlike: Vec<f32> = costs.iter().map(|cost| cost + 0.5).collect();
        assert_eq!(best(&unlike, &unlike, &inverse), None);
    }
}
