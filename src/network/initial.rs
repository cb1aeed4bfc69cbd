use super::{NetworkConfig, Tensor, Weights};
use crate::Result;
use crate::cpu::search::sample_minimal::pcg4d;

impl Weights {
    /// Weights to start training from: matrices normal with variance 2 / inputs (He et al., ICCV 2015), less where several are
    /// added up and at the end, biases and shifts 0 but for the last, scales 1. The same seed gives the same weights.
    ///
    /// # Errors
    /// [`Error::BadOption`](crate::Error::BadOption) for the configuration.
    pub fn initial(config: NetworkConfig, seed: u64) -> Result<Self> {
        config.check()?;
        let tensors = (0..).zip(Self::expected(&config)).map(|(place, (name, shape))| {
            let values = initial(&name, &shape, [seed as u32, (seed >> 32) as u32, place]);
            (name, Tensor { shape, values })
        });
        Self::new(config, serde_json::Value::Null, tensors)
    }
}

fn initial(name: &str, shape: &[usize], [low, high, place]: [u32; 3]) -> Vec<f32> {
    let count = shape.iter().product::<usize>() as u32;
    let part = name.rsplit('.').next().unwrap_or(name);
    match (part, shape) {
        // a kernel sums over all its places
        ("weight", [.., _]) => {
            let inputs = count as usize / shape.last().copied().unwrap_or(1).max(1);
            let deviation = share(name) * (2.0 / inputs as f32).sqrt();
            (0..count).map(|i| deviation * normal(pcg4d([low, high, place, i]))).collect()
        }
        // fewer than half of all matches are right
        ("bias", _) if matches!(name, "output.bias" | "output0.bias") => vec![-0.5; count as usize],
        ("gamma" | "running_var", _) => vec![1.0; count as usize],
        _ => vec![0.0; count as usize],
    }
}

/// What is left of the deviation.
fn share(name: &str) -> f32 {
    match name.trim_end_matches(".weight").rsplit('.').next() {
        Some("input") => 0.7,
        Some("own" | "neighbour" | "edge") => 0.6,
        Some("output" | "output0") => 0.1,
        _ => 1.0,
    }
}

/// A standard normal number of random words (Box and Muller, 1958).
fn normal([a, b, ..]: [u32; 4]) -> f32 {
    // in 0..1, without 0 in the first
    let [u, v] = [(f64::from(a) + 1.0) / 4_294_967_296.0, f64::from(b) / 4_294_967_296.0];
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
}
