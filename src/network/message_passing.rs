//! The default architecture: messages along the nearest neighbours, then context over all matches ([`NetworkConfig`]).
//!
//! [`NetworkConfig`]: super::NetworkConfig

use super::Weights;
use super::step::{Slot, Step, side_by_side};
use crate::cpu::rank::{linear_rows::After, segment_norm::Join};

pub(super) fn steps(weights: &Weights) -> Vec<Step> {
    let values = |name: &str| weights.values(name).to_vec();
    let mut steps = vec![Step::Linear {
        from: Slot::Input,
        to: Slot::State,
        weight: values("input.weight"),
        bias: values("input.bias"),
        after: After::Nothing,
    }];
    for block in 0..weights.config().blocks {
        steps.extend(block_steps(weights, &format!("blocks.{block}")));
    }
    steps.push(Step::Predict { weight: values("output.weight"), bias: weights.values("output.bias")[0] });
    steps
}

fn block_steps(weights: &Weights, block: &str) -> [Step; 8] {
    use Slot::{Hidden, Normed, State, Wide};
    let channels = weights.config().channels;
    let values = |part: &str| weights.values(&format!("{block}.{part}"));
    // the biases would be lost in the norm
    let linear = |part: &str, from, to| Step::Linear {
        from,
        to,
        weight: values(&format!("{part}.weight")).to_vec(),
        bias: vec![0.0; channels],
        after: After::Nothing,
    };
    let norm = |part: &str, from, to, join| {
        let [gamma, beta] = ["gamma", "beta"].map(|name| values(&format!("{part}_norm.{name}")).to_vec());
        Step::Norm { from, to, gamma, beta, join }
    };
    let both = Step::Linear {
        from: State,
        to: Wide,
        weight: side_by_side(&[values("own.weight"), values("neighbour.weight")], channels),
        bias: vec![0.0; 2 * channels],
        after: After::Nothing,
    };
    [
        both,
        Step::Pool { weight: values("edge.weight").to_vec(), bias: values("edge.bias").to_vec() },
        linear("project", Hidden, Normed),
        norm("project", Normed, State, Join::AddRelu),
        linear("context1", State, Hidden),
        norm("context1", Hidden, Normed, Join::Relu),
        linear("context2", Normed, Hidden),
        norm("context2", Hidden, State, Join::AddRelu),
    ]
}
