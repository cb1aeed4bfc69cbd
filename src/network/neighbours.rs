//! The graph of the network: the nearest neighbours of each match, and what is known of each pair of neighbours.
//!
//! An edge row has [`EDGE_COLUMNS`] columns. With d1, d2 the displacement from match i to its neighbour j in image 1 and 2,
//! normalised: d1 and d2 (4) by the mean length of (d1, d2) over the neighbours of i; ln(|d1| + ε), ln(|d2| + ε);
//! |d2 − S d1| / (|d2| + |S d1| + ε) for the similarity S of match i, its scale ratio and relative angle; the differences j − i
//! of the ln of the scale ratio, and the cosine and sine of that of the relative angle. What needs a scale or angle that is
//! not known is 0.

use super::features::{COLUMNS, COS_ANGLE, LN_SCALE, SHAPE_KNOWN, SIN_ANGLE};

/// Columns of an edge feature row.
pub const EDGE_COLUMNS: usize = 10;
/// Shortest displacement told from none, normalised units.
pub const EPSILON: f32 = 1e-3;

/// The `k` nearest other matches of each match in (x1, y1, x2, y2), nearest first, then by place: n × k places. A match
/// with fewer others has itself in the remaining ones.
pub fn nearest(matches: &[[f32; 4]], k: usize) -> Vec<u32> {
    let mut neighbours = Vec::with_capacity(matches.len() * k);
    let mut found: Vec<(f32, u32)> = Vec::with_capacity(matches.len());
    for (i, a) in matches.iter().enumerate() {
        found.clear();
        found.extend((0..).zip(matches).filter(|&(j, _)| j as usize != i).map(|(j, b)| (distance_sq(a, b), j)));
        let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if found.len() > k {
            found.select_nth_unstable_by(k, order);
            found.truncate(k);
        }
        found.sort_unstable_by(order);
        neighbours.extend(found.iter().map(|&(_, j)| j));
        neighbours.resize((i + 1) * k, i as u32);
    }
    neighbours
}

fn distance_sq(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let d = [0, 1, 2, 3].map(|c| a[c] - b[c]);
    (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3])
}

/// The edge feature rows of input rows and their neighbours: n × k × [`EDGE_COLUMNS`].
pub fn edges(rows: &[f32], neighbours: &[u32], k: usize) -> Vec<f32> {
    let rows = rows.as_chunks::<COLUMNS>().0;
    let mut edges = Vec::with_capacity(neighbours.len() * EDGE_COLUMNS);
    for (row, neighbours) in rows.iter().zip(neighbours.chunks(k.max(1))) {
        let displacements = neighbours.iter().map(|&j| displacement(row, &rows[j as usize]));
        let mean = displacements.clone().map(|d| length(&d)).sum::<f32>() / neighbours.len() as f32;
        for (&j, d) in neighbours.iter().zip(displacements) {
            edges.extend(edge(row, &rows[j as usize], d, mean));
        }
    }
    edges
}

fn edge(row: &[f32; COLUMNS], other: &[f32; COLUMNS], d: [f32; 4], mean: f32) -> [f32; EDGE_COLUMNS] {
    let [length1, length2] = [length(&d[..2]), length(&d[2..])];
    let [a, b, c, e] = d.map(|x| x / mean.max(EPSILON));
    let mut edge = [a, b, c, e, (length1 + EPSILON).ln(), (length2 + EPSILON).ln(), 0.0, 0.0, 0.0, 0.0];
    if row[SHAPE_KNOWN] > 0.0 {
        let scale = row[LN_SCALE].exp();
        let [cos, sin] = [scale * row[COS_ANGLE], scale * row[SIN_ANGLE]];
        let off = [d[2] - (cos * d[0] - sin * d[1]), d[3] - (sin * d[0] + cos * d[1])];
        edge[6] = length(&off) / (length2 + scale * length1 + EPSILON);
        if other[SHAPE_KNOWN] > 0.0 {
            edge[7] = other[LN_SCALE] - row[LN_SCALE];
            edge[8] = other[COS_ANGLE] * row[COS_ANGLE] + other[SIN_ANGLE] * row[SIN_ANGLE];
            edge[9] = other[SIN_ANGLE] * row[COS_ANGLE] - other[COS_ANGLE] * row[SIN_ANGLE];
        }
    }
    edge
}

fn displacement(row: &[f32; COLUMNS], other: &[f32; COLUMNS]) -> [f32; 4] {
    [0, 1, 2, 3].map(|c| other[c] - row[c])
}

fn length(v: &[f32]) -> f32 {
    v.iter().map(|x| x * x).sum::<f32>().sqrt()
}
