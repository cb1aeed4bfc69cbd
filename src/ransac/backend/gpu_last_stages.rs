//! What follows the rounds on the GPU: the winner and its rivals, their last refinements, the mask and what the estimate leaves open.

use crate::ransac::{
    Options,
    stages::schedule::{FINAL, LOCAL},
};
use crate::{
    ModelKind,
    constants::{self, FINALIST_PLACES, FINALISTS, KEEP_BETTER, KEEP_ENOUGH},
    cpu::{robust::Loss, search::refine_model::Refinement},
    gpu::{Context, TypedBuffer},
    kernels::{Buffers, Stage, Variant, layout, search},
};

/// A stage, under its name in timings, and its workgroups a pair.
#[derive(Debug)]
pub(super) struct LastStage {
    pub(super) name: &'static str,
    pub(super) stage: Stage,
    pub(super) a_pair: u32,
}

/// Some of the places of each pair's models.
#[derive(Clone, Copy)]
struct Places {
    first: u32,
    count: u32,
}

const WINNER: Places = Places { first: 0, count: 1 };
const OTHERS: Places = Places { first: 1, count: FINALISTS - 1 };

/// The stages in their order.
pub(super) fn last_stages(context: &Context, variant: Variant, options: &Options, buffers: &Buffers) -> Vec<LastStage> {
    let mut stages = Made { context, variant, buffers, stages: Vec::new() };
    stages.choose("choose_finalists, the winner", WINNER);
    stages.refine_fully("refine_model, of the winner", WINNER);
    if variant.kind == ModelKind::Essential && options.diagnose {
        stages.choose("choose_finalists, the others", OTHERS);
        stages.refine_fully("refine_model, of the others", OTHERS);
    }
    stages.push("settle_winner", 1, search::settle_winner::stage(context, variant, buffers));
    stages.push("mark_inliers", 1, search::mark_inliers::stage(context, variant, buffers));
    stages.stages
}

/// The refinement of each round's candidates.
pub(super) fn local_stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let round = Places { first: 0, count: 0 };
    let refinement = refinement(&LOCAL, round, 0, KEEP_BETTER);
    search::refine_model::stage(context, variant, buffers, &uniform(context, refinement), &buffers.candidates)
}

struct Made<'a> {
    context: &'a Context,
    variant: Variant,
    buffers: &'a Buffers,
    stages: Vec<LastStage>,
}

impl Made<'_> {
    fn push(&mut self, name: &'static str, a_pair: u32, stage: Stage) {
        self.stages.push(LastStage { name, stage, a_pair });
    }

    fn choose(&mut self, name: &'static str, places: Places) {
        let chosen = uniform(self.context, [places.first, places.count]);
        let stage = search::choose_finalists::stage(self.context, self.variant, self.buffers, &chosen);
        self.push(name, 1, stage);
    }

    /// All refinements after those of the rounds.
    fn refine_fully(&mut self, name: &'static str, places: Places) {
        self.refine(name, refinement(&FINAL, places, FINALIST_PLACES, KEEP_ENOUGH));
    }

    fn refine(&mut self, name: &'static str, refinement: layout::Refinement) {
        let (context, finalists) = (self.context, &self.buffers.finalists);
        let uniform = uniform(context, refinement);
        let stage = search::refine_model::stage(context, self.variant, self.buffers, &uniform, finalists);
        self.push(name, refinement.count, stage);
    }
}

fn uniform<T: bytemuck::Pod>(context: &Context, value: T) -> TypedBuffer<T> {
    let buffer = TypedBuffer::with_usage(context, "parameters", 1, wgpu::BufferUsages::UNIFORM);
    buffer.write(context, 0, &[value]);
    buffer
}

fn refinement(of: &Refinement, places: Places, stride: u32, keep: u32) -> layout::Refinement {
    let (loss, scale) = match of.loss {
        Loss::Truncated => (constants::TRUNCATED_LOSS, 1.0),
        Loss::Cauchy(scale) => (constants::CAUCHY_LOSS, scale),
        Loss::Squared => (constants::SQUARED_LOSS, 1.0),
    };
    layout::Refinement {
        first: places.first,
        count: places.count,
        stride,
        loss,
        scale_sq: (scale * scale) as f32,
        reach_sq: (of.reach * of.reach) as f32,
        iterations: of.max_iterations,
        keep,
        by_neighbours: 0,
    }
}
