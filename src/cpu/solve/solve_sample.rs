//! The models of a minimal sample of any kind.

use super::{
    solve_essential_5pt::solve_essential_poses, solve_fundamental_7pt::solve_fundamental_7pt,
    solve_homography_4pt::solve_homography_4pt, solve_pose_p3p::solve_pose_p3p, solve_rigid_3pt::solve_rigid_3pt,
};
use crate::cpu::{
    residual::ModelRows,
    search::{
        normalize_matches::{NormalizedMatches, rows_of_matrix, rows_of_pose},
        sample_minimal::{SampleSource, sample_minimal},
    },
};
use crate::geometry::ModelKind;

/// Draws the sample of a hypothesis and adds its models; none when no sample could be drawn.
pub fn solve_hypothesis(
    matches: &NormalizedMatches,
    source: &SampleSource,
    seed: u64,
    hypothesis: u32,
    models: &mut Vec<ModelRows>,
) {
    let solve_drawn = |sample: Option<&[u32]>, models: &mut Vec<ModelRows>| {
        if let Some(sample) = sample {
            solve_sample(matches, sample, models);
        }
    };
    match matches.kind.sample_size() {
        5 => solve_drawn(sample_minimal::<5>(source, seed, hypothesis).as_ref().map(|s| &s[..]), models),
        7 => solve_drawn(sample_minimal::<7>(source, seed, hypothesis).as_ref().map(|s| &s[..]), models),
        4 => solve_drawn(sample_minimal::<4>(source, seed, hypothesis).as_ref().map(|s| &s[..]), models),
        _ => solve_drawn(sample_minimal::<3>(source, seed, hypothesis).as_ref().map(|s| &s[..]), models),
    }
}

/// Adds the models of the matches with these indices, as many as [`ModelKind::sample_size`]; fewer give none.
pub fn solve_sample(matches: &NormalizedMatches, sample: &[u32], models: &mut Vec<ModelRows>) {
    match matches.kind {
        ModelKind::Essential => {
            let Some([points1, points2]) = matches.two_view_sample(sample) else { return };
            models.extend(solve_essential_poses(&points1, &points2).iter().map(rows_of_pose));
        }
        ModelKind::Fundamental => {
            let Some([points1, points2]) = matches.two_view_sample(sample) else { return };
            models.extend(solve_fundamental_7pt(&points1, &points2).iter().map(rows_of_matrix));
        }
        ModelKind::Homography => {
            let Some([points1, points2]) = matches.two_view_sample(sample) else { return };
            models.extend(solve_homography_4pt(&points1, &points2).iter().map(rows_of_matrix));
        }
        ModelKind::Pose => {
            let Ok(sample) = <[u32; 3]>::try_from(sample) else { return };
            let points = sample.map(|i| matches.world_image(i as usize));
            models.extend(solve_pose_p3p(&points.map(|p| p.1), &points.map(|p| p.0)).iter().map(rows_of_pose));
        }
        ModelKind::Rigid => {
            let Ok(sample) = <[u32; 3]>::try_from(sample) else { return };
            let points = sample.map(|i| matches.world_world(i as usize));
            models.extend(solve_rigid_3pt(&points.map(|p| p[0]), &points.map(|p| p[1])).iter().map(rows_of_pose));
        }
    }
}
