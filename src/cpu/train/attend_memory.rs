//! What a map recalls at cells, as [`recall_points`](crate::cpu::localise::recall_points) does, with its gradients.
//!
//! With shares sᵢ = softmax(q · keyᵢ + biasᵢ), the point o = Σ sᵢ Vᵢ and its spread √v, v = Σ sᵢ |Vᵢ|² − |o|², the gradient by sᵢ
//! is aᵢ = gₒ · Vᵢ + gᵥ (|Vᵢ|² − 2 o · Vᵢ), that by the logits sᵢ (aᵢ − Σ sⱼ aⱼ), and that by Vᵢ is sᵢ (gₒ + 2 gᵥ (Vᵢ − o)). The logits
//! are computed anew in the backward passes; the logarithm of the sum of their exponentials is all that is kept.

use crate::constants::{MEMORY_COLUMNS, QUERY_COLUMNS};
use crate::cpu::rank::linear_rows::{After, Linear, linear_rows};

/// A row of a map's memory: a key, its bias, its point.
pub type MemoryRow = [f32; MEMORY_COLUMNS as usize];
/// A point of the scene and its spread.
pub type Attended = [f32; 4];

const KEY: usize = QUERY_COLUMNS as usize;
/// Keys so far below the sum of all have no share.
const NEGLIGIBLE: f32 = 16.0;
/// Queries that are worked on at a time.
const BLOCK: usize = 16;
/// The square of a spread below which it has no gradient.
const TINY: f32 = 1e-10;

/// A memory laid out for products with its keys.
#[derive(Debug)]
pub struct AttendedMemory<'a> {
    rows: &'a [MemoryRow],
    keys: Linear,
}

impl<'a> AttendedMemory<'a> {
    /// Of its rows.
    pub fn new(rows: &'a [MemoryRow]) -> Self {
        let transposed: Vec<f32> = (0..KEY).flat_map(|column| rows.iter().map(move |row| row[column])).collect();
        let biases: Vec<f32> = rows.iter().map(|row| row[KEY]).collect();
        Self { rows, keys: Linear::new(&transposed, &biases) }
    }

    /// Queries of unit length (n × [`QUERY_COLUMNS`]) → points with spreads, and ln Σ exp of their logits. Queries that are not
    /// finite recall the point 0 with the spread 0.
    pub fn attend(&self, queries: &[f32]) -> Vec<(Attended, f32)> {
        let mut found = Vec::with_capacity(queries.len() / KEY);
        self.each_block(queries, |_, logits| {
            let highest = logits.iter().fold(f32::MIN, |highest, &logit| highest.max(logit));
            let (mut total, mut sum, mut sum_sq) = (0.0, [0.0_f32; 3], 0.0);
            for (&logit, row) in logits.iter().zip(self.rows) {
                if logit > highest - NEGLIGIBLE {
                    let share = (logit - highest).exp();
                    total += share;
                    let point = point(row);
                    (0..3).for_each(|k| sum[k] += share * point[k]);
                    sum_sq += share * dot(&point, &point);
                }
            }
            let mean = sum.map(|x| x / total);
            let spread = (sum_sq / total - dot(&mean, &mean)).max(0.0).sqrt();
            let [x, y, z] = mean;
            let finite = total > 0.0 && total.is_finite() && mean.iter().all(|x| x.is_finite());
            found.push(if finite { ([x, y, z, spread], highest + total.ln()) } else { ([0.0; 4], f32::MAX) });
        });
        found
    }

    /// Adds the gradient by the queries to `by_queries`.
    pub fn by_queries(
        &self,
        queries: &[f32],
        attended: &[Attended],
        log_sums: &[f32],
        by_attended: &[Attended],
        by_queries: &mut [f32],
    ) {
        self.each_block(queries, |cell, logits| {
            let Some(chain) = Chain::new(&attended[cell], log_sums[cell], &by_attended[cell]) else { return };
            let out = &mut by_queries[cell * KEY..][..KEY];
            for (&logit, row) in logits.iter().zip(self.rows) {
                if let Some(share) = chain.share(logit) {
                    let by_logit = share * chain.by_share(&point(row));
                    out.iter_mut().zip(row).for_each(|(out, key)| *out += by_logit * key);
                }
            }
        });
    }

    /// Adds the gradient by the memory to `by_memory`.
    pub fn by_memory(
        &self,
        queries: &[f32],
        attended: &[Attended],
        log_sums: &[f32],
        by_attended: &[Attended],
        by_memory: &mut [MemoryRow],
    ) {
        self.each_block(queries, |cell, logits| {
            let Some(chain) = Chain::new(&attended[cell], log_sums[cell], &by_attended[cell]) else { return };
            let query = &queries[cell * KEY..][..KEY];
            for ((&logit, row), out) in logits.iter().zip(self.rows).zip(by_memory.iter_mut()) {
                if let Some(share) = chain.share(logit) {
                    let point = point(row);
                    let by_logit = share * chain.by_share(&point);
                    out.iter_mut().zip(query).for_each(|(out, q)| *out += by_logit * q);
                    out[KEY] += by_logit;
                    (0..3).for_each(|k| out[KEY + 1 + k] += share * chain.by_point(&point, k));
                }
            }
        });
    }

    /// Calls `body` with the index and the logits of each query.
    fn each_block(&self, queries: &[f32], mut body: impl FnMut(usize, &[f32])) {
        let keys = self.rows.len();
        let mut logits = vec![0.0; BLOCK * keys];
        for (block, queries) in queries.chunks(BLOCK * KEY).enumerate() {
            let count = queries.len() / KEY;
            linear_rows(queries, &self.keys, After::Nothing, &mut logits[..count * keys]);
            (0..count).for_each(|i| body(block * BLOCK + i, &logits[i * keys..][..keys]));
        }
    }
}

/// What the gradients of one query need.
struct Chain {
    log_sum: f32,
    mean: [f32; 3],
    by_mean: [f32; 3],
    by_variance: f32,
    /// Σ sⱼ aⱼ.
    offset: f32,
}

impl Chain {
    /// `None` where there is no gradient.
    fn new(&[x, y, z, spread]: &Attended, log_sum: f32, &[gx, gy, gz, by_spread]: &Attended) -> Option<Self> {
        let (mean, by_mean) = ([x, y, z], [gx, gy, gz]);
        let by_variance = if spread * spread > TINY { 0.5 * by_spread / spread } else { 0.0 };
        // Σ sⱼ |Vⱼ|² = spread² + |o|²
        let offset = dot(&by_mean, &mean) + by_variance * (spread * spread - dot(&mean, &mean));
        let usable = log_sum < f32::MAX && offset.is_finite() && (by_mean != [0.0; 3] || by_variance != 0.0);
        usable.then_some(Self { log_sum, mean, by_mean, by_variance, offset })
    }

    fn share(&self, logit: f32) -> Option<f32> {
        (logit > self.log_sum - NEGLIGIBLE).then(|| (logit - self.log_sum).exp())
    }

    /// aᵢ less its mean.
    fn by_share(&self, point: &[f32; 3]) -> f32 {
        let square = dot(point, point) - 2.0 * dot(&self.mean, point);
        dot(&self.by_mean, point) + self.by_variance * square - self.offset
    }

    fn by_point(&self, point: &[f32; 3], k: usize) -> f32 {
        self.by_mean[k] + 2.0 * self.by_variance * (point[k] - self.mean[k])
    }
}

fn point(row: &MemoryRow) -> [f32; 3] {
    [row[KEY + 1], row[KEY + 2], row[KEY + 3]]
}

fn dot(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
