//! Rows times a matrix: out = rows · weight + bias, n × inputs by inputs × outputs, all row-major, in register tiles.

use multiversion::{multiversion, target::match_target};

/// Columns of a register tile; outputs are padded to a multiple of it.
const COLUMNS: usize = 16;

/// What follows the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum After {
    /// Nothing.
    Nothing = 0,
    /// relu.
    Relu = 1,
    /// relu, added to what the output holds.
    AddRelu = 2,
}

/// A matrix with its bias, in tiles of [`COLUMNS`] columns, so that a tile is read in one run.
#[derive(Clone, Debug)]
pub struct Linear {
    inputs: usize,
    outputs: usize,
    /// Tile × inputs × [`COLUMNS`].
    weight: Vec<[f32; COLUMNS]>,
    /// Tile × [`COLUMNS`].
    bias: Vec<[f32; COLUMNS]>,
}

impl Linear {
    /// Of a row-major `inputs` × `outputs` matrix with as many biases as outputs.
    pub fn new(weight: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        let inputs = weight.len() / outputs.max(1);
        let tiles = outputs.div_ceil(COLUMNS);
        let tile_of = |row: &[f32], tile: usize| {
            std::array::from_fn(|lane| row.get(tile * COLUMNS + lane).copied().unwrap_or(0.0))
        };
        let columns = |tile| weight.chunks(outputs.max(1)).map(move |row| tile_of(row, tile));
        Self {
            inputs,
            outputs,
            weight: (0..tiles).flat_map(columns).collect(),
            bias: (0..tiles).map(|tile| tile_of(bias, tile)).collect(),
        }
    }

    /// Columns of the input.
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Columns of the output.
    pub const fn outputs(&self) -> usize {
        self.outputs
    }
}

/// `out` (n × outputs) from `rows` (n × inputs).
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub fn linear_rows(rows: &[f32], linear: &Linear, after: After, out: &mut [f32]) {
    // as many rows a tile as the registers hold
    match_target! {
        "x86_64+avx512f" => product::<8, true>(rows, linear, after, out),
        "x86_64+avx2+fma" => product::<4, true>(rows, linear, after, out),
        _ => product::<2, false>(rows, linear, after, out),
    }
}

#[inline(always)]
fn product<const ROWS: usize, const FUSED: bool>(rows: &[f32], linear: &Linear, after: After, out: &mut [f32]) {
    let (inputs, outputs) = (linear.inputs, linear.outputs);
    let count = rows.len() / inputs.max(1);
    for (block, out) in out.chunks_mut(ROWS * outputs).enumerate() {
        // beyond the end: the last row again
        let row = |r: usize| &rows[(block * ROWS + r).min(count - 1) * inputs..][..inputs];
        let tile_rows: [&[f32]; ROWS] = std::array::from_fn(row);
        for (tile, bias) in linear.bias.iter().enumerate() {
            let sums = tile_product::<ROWS, FUSED>(tile_rows, &linear.weight[tile * inputs..][..inputs], bias);
            let first = tile * COLUMNS;
            let width = COLUMNS.min(outputs - first);
            for (sums, out) in sums.iter().zip(out.chunks_exact_mut(outputs)) {
                store(sums, after, &mut out[first..][..width]);
            }
        }
    }
}

/// Sums over the inputs, in registers.
#[inline(always)]
fn tile_product<const ROWS: usize, const FUSED: bool>(
    rows: [&[f32]; ROWS],
    weight: &[[f32; COLUMNS]],
    bias: &[f32; COLUMNS],
) -> [[f32; COLUMNS]; ROWS] {
    let mut sums = [*bias; ROWS];
    // of one length, so that the loop needs no checks
    let inputs = weight.len();
    let rows = rows.map(|row| &row[..inputs]);
    for k in 0..inputs {
        for r in 0..ROWS {
            let x = rows[r][k];
            for lane in 0..COLUMNS {
                sums[r][lane] = multiply_add::<FUSED>(x, weight[k][lane], sums[r][lane]);
            }
        }
    }
    sums
}

#[inline(always)]
fn store(sums: &[f32; COLUMNS], after: After, out: &mut [f32]) {
    let both = out.iter_mut().zip(sums);
    match after {
        After::Nothing => both.for_each(|(out, &sum)| *out = sum),
        After::Relu => both.for_each(|(out, &sum)| *out = sum.max(0.0)),
        After::AddRelu => both.for_each(|(out, &sum)| *out += sum.max(0.0)),
    }
}

/// a · b + c; fused only where the processor does it in one step.
#[inline(always)]
pub(super) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_any_shape_are_those_of_the_definition() {
        for (count, inputs, outputs) in [(1, 1, 1), (5, 12, 16), (13, 16, 48), (37, 128, 128), (7, 3, 20)] {
            let number = |i: usize, seed: f32| (i as f32 * seed).sin();
            let rows: Vec<f32> = (0..count * inputs).map(|i| number(i, 1.3)).collect();
            let weight: Vec<f32> = (0..inputs * outputs).map(|i| number(i, 0.7)).collect();
            let bias: Vec<f32> = (0..outputs).map(|i| number(i, 2.1)).collect();
            let linear = Linear::new(&weight, &bias);
            for after in [After::Nothing, After::Relu, After::AddRelu] {
                let mut out = vec![0.5; count * outputs];
                linear_rows(&rows, &linear, after, &mut out);
                for (place, &found) in out.iter().enumerate() {
                    let (i, o) = (place / outputs, place % outputs);
                    let products = (0..inputs).map(|k| f64::from(rows[i * inputs + k] * weight[k * outputs + o]));
                    let sum = f64::from(bias[o]) + products.sum::<f64>();
                    let expected = match after {
                        After::Nothing => sum,
                        After::Relu => sum.max(0.0),
                        After::AddRelu => 0.5 + sum.max(0.0),
                    };
                    assert!(
                        (f64::from(found) - expected).abs() < 1e-5,
                        "{count} {inputs} {outputs}: {found} {expected}"
                    );
                }
            }
        }
    }
}
