//! The arguments of one problem as the library's record of a pair.

use crate::arrays::{column, points2, points3};
use crate::cameras::intrinsics;
use crate::errors::{bad_input, raise};
use crate::keywords::Keywords;
use nabla_ransac::ModelKind;
use nabla_ransac::data::{CameraSet, OwnedProblem, PairRecord};
use nabla_ransac::geometry::Matches;
use pyo3::prelude::*;

type Given<'py> = Option<Bound<'py, PyAny>>;

/// What a call gives.
pub(crate) struct ProblemArguments<'py> {
    pub(crate) points1: Bound<'py, PyAny>,
    pub(crate) points2: Bound<'py, PyAny>,
    pub(crate) ratios: Given<'py>,
    pub(crate) weights: Given<'py>,
    pub(crate) scales: [Given<'py>; 2],
    pub(crate) angles: [Given<'py>; 2],
    pub(crate) cameras: [Given<'py>; 2],
    pub(crate) threshold_px: Option<f64>,
    pub(crate) seed: u64,
}

impl<'py> ProblemArguments<'py> {
    /// Those of a mapping with the names of the arguments.
    pub(crate) fn of_mapping(mut keywords: Keywords<'py>) -> PyResult<Self> {
        let mut points = |name| {
            let points = keywords.take_any(name)?;
            points.ok_or_else(|| bad_input(format!("{name}: expected points, but there are none")))
        };
        let arguments = Self {
            points1: points("points1")?,
            points2: points("points2")?,
            ratios: keywords.take_any("ratios")?,
            weights: keywords.take_any("weights")?,
            scales: [keywords.take_any("scales1")?, keywords.take_any("scales2")?],
            angles: [keywords.take_any("angles1")?, keywords.take_any("angles2")?],
            cameras: [keywords.take_any("camera1")?, keywords.take_any("camera2")?],
            threshold_px: keywords.take("threshold_px")?,
            seed: keywords.take("seed")?.unwrap_or(0),
        };
        keywords.finish()?;
        Ok(arguments)
    }

    /// The problem, for a model of this kind.
    pub(crate) fn owned(&self, kind: ModelKind) -> PyResult<OwnedProblem> {
        let mut record = PairRecord::new(String::new(), self.matches(kind)?);
        record.ratios = given(&self.ratios, "ratios")?;
        record.weights = given(&self.weights, "weights")?;
        record.scales_px = both(&self.scales, ["scales1", "scales2"])?;
        record.angles_deg = both(&self.angles, ["angles1", "angles2"])?;
        record.check_lengths().map_err(raise)?;
        self.cameras(kind)?.put_into(&mut record);
        Ok(OwnedProblem::new(record, self.threshold_px, self.seed))
    }

    fn matches(&self, kind: ModelKind) -> PyResult<Matches> {
        let Self { points1, points2: other, .. } = self;
        Ok(match kind {
            ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => Matches::TwoView {
                points1_px: points2(points1, "points1")?,
                points2_px: points2(other, "points2")?,
                cameras: None,
            },
            ModelKind::Pose => Matches::ImageWorld {
                points_px: points2(points1, "points1")?,
                points_world: points3(other, "points2")?,
                camera: None,
            },
            ModelKind::Rigid => {
                Matches::WorldWorld { points1: points3(points1, "points1")?, points2: points3(other, "points2")? }
            }
        })
    }

    fn cameras(&self, kind: ModelKind) -> PyResult<CameraSet> {
        let mut cameras = [None, None];
        for (side, name) in ["camera1", "camera2"].into_iter().enumerate() {
            let Some(camera) = &self.cameras[side] else { continue };
            cameras[side] = Some(intrinsics(camera, name)?);
        }
        CameraSet::for_model(kind, cameras).map_err(raise)
    }
}

fn given(value: &Given<'_>, name: &str) -> PyResult<Option<Vec<f32>>> {
    value.as_ref().map(|value| column(value, name)).transpose()
}

fn both(values: &[Given<'_>; 2], names: [&str; 2]) -> PyResult<Option<[Vec<f32>; 2]>> {
    match (given(&values[0], names[0])?, given(&values[1], names[1])?) {
        (Some(first), Some(second)) => Ok(Some([first, second])),
        (None, None) => Ok(None),
        _ => Err(bad_input(format!("{} and {}: expected both or none, but there is one", names[0], names[1]))),
    }
}
