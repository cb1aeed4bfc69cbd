//! One problem as the library's record of a pair.

use crate::array::nabla_array;
use crate::border::{Result, bad_input};
use crate::camera::nabla_camera;
use crate::versioned::Versioned;
use glam::{DVec2, DVec3};
use nabla_ransac::ModelKind;
use nabla_ransac::data::{CameraSet, OwnedProblem, PairRecord};
use nabla_ransac::geometry::Matches;
use std::ptr;

/// The matches of one problem, and what is known of each. Set all to zero, then struct_size and what there is; arrays that are not given
/// stay zero, the others have a row a match. Nothing is kept of it when the call returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nabla_problem {
    /// sizeof(nabla_problem).
    pub struct_size: usize,
    /// Two views and pose: x, y in image 1, pixels. Rigid: x, y, z in frame 1.
    pub points1: nabla_array,
    /// Two views: x, y in image 2, pixels. Pose: x, y, z in the world. Rigid: x, y, z in frame 2.
    pub points2: nabla_array,
    /// SNN ratio of each match; lower is more likely right.
    pub ratios: nabla_array,
    /// How likely each match is right, or another weight of at least 0. Matches that have weights are not ranked by the network.
    pub weights: nabla_array,
    /// Diameters of the key points in image 1, pixels; with those in image 2.
    pub scales1: nabla_array,
    /// Diameters of the key points in image 2, pixels.
    pub scales2: nabla_array,
    /// Orientations of the key points in image 1, degrees from x to y; with those in image 2.
    pub angles1: nabla_array,
    /// Orientations of the key points in image 2, degrees from x to y.
    pub angles2: nabla_array,
    /// The camera of image 1: for essential matrices and poses only.
    pub camera1: *const nabla_camera,
    /// The camera of image 2: for essential matrices only.
    pub camera2: *const nabla_camera,
    /// Threshold of this problem in place of the estimator's, or 0.
    pub threshold_px: f64,
    /// The same seed draws the same samples, on every backend.
    pub seed: u64,
}

// SAFETY: numbers and pointers, the size first
unsafe impl Versioned for nabla_problem {
    const NAME: &'static str = "nabla_problem";
    const FIRST_SIZE: usize = size_of::<Self>();

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>(),
            points1: nabla_array::NONE,
            points2: nabla_array::NONE,
            ratios: nabla_array::NONE,
            weights: nabla_array::NONE,
            scales1: nabla_array::NONE,
            scales2: nabla_array::NONE,
            angles1: nabla_array::NONE,
            angles2: nabla_array::NONE,
            camera1: ptr::null(),
            camera2: ptr::null(),
            threshold_px: 0.0,
            seed: 0,
        }
    }
}

impl nabla_problem {
    /// The problem, for a model of this kind.
    ///
    /// # Safety
    /// The pointers are null or as the struct says.
    pub(crate) unsafe fn owned(&self, kind: ModelKind) -> Result<OwnedProblem> {
        self.check_counts()?;
        // SAFETY: the caller says so
        let record = unsafe { self.record(kind) }?;
        let threshold_px = Some(self.threshold_px).filter(|&threshold_px| threshold_px != 0.0);
        Ok(OwnedProblem::new(record, threshold_px, self.seed))
    }

    /// That all arrays have a row a match, before any is read.
    fn check_counts(&self) -> Result<()> {
        let matches = self.points1.count;
        self.points2.check_count("points2", matches)?;
        let columns = [
            ("ratios", &self.ratios),
            ("weights", &self.weights),
            ("scales1", &self.scales1),
            ("scales2", &self.scales2),
            ("angles1", &self.angles1),
            ("angles2", &self.angles2),
        ];
        let mut given = columns.into_iter().filter(|(_, array)| array.is_given());
        given.try_for_each(|(name, array)| array.check_count(name, matches))
    }

    unsafe fn record(&self, kind: ModelKind) -> Result<PairRecord> {
        // SAFETY: the caller says so, of all pointers
        unsafe {
            let mut record = PairRecord::new(String::new(), self.matches(kind)?);
            record.ratios = given(&self.ratios, "ratios")?;
            record.weights = given(&self.weights, "weights")?;
            record.scales_px = both([&self.scales1, &self.scales2], ["scales1", "scales2"])?;
            record.angles_deg = both([&self.angles1, &self.angles2], ["angles1", "angles2"])?;
            self.cameras(kind)?.put_into(&mut record);
            Ok(record)
        }
    }

    unsafe fn matches(&self, kind: ModelKind) -> Result<Matches> {
        let Self { points1, points2, .. } = self;
        // SAFETY: the caller says so, of all pointers
        unsafe {
            Ok(match kind {
                ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => Matches::TwoView {
                    points1_px: pixels(points1, "points1")?,
                    points2_px: pixels(points2, "points2")?,
                    cameras: None,
                },
                ModelKind::Pose => Matches::ImageWorld {
                    points_px: pixels(points1, "points1")?,
                    points_world: points(points2, "points2")?,
                    camera: None,
                },
                ModelKind::Rigid => {
                    Matches::WorldWorld { points1: points(points1, "points1")?, points2: points(points2, "points2")? }
                }
            })
        }
    }

    unsafe fn cameras(&self, kind: ModelKind) -> Result<CameraSet> {
        let mut cameras = [None, None];
        let given = [(self.camera1, "camera1"), (self.camera2, "camera2")];
        for (side, (camera, name)) in given.into_iter().enumerate() {
            // SAFETY: null or a camera, as the caller says
            let Some(camera) = (unsafe { camera.as_ref() }) else { continue };
            // SAFETY: the caller says so
            cameras[side] = Some(unsafe { camera.intrinsics(name) }?);
        }
        Ok(CameraSet::for_model(kind, cameras)?)
    }
}

unsafe fn pixels(array: &nabla_array, name: &str) -> Result<Vec<DVec2>> {
    // SAFETY: the caller says so
    let rows = unsafe { array.rows::<2>(name) }?;
    Ok(rows.into_iter().map(DVec2::from_array).collect())
}

unsafe fn points(array: &nabla_array, name: &str) -> Result<Vec<DVec3>> {
    // SAFETY: the caller says so
    let rows = unsafe { array.rows::<3>(name) }?;
    Ok(rows.into_iter().map(DVec3::from_array).collect())
}

unsafe fn given(array: &nabla_array, name: &str) -> Result<Option<Vec<f32>>> {
    // SAFETY: the caller says so
    array.is_given().then(|| unsafe { array.column(name) }).transpose()
}

unsafe fn both(arrays: [&nabla_array; 2], names: [&str; 2]) -> Result<Option<[Vec<f32>; 2]>> {
    // SAFETY: the caller says so, of both
    let found = unsafe { (given(arrays[0], names[0])?, given(arrays[1], names[1])?) };
    match found {
        (Some(first), Some(second)) => Ok(Some([first, second])),
        (None, None) => Ok(None),
        _ => Err(bad_input(format!("{} and {}: expected both or none, but there is one", names[0], names[1]))),
    }
}
