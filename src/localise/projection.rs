//! From descriptors to queries: the principal components that tell most, evened out.

use crate::constants::QUERY_COLUMNS;

/// Rounds of the subspace iteration: the components change no more in the third place.
const ROUNDS: usize = 30;
const OUTPUTS: usize = QUERY_COLUMNS as usize;

/// The weight \[inputs, [`QUERY_COLUMNS`]\] and bias of the projection on the first principal components of some descriptors of
/// `inputs` numbers, each divided by the fourth root of its variance: half way between comparing what is there (large components
/// alone count) and whitening (noise counts as much).
pub(super) fn principal_components(descriptors: &[f32], inputs: usize) -> (Vec<f32>, Vec<f32>) {
    let (mean, covariance) = moments(descriptors, inputs);
    let mut components: Vec<Vec<f64>> = (0..OUTPUTS).map(|component| start(component, inputs)).collect();
    let mut variances = vec![0.0; OUTPUTS];
    for _ in 0..ROUNDS {
        for (component, variance) in components.iter_mut().zip(&mut variances) {
            *component = times(&covariance, component);
            *variance = norm(component);
        }
        orthonormalise(&mut components);
    }
    let scales = variances.iter().map(|variance| variance.max(1e-12).powf(-0.25));
    let scaled: Vec<Vec<f64>> =
        components.iter().zip(scales).map(|(component, scale)| component.iter().map(|x| x * scale).collect()).collect();
    let weight = (0..inputs).flat_map(|input| scaled.iter().map(move |component| component[input] as f32)).collect();
    let bias = scaled.iter().map(|component| -dot(component, &mean) as f32).collect();
    (weight, bias)
}

/// Mean and covariance.
fn moments(descriptors: &[f32], inputs: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let rows = descriptors.chunks_exact(inputs);
    let count = rows.len().max(1) as f64;
    let mut mean = vec![0.0; inputs];
    for row in rows.clone() {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / count);
    }
    let mut covariance = vec![vec![0.0; inputs]; inputs];
    let mut centred = vec![0.0; inputs];
    for row in rows {
        centred.iter_mut().zip(row.iter().zip(&mean)).for_each(|(c, (&x, mean))| *c = f64::from(x) - mean);
        for (i, sums) in covariance.iter_mut().enumerate() {
            let scaled = centred[i] / count;
            sums.iter_mut().zip(&centred).for_each(|(sum, c)| *sum += scaled * c);
        }
    }
    (mean, covariance)
}

/// Directions to start from, not orthogonal to anything in particular.
fn start(component: usize, inputs: usize) -> Vec<f64> {
    (0..inputs).map(|i| ((i * 37 + component * 101 + 1) as f64 * 0.618).sin()).collect()
}

fn orthonormalise(vectors: &mut [Vec<f64>]) {
    for i in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(i);
        let vector = &mut rest[0];
        for other in before.iter() {
            let along = dot(vector, other);
            vector.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
        }
        let length = norm(vector).max(1e-300);
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

fn times(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUTS: usize = 384;

    #[test]
    fn projected_components_are_uncorrelated_and_their_variances_are_evened_out() {
        let random = |i: usize| ((i as f64 * 12.9898).sin() * 43_758.547).fract();
        // variances that fall off, in directions of their own
        let row = |r: usize| {
            let hidden: Vec<f64> = (0..INPUTS).map(|k| random(r * INPUTS + k) / (1.0 + k as f64 * 0.1)).collect();
            (0..INPUTS).map(move |i| (hidden[i] + 0.5 * hidden[(i * 7 + 3) % INPUTS]) as f32).collect::<Vec<_>>()
        };
        let descriptors: Vec<f32> = (0..1500).flat_map(row).collect();
        let (weight, bias) = principal_components(&descriptors, INPUTS);
        let projected: Vec<Vec<f64>> = descriptors
            .chunks(INPUTS)
            .map(|row| {
                let sum = |o: usize| {
                    row.iter().enumerate().map(|(i, &x)| f64::from(x * weight[i * OUTPUTS + o])).sum::<f64>()
                };
                (0..OUTPUTS).map(|o| sum(o) + f64::from(bias[o])).collect()
            })
            .collect();
        let covariance = |a: usize, b: usize| projected.iter().map(|p| p[a] * p[b]).sum::<f64>() / 1500.0;
        for a in 0..8 {
            assert!(projected.iter().map(|p| p[a]).sum::<f64>().abs() / 1500.0 < 1e-4);
            for b in 0..a {
                let correlation = covariance(a, b) / (covariance(a, a) * covariance(b, b)).sqrt();
                assert!(correlation.abs() < 0.15, "{a} {b}: {correlation}");
            }
        }
        assert!(covariance(0, 0) > covariance(40, 40));
    }
}
