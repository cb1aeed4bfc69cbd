//! The graph of the ranking network: the nearest other matches of each match in (x1, y1, x2, y2).
//!
//! The matches are put into compact leaves, these into a tree of boxes; most boxes are farther than the neighbours found so
//! far. The result is exact.

use crate::constants::MAX_NEIGHBOURS;
use multiversion::multiversion;

/// Matches of a leaf: distances computed at a time.
const LEAF: usize = 16;
/// Boxes of a node.
const CHILDREN: usize = 16;

/// The `k` nearest other matches of each match, nearest first, equally near ones by place: n × k places. A match with fewer
/// others has itself in the remaining ones. At most [`MAX_NEIGHBOURS`].
pub fn find_neighbours(matches: &[[f32; 4]], k: usize) -> Vec<u32> {
    let tree = Tree::new(matches);
    // in the order of the tree: what a match needs, the one before it has just read
    let in_order = tree.find(matches, &tree.order, k);
    let k = k.min(MAX_NEIGHBOURS);
    let mut neighbours = vec![0; matches.len() * k];
    if k > 0 {
        for (&own, nearest) in tree.order.iter().zip(in_order.chunks(k)) {
            neighbours[own as usize * k..][..k].copy_from_slice(nearest);
        }
    }
    neighbours
}

/// The matches in compact leaves under a tree of boxes: what neighbours of some of the matches are found in.
#[derive(Debug)]
pub struct Tree {
    /// The match at each place of the leaves.
    order: Vec<u32>,
    /// Coordinates by columns, NaN beyond the end.
    leaves: Vec<[[f32; LEAF]; 4]>,
    /// The leaf of each match.
    leaf_of: Vec<u32>,
    /// The boxes of the leaves, then of every [`CHILDREN`] of these, up to a single node.
    levels: Vec<Vec<Node>>,
}

/// Lowest and highest of each coordinate.
type Bounds = [[f32; 2]; 4];

/// The boxes of up to [`CHILDREN`] leaves or nodes.
#[derive(Clone, Copy, Debug)]
struct Node {
    low: [[f32; CHILDREN]; 4],
    high: [[f32; CHILDREN]; 4],
    /// Bits of the children there are.
    present: u32,
}

impl Tree {
    /// Of these matches.
    pub fn new(matches: &[[f32; 4]]) -> Self {
        let mut numbered: Vec<Numbered> = matches.iter().copied().zip(0..).collect();
        halve(&mut numbered);
        let mut leaves = vec![[[f32::NAN; LEAF]; 4]; matches.len().div_ceil(LEAF)];
        let mut leaf_of = vec![0; matches.len()];
        for (place, (coordinates, i)) in numbered.iter().enumerate() {
            let (leaf, lane) = (place / LEAF, place % LEAF);
            leaf_of[*i as usize] = leaf as u32;
            (0..4).for_each(|c| leaves[leaf][c][lane] = coordinates[c]);
        }
        let order = numbered.iter().map(|&(_, i)| i).collect();
        let mut boxes: Vec<Bounds> = leaves.iter().map(|leaf| leaf.each_ref().map(|column| extremes(column))).collect();
        let mut levels = Vec::new();
        loop {
            let nodes: Vec<Node> = boxes.chunks(CHILDREN).map(Node::new).collect();
            boxes = nodes.iter().map(Node::bounds).collect();
            levels.push(nodes);
            if boxes.len() <= 1 {
                return Self { order, leaves, leaf_of, levels };
            }
        }
    }

    /// As [`find_neighbours`], of some of the same matches alone: k of each.
    pub fn find(&self, matches: &[[f32; 4]], of: &[u32], k: usize) -> Vec<u32> {
        let k = k.min(MAX_NEIGHBOURS);
        let mut neighbours = vec![0; of.len() * k];
        if k > 0 && !self.leaves.is_empty() {
            search(matches, self, of, k, &mut neighbours);
        }
        neighbours
    }

    /// Takes what is near of one leaf.
    #[inline(always)]
    fn take_leaf<const SLOTS: usize>(&self, leaf: usize, a: &[f32; 4], own: u32, nearest: &mut Nearest<SLOTS>) {
        let distances_sq = leaf_distances_sq(a, &self.leaves[leaf]);
        let order = &self.order[leaf * LEAF..];
        let mut near = not_above(&distances_sq, nearest.limit());
        while near != 0 {
            let lane = near.trailing_zeros() as usize;
            near &= near - 1;
            if order[lane] != own {
                nearest.insert(distances_sq[lane], order[lane]);
            }
        }
    }
}

impl Node {
    fn new(boxes: &[Bounds]) -> Self {
        let column =
            |c: usize, end: usize| std::array::from_fn(|child| boxes.get(child).map_or(0.0, |bounds| bounds[c][end]));
        let side = |end: usize| [0, 1, 2, 3].map(|c| column(c, end));
        Self { low: side(0), high: side(1), present: (1 << boxes.len()) - 1 }
    }

    fn bounds(&self) -> Bounds {
        let children = self.present.count_ones() as usize;
        [0, 1, 2, 3].map(|c| [extremes(&self.low[c][..children])[0], extremes(&self.high[c][..children])[1]])
    }

    /// The squared distance of a match to the box of each child. Added as [`leaf_distances_sq`] does, so that rounding takes
    /// none above the distance of what is in the box.
    #[inline(always)]
    fn gaps_sq(&self, a: &[f32; 4]) -> [f32; CHILDREN] {
        let mut gaps_sq = [0.0; CHILDREN];
        for child in 0..CHILDREN {
            let gap = |c: usize| (self.low[c][child] - a[c]).max(a[c] - self.high[c][child]).max(0.0);
            let d = [gap(0), gap(1), gap(2), gap(3)];
            gaps_sq[child] = (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
        }
        gaps_sq
    }
}

/// Lowest and highest of what is not NaN.
fn extremes(values: &[f32]) -> [f32; 2] {
    let mut extremes = [f32::INFINITY, f32::NEG_INFINITY];
    for &value in values {
        extremes = [extremes[0].min(value), extremes[1].max(value)];
    }
    extremes
}

/// A match with its index.
type Numbered = ([f32; 4], u32);

/// Orders the matches so that every leaf, and every node of leaves, is compact: halves along the widest axis, again and again.
fn halve(matches: &mut [Numbered]) {
    if matches.len() <= LEAF {
        return;
    }
    let (mut low, mut high) = ([f32::INFINITY; 4], [f32::NEG_INFINITY; 4]);
    for (coordinates, _) in matches.iter() {
        for c in 0..4 {
            low[c] = low[c].min(coordinates[c]);
            high[c] = high[c].max(coordinates[c]);
        }
    }
    let extent = |axis: usize| high[axis] - low[axis];
    let axis = (0..4).max_by(|&a, &b| extent(a).total_cmp(&extent(b))).unwrap_or(0);
    // full subtrees on one side
    let mut full = LEAF;
    while full * CHILDREN < matches.len() {
        full *= CHILDREN;
    }
    let middle = (matches.len() / 2).next_multiple_of(full).min(matches.len() - 1);
    matches.select_nth_unstable_by(middle, |(a, _), (b, _)| a[axis].total_cmp(&b[axis]));
    let (low, high) = matches.split_at_mut(middle);
    halve(low);
    halve(high);
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn search(matches: &[[f32; 4]], tree: &Tree, of: &[u32], k: usize, neighbours: &mut [u32]) {
    if k <= 8 {
        search_tree::<8>(matches, tree, of, k, neighbours);
    } else {
        search_tree::<MAX_NEIGHBOURS>(matches, tree, of, k, neighbours);
    }
}

#[inline(always)]
fn search_tree<const SLOTS: usize>(matches: &[[f32; 4]], tree: &Tree, of: &[u32], k: usize, neighbours: &mut [u32]) {
    // gap, level and place of what is still to be visited: level 0 has the leaves
    let mut pending: Vec<(f32, usize, usize)> = Vec::new();
    for (&own, neighbours) in of.iter().zip(neighbours.chunks_mut(k)) {
        let a = &matches[own as usize];
        let mut nearest = Nearest::<SLOTS>::new(k, own);
        // what is near of the own leaf makes most of the others superfluous
        let home = tree.leaf_of[own as usize] as usize;
        tree.take_leaf(home, a, own, &mut nearest);
        pending.push((0.0, tree.levels.len(), 0));
        while let Some((gap_sq, level, place)) = pending.pop() {
            if gap_sq > nearest.limit() {
                continue;
            }
            if level == 0 {
                tree.take_leaf(place, a, own, &mut nearest);
                continue;
            }
            let node = &tree.levels[level - 1][place];
            let gaps_sq = node.gaps_sq(a);
            let mut near = not_above(&gaps_sq, nearest.limit()) & node.present;
            while near != 0 {
                let child = near.trailing_zeros() as usize;
                near &= near - 1;
                let below = place * CHILDREN + child;
                if level > 1 || below != home {
                    pending.push((gaps_sq[child], level - 1, below));
                }
            }
        }
        for (neighbour, &key) in neighbours.iter_mut().zip(nearest.keys()) {
            *neighbour = key as u32;
        }
    }
}

/// Bits of the values that are not above a limit; NaN is.
#[inline(always)]
fn not_above<const N: usize>(values: &[f32; N], limit: f32) -> u32 {
    let mut bits = 0;
    // without a branch, so that it vectorises
    for lane in 0..N {
        bits |= u32::from(values[lane] <= limit) << lane;
    }
    bits
}

#[inline(always)]
fn leaf_distances_sq(a: &[f32; 4], [x1, y1, x2, y2]: &[[f32; LEAF]; 4]) -> [f32; LEAF] {
    let mut distances_sq = [0.0; LEAF];
    for lane in 0..LEAF {
        let d = [x1[lane] - a[0], y1[lane] - a[1], x2[lane] - a[2], y2[lane] - a[3]];
        distances_sq[lane] = (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
    }
    distances_sq
}

/// The k nearest so far, k at most `SLOTS`.
pub(crate) struct Nearest<const SLOTS: usize> {
    /// `SLOTS` − k times 0, then value and place of each as one number: ascending, the farthest in the last slot.
    keys: [u64; SLOTS],
    k: usize,
}

impl<const SLOTS: usize> Nearest<SLOTS> {
    #[inline(always)]
    pub(crate) fn new(k: usize, own: u32) -> Self {
        let mut keys = [key(f32::INFINITY, own); SLOTS];
        keys[..SLOTS - k].fill(0);
        Self { keys, k }
    }

    /// What is not below it is not among the nearest.
    #[inline(always)]
    pub(crate) const fn limit(&self) -> f32 {
        value(self.keys[SLOTS - 1])
    }

    /// Takes a place that is not among them yet, where it is nearer: all behind it move by one.
    #[inline(always)]
    pub(crate) fn insert(&mut self, value: f32, place: u32) {
        let new = key(value, place);
        if new >= self.keys[SLOTS - 1] {
            return;
        }
        let mut before = [0; SLOTS];
        before[1..].copy_from_slice(&self.keys[..SLOTS - 1]);
        for slot in 0..SLOTS {
            self.keys[slot] = self.keys[slot].min(before[slot].max(new));
        }
    }

    #[inline(always)]
    fn keys(&self) -> &[u64] {
        &self.keys[SLOTS - self.k..]
    }

    /// The places of all k, nearest first, equally near ones by place.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> {
        self.keys().iter().map(|&key| key as u32)
    }
}

/// Orders as the value does, and equal values by place.
#[inline(always)]
const fn key(value: f32, place: u32) -> u64 {
    let bits = value.to_bits();
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    (ordered as u64) << 32 | place as u64
}

/// The value of a key.
#[inline(always)]
const fn value(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
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
