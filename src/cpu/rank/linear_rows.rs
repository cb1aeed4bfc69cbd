//! Rows times a matrix: out = rows · weight + bias, n × inputs by inputs × outputs, all row-major, in register tiles.

use multiversion::{multiversion, target::match_target};

/// Columns of a panel of the matrix; outputs are padded to a multiple of it.
const COLUMNS: usize = 32;
/// Rows of a register tile.
const ROWS: usize = 4;

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

/// A matrix with its bias, in panels of 32 columns, so that a panel is read in one run.
#[derive(Clone, Debug)]
pub struct Linear {
    inputs: usize,
    outputs: usize,
    /// Panel × inputs × [`COLUMNS`].
    weight: Vec<[f32; COLUMNS]>,
    /// Panel × [`COLUMNS`].
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
    // as many columns a tile as the registers hold
    match_target! {
        "x86_64+avx512f" => product::<32, true>(rows, linear, after, out),
        "x86_64+avx2+fma" => product::<16, true>(rows, linear, after, out),
        _ => product::<8, false>(rows, linear, after, out),
    }
}

#[inline(always)]
fn product<const WIDTH: usize, const FUSED: bool>(rows: &[f32], linear: &Linear, after: After, out: &mut [f32]) {
    let (inputs, outputs) = (linear.inputs, linear.outputs);
    let count = rows.len() / inputs.max(1);
    for (block, out) in out.chunks_mut(ROWS * outputs).enumerate() {
        // beyond the end: the last row again
        let row = |r: usize| &rows[(block * ROWS + r).min(count - 1) * inputs..][..inputs];
        let tile_rows = [row(0), row(1), row(2), row(3)];
        let used = out.len() / outputs;
        for first in (0..outputs).step_by(WIDTH) {
            let (panel, part) = (first / COLUMNS, first % COLUMNS / WIDTH);
            let weight = &linear.weight[panel * inputs..][..inputs];
            let bias = &linear.bias[panel].as_chunks::<WIDTH>().0[part];
            let sums = tile_product::<WIDTH, FUSED>(tile_rows, weight, part, bias);
            for r in 0..ROWS {
                if r < used {
                    store(&sums[r], after, &mut out[r * outputs..][first..outputs]);
                }
            }
        }
    }
}

/// Sums over the inputs. An accumulator of its own for each row: as an array of arrays they would not stay in registers.
#[inline(always)]
fn tile_product<const WIDTH: usize, const FUSED: bool>(
    [a, b, c, d]: [&[f32]; ROWS],
    weight: &[[f32; COLUMNS]],
    part: usize,
    bias: &[f32; WIDTH],
) -> [[f32; WIDTH]; ROWS] {
    let (mut sum_a, mut sum_b, mut sum_c, mut sum_d) = (*bias, *bias, *bias, *bias);
    let inputs = a.iter().zip(b).zip(c.iter().zip(d));
    for (weight, ((&a, &b), (&c, &d))) in weight.iter().zip(inputs) {
        let weight = &weight.as_chunks::<WIDTH>().0[part];
        for lane in 0..WIDTH {
            sum_a[lane] = multiply_add::<FUSED>(a, weight[lane], sum_a[lane]);
            sum_b[lane] = multiply_add::<FUSED>(b, weight[lane], sum_b[lane]);
            sum_c[lane] = multiply_add::<FUSED>(c, weight[lane], sum_c[lane]);
            sum_d[lane] = multiply_add::<FUSED>(d, weight[lane], sum_d[lane]);
        }
    }
    [sum_a, sum_b, sum_c, sum_d]
}

#[inline(always)]
fn store<const WIDTH: usize>(sums: &[f32; WIDTH], after: After, out: &mut [f32]) {
    let both = out.iter_mut().zip(sums);
    match after {
        After::Nothing => both.for_each(|(out, &sum)| *out = sum),
        After::Relu => both.for_each(|(out, &sum)| *out = sum.max(0.0)),
        After::AddRelu => both.for_each(|(out, &sum)| *out += sum.max(0.0)),
    }
}

/// a · b + c; fused only where the processor does it in one step.
#[inline(always)]
pub(crate) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
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
