//! The graph of the ranking network: the nearest other matches of each match in (x1, y1, x2, y2).
//!
//! The matches are put into compact leaves, these into a tree of boxes. Those of matches side by side in the tree are looked for
//! together: most boxes are farther from all of them than the neighbours found so far. The result is exact.

use crate::constants::MAX_NEIGHBOURS;
use multiversion::multiversion;

/// Matches of a leaf.
const LEAF: usize = 16;
/// Matches whose neighbours are looked for together.
const LANES: usize = 16;
/// Boxes of a node.
const CHILDREN: usize = 16;

/// The `k` nearest other matches of each match, nearest first, equally near ones by index: n × k indices. A match with fewer
/// others has itself in the remaining ones. At most [`MAX_NEIGHBOURS`].
pub fn find_neighbours(matches: &[[f32; 4]], k: usize) -> Vec<u32> {
    let tree = Tree::new(matches);
    let asked: Vec<Asked> = (0..).zip(&tree.order).map(|(place, &index)| Asked { place, row: index }).collect();
    tree.find_asked(&asked, k)
}

/// The matches in compact leaves under a tree of boxes: what neighbours of some of the matches are found in.
#[derive(Debug)]
pub struct Tree {
    /// The match at each place of the leaves.
    order: Vec<u32>,
    /// The place of each match.
    place_of: Vec<u32>,
    /// Coordinates by columns; of the last leaf only those of matches count.
    leaves: Vec<[[f32; LEAF]; 4]>,
    /// The boxes of the leaves, then of every [`CHILDREN`] of these, up to a single node.
    levels: Vec<Vec<Node>>,
}

/// Whose neighbours are asked for, and the row where they are written.
#[derive(Clone, Copy)]
struct Asked {
    place: u32,
    row: u32,
}

/// The lowest coordinates, and the highest.
type Bounds = [[f32; 4]; 2];

/// The boxes of up to [`CHILDREN`] leaves or nodes.
#[derive(Clone, Copy, Debug)]
struct Node {
    low: [[f32; CHILDREN]; 4],
    high: [[f32; CHILDREN]; 4],
    children: usize,
}

impl Tree {
    /// Of these matches.
    pub fn new(matches: &[[f32; 4]]) -> Self {
        let mut numbered: Vec<Numbered> = matches.iter().copied().zip(0..).collect();
        halve(&mut numbered);
        let mut leaves = vec![[[0.0; LEAF]; 4]; matches.len().div_ceil(LEAF)];
        let mut place_of = vec![0; matches.len()];
        for (place, (coordinates, index)) in numbered.iter().enumerate() {
            place_of[*index as usize] = place as u32;
            (0..4).for_each(|c| leaves[place / LEAF][c][place % LEAF] = coordinates[c]);
        }
        let mut boxes: Vec<Bounds> =
            numbered.chunks(LEAF).map(|leaf| bounds(leaf.iter().map(|(coordinates, _)| coordinates))).collect();
        let mut levels = Vec::new();
        while boxes.len() > 1 || levels.is_empty() {
            let nodes: Vec<Node> = boxes.chunks(CHILDREN).map(Node::new).collect();
            boxes = nodes.iter().map(Node::bounds).collect();
            levels.push(nodes);
        }
        Self { order: numbered.iter().map(|&(_, index)| index).collect(), place_of, leaves, levels }
    }

    /// As [`find_neighbours`], of the matches with these indices alone: k of each.
    pub fn find(&self, indices: &[u32], k: usize) -> Vec<u32> {
        let asked = |(row, &index): (u32, &u32)| Asked { place: self.place_of[index as usize], row };
        let mut asked: Vec<Asked> = (0..).zip(indices).map(asked).collect();
        asked.sort_unstable_by_key(|asked| asked.place);
        self.find_asked(&asked, k)
    }

    fn find_asked(&self, asked: &[Asked], k: usize) -> Vec<u32> {
        let k = k.min(MAX_NEIGHBOURS);
        let mut neighbours = vec![0; asked.len() * k];
        if k > 0 {
            search(self, asked, k, &mut neighbours);
        }
        neighbours
    }
}

impl Node {
    fn new(boxes: &[Bounds]) -> Self {
        let mut node = Self { low: [[0.0; CHILDREN]; 4], high: [[0.0; CHILDREN]; 4], children: boxes.len() };
        for (child, bounds) in boxes.iter().enumerate() {
            for c in 0..4 {
                [node.low[c][child], node.high[c][child]] = bounds.map(|corner| corner[c]);
            }
        }
        node
    }

    fn bounds(&self) -> Bounds {
        let corner = |side: &[[f32; CHILDREN]; 4], child: usize| [0, 1, 2, 3].map(|c| side[c][child]);
        let corners = (0..self.children).flat_map(|child| [corner(&self.low, child), corner(&self.high, child)]);
        bounds(corners.collect::<Vec<_>>().iter())
    }

    /// The squared distance of a box to that of each child. Added as [`Nearest::distances_sq`] does, so that rounding takes
    /// none above the distance of what is in the boxes.
    #[inline(always)]
    fn gaps_sq(&self, from: &Bounds) -> [f32; CHILDREN] {
        let mut gaps_sq = [0.0; CHILDREN];
        for child in 0..CHILDREN {
            let gap = |c: usize| (self.low[c][child] - from[1][c]).max(from[0][c] - self.high[c][child]).max(0.0);
            gaps_sq[child] = squared_norm([gap(0), gap(1), gap(2), gap(3)]);
        }
        gaps_sq
    }
}

#[inline(always)]
fn bounds<'a>(points: impl Iterator<Item = &'a [f32; 4]>) -> Bounds {
    let (mut low, mut high) = ([f32::INFINITY; 4], [f32::NEG_INFINITY; 4]);
    for point in points {
        for c in 0..4 {
            low[c] = low[c].min(point[c]);
            high[c] = high[c].max(point[c]);
        }
    }
    [low, high]
}

#[inline(always)]
fn squared_norm(d: [f32; 4]) -> f32 {
    (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3])
}

/// A match with its index.
type Numbered = ([f32; 4], u32);

/// Orders the matches so that every leaf, and every node of leaves, is compact: halves along the widest axis, again and again.
fn halve(matches: &mut [Numbered]) {
    if matches.len() <= LEAF {
        return;
    }
    let [low, high] = bounds(matches.iter().map(|(coordinates, _)| coordinates));
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
fn search(tree: &Tree, asked: &[Asked], k: usize, neighbours: &mut [u32]) {
    if k <= 8 {
        search_tree::<8>(tree, asked, k, neighbours);
    } else {
        search_tree::<MAX_NEIGHBOURS>(tree, asked, k, neighbours);
    }
}

#[inline(always)]
fn search_tree<const SLOTS: usize>(tree: &Tree, asked: &[Asked], k: usize, neighbours: &mut [u32]) {
    // gap, level and place of what is still to be visited: level 0 has the leaves
    let mut pending: Vec<(f32, usize, usize)> = Vec::new();
    for asked in asked.chunks(LANES) {
        let mut nearest = Nearest::<SLOTS>::new(tree, asked, k);
        pending.push((0.0, tree.levels.len(), 0));
        while let Some((gap_sq, level, place)) = pending.pop() {
            if gap_sq > nearest.farthest {
                continue;
            }
            if level == 0 {
                nearest.take(&tree.leaves[place], &tree.order[place * LEAF..]);
                continue;
            }
            let node = &tree.levels[level - 1][place];
            let gaps_sq = node.gaps_sq(&nearest.bounds);
            let first = pending.len();
            let mut closest = first;
            for (child, &gap_sq) in gaps_sq[..node.children].iter().enumerate() {
                if gap_sq <= nearest.farthest {
                    pending.push((gap_sq, level - 1, place * CHILDREN + child));
                    if gap_sq < pending[closest].0 {
                        closest = pending.len() - 1;
                    }
                }
            }
            // it comes next, and makes most of the others superfluous
            if pending.len() > first {
                let last = pending.len() - 1;
                pending.swap(closest, last);
            }
        }
        for (lane, asked) in asked.iter().enumerate() {
            let row = &mut neighbours[asked.row as usize * k..][..k];
            for (neighbour, slot) in row.iter_mut().zip(SLOTS - k..) {
                *neighbour = nearest.keys[slot][lane] as u32;
            }
        }
    }
}

/// The k nearest so far of some matches, one a lane; k at most `SLOTS`.
struct Nearest<const SLOTS: usize> {
    coordinates: [[f32; LANES]; 4],
    bounds: Bounds,
    own: [u32; LANES],
    /// `SLOTS` − k times 0, then squared distance and index of each as one number: ascending, the farthest in the last slot.
    keys: [[u64; LANES]; SLOTS],
    /// The farthest of each lane, and of all.
    limits: [f32; LANES],
    farthest: f32,
}

impl<const SLOTS: usize> Nearest<SLOTS> {
    /// Of what is asked for, the last in all further lanes.
    #[inline(always)]
    fn new(tree: &Tree, asked: &[Asked], k: usize) -> Self {
        let (mut points, mut coordinates, mut own) = ([[0.0; 4]; LANES], [[0.0; LANES]; 4], [0; LANES]);
        for lane in 0..LANES {
            let place = asked[lane.min(asked.len() - 1)].place as usize;
            own[lane] = tree.order[place];
            for c in 0..4 {
                points[lane][c] = tree.leaves[place / LEAF][c][place % LEAF];
                coordinates[c][lane] = points[lane][c];
            }
        }
        let mut keys = [[0; LANES]; SLOTS];
        for slot in SLOTS - k..SLOTS {
            (0..LANES).for_each(|lane| keys[slot][lane] = key(f32::INFINITY, own[lane]));
        }
        Self {
            coordinates,
            bounds: bounds(points.iter()),
            own,
            keys,
            limits: [f32::INFINITY; LANES],
            farthest: f32::INFINITY,
        }
    }

    /// Takes what is near of one leaf, whose matches have these indices.
    #[inline(always)]
    fn take(&mut self, leaf: &[[f32; LEAF]; 4], indices: &[u32]) {
        for (place, &index) in indices.iter().take(LEAF).enumerate() {
            let distances_sq = self.distances_sq([0, 1, 2, 3].map(|c| leaf[c][place]));
            // without a branch in the loop, so that it vectorises
            let mut is_near = false;
            for lane in 0..LANES {
                is_near |= distances_sq[lane] <= self.limits[lane];
            }
            if is_near {
                self.insert(&distances_sq, index);
            }
        }
        // in halves, so that it vectorises
        let (mut limits, mut half) = (self.limits, LANES / 2);
        while half > 0 {
            for lane in 0..half {
                limits[lane] = if limits[lane] > limits[lane + half] { limits[lane] } else { limits[lane + half] };
            }
            half /= 2;
        }
        self.farthest = limits[0];
    }

    #[inline(always)]
    fn distances_sq(&self, to: [f32; 4]) -> [f32; LANES] {
        let mut distances_sq = [0.0; LANES];
        for lane in 0..LANES {
            let d = |c: usize| to[c] - self.coordinates[c][lane];
            distances_sq[lane] = squared_norm([d(0), d(1), d(2), d(3)]);
        }
        distances_sq
    }

    /// Takes a match in the lanes where it is nearer: all behind it move by one slot.
    #[inline(always)]
    fn insert(&mut self, distances_sq: &[f32; LANES], index: u32) {
        let mut moved = [0; LANES];
        for lane in 0..LANES {
            moved[lane] = if index == self.own[lane] { u64::MAX } else { key(distances_sq[lane], index) };
        }
        for keys in &mut self.keys {
            for lane in 0..LANES {
                let (nearer, farther) = (keys[lane].min(moved[lane]), keys[lane].max(moved[lane]));
                keys[lane] = nearer;
                moved[lane] = farther;
            }
        }
        for lane in 0..LANES {
            self.limits[lane] = f32::from_bits((self.keys[SLOTS - 1][lane] >> 32) as u32);
        }
    }
}

/// Orders as the value does, which is not negative, and equal values by index.
#[inline(always)]
const fn key(value: f32, index: u32) -> u64 {
    (value.to_bits() as u64) << 32 | index as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, of the match `i`.
    fn nearest(matches: &[[f32; 4]], i: usize, k: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..matches.len() as u32).filter(|&j| j as usize != i).collect();
        let distance = |j: u32| (0..4).map(|c| (matches[j as usize][c] - matches[i][c]).powi(2)).sum::<f32>();
        order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
        order.truncate(k);
        order
    }

    #[test]
    fn neighbours_are_the_nearest_and_equally_near_ones_go_by_place() {
        // a grid, so that many are equally near; a tree of one, two and four levels
        for count in [200, 650, 9000] {
            let matches: Vec<[f32; 4]> =
                (0..count).map(|i| [(i % 17) as f32, (i % 5) as f32, (i % 3) as f32, (i % 11) as f32]).collect();
            for k in [1, 8, 32] {
                let found = find_neighbours(&matches, k);
                let some: Vec<u32> = (0..count as u32).rev().step_by(count / 50).collect();
                let of_some = Tree::new(&matches).find(&some, k);
                for (&i, of_some) in some.iter().zip(of_some.chunks(k)) {
                    let expected = nearest(&matches, i as usize, k);
                    assert_eq!(found[i as usize * k..][..k], expected, "{i} of {count}");
                    assert_eq!(of_some, expected, "{i} of {count}");
                }
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
