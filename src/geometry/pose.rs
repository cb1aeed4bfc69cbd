#[cfg(feature = "collection")]
use glam::DQuat;
use glam::{DMat3, DVec3};
use std::ops::Mul;

/// A rotation and a translation: `y = rotation x + translation`.
///
/// As the motion of an essential matrix it is camera2_from_camera1 with a translation of length 1; as an absolute pose
/// camera_from_world; as a rigid transform points2_from_points1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// The rotation matrix.
    pub rotation: DMat3,
    /// The translation.
    pub translation: DVec3,
}

impl Pose {
    /// The pose that leaves every point where it is.
    pub const IDENTITY: Self = Self { rotation: DMat3::IDENTITY, translation: DVec3::ZERO };

    /// Maps a point.
    pub fn transform(&self, point: DVec3) -> DVec3 {
        self.rotation * point + self.translation
    }

    /// The pose that undoes this one.
    pub fn inverse(&self) -> Self {
        let rotation = self.rotation.transpose();
        Self { rotation, translation: -(rotation * self.translation) }
    }

    /// The rotation as a unit quaternion w x y z, as COLMAP has it.
    #[cfg(feature = "collection")]
    pub(crate) fn quaternion(&self) -> [f64; 4] {
        let DQuat { x, y, z, w } = DQuat::from_mat3(&self.rotation).normalize();
        [w, x, y, z]
    }

    /// The essential matrix `[translation]× rotation`.
    pub fn essential(&self) -> DMat3 {
        cross_matrix(self.translation) * self.rotation
    }
}

/// One motion after another: `c_from_b * b_from_a` is c_from_a.
impl Mul for Pose {
    type Output = Self;

    fn mul(self, first: Self) -> Self {
        Self { rotation: self.rotation * first.rotation, translation: self.transform(first.translation) }
    }
}

/// The matrix `[v]×` with `[v]× w = v × w`.
pub fn cross_matrix(v: DVec3) -> DMat3 {
    DMat3::from_cols(DVec3::new(0.0, v.z, -v.y), DVec3::new(-v.z, 0.0, v.x), DVec3::new(v.y, -v.x, 0.0))
}
