//! The annular convolution of CLNet: ring r of match i is relu(A x_i − Σ_t B_t x_j + b) over the neighbours j in places
//! r m + t of its sorted list, for three rings of m.
//!
//! That is the published convolution over [x_i, x_i − x_j] with A = Σ_t (own + difference weights of t) and B_t the difference
//! weights of t: 1 + m products a match in place of 6 m.

use crate::constants::RINGS;

/// `out` (n × 3C) from `products` (n × (1 + m)C: A x, −B_0 x, −B_1 x, …) and the n × 3m `neighbours` among these rows.
pub fn annular_rings(products: &[f32], neighbours: &[u32], bias: &[f32], out: &mut [f32]) {
    let channels = bias.len();
    let count = out.len() / (RINGS * channels).max(1);
    let ring = neighbours.len() / (RINGS * count).max(1);
    let width = (1 + ring) * channels;
    for (place, out) in out.chunks_exact_mut(channels).enumerate() {
        let i = place / RINGS;
        let own = &products[i * width..][..channels];
        out.iter_mut().zip(own).zip(bias).for_each(|((out, own), bias)| *out = own + bias);
        for (t, &j) in neighbours[place * ring..][..ring].iter().enumerate() {
            let other = &products[j as usize * width + (1 + t) * channels..][..channels];
            out.iter_mut().zip(other).for_each(|(out, other)| *out += other);
        }
        out.iter_mut().for_each(|out| *out = out.max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_the_convolution_over_own_and_difference() {
        let (count, channels, ring) = (7, 2, 2);
        let number = |i: usize, seed: f32| (i as f32 * seed).sin();
        let x: Vec<f32> = (0..count * channels).map(|i| number(i, 1.9)).collect();
        // kernel[t][input of 2C][output]
        let kernel =
            |t: usize, input: usize, output: usize| number((t * 2 * channels + input) * channels + output, 0.77);
        let neighbours: Vec<u32> = (0..count * 3 * ring).map(|i| (i * 5 % count) as u32).collect();
        let bias = [0.1, -0.2];
        let mut products = vec![0.0; count * (1 + ring) * channels];
        for i in 0..count {
            for o in 0..channels {
                for c in 0..channels {
                    let value = x[i * channels + c];
                    for t in 0..ring {
                        let difference = kernel(t, channels + c, o);
                        products[i * (1 + ring) * channels + o] += (kernel(t, c, o) + difference) * value;
                        products[(i * (1 + ring) + 1 + t) * channels + o] -= difference * value;
                    }
                }
            }
        }
        let mut out = vec![0.0; count * 3 * channels];
        annular_rings(&products, &neighbours, &bias, &mut out);
        for (place, found) in out.iter().enumerate() {
            let (i, r, o) = (place / (3 * channels), place / channels % 3, place % channels);
            let mut expected = bias[o];
            for t in 0..ring {
                let j = neighbours[i * 3 * ring + r * ring + t] as usize;
                for c in 0..channels {
                    let [own, other] = [i, j].map(|row| x[row * channels + c]);
                    expected += kernel(t, c, o) * own + kernel(t, channels + c, o) * (own - other);
                }
            }
            assert!((found - expected.max(0.0)).abs() < 1e-5, "{found} {expected}");
        }
    }
}
