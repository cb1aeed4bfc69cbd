//! Intrinsics that a user gives beside a file: on the command line or in a TOML file.

use super::array::Message;
use super::scene::read_bytes;
use crate::data::PairRecord;
use crate::geometry::{Camera, CameraModel, Intrinsics, Matches};
use crate::{Error, Result};
use glam::{DMat3, DVec2};
use serde::Deserialize;
use std::path::Path;
use toml::{Table, Value};

/// Entries of a camera matrix below this share of its largest one are what rounding left of 0.
const ROUNDING: f64 = 1e-9;

/// Cameras given beside a file; they take the place of the file's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraSet {
    /// Camera of image 1, or of the one image of a query.
    pub camera1: Option<Intrinsics>,
    /// Camera of image 2.
    pub camera2: Option<Intrinsics>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CameraFile {
    camera: Option<Table>,
    camera1: Option<Table>,
    camera2: Option<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinholeTable {
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
    #[serde(default)]
    skew: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelTable {
    model: String,
    params: Vec<f64>,
}

impl Intrinsics {
    /// The camera of an upper triangular matrix of intrinsics.
    pub(crate) fn of_matrix(name: &str, k: &DMat3) -> Message<Camera> {
        let negligible = ROUNDING * k.to_cols_array().into_iter().map(f64::abs).fold(0.0, f64::max);
        let is_upper = |k: &DMat3| [k.x_axis.y, k.x_axis.z, k.y_axis.z].into_iter().all(|x| x.abs() <= negligible);
        if !is_upper(k) {
            let advice = if is_upper(&k.transpose()) { ": it is transposed" } else { "" };
            let rows = rows_text(k);
            return Err(format!(
                "camera matrix {name}: expected zeros below the diagonal, but its rows are {rows}{advice}"
            ));
        }
        Camera::from_matrix(k).map_err(|error| format!("{name}: {error}"))
    }

    fn of_model(name: &str, parameters: Vec<f64>) -> Result<Self> {
        CameraModel::from_name(name, [0, 0], parameters).map(Self::Model)
    }

    fn of_table(table: Table, which: &'static str) -> std::result::Result<Self, String> {
        let message = |error: toml::de::Error| format!("{which}: {}", error.message());
        let camera = if table.contains_key("model") {
            let ModelTable { model, params } = Value::Table(table).try_into().map_err(message)?;
            Self::of_model(&model, params)
        } else {
            let pinhole: PinholeTable = Value::Table(table).try_into().map_err(message)?;
            pinhole.camera(which)
        };
        camera.map_err(|error| error.to_string())
    }

    /// Makes points those of the pinhole. A point that no ray is seen at becomes NaN and its match is marked; what is not finite
    /// already stays, for the estimator to tell.
    fn undistort_all(&self, points_px: &mut [DVec2], undistorted: &mut Vec<bool>) {
        let Self::Model(model) = self else { return };
        if model.is_undistorted() {
            return;
        }
        undistorted.resize(points_px.len(), true);
        for (point, undistorted) in points_px.iter_mut().zip(undistorted).filter(|(point, _)| point.is_finite()) {
            let of_pinhole = model.undistort_px(*point);
            *undistorted &= of_pinhole.is_some();
            *point = of_pinhole.unwrap_or(DVec2::NAN);
        }
    }
}

impl PinholeTable {
    fn camera(self, which: &'static str) -> Result<Intrinsics> {
        let camera = Camera {
            focal_px: DVec2::new(self.fx, self.fy),
            principal_point_px: DVec2::new(self.cx, self.cy),
            skew_px: self.skew,
        };
        camera.check(which)?;
        Ok(Intrinsics::Pinhole(camera))
    }
}

impl CameraSet {
    /// The same camera for every image.
    pub fn same(camera: Intrinsics) -> Self {
        Self { camera1: Some(camera.clone()), camera2: Some(camera) }
    }

    /// Reads a TOML file with the tables `[camera1]` and `[camera2]`, or `[camera]` for every image. Each has `fx`, `fy`, `cx`, `cy`
    /// and, if not zero, `skew`, pixels; or the name of a `model` of COLMAP's and its `params`.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, has other keys or lacks some, or the intrinsics are no camera's.
    pub fn read(path: &Path) -> Result<Self> {
        let text = String::from_utf8(read_bytes(path)?).map_err(|error| Error::file(path, error))?;
        let expected = |message: &str| {
            let tables = "expected [camera1] and [camera2] with fx, fy, cx, cy, or with model and params";
            Error::file(path, format!("{tables}: {message}"))
        };
        let file: CameraFile = toml::from_str(&text).map_err(|error| expected(error.message()))?;
        let camera = |own: Option<Table>, which| {
            let table = own.or_else(|| file.camera.clone());
            table.map(|table| Intrinsics::of_table(table, which)).transpose().map_err(|message| expected(&message))
        };
        Ok(Self { camera1: camera(file.camera1, "camera1")?, camera2: camera(file.camera2, "camera2")? })
    }

    /// The cameras given here, and where there is none those of `other`.
    pub fn or(self, other: Self) -> Self {
        Self { camera1: self.camera1.or(other.camera1), camera2: self.camera2.or(other.camera2) }
    }

    /// Puts the cameras given here into a record, whose points become those of the pinholes.
    pub fn put_into(&self, record: &mut PairRecord) {
        let mut undistorted = Vec::new();
        let mut undistort = |camera: &Option<Intrinsics>, points_px: &mut [DVec2]| {
            camera.iter().for_each(|camera| camera.undistort_all(points_px, &mut undistorted));
        };
        let pinhole = |camera: &Option<Intrinsics>, own| camera.as_ref().map(Intrinsics::pinhole).or(own);
        match &mut record.matches {
            Matches::TwoView { points1_px, points2_px, cameras } => {
                undistort(&self.camera1, points1_px);
                undistort(&self.camera2, points2_px);
                let [own1, own2] = cameras.map_or([None, None], |cameras| cameras.map(Some));
                let both = pinhole(&self.camera1, own1).zip(pinhole(&self.camera2, own2));
                *cameras = both.map(<[Camera; 2]>::from);
            }
            Matches::ImageWorld { points_px, camera, .. } => {
                undistort(&self.camera1, points_px);
                *camera = pinhole(&self.camera1, *camera);
            }
            Matches::WorldWorld { .. } => {}
        }
        let lost = undistorted.iter().filter(|&&undistorted| !undistorted).count();
        if lost > 0 {
            record.warnings.push(format!(
                "{lost} of {} matches have a point that the camera model sees along no ray: they are no inliers",
                undistorted.len()
            ));
            record.undistorted = Some(undistorted);
        }
    }
}

pub(crate) fn rows_text(matrix: &DMat3) -> String {
    format!("{:?}", matrix.transpose().to_cols_array_2d())
}

/// Parses `fx,fy,cx,cy` with an optional `,skew`, pixels, or `MODEL:` and the parameters of one of COLMAP's models.
///
/// # Errors
/// A message that says what was expected.
pub fn parse_camera(text: &str) -> std::result::Result<Intrinsics, String> {
    let (model, list) = text.split_once(':').map_or((None, text), |(model, list)| (Some(model.trim()), list));
    let numbers: Option<Vec<f64>> = list.split(',').map(|number| number.trim().parse().ok()).collect();
    let expected = || format!("expected fx,fy,cx,cy in pixels, or MODEL:params as COLMAP has them, but got {text}");
    let numbers = numbers.ok_or_else(expected)?;
    let camera = match (model, &*numbers) {
        (Some(model), _) => Intrinsics::of_model(model, numbers),
        (None, &[fx, fy, cx, cy]) => PinholeTable { fx, fy, cx, cy, skew: 0.0 }.camera("camera"),
        (None, &[fx, fy, cx, cy, skew]) => PinholeTable { fx, fy, cx, cy, skew }.camera("camera"),
        _ => return Err(expected()),
    };
    camera.map_err(|error| error.to_string())
}
