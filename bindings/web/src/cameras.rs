use crate::errors::{Result, bad_input, thrown};
use crate::fields::{Fields, numbers};
use glam::DVec2;
use nabla_ransac::Camera;
use nabla_ransac::data::Intrinsics;
use nabla_ransac::geometry::CameraModel;
use wasm_bindgen::JsValue;

/// A camera: `[fx, fy, cx, cy]` with an optional skew, pixels, or one of COLMAP's models as `{ model, params }`.
pub(crate) fn intrinsics(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<Intrinsics>> {
    let Some(value) = fields.take(name) else { return Ok(None) };
    let is_model = js_sys::Reflect::has(&value, &JsValue::from_str("model")).unwrap_or(false);
    let camera = if is_model { model(&value, name) } else { pinhole(&value, name) };
    camera.map(Some)
}

fn pinhole(value: &JsValue, name: &str) -> Result<Intrinsics> {
    let camera = |focal_px, principal_point_px, skew_px| {
        Ok(Intrinsics::Pinhole(Camera { focal_px, principal_point_px, skew_px }))
    };
    match *numbers(name, value)? {
        [fx, fy, cx, cy] => camera(DVec2::new(fx, fy), DVec2::new(cx, cy), 0.0),
        [fx, fy, cx, cy, skew] => camera(DVec2::new(fx, fy), DVec2::new(cx, cy), skew),
        ref others => {
            let found = others.len();
            Err(bad_input(&format!("{name}: expected [fx, fy, cx, cy], but there are {found} numbers")))
        }
    }
}

fn model(value: &JsValue, name: &'static str) -> Result<Intrinsics> {
    let mut fields = Fields::new(value, name)?;
    let model = fields.take("model").and_then(|model| model.as_string());
    let (model, parameters) = (model.unwrap_or_default(), fields.numbers("params")?.unwrap_or_default());
    fields.finish()?;
    let camera = CameraModel::from_name(&model, [0, 0], parameters).map_err(thrown)?;
    Ok(Intrinsics::Model(camera))
}

/// A pinhole as the page has it.
pub(crate) fn to_page(camera: &Camera) -> JsValue {
    let Camera { focal_px, principal_point_px, skew_px } = camera;
    let numbers = [focal_px.x, focal_px.y, principal_point_px.x, principal_point_px.y, *skew_px];
    js_sys::Float64Array::from(&numbers[..]).into()
}
