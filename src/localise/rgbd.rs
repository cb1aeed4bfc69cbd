//! Poses where a photograph has depth, too.

use super::{Localisation, LocaliseOptions, Localiser, ScenePoints, quality};
use crate::geometry::MatchesView;
use crate::ransac::Estimate;
use crate::{Backend, Error, Estimator, Model, Options, Outcome, Problem, Result};
use glam::DVec3;

/// The estimator of motions between points: the cells of an image are little work for a CPU.
pub(super) fn rigid_estimator(options: &LocaliseOptions) -> Result<Estimator> {
    let threshold_px = options.threshold_3d;
    Estimator::new(Options { threshold_px, backend: Backend::Cpu, ..options.estimator.clone() })
}

impl Localiser {
    /// The pose of a camera with depth: that brings what is recalled at the cells to the points that the camera sees at their centres, in its
    /// own frame and in the scene's unit. Cells without one take no part.
    ///
    /// It has no covariance.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is an entry a cell; those of [`Estimator::estimate`].
    pub fn locate_rgbd(&self, points: ScenePoints, points_camera: &[Option<DVec3>], seed: u64) -> Result<Localisation> {
        if points_camera.len() != points.grid.len() {
            let (expected, found) = (points.grid.len(), points_camera.len());
            return Err(Error::LengthMismatch { what: "points of an image's cells", expected, found });
        }
        let weights = self.weights(&points);
        let outcome = self.motion(&points, points_camera, &weights, seed)?;
        // what a camera does not measure neither agrees nor disagrees
        let measured = points_camera.iter().zip(&weights);
        let measured: Vec<f32> = measured.map(|(point, &weight)| point.map_or(0.0, |_| weight)).collect();
        let confidence =
            outcome.estimate.as_ref().map_or(0.0, |estimate| quality::agreement(&measured, &estimate.inliers));
        Ok(Localisation { outcome, points, confidence, covariance: None })
    }

    /// None where the points do not determine one.
    fn motion(
        &self,
        points: &ScenePoints,
        points_camera: &[Option<DVec3>],
        weights: &[f32],
        seed: u64,
    ) -> Result<Outcome> {
        let measured = |cell: &usize| points_camera[*cell].is_some_and(|point| point.is_finite() && point.z > 0.0);
        let cells: Vec<usize> = (0..points_camera.len()).filter(measured).collect();
        let world: Vec<DVec3> = cells.iter().map(|&cell| points.points_world[cell]).collect();
        let camera: Vec<DVec3> = cells.iter().filter_map(|&cell| points_camera[cell]).collect();
        let weights: Vec<f32> = cells.iter().map(|&cell| weights[cell]).collect();
        let matches = MatchesView::Rigid { points1: &world, points2: &camera };
        let problem = Problem { weights: Some(&weights), seed, ..Problem::new(matches) };
        let mut outcome = match self.rigid.estimate(&problem) {
            Err(Error::DegenerateMatches { .. } | Error::TooFewMatches { .. }) => Outcome::default(),
            estimated => estimated?,
        };
        if let Some(Estimate { model, inliers, .. }) = &mut outcome.estimate {
            let mut of_cells = vec![false; points_camera.len()];
            cells.iter().zip(inliers.iter()).for_each(|(&cell, &inlier)| of_cells[cell] = inlier);
            *inliers = of_cells;
            if let Model::Rigid(pose) = model {
                *model = Model::Pose(*pose);
            }
        }
        Ok(outcome)
    }
}
