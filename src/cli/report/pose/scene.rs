//! What is known of a scene that poses are compared in.

use crate::Pose;
use crate::data::Scene;

/// Names of the unit that shares in centimetres are told in.
const METRES: [&str; 5] = ["m", "metre", "metres", "meter", "meters"];

/// The unit of a scene, and how large it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PoseScene {
    /// As the file calls it.
    pub(super) unit: Option<String>,
    /// The distance between the two farthest true cameras; NaN of fewer than two places.
    pub(super) extent: f64,
}

impl PoseScene {
    pub(super) fn of(scene: &Scene, truths: &[Pose]) -> Self {
        Self { unit: scene.unit().map(str::to_owned), extent: extent(truths) }
    }

    /// The unit that all of some scenes are in.
    pub(super) fn common_unit(scenes: &[Self]) -> Option<&str> {
        let unit = scenes.first()?.unit.as_deref()?;
        scenes.iter().all(|scene| scene.unit.as_deref() == Some(unit)).then_some(unit)
    }
}

pub(super) fn is_metres(unit: &str) -> bool {
    METRES.iter().any(|name| unit.eq_ignore_ascii_case(name))
}

fn extent(poses: &[Pose]) -> f64 {
    let centres: Vec<_> = poses.iter().map(|pose| pose.inverse().translation).collect();
    let farthest_sq = |i: usize| centres[i + 1..].iter().map(|c| c.distance_squared(centres[i])).fold(0.0, f64::max);
    let extent = (0..centres.len()).map(farthest_sq).fold(0.0, f64::max).sqrt();
    if extent > 0.0 { extent } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::{DMat3, DVec3};

    #[test]
    fn the_extent_is_that_between_the_farthest_centres() {
        let at = |x: f64, turn: f64| {
            let rotation = DMat3::from_rotation_y(turn);
            Pose { rotation, translation: -(rotation * DVec3::new(x, 0.0, 1.0)) }
        };
        assert!((extent(&[at(1.0, 0.3), at(-2.0, 2.0), at(0.5, 1.0)]) - 3.0).abs() < 1e-12);
        assert!(extent(&[at(1.0, 0.3), at(1.0, 0.3)]).is_nan() && extent(&[]).is_nan());
    }

    #[test]
    fn scenes_in_different_units_have_none_in_common() {
        let scene = |unit: Option<&str>| PoseScene { unit: unit.map(str::to_owned), extent: 1.0 };
        assert_eq!(PoseScene::common_unit(&[scene(Some("metres")), scene(Some("metres"))]), Some("metres"));
        assert_eq!(PoseScene::common_unit(&[scene(Some("metres")), scene(None)]), None);
        assert!(is_metres("Meters") && !is_metres("SfM units"));
    }
}
