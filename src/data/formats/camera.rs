//! Intrinsics that a user gives beside a file: on the command line or in a TOML file.

use super::scene::read_bytes;
use crate::geometry::{Camera, Matches};
use crate::{Error, Result};
use glam::DVec2;
use serde::Deserialize;
use std::path::Path;

/// Cameras given beside a file; they take the place of the file's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CameraSet {
    /// Camera of image 1, or of the one image of a query.
    pub camera1: Option<Camera>,
    /// Camera of image 2.
    pub camera2: Option<Camera>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CameraFile {
    camera: Option<Intrinsics>,
    camera1: Option<Intrinsics>,
    camera2: Option<Intrinsics>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Intrinsics {
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
    #[serde(default)]
    skew: f64,
}

impl Intrinsics {
    fn camera(self, which: &'static str) -> Result<Camera> {
        let camera = Camera {
            focal_px: DVec2::new(self.fx, self.fy),
            principal_point_px: DVec2::new(self.cx, self.cy),
            skew_px: self.skew,
        };
        camera.check(which)?;
        Ok(camera)
    }
}

impl CameraSet {
    /// The same camera for every image.
    pub const fn same(camera: Camera) -> Self {
        Self { camera1: Some(camera), camera2: Some(camera) }
    }

    /// Reads a TOML file with the tables `[camera1]` and `[camera2]`, or `[camera]` for every image, each with `fx`,
    /// `fy`, `cx`, `cy` and, if not zero, `skew`, pixels.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, has other keys or lacks some; [`Error::SingularCamera`].
    pub fn read(path: &Path) -> Result<Self> {
        let fail = |message: String| Error::File { path: path.display().to_string(), message };
        let text = String::from_utf8(read_bytes(path)?).map_err(|error| fail(error.to_string()))?;
        let file: CameraFile = toml::from_str(&text).map_err(|error| {
            fail(format!("expected [camera1] and [camera2] with fx, fy, cx, cy: {}", error.message()))
        })?;
        let camera =
            |own: Option<Intrinsics>, which| own.or(file.camera).map(|intrinsics| intrinsics.camera(which)).transpose();
        Ok(Self { camera1: camera(file.camera1, "camera1")?, camera2: camera(file.camera2, "camera2")? })
    }

    /// The cameras given here, and where there is none those of `other`.
    pub fn or(self, other: Self) -> Self {
        Self { camera1: self.camera1.or(other.camera1), camera2: self.camera2.or(other.camera2) }
    }

    /// Puts the cameras given here into the matches.
    pub(crate) fn put_into(&self, matches: &mut Matches) {
        match matches {
            Matches::TwoView { cameras, .. } => {
                let [own1, own2] = cameras.map_or([None, None], |cameras| cameras.map(Some));
                *cameras =
                    self.camera1.or(own1).zip(self.camera2.or(own2)).map(|(camera1, camera2)| [camera1, camera2]);
            }
            Matches::ImageWorld { camera, .. } => *camera = self.camera1.or(*camera),
            Matches::WorldWorld { .. } => {}
        }
    }
}

/// Parses `fx,fy,cx,cy` with an optional `,skew`, pixels.
///
/// # Errors
/// A message that says what was expected.
pub fn parse_camera(text: &str) -> std::result::Result<Camera, String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    let intrinsics = match numbers.as_deref() {
        Some(&[fx, fy, cx, cy]) => Intrinsics { fx, fy, cx, cy, skew: 0.0 },
        Some(&[fx, fy, cx, cy, skew]) => Intrinsics { fx, fy, cx, cy, skew },
        _ => return Err(format!("expected fx,fy,cx,cy in pixels, but got {text}")),
    };
    intrinsics.camera("camera").map_err(|error| error.to_string())
}
