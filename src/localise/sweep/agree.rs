//! What other photographs say of the distances that were found in one.

use super::view::View;
use glam::{DVec2, DVec3};

/// Distances agree that differ by less than this share.
const SAME: f64 = 0.04;
/// Others that agree at least, where there are as many.
const LEAST: usize = 2;

/// The distances of a photograph that others confirm.
pub(super) fn agreed(views: &[View], swept: &[Vec<Option<f32>>], beside: &[usize], index: usize) -> Vec<Option<f32>> {
    let view = &views[index];
    let needed = LEAST.min(beside.len()).max(1);
    let world_from_camera = view.pose.inverse();
    let confirmed = |(ray, z): (&Option<DVec3>, &Option<f32>)| {
        let z = (*z)?;
        let point = world_from_camera.transform((*ray)? * f64::from(z));
        let agreeing = beside.iter().filter(|&&other| agrees(&views[other], &swept[other], point));
        (agreeing.take(needed).count() == needed).then_some(z)
    };
    view.rays.iter().zip(&swept[index]).map(confirmed).collect()
}

/// Whether one of the four cells around where the point is seen is at its distance.
fn agrees(view: &View, depths: &[Option<f32>], point: DVec3) -> bool {
    let there = view.pose.transform(point);
    if there.z <= 0.0 {
        return false;
    }
    let pixel = view.pixel(there);
    [DVec2::new(-4.0, -4.0), DVec2::new(4.0, -4.0), DVec2::new(-4.0, 4.0), DVec2::new(4.0, 4.0)]
        .iter()
        .filter_map(|&offset| depths[view.grid.cell_of(pixel + offset)?])
        .any(|z| (f64::from(z) / there.z - 1.0).abs() < SAME)
}
