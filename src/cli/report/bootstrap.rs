//! How sure a figure over pairs is.

use crate::data::synthetic::problems::generator;
use rand::RngExt;

/// Resampled sets of pairs.
const RESAMPLES: usize = 1000;
/// Seed of the resampling, so that a report repeats.
const SEED: u64 = 0;

/// The 95 % interval of a statistic of the values, by resampling them with replacement (Efron 1979): its 2.5 % and 97.5 %
/// quantiles. `None` of fewer than two values.
pub(crate) fn interval_95(values: &[f64], statistic: impl Fn(&[f64]) -> f64) -> Option<[f64; 2]> {
    if values.len() < 2 {
        return None;
    }
    let mut rng = generator(SEED);
    let mut resample = || {
        let drawn: Vec<f64> = (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).collect();
        statistic(&drawn)
    };
    let mut figures: Vec<f64> = (0..RESAMPLES).map(|_| resample()).collect();
    figures.sort_by(f64::total_cmp);
    Some([0.025, 0.975].map(|quantile| figures[(quantile * (RESAMPLES - 1) as f64).round() as usize]))
}

/// NaN of no values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_two_standard_errors_wide_each_way_and_repeats() {
        let values: Vec<f64> = (0..400).map(|index| f64::from(index % 2)).collect();
        let [low, high] = interval_95(&values, mean).unwrap();
        // the standard error is 0.5 / √400
        assert!((low - 0.451).abs() < 0.008 && (high - 0.549).abs() < 0.008, "{low} {high}");
        assert_eq!(interval_95(&values, mean), Some([low, high]));
        assert_eq!(interval_95(&[3.0], mean), None);
        assert_eq!(interval_95(&[3.0, 3.0], mean), Some([3.0, 3.0]));
    }
}
