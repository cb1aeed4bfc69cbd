//! What an estimation found, as one struct.

use crate::border::{Result, bad_input, nabla_status, null};
use crate::versioned::Versioned;
use glam::{DMat3, DQuat};
use nabla_ransac::data::OwnedProblem;
use nabla_ransac::ransac::{Diagnosis, Estimate};
use nabla_ransac::{Model, Outcome, Pose};
use std::ptr;

/// A motion: y = rotation x + translation.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct nabla_motion {
    /// Row-major.
    pub rotation: [f64; 9],
    /// The same rotation as a unit quaternion w x y z.
    pub quaternion: [f64; 4],
    /// The translation.
    pub translation: [f64; 3],
}

/// What was found. Set struct_size, inliers and inliers_length; the rest is written, and 0 where there is nothing.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct nabla_result {
    /// sizeof(nabla_result).
    pub struct_size: usize,
    /// The caller's memory for the mask, or NULL: 1 for each match within the threshold and, where there is depth, in front; else 0. It
    /// is written where the problem has no fault.
    pub inliers: *mut u8,
    /// Its length: one a match.
    pub inliers_length: usize,
    /// How many matches are inliers.
    pub inlier_count: usize,
    /// The score of the model.
    pub score: f64,
    /// The probability with which a sample of its inliers only was among those drawn.
    pub confidence: f64,
    /// E, F or H, row-major.
    pub matrix: [f64; 9],
    /// Essential: camera2_from_camera1; pose: camera_from_world; rigid: points2_from_points1.
    pub motion: nabla_motion,
    /// The best motion that clearly differs, where has_second_motion.
    pub second_motion: nabla_motion,
    /// Its score.
    pub second_score: f64,
    /// The homography that explains the most inliers, row-major, pixels, where has_homography.
    pub homography: [f64; 9],
    /// How many it explains.
    pub homography_inlier_count: usize,
    /// Hypotheses drawn.
    pub iterations: u32,
    /// The nabla_status of this problem.
    pub status: i32,
    /// 1 if there is a model, else 0.
    pub found: i32,
    /// 1 if the hypotheses ended before the confidence asked for was reached, else 0.
    pub budget_spent: i32,
    /// 1 if one homography explains most inliers (a planar scene or no translation), else 0.
    pub planar: i32,
    /// 1 if a rotation alone explains most inliers, so that the translation is not determined, else 0.
    pub rotation_only: i32,
    /// 1 if the second motion explains the matches nearly as well, so that either may be right, else 0.
    pub ambiguous: i32,
    /// 1 if the inliers of a pose or rigid transform lie on a line, so that a turn about it is not determined, else 0.
    pub rotation_undetermined: i32,
    /// 1 if there is a second motion, else 0.
    pub has_second_motion: i32,
    /// 1 if there is a homography, else 0.
    pub has_homography: i32,
}

// SAFETY: numbers and a pointer, the size first
unsafe impl Versioned for nabla_result {
    const NAME: &'static str = "nabla_result";
    const FIRST_SIZE: usize = size_of::<Self>();

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>(),
            inliers: ptr::null_mut(),
            inliers_length: 0,
            inlier_count: 0,
            score: 0.0,
            confidence: 0.0,
            matrix: [0.0; 9],
            motion: nabla_motion::default(),
            second_motion: nabla_motion::default(),
            second_score: 0.0,
            homography: [0.0; 9],
            homography_inlier_count: 0,
            iterations: 0,
            status: nabla_status::Ok as i32,
            found: 0,
            budget_spent: 0,
            planar: 0,
            rotation_only: 0,
            ambiguous: 0,
            rotation_undetermined: 0,
            has_second_motion: 0,
            has_homography: 0,
        }
    }
}

impl nabla_result {
    fn of(outcome: &Outcome) -> Self {
        let mut result = Self {
            confidence: outcome.confidence,
            iterations: outcome.iterations,
            budget_spent: outcome.budget_spent.into(),
            ..Self::defaults()
        };
        if let Some(estimate) = &outcome.estimate {
            result.put_estimate(estimate);
            result.put_diagnosis(&estimate.diagnosis);
        }
        result
    }

    fn put_estimate(&mut self, estimate: &Estimate) {
        self.found = 1;
        self.inlier_count = estimate.inlier_count();
        self.score = estimate.score;
        match &estimate.model {
            Model::Essential(pose) => {
                self.matrix = row_major(&pose.essential());
                self.motion = nabla_motion::of(pose);
            }
            Model::Fundamental(matrix) | Model::Homography(matrix) => self.matrix = row_major(matrix),
            Model::Pose(pose) | Model::Rigid(pose) => self.motion = nabla_motion::of(pose),
        }
    }

    fn put_diagnosis(&mut self, diagnosis: &Diagnosis) {
        self.planar = diagnosis.planar.into();
        self.rotation_only = diagnosis.rotation_only.into();
        self.ambiguous = diagnosis.ambiguous.into();
        self.rotation_undetermined = diagnosis.rotation_undetermined.into();
        if let Some((motion, score)) = &diagnosis.second_motion {
            self.has_second_motion = 1;
            (self.second_motion, self.second_score) = (nabla_motion::of(motion), *score);
        }
        if let Some((homography, inlier_count)) = &diagnosis.homography {
            self.has_homography = 1;
            (self.homography, self.homography_inlier_count) = (row_major(homography), *inlier_count);
        }
    }
}

impl nabla_motion {
    fn of(pose: &Pose) -> Self {
        let DQuat { x, y, z, w } = DQuat::from_mat3(&pose.rotation).normalize();
        let (rotation, translation) = (row_major(&pose.rotation), pose.translation.to_array());
        Self { rotation, quaternion: [w, x, y, z], translation }
    }
}

fn row_major(matrix: &DMat3) -> [f64; 9] {
    matrix.transpose().to_cols_array()
}

/// Where a result goes: the caller's struct, and its mask.
pub(crate) struct Place {
    to: *mut nabla_result,
    struct_size: usize,
    inliers: *mut u8,
    inliers_length: usize,
}

impl Place {
    /// The place of a caller's struct, of which but its first three fields need not have been set.
    ///
    /// # Safety
    /// The pointer is null, or to as many bytes as the `usize` there says, which may be written while the place lives.
    pub(crate) unsafe fn new(to: *mut nabla_result) -> Result<Self> {
        // SAFETY: the caller says so
        let struct_size = unsafe { nabla_result::size(to, "result") }?;
        // SAFETY: the struct is there, and these fields are set
        let (inliers, inliers_length) = unsafe {
            ((&raw const (*to).inliers).read_unaligned(), (&raw const (*to).inliers_length).read_unaligned())
        };
        Ok(Self { to, struct_size, inliers, inliers_length })
    }

    /// That there is either no mask or one with an entry a match.
    pub(crate) fn check_mask(&self, match_count: usize) -> Result<()> {
        match (self.inliers.is_null(), self.inliers_length) {
            (true, 0) => Ok(()),
            (true, _) => Err(null("result.inliers")),
            (false, found) if found == match_count => Ok(()),
            (false, found) => {
                Err(bad_input(format!("result.inliers_length: expected {match_count}, one a match, but it is {found}")))
            }
        }
    }

    /// Writes what was found, or that nothing was, and passes a failure on.
    ///
    /// # Safety
    /// That of [`Self::new`]; where there is an outcome, the mask was checked and may be written.
    pub(crate) unsafe fn fill(&self, found: Result<(OwnedProblem, Outcome)>) -> Result<()> {
        let (result, failure) = match found {
            Ok((problem, outcome)) => {
                // SAFETY: the caller says so
                unsafe { self.fill_mask(&problem, &outcome) };
                (nabla_result::of(&outcome), None)
            }
            Err(failure) => (nabla_result { status: failure.status as i32, ..nabla_result::defaults() }, Some(failure)),
        };
        let result = nabla_result { inliers: self.inliers, inliers_length: self.inliers_length, ..result };
        // SAFETY: the caller says so
        unsafe { result.write(self.to, self.struct_size) }?;
        failure.map_or(Ok(()), Err)
    }

    unsafe fn fill_mask(&self, problem: &OwnedProblem, outcome: &Outcome) {
        if self.inliers.is_null() {
            return;
        }
        for (index, inlier) in problem.mask(outcome).into_iter().enumerate() {
            // SAFETY: an entry a match, which the caller may write
            unsafe { self.inliers.add(index).write(inlier.into()) };
        }
    }
}
