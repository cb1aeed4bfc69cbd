//! Cameras: a matrix, four numbers, or one of COLMAP's models by name.

use crate::arrays::{numbers_of_any_shape, shape_text};
use crate::errors::{bad_input, raise};
use crate::keywords::Keywords;
use glam::{DMat3, DVec2};
use nabla_ransac::Camera;
use nabla_ransac::data::Intrinsics;
use nabla_ransac::geometry::CameraModel;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

const EXPECTED: &str = "a 3×3 matrix, (fx, fy, cx, cy), or a mapping with model, width, height and params";
const PINHOLE: &str = "PINHOLE";

/// A camera by any of its forms.
pub(crate) fn intrinsics(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Intrinsics> {
    if let Ok(mapping) = value.cast::<PyMapping>() {
        return model(mapping, name).map(Intrinsics::Model);
    }
    let (shape, numbers) = numbers_of_any_shape(value, name, EXPECTED)?;
    match (&*shape, &*numbers) {
        ([4], &[fx, fy, cx, cy]) => {
            let (focal_px, principal_point_px) = (DVec2::new(fx, fy), DVec2::new(cx, cy));
            Ok(Intrinsics::Pinhole(Camera { focal_px, principal_point_px, skew_px: 0.0 }))
        }
        ([3, 3], numbers) => {
            let rows = <&[f64; 9]>::try_from(numbers).map_err(|_| bad_input(format!("{name}: expected {EXPECTED}")))?;
            of_matrix(&DMat3::from_cols_array(rows).transpose(), name).map(Intrinsics::Pinhole)
        }
        _ => Err(bad_input(format!("{name}: expected {EXPECTED}, but its shape is {}", shape_text(&shape)))),
    }
}

fn of_matrix(k: &DMat3, name: &str) -> PyResult<Camera> {
    if k.x_axis.y != 0.0 || k.x_axis.z != 0.0 || k.y_axis.z != 0.0 {
        return Err(bad_input(format!(
            "{name}: expected an upper triangular matrix, but below its diagonal it is not 0"
        )));
    }
    Camera::from_matrix(k).map_err(|error| bad_input(format!("{name}: {error}")))
}

/// A camera as one of COLMAP's models; the size of its images is 0 where it is not known.
pub(crate) fn camera_model(value: &Bound<'_, PyAny>, name: &str, size_px: Option<[u64; 2]>) -> PyResult<CameraModel> {
    let mut model = match intrinsics(value, name)? {
        Intrinsics::Model(model) => model,
        Intrinsics::Pinhole(Camera { skew_px, .. }) if skew_px != 0.0 => {
            return Err(bad_input(format!("{name}: expected a camera without skew, but it is {skew_px}")));
        }
        Intrinsics::Pinhole(Camera { focal_px, principal_point_px, .. }) => {
            let parameters = [focal_px.to_array(), principal_point_px.to_array()].concat();
            CameraModel::from_name(PINHOLE, [0, 0], parameters).map_err(raise)?
        }
    };
    model.size_px = size_px.unwrap_or(model.size_px);
    Ok(model)
}

fn model(mapping: &Bound<'_, PyMapping>, name: &str) -> PyResult<CameraModel> {
    of_mapping(mapping).map_err(|error| bad_input(format!("{name}: {}", error.value(mapping.py()))))
}

fn of_mapping(mapping: &Bound<'_, PyMapping>) -> PyResult<CameraModel> {
    let mut keywords = Keywords::of_mapping(mapping)?;
    let model: Option<String> = keywords.take("model")?;
    let size_px = [keywords.take("width")?.unwrap_or(0), keywords.take("height")?.unwrap_or(0)];
    let parameters = keywords.take_any("params")?;
    keywords.finish()?;
    let (Some(model), Some(parameters)) = (model, parameters) else {
        return Err(bad_input(format!("expected {EXPECTED}, but it has no model or no params")));
    };
    let (_, parameters) = numbers_of_any_shape(&parameters, "params", "numbers")?;
    CameraModel::from_name(&model, size_px, parameters).map_err(raise)
}
