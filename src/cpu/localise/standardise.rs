//! The values of a plane with mean 0 and variance 1: what the light changes of an image.

/// What the variance is taken to be at least, about: of an image that is alike all over noise is left alone.
const LEAST_VARIANCE: f32 = 1e-5;

/// (x − mean) / √(variance + 10⁻⁵).
pub fn standardise(values: &[f32]) -> Vec<f32> {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count;
    let scale = 1.0 / (variance + LEAST_VARIANCE).sqrt();
    values.iter().map(|x| (x - mean) * scale).collect()
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
        assert!(standardise(&[0.7; 64]).iter().all(|x| x.abs() < 1e-3));
    }
}
