//! Where most points of a set are, whatever the others are: one point that an undistortion or a triangulation blew up must not
//! rule what is derived of all.

use crate::constants::{BULK_REACH, BULK_SAMPLE};
use glam::DVec3;

/// The middle of a point set, and how far its points are from there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bulk {
    /// The median along each axis.
    pub(crate) centre: DVec3,
    /// The median distance from it, along the axis in which a point is farthest.
    pub(crate) spread: f64,
}

/// A box of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) low: DVec3,
    pub(crate) high: DVec3,
}

impl Bulk {
    /// Of so many points; estimated from [`BULK_SAMPLE`] of them, evenly spread over the set. As in `normalize_matches`.
    pub(crate) fn of(count: usize, point: impl Fn(usize) -> DVec3) -> Self {
        let size = count.min(BULK_SAMPLE);
        let sample: Vec<DVec3> = (0..size).map(|k| point(k * count / size)).collect();
        let centre = DVec3::from_array([0, 1, 2].map(|axis| median(sample.iter().map(|p| p[axis]))));
        let spread = median(sample.iter().map(|&p| distance(p, centre)));
        Self { centre, spread }
    }

    /// Whether a point belongs to it. Where half of the points are one, all do.
    pub(crate) fn holds(&self, point: DVec3) -> bool {
        self.reaches(point, f64::from(BULK_REACH))
    }

    /// Whether a point is at most so many times the spread from the centre; all are where half of them are one.
    pub(crate) fn reaches(&self, point: DVec3, spreads: f64) -> bool {
        self.spread <= 0.0 || distance(point, self.centre) <= spreads * self.spread
    }

    /// The box of those of these points that belong to it; low above high where none does.
    pub(crate) fn bounds(&self, points: impl Iterator<Item = DVec3>) -> Bounds {
        let nothing = Bounds { low: DVec3::INFINITY, high: DVec3::NEG_INFINITY };
        let add = |bounds: Bounds, p| Bounds { low: bounds.low.min(p), high: bounds.high.max(p) };
        points.filter(|&p| self.holds(p)).fold(nothing, add)
    }
}

impl Bounds {
    /// Of the bulk of so many points.
    pub(crate) fn of(count: usize, point: impl Fn(usize) -> DVec3) -> Self {
        Bulk::of(count, &point).bounds((0..count).map(point))
    }

    /// Half of its longest side.
    pub(crate) fn size(&self) -> f64 {
        0.5 * (self.high - self.low).max_element()
    }

    /// Its centre.
    pub(crate) fn centre(&self) -> DVec3 {
        0.5 * (self.low + self.high)
    }
}

/// Along the axis in which it is largest.
fn distance(a: DVec3, b: DVec3) -> f64 {
    (a - b).abs().max_element()
}

/// The upper one of two; 0 of nothing.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(count: usize) -> Vec<DVec3> {
        (0..count).map(|i| (i as f64 * DVec3::new(1.3, 2.1, 0.7)).to_array().map(f64::sin).into()).collect()
    }

    #[test]
    fn a_few_far_points_do_not_move_the_box_and_ordinary_ones_all_are_in_it() {
        for count in [9, 128, 1000] {
            let mut points = points(count);
            let of = |points: &[DVec3]| Bounds::of(points.len(), |i| points[i]);
            let without = of(&points);
            let all = points.iter().fold(DVec3::ZERO, |far, p| far.max(p.abs()));
            assert!((without.high.max(-without.low) - all).length() == 0.0);
            for far in [1e3, 1e9, 1e15, f64::MAX, f64::NAN] {
                points[count / 3] = DVec3::new(far, -far, 0.0);
                let with = of(&points);
                assert!((with.low - without.low).abs().max_element() < 0.3, "{count} {far}");
                assert!((with.high - without.high).abs().max_element() < 0.3, "{count} {far}");
            }
        }
    }

    #[test]
    fn where_most_points_are_one_the_box_holds_all() {
        let of = |points: &[DVec3]| Bounds::of(points.len(), |i| points[i]);
        let mut points = vec![DVec3::ONE; 10];
        assert_eq!(of(&points).size(), 0.0);
        points[4] = DVec3::splat(3.0);
        assert_eq!((of(&points).size(), of(&points).centre()), (1.0, DVec3::splat(2.0)));
        assert!(of(&[]).size() < 0.0);
    }
}
