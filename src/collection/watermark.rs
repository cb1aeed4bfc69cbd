//! Whether inliers are those of a watermark, a time stamp or a frame (as in COLMAP: `DetectWatermark`): they lie along the border of
//! both images, and are merely shifted.

use glam::DVec2;

/// Share of the inliers that must lie along the border, and share of them that one shift must explain.
const SHARE: f64 = 0.7;
/// Width of the border, in diagonals of the image.
const BORDER: f64 = 0.1;
/// How far a shift may be from a match, pixels.
const SHIFT_PX: f64 = 4.0;
/// Matches that propose a shift, spread over all of them; as most agree on a watermark's, one of a few does.
const PROPOSALS: usize = 32;

/// For inliers, pixels, of images of these sizes.
pub(super) fn is_watermark(points: &[[DVec2; 2]], sizes_px: [[u64; 2]; 2]) -> bool {
    let shifts: Vec<DVec2> = points
        .iter()
        .filter(|points| (0..2).all(|side| is_along_border(points[side], sizes_px[side])))
        .map(|[point1, point2]| *point2 - *point1)
        .collect();
    let enough = |count: usize| count as f64 >= SHARE * points.len() as f64;
    let explained = |shift: &DVec2| shifts.iter().filter(|other| other.distance(*shift) <= SHIFT_PX).count();
    let stride = shifts.len().div_ceil(PROPOSALS).max(1);
    !points.is_empty() && enough(shifts.len()) && shifts.iter().step_by(stride).any(|shift| enough(explained(shift)))
}

fn is_along_border(point: DVec2, [width, height]: [u64; 2]) -> bool {
    let size = DVec2::new(width as f64, height as f64);
    let border = BORDER * size.length();
    let inside = point.cmpgt(DVec2::splat(border)) & point.cmplt(size - border);
    !inside.all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [[u64; 2]; 2] = [[1000, 500]; 2];

    fn shifted(points: impl Iterator<Item = DVec2>) -> Vec<[DVec2; 2]> {
        points.map(|point| [point, point + DVec2::new(3.0, -2.0)]).collect()
    }

    #[test]
    fn a_shifted_border_is_one() {
        let border = shifted((0..40).map(|i| DVec2::new(25.0 * f64::from(i), 470.0)));
        assert!(is_watermark(&border, SIZES));
    }

    #[test]
    fn a_shifted_middle_and_a_border_in_perspective_are_none() {
        let middle = shifted((0..40).map(|i| DVec2::new(300.0 + 5.0 * f64::from(i), 250.0)));
        assert!(!is_watermark(&middle, SIZES));
        let border = (0..40).map(|i| DVec2::new(25.0 * f64::from(i), 470.0));
        let stretched: Vec<_> = border.map(|point| [point, 0.8 * point + DVec2::new(90.0, 90.0)]).collect();
        assert!(!is_watermark(&stretched, SIZES));
        assert!(!is_watermark(&[], SIZES));
    }
}
