use crate::Result;
use crate::data::synthetic::generator;
use crate::network::{NetworkConfig, Tensor, Weights};
use rand::{RngExt, rngs::StdRng};

/// Weights to start from: matrices uniform with the variance 2 / inputs (He et al. 2015), norms the identity, biases 0.
///
/// # Errors
/// [`Error::BadOption`](crate::Error::BadOption) for the configuration.
pub fn initial_weights(config: NetworkConfig, seed: u64) -> Result<Weights> {
    let mut rng = generator(seed);
    let tensors = Weights::expected(&config).into_iter().map(|(name, shape)| {
        let values = values(&name, &shape, &mut rng);
        (name, Tensor { shape, values })
    });
    Weights::new(config, serde_json::Value::Null, tensors)
}

fn values(name: &str, shape: &[usize], rng: &mut StdRng) -> Vec<f32> {
    let count = shape.iter().product();
    let is_one = name.ends_with(".gamma") || name.ends_with(".running_var");
    if !name.ends_with(".weight") {
        return vec![if is_one { 1.0 } else { 0.0 }; count];
    }
    let inputs: usize = shape[..shape.len() - 1].iter().product();
    let bound = (6.0 / inputs.max(1) as f32).sqrt();
    // its ReLU sees the sum of three products
    let part = ["own", "neighbour", "edge"].iter().any(|part| name.contains(part));
    let bound = if part { bound / 3.0_f32.sqrt() } else { bound };
    (0..count).map(|_| rng.random_range(-bound..bound)).collect()
}
