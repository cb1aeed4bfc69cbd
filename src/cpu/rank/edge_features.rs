//! What the ranking network knows of each match and one of its neighbours: n × k rows of [`EDGE_COLUMNS`].
//!
//! With d1, d2 the displacement from match i to its neighbour j in image 1 and 2, normalised: d1 and d2 (4 columns) by the
//! mean length of (d1, d2) over the neighbours of i; ln(|d1| + ε), ln(|d2| + ε); |d2 − S d1| / (|d2| + |S d1| + ε) for S the
//! similarity of match i, its scale ratio and relative angle, and for that of j; the differences j − i of the ln of the scale
//! ratio, and cosine and sine of that of the relative angle. What needs a scale or an angle that is not known is 0.

use crate::constants::{COS_ANGLE, EDGE_COLUMNS, LN_SCALE, ROW_COLUMNS, SHAPE_KNOWN, SIN_ANGLE};

/// ε: the shortest displacement told from none, normalised units.
pub const EPSILON: f32 = 1e-3;

type Row = [f32; ROW_COLUMNS];

/// The edge feature rows of matches x1 y1 x2 y2, with their input rows and `k` neighbours each.
pub fn edge_features(matches: &[[f32; 4]], rows: &[f32], neighbours: &[u32], k: usize) -> Vec<f32> {
    let rows = rows.as_chunks::<ROW_COLUMNS>().0;
    let mut edges = Vec::with_capacity(neighbours.len() * EDGE_COLUMNS);
    for ((from, row), neighbours) in matches.iter().zip(rows).zip(neighbours.chunks(k.max(1))) {
        let others = neighbours.iter().map(|&j| (displacement(from, &matches[j as usize]), &rows[j as usize]));
        let mean = others.clone().map(|(d, _)| length(&d)).sum::<f32>() / neighbours.len() as f32;
        edges.extend(others.flat_map(|(d, other)| edge(row, other, &d, mean)));
    }
    edges
}

fn edge(row: &Row, other: &Row, d: &[f32; 4], mean_length: f32) -> [f32; EDGE_COLUMNS] {
    let lengths = [length(&d[..2]), length(&d[2..])];
    let mut edge = [0.0; EDGE_COLUMNS];
    for c in 0..4 {
        edge[c] = d[c] / mean_length.max(EPSILON);
    }
    edge[4] = (lengths[0] + EPSILON).ln();
    edge[5] = (lengths[1] + EPSILON).ln();
    if row[SHAPE_KNOWN] != 0.0 {
        edge[6] = residual(row, d);
    }
    if other[SHAPE_KNOWN] != 0.0 {
        edge[7] = residual(other, d);
    }
    if row[SHAPE_KNOWN] != 0.0 && other[SHAPE_KNOWN] != 0.0 {
        let [cos, sin] = [row[COS_ANGLE], row[SIN_ANGLE]];
        edge[8] = other[LN_SCALE] - row[LN_SCALE];
        edge[9] = other[COS_ANGLE] * cos + other[SIN_ANGLE] * sin;
        edge[10] = other[SIN_ANGLE] * cos - other[COS_ANGLE] * sin;
    }
    edge
}

/// How far d2 is from d1 under the similarity of a match, in 0..1.
fn residual(row: &Row, d: &[f32; 4]) -> f32 {
    let scale = row[LN_SCALE].exp();
    let [cos, sin] = [row[COS_ANGLE], row[SIN_ANGLE]];
    let off = [d[2] - scale * (cos * d[0] - sin * d[1]), d[3] - scale * (sin * d[0] + cos * d[1])];
    length(&off) / (length(&d[2..]) + scale * length(&d[..2]) + EPSILON)
}

fn displacement(from: &[f32; 4], to: &[f32; 4]) -> [f32; 4] {
    [0, 1, 2, 3].map(|c| to[c] - from[c])
}

fn length(v: &[f32]) -> f32 {
    v.iter().map(|x| x * x).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ln_scale: f32, angle: f32) -> Row {
        [0.5, ln_scale, angle.cos(), angle.sin(), 0.0, 1.0, 0.0, 1.0, 1.0]
    }

    #[test]
    fn neighbours_that_move_by_the_similarity_have_no_residual() {
        // image 2 is image 1 turned by a quarter and doubled; the second match is off by 0.2 rad and e^0.1
        let ln2 = 2f32.ln();
        let quarter = std::f32::consts::FRAC_PI_2;
        let matches = [[0.0, 0.0, 5.0, 5.0], [0.3, 0.4, 4.2, 5.6]];
        let mut rows = [row(ln2, quarter), row(ln2 + 0.1, quarter + 0.2)].as_flattened().to_vec();
        let edges = edge_features(&matches, &rows, &[1, 0], 1);
        let mean = 1.25f32.sqrt();
        let [sin, cos] = [0.2f32.sin(), 0.2f32.cos()];
        // |d2 − S d1| with |d2| = 1 and S d1 as long as e^0.1, at 0.2 rad to it
        let stretch = 0.1f32.exp();
        let other = (1.0 + stretch * stretch - 2.0 * stretch * cos).sqrt() / (1.0 + stretch + EPSILON);
        let scaled = [0.3, 0.4, -0.8, 0.6].map(|d| d / mean);
        let rest = [(0.5 + EPSILON).ln(), (1.0 + EPSILON).ln(), 0.0, other, 0.1, cos, sin];
        let expected: Vec<f32> = scaled.into_iter().chain(rest).collect();
        assert!(edges.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{edges:?} {expected:?}");
        rows[SHAPE_KNOWN] = 0.0;
        let edges = edge_features(&matches, &rows, &[1, 0], 1);
        assert_eq!([edges[6], edges[8], edges[9], edges[10]], [0.0; 4]);
        assert!((edges[7] - other).abs() < 1e-5);
    }

    #[test]
    fn an_edge_to_itself_is_finite() {
        let rows = row(0.0, 0.0);
        let edges = edge_features(&[[0.1, 0.2, 0.3, 0.4]], &rows, &[0, 0], 2);
        assert_eq!(edges.len(), 2 * EDGE_COLUMNS);
        assert!(edges.iter().all(|x| x.is_finite()) && edges[..4] == [0.0; 4]);
    }
}
