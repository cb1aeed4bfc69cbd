//! `features.h5`: the key points of each image, in a group by its name.

use super::archive::{Archive, Array, Message};
use crate::data::TOP_LEFT_PX;
use glam::DVec2;

/// What there is of an image.
pub(super) struct Features {
    /// As COLMAP has pixels.
    pub(super) points_px: Vec<DVec2>,
    /// Scale, as COLMAP's key points have it, and degrees from x to y, a key point each.
    pub(super) shapes: Option<(Vec<f32>, Vec<f32>)>,
    /// Width and height.
    pub(super) size_px: Option<[u64; 2]>,
}

impl Features {
    pub(super) fn read(archive: &Archive, name: &str) -> Message<Self> {
        let place = format!("{name}/keypoints");
        let array = archive.array(&place)?.ok_or_else(|| format!("expected {place}, but there is none"))?;
        if !matches!(array.shape[..], [_, 2]) {
            return Err(format!("{place}: expected n rows of x and y, but its shape is {:?}", array.shape));
        }
        if let Some(at) = array.values.iter().position(|value| !value.is_finite()) {
            let value = array.values[at];
            return Err(format!("{place}: key point {} must be finite, but is {value}", at / 2));
        }
        let half = DVec2::splat(TOP_LEFT_PX);
        let points_px: Vec<_> = array.values.chunks_exact(2).map(|point| DVec2::from_slice(point) + half).collect();
        let column = |which| column(archive, &format!("{name}/{which}"), points_px.len());
        let shapes = column("scales")?.zip(column("oris")?);
        let size_px = archive.array(&format!("{name}/image_size"))?.and_then(size);
        Ok(Self { points_px, shapes, size_px })
    }

    /// How many numbers a key point has in COLMAP's database, and the numbers.
    pub(super) fn rows(&self) -> (usize, Vec<f32>) {
        let points = self.points_px.iter().map(|point| point.as_vec2().to_array());
        match &self.shapes {
            None => (2, points.flatten().collect()),
            Some((scales, angles_deg)) => {
                let shapes = scales.iter().zip(angles_deg).map(|(&scale, angle_deg)| [scale, angle_deg.to_radians()]);
                (4, points.zip(shapes).flat_map(|([x, y], [scale, angle])| [x, y, scale, angle]).collect())
            }
        }
    }
}

/// A number a key point, where there are any.
fn column(archive: &Archive, place: &str, count: usize) -> Message<Option<Vec<f32>>> {
    let Some(array) = archive.array(place)? else { return Ok(None) };
    if array.values.len() != count {
        let found = array.values.len();
        return Err(format!("{place}: expected {count} entries, one a key point, but there are {found}"));
    }
    Ok(Some(array.values.iter().map(|&value| value as f32).collect()))
}

fn size(array: Array) -> Option<[u64; 2]> {
    match array.values[..] {
        [width, height] if width >= 1.0 && height >= 1.0 => Some([width as u64, height as u64]),
        _ => None,
    }
}
