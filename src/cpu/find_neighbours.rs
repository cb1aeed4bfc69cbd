//! The graph of the ranking network: the nearest other matches of each match in (x1, y1, x2, y2).

use multiversion::multiversion;

/// Distances computed at a time.
const BLOCK: usize = 32;
/// Most neighbours.
pub const MAX_NEIGHBOURS: usize = 32;

/// The `k` nearest other matches of each match, nearest first, equally near ones by place: n × k places. A match with fewer
/// others has itself in the remaining ones. At most [`MAX_NEIGHBOURS`].
pub fn find_neighbours(matches: &[[f32; 4]], k: usize) -> Vec<u32> {
    let k = k.min(MAX_NEIGHBOURS);
    let mut neighbours = vec![0; matches.len() * k];
    let columns = [0, 1, 2, 3].map(|c| padded(matches.iter().map(|m| m[c])));
    if k > 0 {
        search(matches, &columns, k, &mut neighbours);
    }
    neighbours
}

/// NaN beyond the end: nearer than nothing.
fn padded(values: impl ExactSizeIterator<Item = f32>) -> Vec<f32> {
    let mut column: Vec<f32> = values.collect();
    column.resize(column.len().next_multiple_of(BLOCK), f32::NAN);
    column
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn search(matches: &[[f32; 4]], columns: &[Vec<f32>; 4], k: usize, neighbours: &mut [u32]) {
    for (i, (a, neighbours)) in matches.iter().zip(neighbours.chunks_exact_mut(k)).enumerate() {
        let mut nearest = Nearest::new(k, i as u32);
        for block in 0..columns[0].len() / BLOCK {
            let distances_sq = block_distances_sq(a, columns.each_ref().map(|c| &c.as_chunks::<BLOCK>().0[block]));
            let limit = nearest.limit();
            // without a branch in the loop, so that it vectorises
            if distances_sq.iter().fold(false, |any, &d| any | (d < limit)) {
                nearest.take(&distances_sq, (block * BLOCK) as u32, i as u32);
            }
        }
        neighbours.copy_from_slice(&nearest.places[..k]);
    }
}

#[inline(always)]
fn block_distances_sq(a: &[f32; 4], [x1, y1, x2, y2]: [&[f32; BLOCK]; 4]) -> [f32; BLOCK] {
    let mut distances_sq = [0.0; BLOCK];
    for lane in 0..BLOCK {
        let d = [x1[lane] - a[0], y1[lane] - a[1], x2[lane] - a[2], y2[lane] - a[3]];
        distances_sq[lane] = (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
    }
    distances_sq
}

/// The nearest so far, nearest first.
pub(super) struct Nearest {
    distances_sq: [f32; MAX_NEIGHBOURS],
    pub(super) places: [u32; MAX_NEIGHBOURS],
    k: usize,
}

impl Nearest {
    #[inline(always)]
    pub(super) const fn new(k: usize, own: u32) -> Self {
        Self { distances_sq: [f32::INFINITY; MAX_NEIGHBOURS], places: [own; MAX_NEIGHBOURS], k }
    }

    /// What is not below it is not among the nearest.
    #[inline(always)]
    pub(super) const fn limit(&self) -> f32 {
        self.distances_sq[self.k - 1]
    }

    #[inline(always)]
    fn take(&mut self, distances_sq: &[f32], first: u32, except: u32) {
        for (place, &distance_sq) in (first..).zip(distances_sq) {
            if place != except {
                self.insert(distance_sq, place);
            }
        }
    }

    /// Places must come in ascending order.
    #[inline(always)]
    pub(super) fn insert(&mut self, distance_sq: f32, place: u32) {
        // not so for NaN
        let nearer = distance_sq < self.limit();
        if !nearer {
            return;
        }
        let mut at = self.k - 1;
        while at > 0 && distance_sq < self.distances_sq[at - 1] {
            self.distances_sq[at] = self.distances_sq[at - 1];
            self.places[at] = self.places[at - 1];
            at -= 1;
        }
        self.distances_sq[at] = distance_sq;
        self.places[at] = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_nearest_and_equally_near_ones_go_by_place() {
        // a grid, so that many are equally near
        let matches: Vec<[f32; 4]> =
            (0..150).map(|i| [(i % 7) as f32, (i % 5) as f32, (i % 3) as f32, (i % 2) as f32]).collect();
        for k in [1, 8, 32] {
            let found = find_neighbours(&matches, k);
            for (i, a) in matches.iter().enumerate() {
                let mut order: Vec<u32> = (0..matches.len() as u32).filter(|&j| j as usize != i).collect();
                let distance = |j: u32| (0..4).map(|c| (matches[j as usize][c] - a[c]).powi(2)).sum::<f32>() as u32;
                order.sort_by_key(|&j| (distance(j), j));
                assert_eq!(found[i * k..][..k], order[..k], "{i}");
            }
        }
    }

    #[test]
    fn too_few_matches_are_their_own_neighbours() {
        let matches = [[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]];
        assert_eq!(find_neighbours(&matches, 4), [1, 2, 0, 0, 0, 2, 1, 1, 1, 0, 2, 2]);
        assert_eq!(find_neighbours(&matches[..1], 2), [0, 0]);
        assert!(find_neighbours(&[], 2).is_empty());
    }
}
