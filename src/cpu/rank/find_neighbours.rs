//! The graph of the ranking network: the nearest other matches of each match in (x1, y1, x2, y2).
//!
//! The matches are put into compact blocks; the boxes of most blocks are farther than the neighbours found so far.

use crate::constants::MAX_NEIGHBOURS;
use multiversion::multiversion;

/// Distances computed at a time.
const BLOCK: usize = 32;

/// The `k` nearest other matches of each match, nearest first, equally near ones by place: n × k places. A match with fewer
/// others has itself in the remaining ones. At most [`MAX_NEIGHBOURS`].
pub fn find_neighbours(matches: &[[f32; 4]], k: usize) -> Vec<u32> {
    let blocks = Blocks::new(matches);
    let in_blocks = blocks.find(matches, &blocks.order, k);
    let k = k.min(MAX_NEIGHBOURS);
    let mut neighbours = vec![0; matches.len() * k];
    if k > 0 {
        for (&own, nearest) in blocks.order.iter().zip(in_blocks.chunks(k)) {
            neighbours[own as usize * k..][..k].copy_from_slice(nearest);
        }
    }
    neighbours
}

/// The matches in compact blocks, each with its bounding box: what neighbours of some of the matches are found in.
#[derive(Debug)]
pub struct Blocks {
    /// The match at each place of the columns.
    order: Vec<u32>,
    /// Coordinates, NaN beyond the end: nearer than nothing.
    columns: [Vec<f32>; 4],
    /// The box of each block.
    lows: [Vec<f32>; 4],
    highs: [Vec<f32>; 4],
}

impl Blocks {
    /// Of these matches.
    pub fn new(matches: &[[f32; 4]]) -> Self {
        let mut order: Vec<u32> = (0..matches.len() as u32).collect();
        halve(matches, &mut order);
        let columns = [0, 1, 2, 3].map(|c| {
            let mut column: Vec<f32> = order.iter().map(|&i| matches[i as usize][c]).collect();
            column.resize(column.len().next_multiple_of(BLOCK), f32::NAN);
            column
        });
        let extremes = |start: f32, pick: fn(f32, f32) -> f32| {
            columns.each_ref().map(|c| c.chunks(BLOCK).map(|block| block.iter().copied().fold(start, pick)).collect())
        };
        let (lows, highs) = (extremes(f32::INFINITY, f32::min), extremes(f32::NEG_INFINITY, f32::max));
        Self { order, columns, lows, highs }
    }

    /// As [`find_neighbours`], of some of the same matches alone: k of each.
    pub fn find(&self, matches: &[[f32; 4]], of: &[u32], k: usize) -> Vec<u32> {
        let k = k.min(MAX_NEIGHBOURS);
        let mut neighbours = vec![0; of.len() * k];
        if k > 0 {
            search(matches, self, of, k, &mut neighbours);
        }
        neighbours
    }

    /// The squared distance of a match to the box of each block.
    #[inline(always)]
    fn gaps_sq(&self, a: &[f32; 4], gaps_sq: &mut [f32]) {
        gaps_sq.fill(0.0);
        for c in 0..4 {
            for ((sum, low), high) in gaps_sq.iter_mut().zip(&self.lows[c]).zip(&self.highs[c]) {
                let gap = (low - a[c]).max(a[c] - high).max(0.0);
                *sum += gap * gap;
            }
        }
    }

    /// Takes what is near of one block.
    #[inline(always)]
    fn visit(&self, block: usize, own: u32, a: &[f32; 4], nearest: &mut Nearest) {
        let distances_sq = block_distances_sq(a, self.columns.each_ref().map(|c| &c.as_chunks::<BLOCK>().0[block]));
        let limit = nearest.limit();
        // without a branch in the loop, so that it vectorises
        if !distances_sq.iter().fold(false, |any, &d| any | (d <= limit)) {
            return;
        }
        for (place, &distance_sq) in (block * BLOCK..).zip(&distances_sq) {
            // not so beyond the end
            if distance_sq <= nearest.limit() && self.order[place] != own {
                nearest.insert(distance_sq, self.order[place]);
            }
        }
    }
}

/// Orders the matches so that every [`BLOCK`] of them is compact: halves along the widest axis, again and again.
fn halve(matches: &[[f32; 4]], order: &mut [u32]) {
    if order.len() <= BLOCK {
        return;
    }
    let value = |i: u32, axis: usize| matches[i as usize][axis];
    let extent = |axis: usize| {
        let values = || order.iter().map(|&i| value(i, axis));
        values().fold(f32::NEG_INFINITY, f32::max) - values().fold(f32::INFINITY, f32::min)
    };
    let extents = [0, 1, 2, 3].map(extent);
    let axis = (0..4).max_by(|&a, &b| extents[a].total_cmp(&extents[b])).unwrap_or(0);
    let middle = (order.len() / 2).next_multiple_of(BLOCK).min(order.len() - 1);
    order.select_nth_unstable_by(middle, |&a, &b| value(a, axis).total_cmp(&value(b, axis)));
    let (low, high) = order.split_at_mut(middle);
    halve(matches, low);
    halve(matches, high);
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn search(matches: &[[f32; 4]], blocks: &Blocks, of: &[u32], k: usize, neighbours: &mut [u32]) {
    let mut gaps_sq = vec![0.0; blocks.lows[0].len()];
    for (&own, neighbours) in of.iter().zip(neighbours.chunks_mut(k)) {
        let a = &matches[own as usize];
        let mut nearest = Nearest::new(k, own);
        blocks.gaps_sq(a, &mut gaps_sq);
        let home = closest(&gaps_sq);
        blocks.visit(home, own, a, &mut nearest);
        for (block, &gap_sq) in gaps_sq.iter().enumerate() {
            if block != home && gap_sq <= nearest.limit() {
                blocks.visit(block, own, a, &mut nearest);
            }
        }
        neighbours.copy_from_slice(&nearest.places[..k]);
    }
}

/// The block with the smallest gap, the first of equals.
#[inline(always)]
fn closest(gaps_sq: &[f32]) -> usize {
    let least = gaps_sq.iter().fold(f32::INFINITY, |least, &gap_sq| least.min(gap_sq));
    gaps_sq.iter().position(|&gap_sq| gap_sq == least).unwrap_or(0)
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
pub(crate) struct Nearest {
    distances_sq: [f32; MAX_NEIGHBOURS],
    pub(crate) places: [u32; MAX_NEIGHBOURS],
    k: usize,
}

impl Nearest {
    #[inline(always)]
    pub(crate) const fn new(k: usize, own: u32) -> Self {
        Self { distances_sq: [f32::INFINITY; MAX_NEIGHBOURS], places: [own; MAX_NEIGHBOURS], k }
    }

    /// What is not below it is not among the nearest.
    #[inline(always)]
    pub(crate) const fn limit(&self) -> f32 {
        self.distances_sq[self.k - 1]
    }

    /// Takes a place that is not among them yet, where it is nearer.
    #[inline(always)]
    pub(crate) fn insert(&mut self, distance_sq: f32, place: u32) {
        let nearer = |distances_sq: &[f32], places: &[u32], at: usize| {
            distance_sq < distances_sq[at] || (distance_sq == distances_sq[at] && place < places[at])
        };
        let mut at = self.k - 1;
        if !nearer(&self.distances_sq, &self.places, at) {
            return;
        }
        while at > 0 && nearer(&self.distances_sq, &self.places, at - 1) {
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
            (0..650).map(|i| [(i % 17) as f32, (i % 5) as f32, (i % 3) as f32, (i % 11) as f32]).collect();
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
