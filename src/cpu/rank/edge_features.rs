//! Features of the edge from each match to each of its neighbours: n × k rows of [`EDGE_COLUMNS`].
//!
//! With d1, d2 the displacement from match i to its neighbour j in image 1 and 2, normalised: d1 and d2 (4 columns) by the
//! mean length of (d1, d2) over the neighbours of i; ln(|d1| + ε), ln(|d2| + ε); |d2 − S d1| / (|d2| + |S d1| + ε) for S the
//! similarity of match i, its scale ratio and relative angle, and for that of j; the differences j − i of the ln of the scale
//! ratio, and cosine and sine of that of the relative angle. What needs a scale or an angle that is not known is 0.

use crate::constants::{COS_ANGLE, EDGE_COLUMNS, LN_SCALE, ROW_COLUMNS, SHAPE_KNOWN, SIN_ANGLE};

/// ε: the shortest displacement told from none, normalised units.
pub const EPSILON: f32 = 1e-3;

/// The edge feature rows of matches x1 y1 x2 y2, with their input rows and `k` neighbours each.
pub fn edge_features(matches: &[[f32; 4]], rows: &[f32], neighbours: &[u32], k: usize) -> Vec<f32> {
    let shapes: Vec<Shape> = rows.as_chunks::<ROW_COLUMNS>().0.iter().map(Shape::of).collect();
    let mut edges = vec![0.0; neighbours.len() * EDGE_COLUMNS];
    let all = edges.as_chunks_mut::<EDGE_COLUMNS>().0.chunks_mut(k.max(1));
    for (((from, shape), neighbours), edges) in matches.iter().zip(&shapes).zip(neighbours.chunks(k.max(1))).zip(all) {
        let mut sum = 0.0;
        for (&j, edge) in neighbours.iter().zip(edges.iter_mut()) {
            let d = displacement(from, &matches[j as usize]);
            edge[..4].copy_from_slice(&d);
            sum += length(&d);
        }
        let unit = (sum / neighbours.len() as f32).max(EPSILON);
        for (&j, edge) in neighbours.iter().zip(edges) {
            complete(edge, shape, &shapes[j as usize], unit);
        }
    }
    edges
}

/// Scale ratio and relative angle of a match.
struct Shape {
    known: bool,
    ln_scale: f32,
    scale: f32,
    cos: f32,
    sin: f32,
}

impl Shape {
    fn of(row: &[f32; ROW_COLUMNS]) -> Self {
        let ln_scale = row[LN_SCALE];
        Self {
            known: row[SHAPE_KNOWN] != 0.0,
            ln_scale,
            scale: ln_scale.exp(),
            cos: row[COS_ANGLE],
            sin: row[SIN_ANGLE],
        }
    }

    /// How far d2 is from d1 under the similarity of the match, in 0..1; 0 where it is not known.
    fn residual(&self, d: &[f32; 4], [length1, length2]: [f32; 2]) -> f32 {
        if !self.known {
            return 0.0;
        }
        let Self { scale, cos, sin, .. } = self;
        let off = [d[2] - scale * (cos * d[0] - sin * d[1]), d[3] - scale * (sin * d[0] + cos * d[1])];
        length(&off) / (length2 + scale * length1 + EPSILON)
    }
}

/// Of a row that has the displacement alone.
fn complete(edge: &mut [f32; EDGE_COLUMNS], own: &Shape, other: &Shape, unit: f32) {
    let d = [edge[0], edge[1], edge[2], edge[3]];
    let lengths = [length(&d[..2]), length(&d[2..])];
    edge[..4].iter_mut().for_each(|d| *d /= unit);
    edge[4] = (lengths[0] + EPSILON).ln();
    edge[5] = (lengths[1] + EPSILON).ln();
    edge[6] = own.residual(&d, lengths);
    edge[7] = other.residual(&d, lengths);
    if own.known && other.known {
        edge[8] = other.ln_scale - own.ln_scale;
        edge[9] = other.cos * own.cos + other.sin * own.sin;
        edge[10] = other.sin * own.cos - other.cos * own.sin;
    }
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

    fn row(ln_scale: f32, angle: f32) -> [f32; ROW_COLUMNS] {
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
