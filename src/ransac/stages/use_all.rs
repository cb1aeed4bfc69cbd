//! A refit on all matches with their weights, without sampling.

use crate::{
    cpu::{
        residual::ModelRows,
        robust::Loss,
        search::{
            normalize_matches::{NormalizedMatches, rows_of_matrix, rows_of_pose},
            refine_model::{Refinement, refine_model},
            score_models::Scorer,
        },
        solve::{
            fit_pose::fit_pose,
            solve_essential_5pt::decompose_essential,
            solve_fundamental_8pt::{solve_essential_8pt, solve_fundamental_8pt},
            solve_homography_4pt::fit_homography,
            solve_rigid_3pt::fit_rigid,
            solve_sample::solve_sample,
        },
    },
    geometry::ModelKind,
};

const LEAST_SQUARES: Refinement = Refinement { loss: Loss::Squared, max_iterations: 100, reach: f64::INFINITY };
/// Minimal samples, spread over the matches, that the least squares also start from: they serve where the linear fit has too
/// few matches, or planar ones.
const STARTS: usize = 8;

/// The model with the smallest weighted sum of squared residuals, over all matches.
pub(crate) fn fit_all(matches: &NormalizedMatches, scorer: &Scorer) -> Option<ModelRows> {
    let mut starts = linear_fits(matches);
    let size = matches.kind.sample_size();
    let used: Vec<u32> = (0..matches.count as u32).filter(|&i| matches.refinement_weights[i as usize] > 0.0).collect();
    for start in 0..STARTS.min(used.len() / size) {
        let stride = used.len() / size;
        let sample: Vec<u32> = (0..size).map(|k| used[k * stride + start]).collect();
        solve_sample(matches, &sample, &mut starts);
    }
    let cost = |model: &ModelRows| -> f64 {
        let residuals = scorer.residuals_sq(model, matches);
        residuals.iter().zip(&matches.refinement_weights).map(|(t, w)| t * w).sum()
    };
    let fits = starts.iter().map(|start| refine_model(start, matches, &LEAST_SQUARES));
    let costs = fits.map(|model| (cost(&model), model)).filter(|(cost, _)| cost.is_finite());
    costs.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, model)| model)
}

/// The models of the weighted linear fit; of an essential matrix all four motions.
fn linear_fits(matches: &NormalizedMatches) -> Vec<ModelRows> {
    let weights = Some(&matches.refinement_weights[..matches.count]);
    let matrix = |fit: Option<glam::DMat3>| fit.iter().map(rows_of_matrix).collect();
    let pose = |fit: Option<crate::Pose>| fit.iter().map(rows_of_pose).collect();
    match matches.kind {
        ModelKind::Essential => {
            let [points1, points2] = matches.two_view_points(|_| true);
            let fit = solve_essential_8pt(&points1, &points2, weights);
            fit.iter().flat_map(decompose_essential).map(|motion| rows_of_pose(&motion)).collect()
        }
        ModelKind::Fundamental => {
            let [points1, points2] = matches.two_view_points(|_| true);
            matrix(solve_fundamental_8pt(&points1, &points2, weights))
        }
        ModelKind::Homography => {
            let [points1, points2] = matches.two_view_points(|_| true);
            matrix(fit_homography(&points1, &points2, weights))
        }
        ModelKind::Pose => {
            let (world, image): (Vec<_>, Vec<_>) = (0..matches.count).map(|i| matches.world_image(i)).unzip();
            pose(fit_pose(&image, &world, weights))
        }
        ModelKind::Rigid => {
            let (points1, points2): (Vec<_>, Vec<_>) =
                (0..matches.count).map(|i| matches.world_world(i).into()).unzip();
            pose(fit_rigid(&points1, &points2, weights))
        }
    }
}
