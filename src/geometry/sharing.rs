//! Points that occur in more than one match.

use glam::DVec3;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{collections::hash_map::Entry, hash::Hash};

/// What the matches of two point sets share.
pub(crate) struct Sharing {
    /// Of each match: the first match of the same point, of each side.
    pub(crate) first: [Vec<u32>; 2],
    /// Of each match: how many different points of the other side its point is matched to, the larger number of both sides.
    pub(crate) partners: Vec<u32>,
    /// Of each match: the first match of the same two points. Those of another number are its exact copies.
    pub(crate) original: Vec<u32>,
}

impl Sharing {
    /// Of the points of both sides; `None` where every match has its points to itself.
    pub(crate) fn of(sides: [&[DVec3]; 2]) -> Option<Self> {
        // zero has one sign here
        let key = |p: &DVec3| p.to_array().map(|x| (x + 0.0).to_bits());
        Self::of_keys(sides.map(|points| points.iter().map(key)))
    }

    /// The same of whatever points are told apart by.
    pub(crate) fn of_keys<K: Hash + Eq>(sides: [impl ExactSizeIterator<Item = K>; 2]) -> Option<Self> {
        let first = sides.map(first_of_equals);
        let is_first = |i: usize| first.iter().all(|first| first[i] == i as u32);
        let count = first[0].len().min(first[1].len());
        if (0..count).all(is_first) {
            return None;
        }
        let original = first_of_equals((0..count).map(|i| [first[0][i], first[1][i]]));
        let mut counts = [vec![0; count], vec![0; count]];
        for i in (0..count).filter(|&i| original[i] == i as u32) {
            counts.iter_mut().zip(&first).for_each(|(counts, first)| counts[first[i] as usize] += 1);
        }
        let of_both = |i| counts[0][first[0][i] as usize].max(counts[1][first[1][i] as usize]);
        Some(Self { partners: (0..count).map(of_both).collect(), first, original })
    }
}

/// Of each key, the place where it occurs first.
fn first_of_equals<K: Hash + Eq>(keys: impl ExactSizeIterator<Item = K>) -> Vec<u32> {
    let mut places = FxHashMap::with_capacity_and_hasher(keys.len(), FxBuildHasher);
    let place = |(key, i)| match places.entry(key) {
        Entry::Occupied(place) => *place.get(),
        Entry::Vacant(place) => *place.insert(i),
    };
    keys.zip(0..).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_no_partners() {
        let point = |x: f64| DVec3::new(x, 1.0, -0.0);
        let points1 = [1.0, 2.0, 1.0, 1.0, 4.0, 5.0].map(point);
        let points2 = [7.0, 8.0, 7.0, 9.0, 9.0, 0.0].map(point);
        let sharing = Sharing::of([&points1, &points2]).unwrap();
        assert_eq!(sharing.partners, [2, 1, 2, 2, 2, 1]);
        assert_eq!(sharing.original, [0, 1, 0, 3, 4, 5]);
        assert!(Sharing::of([&points1[3..], &points1[3..]]).is_none());
    }
}
