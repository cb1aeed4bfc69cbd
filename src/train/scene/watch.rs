//! Whether a loss explodes, and what was there when it was lowest.

use std::collections::VecDeque;

/// Losses whose mean is looked at, at most and at least: a stage may explode in its first steps.
const WINDOW: usize = 25;
const LEAST: usize = 5;
/// A mean of so many times the lowest is an explosion.
const EXPLOSION: f64 = 4.0;
/// One of so many times the lowest is no end to keep.
const WORSE: f64 = 1.5;

/// The last losses of a stage, and the network of their lowest mean.
#[derive(Debug)]
pub(super) struct Watch<N> {
    recent: VecDeque<f64>,
    lowest: Option<f64>,
    best: Option<N>,
}

impl<N> Default for Watch<N> {
    fn default() -> Self {
        Self { recent: VecDeque::new(), lowest: None, best: None }
    }
}

impl<N: Clone> Watch<N> {
    pub(super) fn new(recent: Vec<f64>, lowest: Option<f64>, best: Option<N>) -> Self {
        Self { recent: recent.into(), lowest, best }
    }

    /// Notes the loss of a network.
    pub(super) fn note(&mut self, loss: f64, network: &N) {
        self.recent.push_back(loss);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        if let Some(mean) = self.mean()
            && self.lowest.is_none_or(|lowest| mean < lowest)
        {
            (self.lowest, self.best) = (Some(mean), Some(network.clone()));
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.recent.len() >= LEAST).then(|| self.recent.iter().sum::<f64>() / self.recent.len() as f64)
    }

    pub(super) fn has_exploded(&self) -> bool {
        self.is_beyond(EXPLOSION)
    }

    /// Whether the end of the stage is clearly worse than its best.
    pub(super) fn has_worsened(&self) -> bool {
        self.is_beyond(WORSE)
    }

    fn is_beyond(&self, times: f64) -> bool {
        self.mean().zip(self.lowest).is_some_and(|(mean, lowest)| mean > times * lowest)
    }

    /// The network of the lowest mean; `None` after too few losses.
    pub(super) const fn best(&self) -> Option<&N> {
        self.best.as_ref()
    }

    pub(super) fn state(&self) -> (Vec<f64>, Option<f64>, Option<N>) {
        (self.recent.iter().copied().collect(), self.lowest, self.best.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_of_the_lowest_loss_is_kept_when_it_explodes() {
        let mut watch = Watch::default();
        for step in 0..200 {
            watch.note(if step < 120 { 2.0 - 0.01 * f64::from(step) } else { f64::from(step) }, &step);
            assert!(!watch.has_exploded() || step >= 120, "{step}");
        }
        assert!(watch.has_exploded());
        assert_eq!(watch.best(), Some(&119));
        let (recent, lowest, best) = watch.state();
        assert!(Watch::new(recent, lowest, best).has_exploded());
    }

    #[test]
    fn noise_is_no_explosion_and_few_losses_say_nothing() {
        let mut watch = Watch::default();
        for step in 0..500_u32 {
            watch.note(1.0 + f64::from(step * 7919 % 100) / 50.0, &step);
            assert!(!watch.has_exploded());
            assert_eq!(watch.best().is_some(), step >= 4);
        }
    }
}
