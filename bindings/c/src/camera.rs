//! Cameras: a matrix, or one of COLMAP's models by name.

use crate::array::nabla_array;
use crate::border::{Result, bad_input, null};
use glam::DMat3;
use nabla_ransac::Camera;
use nabla_ransac::data::Intrinsics;
use nabla_ransac::geometry::CameraModel;
use std::ffi::{CStr, c_char};

/// The intrinsics of a camera, pixels.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nabla_camera {
    /// COLMAP's name of the model of the lens, as "PINHOLE" (fx, fy, cx, cy) or "OPENCV" (fx, fy, cx, cy, k1, k2, p1, p2); points are
    /// undistorted by it, and those that cannot be are never inliers. NULL: the parameters are the 9 entries of the row-major matrix K.
    pub model: *const c_char,
    /// The parameters, in COLMAP's order.
    pub params: *const f64,
    /// How many.
    pub param_count: usize,
}

impl nabla_camera {
    /// The camera that is described.
    ///
    /// # Safety
    /// The pointers are null or as the struct says.
    pub(crate) unsafe fn intrinsics(&self, name: &str) -> Result<Intrinsics> {
        if self.params.is_null() {
            return Err(null(&format!("{name}.params")));
        }
        let array = nabla_array { data: self.params.cast(), count: self.param_count, ..nabla_array::NONE };
        if self.model.is_null() && self.param_count != 9 {
            let found = self.param_count;
            return Err(bad_input(format!("{name}: expected 9 params, or the name of a model, but there are {found}")));
        }
        // SAFETY: as many parameters, as the caller says
        let parameters = unsafe { array.rows::<1>(name) }?.into_flattened();
        if let Ok(rows) = <&[f64; 9]>::try_from(&*parameters)
            && self.model.is_null()
        {
            return of_matrix(&DMat3::from_cols_array(rows).transpose(), name).map(Intrinsics::Pinhole);
        }
        // SAFETY: not null, so a string, as the caller says
        let model = unsafe { CStr::from_ptr(self.model) }.to_string_lossy();
        let camera = CameraModel::from_name(&model, [0, 0], parameters);
        camera.map(Intrinsics::Model).map_err(|error| bad_input(format!("{name}: {error}")))
    }
}

fn of_matrix(k: &DMat3, name: &str) -> Result<Camera> {
    if k.x_axis.y != 0.0 || k.x_axis.z != 0.0 || k.y_axis.z != 0.0 {
        let expected = "a row-major upper triangular matrix";
        return Err(bad_input(format!("{name}: expected {expected}, but below its diagonal it is not 0")));
    }
    Camera::from_matrix(k).map_err(|error| bad_input(format!("{name}: {error}")))
}
