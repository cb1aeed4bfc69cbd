//! What the pairs of a run cost: hypotheses and time.

use super::accuracy::Accuracy;
use super::bootstrap::mean;
use super::json::number;
use super::pair_result::{PairResult, Search};
use serde_json::{Map, Value, json};

/// Hypotheses and milliseconds of the pairs.
pub(crate) struct Effort {
    iterations: Vec<f64>,
    milliseconds: Vec<f64>,
    /// Pairs whose hypotheses ended before the confidence asked for was reached.
    budget_spent: usize,
}

impl Effort {
    pub(crate) fn of<A: Accuracy>(results: &[PairResult<A>]) -> Self {
        let values = |of: fn(&PairResult<A>) -> f64| {
            let mut values: Vec<f64> = results.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        Self {
            iterations: values(|result| f64::from(result.search.iterations)),
            milliseconds: values(|result| result.milliseconds),
            budget_spent: results
                .iter()
                .filter(|PairResult { search: Search { budget_spent, .. }, .. }| *budget_spent)
                .count(),
        }
    }

    pub(crate) fn json(&self) -> Map<String, Value> {
        let quantiles = |values: &[f64]| {
            json!({ "50": number(quantile(values, 0.5)), "90": number(quantile(values, 0.9)), "95": number(quantile(values, 0.95)),
                    "99": number(quantile(values, 0.99)), "100": number(quantile(values, 1.0)) })
        };
        Map::from_iter(
            [
                ("ms_median", number(quantile(&self.milliseconds, 0.5))),
                ("ms_mean", number(mean(&self.milliseconds))),
                ("ms_percent", quantiles(&self.milliseconds)),
                ("iterations_percent", quantiles(&self.iterations)),
                ("budget_spent", json!(self.budget_spent)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        )
    }

    pub(crate) fn text(&self) -> String {
        let percent = |values: &[f64], digits: usize| {
            [0.5, 0.95, 1.0].map(|share| format!("{:.digits$}", quantile(values, share))).join(" / ")
        };
        let (pairs, spent) = (self.iterations.len(), self.budget_spent);
        let (hypotheses, times) = (percent(&self.iterations, 0), percent(&self.milliseconds, 2));
        format!(
            "hypotheses   median / 95 % / most     {hypotheses}; {spent} of {pairs} pairs short of the confidence\n\
             time a pair  median / 95 % / most     {times} ms, mean {:.2} ms",
            mean(&self.milliseconds)
        )
    }
}

/// Of sorted values: the smallest that this share of them does not exceed; NaN of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.max(1) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_came() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([0.0, 0.5, 0.51, 0.95, 1.0].map(|share| quantile(&values, share)), [1.0, 2.0, 3.0, 4.0, 4.0]);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
