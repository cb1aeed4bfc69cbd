//! What the CPU adds to a two-view estimate of the GPU: plane-and-parallax recovery, the choice by key points, the second look
//! at the winner, and the diagnosis.

use super::cpu_pipeline::weighted_matches;
use crate::ransac::{
    Diagnosis, Options, Problem,
    stages::{
        diagnosis::diagnose,
        final_score::{FinalScore, best},
        search::{Scored, Search},
        weights::MatchWeights,
    },
};
use crate::{
    ModelKind,
    cpu::search::{mark_inliers::mark_inliers, select_best::Candidate},
};

/// Best candidates whose samples are looked at for a plane.
const LOOKED_AT: usize = 3;

/// What the search on the GPU left: its winner, and all refined candidates with their hypotheses, best first.
pub(crate) struct Searched {
    pub(crate) winner: Scored,
    pub(crate) inliers: Vec<bool>,
    pub(crate) candidates: Vec<Candidate>,
}

/// Whether the CPU has anything to add.
pub(crate) fn is_needed(problem: &Problem<'_>, options: &Options) -> bool {
    let knows_key_points = options.key_points && problem.scales_px.is_some() && problem.angles_deg.is_some();
    match problem.matches.kind() {
        ModelKind::Fundamental => true,
        ModelKind::Essential => options.diagnose || options.coherent || knows_key_points,
        _ => false,
    }
}

/// The winner, or what is recovered from the plane that explains its sample, or the candidate that the key points prefer,
/// refined coherently where that is asked for, with its inliers and diagnosis.
pub(crate) fn finish(
    problem: &Problem<'_>,
    weights: &MatchWeights,
    options: &Options,
    searched: Searched,
) -> (Searched, Diagnosis) {
    let (matches, scorer) = weighted_matches(problem, weights, options);
    let final_score = FinalScore::new(problem, options, &matches, scorer);
    let mut searched = searched;
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
    [searched.winner] = winner;
    if let Some(rival) = best(&rivals).map(|rival| final_score.refine_winner(rival))
        && rival.1 > searched.winner.1
    {
        searched.inliers = mark_inliers(&scorer, &rival.0, &matches);
        searched.winner = rival;
    }
    if options.coherent {
        searched.winner = final_score.look_again(searched.winner);
        searched.inliers = mark_inliers(&scorer, &searched.winner.0, &matches);
    }
    if !options.diagnose {
        return (searched, Diagnosis::default());
    }
    let diagnosis = diagnose(&final_score, &searched.winner.0, &searched.inliers, &refined, problem.seed);
    (searched, diagnosis)
}
