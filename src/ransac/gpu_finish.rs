//! What the CPU adds to a two-view estimate of the GPU: plane-and-parallax recovery, the coherent refinement, the diagnosis.

use super::{
    Diagnosis, Options, Problem,
    coherence::serves,
    cpu_pipeline::{look_again, refine_winner},
    diagnosis::diagnose,
    search::{Scored, Search},
    weights::MatchWeights,
};
use crate::{
    ModelKind,
    cpu::{
        mark_inliers::mark_inliers, normalize_matches::NormalizedMatches, score_models::Scorer, select_best::Candidate,
    },
};

/// Best candidates whose samples are looked at for a plane.
const LOOKED_AT: usize = 3;

/// What the search on the GPU left: its winner, and all refined candidates with their hypotheses, best first.
pub(super) struct Searched {
    pub(super) winner: Scored,
    pub(super) inliers: Vec<bool>,
    pub(super) candidates: Vec<Candidate>,
}

/// Whether the CPU has anything to add.
pub(super) fn is_needed(kind: ModelKind, options: &Options) -> bool {
    kind == ModelKind::Fundamental
        || (options.diagnose && kind == ModelKind::Essential)
        || (options.coherent && serves(kind))
}

/// The winner, or what is recovered from the plane that explains its sample, refined coherently where that is asked for,
/// with its inliers and diagnosis.
pub(super) fn finish(
    problem: &Problem<'_>,
    weights: &MatchWeights,
    options: &Options,
    searched: Searched,
) -> (Searched, Diagnosis) {
    let threshold_px = problem.threshold_px.unwrap_or(options.threshold_px);
    let [score, refinement] = [&weights.score, &weights.refinement].map(Option::as_deref);
    let matches = NormalizedMatches::new(&problem.matches, threshold_px, score, refinement);
    let scorer = Scorer::new(matches.kind, options.score, options.residual);
    let mut searched = searched;
    if matches.kind == ModelKind::Fundamental {
        let search = Search { matches: &matches, scorer, weights, seed: problem.seed };
        let recovered = searched.candidates.iter().take(LOOKED_AT).filter_map(|c| search.recover_from_plane(c));
        let best = recovered.map(|scored| refine_winner(scored, &matches, &scorer)).max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some(best) = best.filter(|best| best.1 > searched.winner.1) {
            searched.inliers = mark_inliers(&scorer, &best.0, &matches);
            searched.winner = best;
        }
    }
    if options.coherent {
        searched.winner = look_again(searched.winner, &matches, &scorer);
        searched.inliers = mark_inliers(&scorer, &searched.winner.0, &matches);
    }
    if !options.diagnose {
        return (searched, Diagnosis::default());
    }
    let refined: Vec<Scored> = searched.candidates.iter().map(|c| (c.model, c.score)).collect();
    let diagnosis = diagnose(&matches, &scorer, &searched.winner.0, &searched.inliers, &refined, problem.seed);
    (searched, diagnosis)
}
