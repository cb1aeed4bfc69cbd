use super::step::{Slot, Step};
use super::steps::steps;
use super::{Features, NetworkConfig, RankInput, Weights};
use crate::constants::EDGE_COLUMNS;
use crate::cpu::rank::{
    annular_rings::annular_rings,
    feature_neighbours::feature_neighbours,
    graph_convolution::{GraphConvolution, graph_convolution},
    linear_rows::{After, Linear, linear_rows},
    pool_neighbours::{EdgeWeights, pool_neighbours},
    predict_logits::predict_logits,
    segment_norm::{Join, segment_norm},
};
use crate::{Error, Result};
use std::cell::Cell;

/// A network that ranks matches, on the CPU: vectorised f32, one thread. Made once, used for any number of pairs.
#[derive(Clone, Debug)]
pub struct Ranker {
    weights: Weights,
    layers: Vec<Layer>,
}

/// A [`Step`] with its weights laid out for the CPU.
#[derive(Clone, Debug)]
enum Layer {
    Linear { from: Slot, to: Slot, linear: Linear, after: After },
    Norm { from: Slot, to: Slot, gamma: Vec<f32>, beta: Vec<f32>, join: Join },
    Pool(EdgeWeights<EDGE_COLUMNS>),
    FeatureNeighbours,
    Rings { bias: Vec<f32> },
    Predict { weight: Vec<f32>, bias: f32 },
    Graph { variant: GraphConvolution },
}

impl Ranker {
    /// A ranker of these weights.
    pub fn new(weights: Weights) -> Self {
        let layers = steps(&weights).into_iter().map(Layer::new).collect();
        Self { weights, layers }
    }

    /// Its configuration.
    pub const fn config(&self) -> &NetworkConfig {
        self.weights.config()
    }

    /// Its weights.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The logit of each match: ln of the odds that it is right.
    ///
    /// # Errors
    /// Those of [`Features::new`], and of [`Self::logits_of`].
    pub fn logits(&self, input: &RankInput<'_>) -> Result<Vec<f32>> {
        self.logits_of(&Features::new(input, self.config())?)
    }

    /// The logit of each match of a pair whose features are made.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when the network overflows.
    pub fn logits_of(&self, features: &Features) -> Result<Vec<f32>> {
        let mut pass = Pass::new(features, self.config());
        self.layers.iter().for_each(|layer| pass.apply(layer));
        if pass.slots.iter().all(|rows| rows.len() <= MOST_KEPT) {
            KEPT.set(pass.slots);
        }
        match pass.logits.iter().position(|logit| !logit.is_finite()) {
            Some(index) => Err(Error::NotFinite { what: "logit", index, value: pass.logits[index].into() }),
            None => Ok(pass.logits),
        }
    }
}

impl Layer {
    fn new(step: Step) -> Self {
        match step {
            Step::Linear { from, to, weight, bias, after } => {
                Self::Linear { from, to, linear: Linear::new(&weight, &bias), after }
            }
            Step::Norm { from, to, gamma, beta, join } => Self::Norm { from, to, gamma, beta, join },
            Step::Pool { weight, bias } => Self::Pool(EdgeWeights::new(&weight, &bias)),
            Step::FeatureNeighbours => Self::FeatureNeighbours,
            Step::Rings { bias } => Self::Rings { bias },
            Step::Predict { weight, bias } => Self::Predict { weight, bias },
            Step::Graph { variant } => Self::Graph { variant },
        }
    }
}

thread_local! {
    /// The buffers of the pair before: memory fresh from the system costs as much as a layer of the network.
    static KEPT: Cell<[Vec<f32>; Slot::WRITTEN.len()]> = const { Cell::new([const { Vec::new() }; Slot::WRITTEN.len()]) };
}
/// Longer buffers are not kept.
const MOST_KEPT: usize = 1 << 18;

/// One pair on its way through the network.
struct Pass<'a> {
    features: &'a Features,
    channels: usize,
    neighbour_count: usize,
    /// Of each written [`Slot`].
    slots: [Vec<f32>; Slot::WRITTEN.len()],
    feature_neighbours: Vec<u32>,
    logits: Vec<f32>,
}

impl<'a> Pass<'a> {
    fn new(features: &'a Features, config: &NetworkConfig) -> Self {
        let count = features.matches.len();
        let mut slots = KEPT.take();
        slots.iter_mut().zip(Slot::WRITTEN).for_each(|(rows, slot)| rows.resize(count * slot.columns(config), 0.0));
        Self {
            features,
            channels: config.channels,
            neighbour_count: config.neighbours,
            slots,
            feature_neighbours: Vec::new(),
            logits: Vec::new(),
        }
    }

    fn rows(&self, slot: Slot) -> &[f32] {
        slot.place().map_or(&self.features.rows, |place| &self.slots[place])
    }

    /// Takes a slot out to be written; put back by [`Self::put`].
    fn take(&mut self, slot: Slot) -> Vec<f32> {
        slot.place().map_or_else(Vec::new, |place| std::mem::take(&mut self.slots[place]))
    }

    fn put(&mut self, slot: Slot, rows: Vec<f32>) {
        if let Some(place) = slot.place() {
            self.slots[place] = rows;
        }
    }

    fn write(&mut self, slot: Slot, compute: impl FnOnce(&Self, &mut [f32])) {
        let mut out = self.take(slot);
        compute(self, &mut out);
        self.put(slot, out);
    }

    fn apply(&mut self, layer: &Layer) {
        match layer {
            Layer::Linear { from, to, linear, after } => {
                self.write(*to, |pass, out| linear_rows(pass.rows(*from), linear, *after, out));
            }
            Layer::Norm { from, to, gamma, beta, join } => {
                self.write(*to, |pass, out| segment_norm(pass.rows(*from), gamma, beta, *join, out));
            }
            Layer::Pool(weights) => self.write(Slot::Hidden, |pass, out| {
                let Features { neighbours, edges, .. } = pass.features;
                pool_neighbours(pass.rows(Slot::Wide), neighbours, edges, weights, out);
            }),
            Layer::FeatureNeighbours => {
                self.feature_neighbours =
                    feature_neighbours(self.rows(Slot::State), self.channels, self.neighbour_count);
            }
            Layer::Rings { bias } => self.write(Slot::Rings, |pass, out| {
                annular_rings(pass.rows(Slot::Wide), &pass.feature_neighbours, bias, out);
            }),
            Layer::Predict { weight, bias } => {
                self.logits = predict_logits(self.rows(Slot::State), weight, *bias);
            }
            Layer::Graph { variant } => self.write(Slot::Hidden, |pass, out| {
                graph_convolution(pass.rows(Slot::State), &pass.logits, *variant, out);
            }),
        }
    }
}
