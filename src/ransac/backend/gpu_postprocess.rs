//! What the CPU adds to an estimate of the GPU: plane-and-parallax recovery, the choice by key points, the last
//! refinement, and the diagnosis.

use super::cpu_pipeline::weighted_matches;
use crate::ransac::{
    Options, Problem,
    stages::{
        diagnosis::{Settled, settle},
        final_score::{FinalScore, best},
        schedule::KEEP_FINAL,
        search::{Scored, Search},
        weights::MatchWeights,
    },
};
use crate::{ModelKind, cpu::search::select_best::Candidate};

/// Best candidates whose samples are looked at for a plane.
const LOOKED_AT: usize = 3;

/// What the search on the GPU left: its winner, and all refined candidates with their hypotheses, best first.
pub(crate) struct Searched {
    pub(crate) winner: Scored,
    pub(crate) candidates: Vec<Candidate>,
}

/// Whether the CPU has anything to add.
pub(crate) fn is_needed(problem: &Problem<'_>, options: &Options) -> bool {
    match problem.matches.kind() {
        ModelKind::Pose => true,
        ModelKind::Rigid => options.diagnose,
        _ => wants_candidates(problem, options),
    }
}

/// Whether what it adds goes by the candidates of the search.
pub(crate) fn wants_candidates(problem: &Problem<'_>, options: &Options) -> bool {
    let knows_key_points = options.key_points && problem.scales_px.is_some() && problem.angles_deg.is_some();
    match problem.matches.kind() {
        ModelKind::Fundamental => true,
        ModelKind::Essential => options.diagnose || options.coherent || knows_key_points,
        _ => false,
    }
}

/// The winner, or what is recovered from the plane that explains its sample, or the candidate that the key points prefer,
/// after its last refinement, with its inliers and diagnosis.
pub(crate) fn postprocess(
    problem: &Problem<'_>,
    weights: &MatchWeights,
    options: &Options,
    searched: Searched,
) -> Settled {
    let (matches, scorer) = weighted_matches(problem, weights, options);
    let final_score = FinalScore::new(problem, options, &matches, scorer);
    let mut refined: Vec<Scored> = searched.candidates.iter().map(|c| (c.model, c.score)).collect();
    final_score.rescore(&mut refined);
    let mut rivals = if final_score.is_other() { refined.clone() } else { Vec::new() };
    if matches.kind == ModelKind::Fundamental {
        let search = Search { matches: &matches, scorer, weights, seed: problem.seed };
        let recovered = searched.candidates.iter().take(LOOKED_AT).filter_map(|c| search.recover_from_plane(c));
        let mut recovered: Vec<Scored> = recovered.collect();
        final_score.rescore(&mut recovered);
        rivals.extend(recovered);
    }
    let mut winner = [searched.winner];
    final_score.rescore(&mut winner);
    let [mut winner] = winner;
    let mut least = KEEP_FINAL * best(&refined).map_or(winner.1, |best| best.1);
    if let Some(rival) = best(&rivals) {
        let refined = final_score.refine_finally(rival, KEEP_FINAL * rival.1);
        if refined.1 > winner.1 {
            (winner, least) = (refined, KEEP_FINAL * rival.1);
        }
    }
    winner = final_score.refine_last(winner, least);
    if options.diagnose {
        return settle(&final_score, winner, &refined, problem.seed);
    }
    Settled::undiagnosed(&final_score, winner)
}
