//! What the options come to on the GPU: its room, its arrays over the matches, and the settings that all stages share.

use crate::ransac::{
    Options,
    stages::{
        schedule::{Rounds, candidates_of},
        weights::Given,
    },
};
use crate::{
    cpu::{
        magsac::MagsacFit,
        search::weigh_matches::{Rules, SampleBy},
    },
    kernels::{Capacity, MatchArrays, Variant, layout, solve::solver},
};

/// Hypotheses, candidates and rounds at most, for one pair with what is given of it.
pub(crate) fn capacity_for(options: &Options, given: Given) -> Capacity {
    let hypotheses = Rounds::of(options).longest;
    Capacity {
        pairs: 1,
        matches: 1,
        hypotheses,
        candidates: candidates_of(hypotheses) + u32::from(given.prior),
        rounds: Rounds::of(options).starts(options.max_iterations).count() as u32,
    }
}

/// What the weighing of matches reads and writes.
pub(super) const fn arrays(rules: &Rules, given: Given, coherent: bool) -> MatchArrays {
    let Given { weights, ratios, key_points, .. } = given;
    let Rules { one_to_one, weigh_score, weigh_refinement, .. } = *rules;
    let facts = one_to_one || weigh_score || weigh_refinement || key_points;
    let sums = !matches!(rules.sample_by, SampleBy::Nothing);
    MatchArrays { weights, ratios, key_points, facts, sums, sharing: one_to_one, neighbours: coherent }
}

/// Of no pairs yet.
pub(super) fn settings(
    variant: Variant,
    options: &Options,
    capacity: Capacity,
    rules: &Rules,
    given: Given,
) -> layout::Settings {
    layout::Settings {
        pair_count: 0,
        hypotheses: capacity.hypotheses,
        sample_size: variant.kind.sample_size() as u32,
        max_solutions: variant.kind.max_solutions() as u32,
        candidates: capacity.candidates,
        min_iterations: options.min_iterations,
        max_iterations: options.max_iterations,
        log_miss: (1.0 - options.confidence).ln() as f32,
        weigh_sampling: rules.sample_by as u32,
        weighing: rules.flags() | given.flags(),
        sample_ratio_below: rules.ratio_below,
        kind: variant.kind as u32,
        first_round: Rounds::of(options).first,
        rounds: capacity.rounds,
        weigh_matches: u32::from(arrays(rules, given, false).facts),
        solver_hypotheses: solver::hypotheses_a_workgroup(&solver::shader(variant.kind)),
        min_inliers: options.min_inliers,
        candidates_a_pair: capacity.candidates_a_pair(variant.kind),
        key_points: u32::from(given.key_points),
        diagnose: u32::from(options.diagnose),
        match_capacity: capacity.matches,
        priors: u32::from(given.prior),
        unused: [0; 2],
        magsac: MagsacFit::new(variant.kind).vectors(),
    }
}
