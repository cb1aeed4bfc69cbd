//! Files of matches that a page is given.

use crate::cameras;
use crate::errors::{Result, bad_input, thrown};
use crate::fields::by_name;
use crate::results::{motion, object};
use glam::{DVec2, DVec3};
use js_sys::{Array, Float32Array, Float64Array};
use nabla_ransac::data::{CameraSet, Format, PairRecord, Scene};
use nabla_ransac::geometry::Matches;
use std::path::Path;
use wasm_bindgen::prelude::*;

/// The pairs of a file, `.npz`, `.csv` or `.safetensors` as its name says, as problems without a model.
#[wasm_bindgen(js_name = readMatches, skip_typescript)]
pub fn read_matches(bytes: Vec<u8>, name: &str, model: &JsValue) -> Result<Array> {
    let format = Format::of(Path::new(name)).ok_or_else(|| {
        bad_input(&format!("{name}: expected a file that ends in .safetensors, .npz or .csv, but its name does not"))
    })?;
    let kind = by_name("model", model)?;
    let scene = Scene::from_bytes(bytes, format, kind, CameraSet::default()).map_err(thrown)?;
    (0..scene.len()).map(|index| scene.pair(index).map_err(thrown).and_then(|record| pair(&record))).collect()
}

fn pair(record: &PairRecord) -> Result<JsValue> {
    let (points1, points2, cameras) = match &record.matches {
        Matches::TwoView { points1_px, points2_px, cameras } => (
            flat(points1_px, DVec2::to_array),
            flat(points2_px, DVec2::to_array),
            cameras.map_or([None, None], |cameras| cameras.map(Some)),
        ),
        Matches::ImageWorld { points_px, points_world, camera } => {
            (flat(points_px, DVec2::to_array), flat(points_world, DVec3::to_array), [*camera, None])
        }
        Matches::WorldWorld { points1, points2 } => {
            (flat(points1, DVec3::to_array), flat(points2, DVec3::to_array), [None, None])
        }
    };
    let floats = |values: &Option<Vec<f32>>| {
        values.as_ref().map_or(JsValue::UNDEFINED, |values| Float32Array::from(values.as_slice()).into())
    };
    let side = |values: &Option<[Vec<f32>; 2]>, side: usize| floats(&values.as_ref().map(|both| both[side].clone()));
    let camera = |side: usize| cameras[side].map_or(JsValue::UNDEFINED, |camera| cameras::to_page(&camera));
    object(&[
        ("id", record.id.as_str().into()),
        ("points1", points1.into()),
        ("points2", points2.into()),
        ("ratios", floats(&record.ratios)),
        ("weights", floats(&record.weights)),
        ("scales1", side(&record.scales_px, 0)),
        ("scales2", side(&record.scales_px, 1)),
        ("angles1", side(&record.angles_deg, 0)),
        ("angles2", side(&record.angles_deg, 1)),
        ("camera1", camera(0)),
        ("camera2", camera(1)),
        ("truth", record.truth.as_ref().map_or(Ok(JsValue::UNDEFINED), motion)?),
    ])
}

/// Their coordinates, one point after the other.
fn flat<P, const N: usize>(points: &[P], coordinates: fn(&P) -> [f64; N]) -> Float64Array {
    Float64Array::from(points.iter().map(coordinates).collect::<Vec<_>>().as_flattened())
}
