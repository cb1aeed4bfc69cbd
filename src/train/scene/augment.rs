//! Photographs turned and scaled, so that a network sees what it will be shown.

use crate::geometry::CellGrid;
use crate::localise::{GreyImage, bilinear};
use glam::{DVec2, DVec3};
use rand::RngExt;
use rand::rngs::StdRng;

/// A turn around the middle of an image, and a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Warp {
    middle: DVec2,
    /// From the offset in the warped image to that in the one that is given.
    columns: [DVec2; 2],
}

impl Warp {
    /// Turns of up to so many degrees either way, and scales of up to `scale` or 1 / `scale`.
    pub(super) fn random(size_px: [u32; 2], turn_deg: f64, scale: f64, rng: &mut StdRng) -> Self {
        let mut up_to = |most: f64| if most > 0.0 { rng.random_range(-most..most) } else { 0.0 };
        let (sine, cosine) = up_to(turn_deg).to_radians().sin_cos();
        let scale = up_to(scale.ln()).exp();
        let middle = (DVec2::new(size_px[0].into(), size_px[1].into()) - 1.0) / 2.0;
        Self { middle, columns: [DVec2::new(cosine, sine) / scale, DVec2::new(-sine, cosine) / scale] }
    }

    /// Where what is seen at a pixel of the warped image is in the one that is given.
    fn source(&self, pixel: DVec2) -> DVec2 {
        let offset = pixel - self.middle;
        self.middle + self.columns[0] * offset.x + self.columns[1] * offset.y
    }

    /// The warped image, of the same size; what is beyond the border is as at it.
    pub(super) fn image(&self, image: &GreyImage) -> GreyImage {
        let [width, height] = image.size_px;
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| DVec2::new(x.into(), y.into())));
        let values = pixels.map(|pixel| value_at(image, self.source(pixel))).collect();
        GreyImage { size_px: image.size_px, values }
    }

    /// For each cell of the warped image the place on the grid of the given one, in cells.
    pub(super) fn places(&self, grid: &CellGrid) -> Vec<DVec2> {
        let first = grid.centre_px(0);
        let side = f64::from(crate::constants::CELL_PX);
        grid.centres_px().map(|centre| (self.source(centre) - first) / side).collect()
    }
}

fn value_at(image: &GreyImage, place: DVec2) -> f32 {
    let [x, y] = place.as_vec2().to_array();
    bilinear(&image.values, image.size_px.map(|side| side as usize), x, y)
}

/// Corners of a cell's four neighbours this far apart, as a share of their depth, are not on one surface.
const FAR_APART: f64 = 0.1;

/// The point at each place on a grid, between those of the four cells around it; `None` where one has none, or they lie far apart.
pub(super) fn points_between(places: &[DVec2], grid: &CellGrid, points: &[Option<DVec3>]) -> Vec<Option<DVec3>> {
    let last = DVec2::new(grid.columns as f64 - 1.0, grid.rows as f64 - 1.0);
    let between = |place: &DVec2| {
        if place.cmplt(DVec2::ZERO).any() || place.cmpgt(last).any() {
            return None;
        }
        let corner = place.floor();
        let share = *place - corner;
        let at = |right: f64, down: f64| {
            let cell = (corner + DVec2::new(right, down)).min(last);
            points[cell.y as usize * grid.columns + cell.x as usize]
        };
        let [a, b, c, d] = [at(0.0, 0.0)?, at(1.0, 0.0)?, at(0.0, 1.0)?, at(1.0, 1.0)?];
        let apart = a.distance(d).max(b.distance(c));
        (apart < FAR_APART * a.z).then(|| a.lerp(b, share.x).lerp(c.lerp(d, share.x), share.y))
    };
    places.iter().map(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Camera;
    use rand::SeedableRng;

    #[test]
    fn what_a_warped_image_shows_is_where_its_points_say() {
        let size_px = [160, 120];
        let grid = CellGrid::new(size_px);
        let camera = Camera { focal_px: DVec2::splat(130.0), principal_point_px: DVec2::new(79.5, 59.5), skew_px: 0.0 };
        // a wall whose brightness is the place along x
        let wall = |pixel: DVec2| camera.normalize(pixel).extend(1.0) * 2.0;
        let values = (0..160 * 120).map(|i| (wall(DVec2::new((i % 160) as f64, 0.0)).x * 0.3 + 0.5) as f32).collect();
        let image = GreyImage { size_px, values };
        let points: Vec<_> = grid.centres_px().map(|centre| Some(wall(centre))).collect();
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..20 {
            let warp = Warp::random(size_px, 30.0, 1.4, &mut rng);
            let (warped, found) = (warp.image(&image), points_between(&warp.places(&grid), &grid, &points));
            assert!(found.iter().flatten().count() > grid.len() / 3);
            for (cell, point) in found.iter().enumerate() {
                let Some(point) = point else { continue };
                let shown = f64::from(value_at(&warped, grid.centre_px(cell)));
                assert!((shown - (point.x * 0.3 + 0.5)).abs() < 2e-3, "{cell}: {shown} {point}");
            }
        }
        let none = Warp::random(size_px, 0.0, 1.0, &mut rng);
        assert!(none.image(&image).values.iter().zip(&image.values).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn there_is_no_point_between_two_surfaces() {
        let grid = CellGrid::new([16, 16]);
        let points = [Some(DVec3::Z), Some(DVec3::Z), Some(DVec3::Z * 3.0), Some(DVec3::Z)];
        let place = [DVec2::splat(0.5), DVec2::new(-0.1, 0.0), DVec2::new(1.1, 0.0)];
        assert_eq!(points_between(&place, &grid, &points), [None; 3]);
        assert_eq!(points_between(&place[..1], &grid, &[Some(DVec3::Z); 4]), [Some(DVec3::Z)]);
        assert_eq!(points_between(&place[..1], &grid, &[None, Some(DVec3::Z), Some(DVec3::Z), Some(DVec3::Z)]), [None]);
    }
}
