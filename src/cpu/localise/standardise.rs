//! The values of a plane with mean 0 and variance 1: of an image without what the light changes.

/// What the variance is taken to be at least, about: of an image that is alike all over noise is left alone.
pub const LEAST_VARIANCE: f64 = 1e-5;
/// What is larger is brought there, so that nothing overflows.
const LARGEST: f32 = 1e4;

/// (x − mean) / √(variance + 10⁻⁵); what is no number counts as 0.
pub fn standardise(values: &[f32]) -> Vec<f32> {
    let values: Vec<f32> = values.iter().map(|&value| bounded(value)).collect();
    // in single precision the sum of a large image would be off
    let mean_of = |of: &dyn Fn(f64) -> f64| {
        values.iter().map(|&value| of(value.into())).sum::<f64>() / values.len().max(1) as f64
    };
    let mean = mean_of(&|x| x);
    let variance = mean_of(&|x| (x - mean).powi(2));
    let (mean, scale) = (mean as f32, (1.0 / (variance + LEAST_VARIANCE).sqrt()) as f32);
    values.iter().map(|x| (x - mean) * scale).collect()
}

const fn bounded(value: f32) -> f32 {
    if value.is_finite() { value.clamp(-LARGEST, LARGEST) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_does_not_matter_and_an_even_image_is_zero() {
        let values: Vec<f32> = (0..300).map(|i| (i as f32 * 0.37).sin() * 0.2 + 0.5).collect();
        let brighter: Vec<f32> = values.iter().map(|x| x * 1.5 + 0.1).collect();
        for (a, b) in standardise(&values).iter().zip(standardise(&brighter)) {
            assert!((a - b).abs() < 2e-3, "{a} {b}");
        }
        assert!(standardise(&[0.7; 200_000]).iter().all(|x| x.abs() < 1e-3));
        let broken = standardise(&[f32::NAN, 0.0, 1.0, f32::INFINITY, -1e38, 1e38]);
        assert_eq!(broken, standardise(&[0.0, 0.0, 1.0, 0.0, -LARGEST, LARGEST]));
        assert!(broken.iter().all(|x| x.is_finite()));
    }
}
