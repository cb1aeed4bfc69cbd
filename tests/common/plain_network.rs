//! The networks written down plainly in f64, from their formulas and nothing of the crate but names.

use nabla_ransac::network::{Architecture, Features, GraphConvolution, Weights};

type Rows = Vec<Vec<f64>>;

pub(crate) fn logits(weights: &Weights, features: &Features) -> Vec<f64> {
    let plain = Plain { weights, k: weights.config().neighbours };
    match weights.config().architecture {
        Architecture::Neighbours => plain.neighbours(features),
        Architecture::Clnet => plain.clnet(features),
    }
}

struct Plain<'a> {
    weights: &'a Weights,
    k: usize,
}

fn relu(x: f64) -> f64 {
    x.max(0.0)
}

fn rows_of(values: &[f32], columns: usize) -> Rows {
    values.chunks(columns).map(|row| row.iter().map(|&x| x.into()).collect()).collect()
}

fn zip(a: &Rows, b: &Rows, f: impl Fn(f64, f64) -> f64) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()).collect()
}

fn map(a: &Rows, f: impl Fn(f64) -> f64) -> Rows {
    a.iter().map(|row| row.iter().map(|&x| f(x)).collect()).collect()
}

/// Mean 0 and variance 1 of each column, before scale and shift.
fn instance_norm(rows: &Rows) -> Rows {
    let n = rows.len() as f64;
    let mut normed = rows.clone();
    for c in 0..rows[0].len() {
        let mean = rows.iter().map(|row| row[c]).sum::<f64>() / n;
        let variance = rows.iter().map(|row| (row[c] - mean).powi(2)).sum::<f64>() / n;
        normed.iter_mut().for_each(|row| row[c] = (row[c] - mean) / (variance + 1e-5).sqrt());
    }
    normed
}

impl Plain<'_> {
    fn vector(&self, name: &str) -> Vec<f64> {
        let values = self.weights.values(name);
        assert!(!values.is_empty(), "{name}");
        values.iter().map(|&x| x.into()).collect()
    }

    /// Row times `[in, out]` matrix, flat from `start`.
    fn times(&self, x: &[f64], name: &str, start: usize, outputs: usize) -> Vec<f64> {
        let weight = self.vector(name);
        (0..outputs).map(|o| (0..x.len()).map(|i| x[i] * weight[start + i * outputs + o]).sum()).collect()
    }

    fn product(&self, rows: &Rows, name: &str) -> Rows {
        let weight = format!("{name}.weight");
        let outputs = self.weights.tensors()[&weight].shape[1];
        rows.iter().map(|row| self.times(row, &weight, 0, outputs)).collect()
    }

    fn linear(&self, rows: &Rows, name: &str) -> Rows {
        let bias = self.vector(&format!("{name}.bias"));
        self.product(rows, name).iter().map(|row| row.iter().zip(&bias).map(|(x, b)| x + b).collect()).collect()
    }

    fn affine(&self, rows: &Rows, name: &str) -> Rows {
        let [gamma, beta] = ["gamma", "beta"].map(|part| self.vector(&format!("{name}.{part}")));
        rows.iter().map(|row| (0..row.len()).map(|c| row[c] * gamma[c] + beta[c]).collect()).collect()
    }

    fn batch_norm(&self, rows: &Rows, name: &str) -> Rows {
        let [mean, variance] = ["running_mean", "running_var"].map(|part| self.vector(&format!("{name}.{part}")));
        let normed: Rows = rows
            .iter()
            .map(|row| (0..row.len()).map(|c| (row[c] - mean[c]) / (variance[c] + 1e-5).sqrt()).collect())
            .collect();
        self.affine(&normed, name)
    }

    fn neighbours(&self, features: &Features) -> Vec<f64> {
        let edges = rows_of(&features.edges, self.weights.config().edges());
        let mut h = self.linear(&rows_of(&features.rows, self.weights.config().inputs()), "input");
        for block in 0..self.weights.config().blocks {
            let name = |part: &str| format!("blocks.{block}.{part}");
            let own = self.product(&h, &name("own"));
            let other = self.product(&h, &name("neighbour"));
            let edge = self.linear(&edges, &name("edge"));
            let pooled: Rows = (0..h.len())
                .map(|i| {
                    let message = |c: usize, t: usize| {
                        let j = features.neighbours[i * self.k + t] as usize;
                        relu(own[i][c] + other[j][c] + edge[i * self.k + t][c])
                    };
                    let mean = |c| (0..self.k).map(|t| message(c, t)).sum::<f64>() / self.k as f64;
                    (0..h[0].len()).map(mean).collect()
                })
                .collect();
            let layer = |x: &Rows, part: &str| {
                map(&self.affine(&instance_norm(&self.product(x, &name(part))), &name(&format!("{part}_norm"))), relu)
            };
            h = zip(&h, &layer(&pooled, "project"), |a, b| a + b);
            h = zip(&h, &layer(&layer(&h, "context1"), "context2"), |a, b| a + b);
        }
        self.linear(&h, "output").into_iter().map(|row| row[0]).collect()
    }

    fn residual_block(&self, x: &Rows, name: &str) -> Rows {
        let layer = |x: &Rows, part: &str| {
            let normed = instance_norm(&self.linear(x, &format!("{name}.{part}")));
            self.batch_norm(&normed, &format!("{name}.{part}_norm"))
        };
        zip(&layer(&map(&layer(x, "linear1"), relu), "linear2"), x, |a, b| relu(a + b))
    }

    /// The k nearest in feature space, itself included, ascending.
    fn nearest(&self, x: &Rows) -> Vec<Vec<usize>> {
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        (0..x.len())
            .map(|i| {
                let mut order: Vec<usize> = (0..x.len()).collect();
                order.sort_by(|&a, &b| distance(&x[i], &x[a]).total_cmp(&distance(&x[i], &x[b])));
                order.resize(order.len().max(self.k), i);
                order.truncate(self.k);
                order
            })
            .collect()
    }

    fn annular(&self, x: &Rows) -> Rows {
        let (c, ring) = (x[0].len(), self.k / 3);
        let bias = self.vector("ring.bias");
        let rings_bias = self.vector("rings.bias");
        let nearest = self.nearest(x);
        let one = |i: usize| {
            let mut sum = rings_bias.clone();
            for r in 0..3 {
                let mut out = bias.clone();
                for t in 0..ring {
                    let j = nearest[i][r * ring + t];
                    let edge: Vec<f64> = x[i].iter().copied().chain((0..c).map(|k| x[i][k] - x[j][k])).collect();
                    let product = self.times(&edge, "ring.weight", t * 2 * c * c, c);
                    out.iter_mut().zip(product).for_each(|(a, b)| *a += b);
                }
                let out = map(&self.batch_norm(&vec![out], "ring_norm"), relu);
                let product = self.times(&out[0], "rings.weight", r * c * c, c);
                sum.iter_mut().zip(product).for_each(|(a, b)| *a += b);
            }
            map(&self.batch_norm(&vec![sum], "rings_norm"), relu).remove(0)
        };
        (0..x.len()).map(one).collect()
    }

    fn graph(&self, x: &Rows, logits: &[f64]) -> Rows {
        let n = x.len();
        let a: Vec<f64> = logits.iter().map(|w| relu(w.tanh())).collect();
        let s: f64 = a.iter().map(|a| a * a).sum();
        let exact = self.weights.config().graph == GraphConvolution::Exact;
        let entry = |i: usize, j: usize| if exact { a[i] * a[j] } else { s } + if i == j { 1.0 } else { 0.0 };
        let degree: Vec<f64> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).sum()).collect();
        let value = |i: usize, c: usize| (0..n).map(|j| entry(i, j) / (degree[i] * degree[j]).sqrt() * x[j][c]).sum();
        (0..n).map(|i| (0..x[0].len()).map(|c| value(i, c)).collect()).collect()
    }

    fn clnet(&self, features: &Features) -> Vec<f64> {
        let input = rows_of(&features.rows, self.weights.config().inputs());
        let layer = |x: &Rows, name: &str| map(&self.batch_norm(&self.linear(x, name), &format!("{name}_norm")), relu);
        let mut h = layer(&input, "input");
        let blocks = |mut h: Rows, stage: &str| {
            for block in 0..self.weights.config().blocks {
                h = self.residual_block(&h, &format!("{stage}.{block}"));
            }
            h
        };
        h = blocks(h, "before");
        h = self.annular(&h);
        h = blocks(h, "after");
        let first: Vec<f64> = self.linear(&h, "output0").into_iter().map(|row| row[0]).collect();
        h = zip(&h, &layer(&self.graph(&h, &first), "graph"), |a, b| a + b);
        h = self.residual_block(&h, "last");
        self.linear(&h, "output").into_iter().map(|row| row[0]).collect()
    }
}
