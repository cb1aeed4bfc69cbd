//! Operations with gradients of their own, for any Burn model.

mod backend;
mod closest_model;
mod gather_matches;
mod kernel;
mod match_losses;
mod objectives;
mod packing;
mod pose_loss;
mod sample_gumbel;
mod solve;
mod solve_backward;
mod solver;
mod spatial;
mod weighted_scores;

pub use match_losses::{MatchLosses, match_losses};
pub use objectives::{
    LossWeights, ModelLosses, Truth, mean_over_valid, model_losses, score_function_loss, soft_selection_loss,
};
pub use packing::Packing;
pub use pose_loss::pose_loss;
pub use sample_gumbel::{Samples, Sampling, sample_minimal};
pub use solve::{
    Solved, solve, solve_essential_5pt, solve_fundamental_7pt, solve_fundamental_8pt, solve_homography_4pt,
    solve_pose_p3p, solve_rigid_3pt,
};
pub use solver::Solver;
pub use weighted_scores::weighted_scores;

use crate::{ModelKind, Score};

/// The names and texts of every shader of this room, to be validated.
#[doc(hidden)]
pub fn shader_texts() -> Vec<(&'static str, String)> {
    use match_losses::Pass;
    use weighted_scores::Stem;
    let fixed = [
        sample_gumbel::SAMPLE,
        sample_gumbel::SAMPLE_BACKWARD,
        gather_matches::GATHER,
        gather_matches::GATHER_BACKWARD,
        solve::WEIGHTED_8PT,
        closest_model::CLOSEST,
        pose_loss::FORWARD,
        pose_loss::BACKWARD,
    ];
    let mut sources: Vec<kernel::Source> = fixed.into_iter().map(Into::into).collect();
    for kind in ModelKind::ALL {
        sources.extend([Pass::Forward, Pass::ByModels, Pass::ByPoints].map(|pass| match_losses::source(kind, pass)));
        for score in [Score::Ransac, Score::Msac, Score::Magsacpp] {
            sources.extend([Stem::Forward, Stem::ByWeights].map(|stem| weighted_scores::source(kind, score, stem)));
        }
    }
    sources.into_iter().map(|source| (source.name, source.text())).collect()
}
