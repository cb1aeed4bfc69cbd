//! What follows the rounds on the GPU: the winner and its rivals, their last refinements, the mask and what the estimate leaves open.

use crate::constants::{
    self, FINALIST_PLACES, FINALISTS, KEEP_ALWAYS, KEEP_AND_SAVE, KEEP_BETTER, KEEP_ENOUGH, KEEP_OR_RESTORE, RECOVERED,
};
use crate::ransac::{
    Options,
    stages::{
        coherence::{ROUNDS, WIDE, serves},
        schedule::{CATCH_UP, FINAL, LOCAL, Rounds, candidates_of},
    },
};
use crate::{
    ModelKind,
    cpu::{robust::Loss, search::refine_model::Refinement},
    gpu::{Context, TypedBuffer},
    kernels::{
        Buffers, Capacity, Stage, Variant, layout,
        rank::find_neighbours,
        recover,
        search::{choose_finalists, estimate_noise, mark_inliers, refine_model, settle_winner, weigh_by_neighbours},
    },
};

/// A stage, under its name in timings, with so many times the workgroups that its pairs and matches ask for.
#[derive(Debug)]
pub(super) struct LastStage {
    pub(super) name: &'static str,
    pub(super) stage: Stage,
    times: u32,
    workgroups: Workgroups,
}

/// Workgroups for so many pairs and matches.
type Workgroups = fn(Capacity) -> u32;

impl LastStage {
    pub(super) fn workgroups(&self, used: Capacity) -> u32 {
        self.times * (self.workgroups)(used)
    }
}

const fn a_pair(used: Capacity) -> u32 {
    used.pairs
}

const fn for_weighing(used: Capacity) -> u32 {
    weigh_by_neighbours::workgroups(used, 1)
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
pub(super) fn last_stages(
    context: &Context,
    variant: Variant,
    options: &Options,
    capacity: Capacity,
    buffers: &Buffers,
) -> Vec<LastStage> {
    let coherent = options.coherent && serves(variant.kind);
    let mut made = Made { context, variant, capacity, buffers, coherent, stages: Vec::new() };
    if variant.kind == ModelKind::Fundamental {
        made.recover();
    }
    made.choose("choose_finalists, the winner", WINNER);
    made.refine("refine_model, of the winner", WINNER, &FINAL, KEEP_ENOUGH);
    if coherent {
        made.push_sized("find_neighbours", 1, find_neighbours::workgroups_of_pairs, |context, b| {
            find_neighbours::stage_of_pairs(context, variant, b, &b.neighbours)
        });
    }
    made.refine_last(WINNER);
    if variant.kind == ModelKind::Essential && options.diagnose {
        made.choose("choose_finalists, the others", OTHERS);
        made.refine("refine_model, of the others", OTHERS, &FINAL, KEEP_ENOUGH);
        made.refine_last(OTHERS);
    }
    made.push("settle_winner", |context, b| settle_winner::stage(context, variant, b));
    made.push("mark_inliers", |context, b| mark_inliers::stage(context, variant, b));
    if options.diagnose {
        made.diagnose();
    }
    made.stages
}

/// The refinement of each round's candidates.
pub(super) fn local_stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let round = Places { first: 0, count: 0 };
    let refinement = refinement(&LOCAL, round, 0, KEEP_BETTER);
    refine_model::stage(context, variant, buffers, &uniform(context, refinement), &buffers.candidates)
}

/// The refinement of the priors ahead of that of the first round's other candidates, behind which they are.
pub(super) fn catch_up_stage(
    context: &Context,
    variant: Variant,
    options: &Options,
    capacity: Capacity,
    buffers: &Buffers,
) -> Stage {
    let prior = Places { first: candidates_of(Rounds::of(options).first), count: 1 };
    let refinement = refinement(&CATCH_UP, prior, capacity.candidates_a_pair(variant.kind), KEEP_BETTER);
    refine_model::stage(context, variant, buffers, &uniform(context, refinement), &buffers.candidates)
}

struct Made<'a> {
    context: &'a Context,
    variant: Variant,
    capacity: Capacity,
    buffers: &'a Buffers,
    coherent: bool,
    stages: Vec<LastStage>,
}

impl Made<'_> {
    fn push(&mut self, name: &'static str, make: impl FnOnce(&Context, &Buffers) -> Stage) {
        self.push_sized(name, 1, a_pair, make);
    }

    fn push_sized(
        &mut self,
        name: &'static str,
        times: u32,
        workgroups: Workgroups,
        make: impl FnOnce(&Context, &Buffers) -> Stage,
    ) {
        self.stages.push(LastStage { name, stage: make(self.context, self.buffers), times, workgroups });
    }

    /// What is recovered from the planes that explain the samples of the best candidates.
    fn recover(&mut self) {
        let Self { variant, capacity, .. } = *self;
        self.push_sized("recover_plane", RECOVERED, a_pair, |context, b| {
            recover::recover_plane::stage(context, variant, b)
        });
        let places = Places { first: capacity.rounds * capacity.candidates, count: RECOVERED };
        let refinement = refinement(&LOCAL, places, capacity.candidates_a_pair(variant.kind), KEEP_BETTER);
        self.push_sized("refine_model, of planes", RECOVERED, a_pair, |context, b| {
            refine_model::stage(context, variant, b, &uniform(context, refinement), &b.candidates)
        });
    }

    fn choose(&mut self, name: &'static str, places: Places) {
        let variant = self.variant;
        self.push(name, |context, b| {
            choose_finalists::stage(context, variant, b, &uniform(context, [places.first, places.count]))
        });
    }

    fn refine(&mut self, name: &'static str, places: Places, of: &Refinement, keep: u32) {
        self.refine_finalists(name, refinement(of, places, FINALIST_PLACES, keep));
    }

    fn refine_finalists(&mut self, name: &'static str, refinement: layout::Refinement) {
        let variant = self.variant;
        self.push_sized(name, refinement.count, a_pair, |context, b| {
            refine_model::stage(context, variant, b, &uniform(context, refinement), &b.finalists)
        });
    }

    /// The last refinement: of a pose by the noise of its inliers, of an epipolar geometry by what the neighbours of each match say,
    /// where that is asked for.
    fn refine_last(&mut self, places: Places) {
        let variant = self.variant;
        if variant.kind == ModelKind::Pose {
            self.push("estimate_noise", |context, b| estimate_noise::stage(context, variant, b));
            let by_noise =
                layout::Refinement { scale_sq: 0.0, ..refinement(&FINAL, places, FINALIST_PLACES, KEEP_ENOUGH) };
            self.refine_finalists("refine_model, by noise", by_noise);
        }
        if self.coherent {
            self.refine_coherently(places);
        }
    }

    fn refine_coherently(&mut self, places: Places) {
        let variant = self.variant;
        for round in 0..ROUNDS {
            let coherence =
                layout::Coherence { first: places.first, places: places.count, again: u32::from(round > 0) };
            self.push_sized("weigh_by_neighbours", places.count, for_weighing, |context, b| {
                let parameters = uniform(context, coherence);
                weigh_by_neighbours::stage(context, variant, b, [&parameters, &b.neighbours, &b.coherence])
            });
            let [first, last] = [
                if round == 0 { KEEP_AND_SAVE } else { KEEP_ALWAYS },
                if round + 1 == ROUNDS { KEEP_OR_RESTORE } else { KEEP_ALWAYS },
            ];
            for (of, keep) in [(WIDE, first), (FINAL, last)] {
                let refinement =
                    layout::Refinement { by_neighbours: 1, ..refinement(&of, places, FINALIST_PLACES, keep) };
                self.refine_finalists("refine_model, by neighbours", refinement);
            }
        }
    }

    /// What the estimate leaves open.
    fn diagnose(&mut self) {
        let variant = self.variant;
        if serves(variant.kind) {
            self.push("explain_by_homography", |context, b| recover::explain_by_homography::stage(context, variant, b));
        }
        if variant.kind == ModelKind::Essential {
            self.push("explain_by_rotation", |context, b| recover::explain_by_rotation::stage(context, variant, b));
        }
        if matches!(variant.kind, ModelKind::Pose | ModelKind::Rigid) {
            self.push("certify_rotation", |context, b| recover::certify_rotation::stage(context, variant, b));
        }
    }
}

fn uniform<T: bytemuck::Pod>(context: &Context, value: T) -> TypedBuffer<T> {
    let buffer = TypedBuffer::uniform(context, "parameters");
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
