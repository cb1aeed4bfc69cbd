//! A refit on all matches with their weights, without sampling.

use crate::{
    cpu::{
        residual::{BEHIND, ModelRows},
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
    let fits = starts.iter().map(|start| refine_model(start, matches, &LEAST_SQUARES));
    let costs = fits.map(|model| (cost(&scorer.residuals_sq(&model, matches), matches), model));
    let finite = costs.filter(|([behind, cost], _)| behind.is_finite() && cost.is_finite());
    finite.min_by(|(a, _), (b, _)| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))).map(|(_, model)| model)
}

/// The weight of the matches that lie behind a camera, and the weighted sum of the others' squared residuals: in one sum the
/// former would drown the latter.
fn cost(residuals_sq: &[f64], matches: &NormalizedMatches) -> [f64; 2] {
    residuals_sq.iter().zip(&matches.refinement_weights).fold([0.0; 2], |[behind, cost], (&t, weight)| {
        if t >= BEHIND { [behind + weight, cost] } else { [behind, cost + weight * t] }
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::MatchesView;
    use glam::DVec2;

    #[test]
    fn matches_behind_a_camera_do_not_drown_what_tells_fits_apart() {
        let points = [0.0, 1.0, 2.0, 3.0].map(DVec2::splat);
        let view = MatchesView::Homography { points1_px: &points, points2_px: &points };
        let matches = NormalizedMatches::new(&view, 1.0, None, Some(&[1.0, 0.5, 1.0, 0.0]));
        assert_eq!(cost(&[BEHIND, 3.0, 1.0, BEHIND], &matches), [1.0, 2.5]);
        assert_eq!(cost(&[BEHIND, 3.0, 2.0, 7.0], &matches), [1.0, 3.5]);
    }
}
