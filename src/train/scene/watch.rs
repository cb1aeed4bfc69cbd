//! Whether a loss explodes, and what was there when it was lowest.

use crate::geometry::accuracy::median;
use std::collections::VecDeque;

/// Losses whose median is looked at, at most and at least: a stage may explode in its first steps, and a few photographs may be
/// hopeless without that.
const WINDOW: usize = 25;
const LEAST: usize = 5;
/// A median of so many times the lowest is an explosion.
const EXPLOSION: f64 = 4.0;
/// One of so many times the lowest is no end to keep.
const WORSE: f64 = 1.5;

/// The last losses of a stage, and the network of their lowest median.
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
        if let Some(median) = self.median()
            && self.lowest.is_none_or(|lowest| median < lowest)
        {
            (self.lowest, self.best) = (Some(median), Some(network.clone()));
        }
    }

    fn median(&self) -> Option<f64> {
        let losses: Vec<f64> = self.recent.iter().copied().collect();
        if losses.len() < LEAST { None } else { median(&losses) }
    }

    pub(super) fn has_exploded(&self) -> bool {
        self.is_beyond(EXPLOSION)
    }

    /// Whether the end of the stage is clearly worse than its best.
    pub(super) fn has_worsened(&self) -> bool {
        self.is_beyond(WORSE)
    }

    fn is_beyond(&self, times: f64) -> bool {
        self.median().zip(self.lowest).is_some_and(|(median, lowest)| median > times * lowest)
    }

    /// The network of the lowest median; `None` after too few losses.
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
        assert!(watch.best().is_some_and(|step| (108..=120).contains(step)));
        let (recent, lowest, best) = watch.state();
        assert!(Watch::new(recent, lowest, best).has_exploded());
    }

    #[test]
    fn noise_is_no_explosion_and_few_losses_say_nothing() {
        let mut watch = Watch::default();
        for step in 0..500_u32 {
            // one of ten photographs is hopeless
            watch.note(if step % 10 == 3 { 90.0 } else { 1.0 + f64::from(step * 7919 % 100) / 50.0 }, &step);
            assert!(!watch.has_exploded());
            assert_eq!(watch.best().is_some(), step >= 4);
        }
    }
}
