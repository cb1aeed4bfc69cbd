//! A network as the list of its steps.

use super::step::Step;
use super::{Architecture, Weights, clnet, message_passing};

/// The steps of a network.
pub(super) fn steps(weights: &Weights) -> Vec<Step> {
    match weights.config().architecture {
        Architecture::Neighbours => message_passing::steps(weights),
        Architecture::Clnet => clnet::steps(weights),
    }
}
