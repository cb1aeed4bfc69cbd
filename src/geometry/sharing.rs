//! Points that occur in more than one match.

use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{collections::hash_map::Entry, hash::Hash};

/// What the matches of two point sets share.
pub(crate) struct Sharing {
    /// Of each match: the first match of the same point, of each side.
    pub(crate) first: [Vec<u32>; 2],
    /// Of each match: the first match of the same two points. Those of another number are its exact copies.
    pub(crate) original: Vec<u32>,
}

impl Sharing {
    /// Of the keys of the points of both sides, equal for equal points; `None` where every match has its points to itself.
    pub(crate) fn of<K: Hash + Eq>(sides: [impl ExactSizeIterator<Item = K>; 2]) -> Option<Self> {
        let first = sides.map(first_of_equals);
        let is_first = |i: usize| first.iter().all(|first| first[i] == i as u32);
        let count = first[0].len().min(first[1].len());
        if (0..count).all(is_first) {
            return None;
        }
        let original = first_of_equals((0..count).map(|i| [first[0][i], first[1][i]]));
        Some(Self { first, original })
    }

    /// Of the points of `x1 y1 x2 y2`, equal where both numbers are; zero has one sign.
    pub(crate) fn of_two_views(matches: &[[f32; 4]]) -> Option<Self> {
        let side = |side: usize| matches.iter().map(move |m| Self::key([m[side], m[side + 1]]));
        Self::of([side(0), side(2)])
    }

    /// Of the points of `X1 Y1 Z1 0, X2 Y2 Z2 0`, two vectors a match, the same way.
    pub(crate) fn in_space(vectors: &[[f32; 4]]) -> Option<Self> {
        let side = |side: usize| vectors.iter().skip(side).step_by(2).map(|&[x, y, z, _]| Self::key([x, y, z]));
        Self::of([side(0), side(1)])
    }

    fn key<const N: usize>(point: [f32; N]) -> [u32; N] {
        point.map(|x| (x + 0.0).to_bits())
    }

    /// Of each match: how many different points of the other side its point is matched to, the larger number of both sides.
    pub(crate) fn partners(&self) -> Vec<u32> {
        let Self { first, original } = self;
        let count = original.len();
        let mut counts = [vec![0; count], vec![0; count]];
        for i in (0..count).filter(|&i| original[i] == i as u32) {
            counts.iter_mut().zip(first).for_each(|(counts, first)| counts[first[i] as usize] += 1);
        }
        (0..count).map(|i| u32::max(counts[0][first[0][i] as usize], counts[1][first[1][i] as usize])).collect()
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
        let [points1, points2] = [[1, 2, 1, 1, 4, 5], [7, 8, 7, 9, 9, 0]];
        let sharing = Sharing::of([points1.iter(), points2.iter()]).unwrap();
        assert_eq!(sharing.partners(), [2, 1, 2, 2, 2, 1]);
        assert_eq!(sharing.original, [0, 1, 0, 3, 4, 5]);
        assert!(Sharing::of([points1[3..].iter(), points1[3..].iter()]).is_none());
    }
}
