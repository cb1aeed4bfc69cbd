//! Matches of two views, what a homography explains of them, and fits to that.

use crate::constants::{EXPLAINED_SQ, REFITS};
use crate::cpu::residual::{Residual, SampsonTransfer};
use crate::cpu::search::normalize_matches::{BLOCK, matrix_of, rows_of_matrix};
use crate::cpu::search::refine_model::{Near, step_homography};
use glam::{DMat3, DVec2};

/// Matches that a homography is fitted to at least.
const FITTED: usize = 4;

/// Matches of two views in normalised coordinates.
#[derive(Clone, Copy, Debug)]
pub struct TwoViews<'a> {
    /// Points in image 1.
    pub points1: &'a [DVec2],
    /// The same points in image 2; as many.
    pub points2: &'a [DVec2],
    /// One threshold in normalised units, for x1, y1, x2, y2.
    pub metric: [f64; 4],
}

impl TwoViews<'_> {
    pub(super) fn len(&self) -> usize {
        self.points1.len().min(self.points2.len())
    }

    fn coordinates(&self, index: usize) -> [f64; 6] {
        let (p, q) = (self.points1[index], self.points2[index]);
        [p.x, p.y, q.x, q.y, 0.0, 0.0]
    }

    /// Squared distance of a match from one that the homography maps exactly, in thresholds.
    pub(super) fn transfer(&self, homography: DMat3) -> impl Fn(usize) -> f64 {
        let residual = SampsonTransfer::new(&rows_of_matrix(&homography), &self.metric);
        move |index| residual.residual_sq(self.coordinates(index))
    }

    fn explained_by_homography(&self, homography: &DMat3) -> usize {
        let transfer = self.transfer(*homography);
        (0..self.len()).filter(|&index| transfer(index) < EXPLAINED_SQ).count()
    }

    /// One Gauss–Newton step from a homography by the squared transfer errors of the matches of positive weight. Of a homography that
    /// explains them it leaves hardly anything to a second step, and unlike the algebraic fit it is one that single precision
    /// suffices for: it goes by the residuals, not by the condition of the coordinates. `None` for fewer than four.
    pub(super) fn step_homography(&self, homography: &DMat3, weights: &[f64]) -> Option<DMat3> {
        let fitted: Vec<usize> = (0..self.len()).filter(|&i| weights[i] > 0.0).collect();
        if fitted.len() < FITTED {
            return None;
        }
        let padded = fitted.len().next_multiple_of(BLOCK);
        let taken = (0..padded).map(|place| self.coordinates(fitted.get(place).copied().unwrap_or(fitted[0])));
        let rows: Vec<[f64; 6]> = taken.collect();
        let near = Near {
            columns: std::array::from_fn(|k| rows.iter().map(|row| row[k]).collect()),
            weights: (0..padded).map(|place| f64::from(u8::from(place < fitted.len()))).collect(),
            metric: self.metric,
        };
        step_homography(&rows_of_matrix(homography), &near).map(|rows| matrix_of(&rows))
    }

    /// Fits to what the last fit explains while that does not become less; with the number explained.
    pub(super) fn refit(&self, homography: &DMat3, fit: impl Fn(&DMat3, &[f64]) -> Option<DMat3>) -> (DMat3, usize) {
        let mut best = (*homography, self.explained_by_homography(homography));
        for _ in 0..REFITS {
            let transfer = self.transfer(best.0);
            let weights: Vec<f64> = (0..self.len()).map(|i| f64::from(u8::from(transfer(i) < EXPLAINED_SQ))).collect();
            let Some(next) = fit(&best.0, &weights) else { break };
            let explained = self.explained_by_homography(&next);
            if explained < best.1 {
                break;
            }
            best = (next, explained);
        }
        best
    }
}
