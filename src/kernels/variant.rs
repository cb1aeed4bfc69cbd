use crate::constants;
use crate::geometry::{EpipolarResidual, ModelKind, Score};
use crate::gpu::shader_part;

/// What a shader is composed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The model.
    pub kind: ModelKind,
    /// The residual of a fundamental matrix.
    pub residual: EpipolarResidual,
    /// The gain.
    pub score: Score,
}

/// vec4 a match.
pub(crate) const fn match_vectors(kind: ModelKind) -> usize {
    match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => 1,
        ModelKind::Pose | ModelKind::Rigid => 2,
    }
}

impl Variant {
    /// Every variant there is.
    pub fn all() -> impl Iterator<Item = Self> {
        ModelKind::ALL.into_iter().flat_map(|kind| {
            [EpipolarResidual::Sampson, EpipolarResidual::Symmetric].into_iter().flat_map(move |residual| {
                [Score::Ransac, Score::Msac, Score::Magsacpp].map(move |score| Self { kind, residual, score })
            })
        })
    }

    /// vec4 a match.
    pub const fn match_vectors(self) -> usize {
        match_vectors(self.kind)
    }

    /// The layout of a match.
    pub(crate) const fn layout(self) -> &'static str {
        match self.match_vectors() {
            1 => shader_part!("shared/layout/match_two_view"),
            _ => shader_part!("shared/layout/match_spatial"),
        }
    }

    /// Constants, structs, flat indices and the layout of a match.
    pub(super) const fn common(self) -> [&'static str; 6] {
        [
            constants::MODEL_KINDS,
            constants::SEARCH,
            constants::CHOICE,
            shader_part!("shared/layout/types"),
            shader_part!("shared/layout/dispatch"),
            self.layout(),
        ]
    }

    /// `residual_sq`.
    pub(crate) fn residual(self) -> Vec<&'static str> {
        match self.kind {
            ModelKind::Essential => vec![shader_part!("shared/residual/residual_essential")],
            ModelKind::Fundamental => vec![
                shader_part!("shared/residual/residual_fundamental"),
                match self.residual {
                    EpipolarResidual::Sampson => shader_part!("shared/residual/residual_sampson"),
                    EpipolarResidual::Symmetric => shader_part!("shared/residual/residual_symmetric"),
                },
            ],
            ModelKind::Homography => vec![shader_part!("shared/residual/residual_homography")],
            ModelKind::Pose => vec![shader_part!("shared/residual/residual_pose")],
            ModelKind::Rigid => vec![shader_part!("shared/residual/residual_rigid")],
        }
    }

    /// `agreement` of key points.
    pub(super) const fn agreement(self) -> &'static str {
        match self.kind {
            ModelKind::Essential | ModelKind::Fundamental => shader_part!("shared/gain/agreement_epipolar"),
            _ => shader_part!("shared/gain/agreement_none"),
        }
    }

    /// `sampling_shares` and `log_misses`.
    pub(super) const CHANCE: [&'static str; 2] =
        [shader_part!("shared/random/log_miss"), shader_part!("shared/random/sampling_shares")];

    /// `gain`.
    pub(crate) const fn gain(self) -> &'static str {
        match self.score {
            Score::Ransac => shader_part!("shared/gain/gain_ransac"),
            Score::Msac => shader_part!("shared/gain/gain_msac"),
            Score::Magsacpp => shader_part!("shared/gain/gain_magsac"),
        }
    }

    /// The manifold of the models, and the residuals with their derivatives.
    pub(super) fn derivatives(self) -> Vec<&'static str> {
        let [manifold, derivatives]: [&str; 2] = match self.kind {
            ModelKind::Essential => {
                [shader_part!("shared/manifold/manifold_essential"), shader_part!("shared/residual/derivative_sampson")]
            }
            ModelKind::Fundamental => [
                shader_part!("shared/manifold/manifold_fundamental"),
                shader_part!("shared/residual/derivative_sampson"),
            ],
            ModelKind::Homography => [
                shader_part!("shared/manifold/manifold_homography"),
                shader_part!("shared/residual/derivative_transfer"),
            ],
            ModelKind::Pose => {
                [shader_part!("shared/manifold/manifold_pose"), shader_part!("shared/residual/derivative_reprojection")]
            }
            ModelKind::Rigid => {
                [shader_part!("shared/manifold/manifold_pose"), shader_part!("shared/residual/derivative_rigid")]
            }
        };
        let mut parts = vec![shader_part!("shared/algebra/rotation"), manifold, derivatives];
        if matches!(self.kind, ModelKind::Homography | ModelKind::Pose) {
            parts.push(shader_part!("shared/residual/derivative_image"));
        }
        parts
    }

    /// The same, and the normal equations of these.
    pub(crate) fn manifold(self) -> Vec<&'static str> {
        let mut parts = self.derivatives();
        parts.push(shader_part!("shared/algebra/outer"));
        parts.push(match self.kind {
            ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => {
                shader_part!("shared/algebra/normal_equations_matrix")
            }
            ModelKind::Pose | ModelKind::Rigid => shader_part!("shared/algebra/normal_equations_motion"),
        });
        parts
    }
}
