//! The points that a network says, as what a map recalls at cells: a network does not say how sure it is of a point.

use super::recall_points::Recalled;

/// Of cells × 3.
pub fn place_points(points: &[f32]) -> Vec<Recalled> {
    points.as_chunks().0.iter().map(|&point| Recalled { point, spread: 0.0 }).collect()
}
