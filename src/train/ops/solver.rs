use crate::ModelKind;
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::{rows_of_matrix, rows_of_pose};
use crate::cpu::solve::solve_essential_5pt::solve_essential_poses;
use crate::cpu::solve::solve_fundamental_7pt::solve_fundamental_7pt;
use crate::cpu::solve::solve_fundamental_8pt::solve_fundamental_8pt;
use crate::cpu::solve::solve_homography_4pt::solve_homography_4pt;
use crate::cpu::solve::solve_pose_p3p::solve_pose_p3p;
use crate::cpu::solve::solve_rigid_3pt::solve_rigid_3pt;
use glam::{DVec2, DVec3};

/// A minimal solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Solver {
    /// E of five normalised matches (Nistér 2004).
    #[serde(rename = "essential-5pt")]
    Essential5pt,
    /// F of seven matches.
    #[serde(rename = "fundamental-7pt")]
    Fundamental7pt,
    /// F of eight matches or more, weighted or not (Hartley 1997).
    #[serde(rename = "fundamental-8pt")]
    Fundamental8pt,
    /// H of four matches.
    #[serde(rename = "homography-4pt")]
    Homography4pt,
    /// Absolute pose of three points.
    #[serde(rename = "pose-p3p")]
    PoseP3p,
    /// Rigid transform of three points.
    #[serde(rename = "rigid-3pt")]
    Rigid3pt,
}

impl Solver {
    /// Every solver.
    pub const ALL: [Self; 6] = [
        Self::Essential5pt,
        Self::Fundamental7pt,
        Self::Fundamental8pt,
        Self::Homography4pt,
        Self::PoseP3p,
        Self::Rigid3pt,
    ];

    /// What it solves for.
    pub const fn kind(self) -> ModelKind {
        match self {
            Self::Essential5pt => ModelKind::Essential,
            Self::Fundamental7pt | Self::Fundamental8pt => ModelKind::Fundamental,
            Self::Homography4pt => ModelKind::Homography,
            Self::PoseP3p => ModelKind::Pose,
            Self::Rigid3pt => ModelKind::Rigid,
        }
    }

    /// Matches in a sample; of the eight-point solver at least.
    pub const fn sample_size(self) -> usize {
        match self {
            Self::Fundamental8pt => 8,
            _ => self.kind().sample_size(),
        }
    }

    /// The most models of one sample.
    pub(crate) const fn max_solutions(self) -> usize {
        match self {
            Self::Fundamental8pt => 1,
            _ => self.kind().max_solutions(),
        }
    }

    /// The models of one sample, in the layout of kernels.
    pub(super) fn solve(self, sample: &[f32], weights: Option<&[f32]>) -> Vec<ModelRows> {
        let vectors: Vec<[f64; 4]> = sample.as_chunks().0.iter().map(|v| v.map(f64::from)).collect();
        let image1 = |i: usize| DVec2::new(vectors[i][0], vectors[i][1]);
        let image2 = |i: usize| DVec2::new(vectors[i][2], vectors[i][3]);
        let spatial1 = |i: usize| DVec3::from_slice(&vectors[2 * i]);
        let spatial2 = |i: usize| DVec3::from_slice(&vectors[2 * i + 1]);
        use std::array::from_fn;
        match self {
            Self::Essential5pt => {
                solve_essential_poses(&from_fn(image1), &from_fn(image2)).iter().map(rows_of_pose).collect()
            }
            Self::Fundamental7pt => {
                solve_fundamental_7pt(&from_fn(image1), &from_fn(image2)).iter().map(rows_of_matrix).collect()
            }
            Self::Fundamental8pt => {
                let points1: Vec<_> = (0..vectors.len()).map(image1).collect();
                let points2: Vec<_> = (0..vectors.len()).map(image2).collect();
                let weights: Option<Vec<_>> = weights.map(|weights| weights.iter().map(|&w| f64::from(w)).collect());
                solve_fundamental_8pt(&points1, &points2, weights.as_deref()).iter().map(rows_of_matrix).collect()
            }
            Self::Homography4pt => {
                solve_homography_4pt(&from_fn(image1), &from_fn(image2)).iter().map(rows_of_matrix).collect()
            }
            Self::PoseP3p => {
                let image = from_fn(|i| spatial2(i).truncate());
                solve_pose_p3p(&image, &from_fn(spatial1)).iter().map(rows_of_pose).collect()
            }
            Self::Rigid3pt => {
                solve_rigid_3pt(&from_fn(spatial1), &from_fn(spatial2)).iter().map(rows_of_pose).collect()
            }
        }
    }
}

/// Twelve f32 as a model.
pub(in crate::train) fn model_rows(values: &[f32]) -> ModelRows {
    std::array::from_fn(|i| std::array::from_fn(|k| f64::from(values[4 * i + k])))
}
