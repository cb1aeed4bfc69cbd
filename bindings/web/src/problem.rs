//! A problem of a page as the library's record of a pair.

use crate::cameras::intrinsics;
use crate::errors::{Result, bad_input, thrown};
use crate::fields::Fields;
use glam::{DVec2, DVec3};
use nabla_ransac::ModelKind;
use nabla_ransac::data::{CameraSet, OwnedProblem, PairRecord};
use nabla_ransac::geometry::Matches;
use wasm_bindgen::JsValue;

/// The problem that an object describes, and the model that it is for.
pub(crate) fn problem(value: &JsValue) -> Result<(ModelKind, OwnedProblem)> {
    let mut fields = Fields::new(value, "problem")?;
    let kind = model(&mut fields)?;
    let mut record = PairRecord::new(String::new(), matches(&mut fields, kind)?);
    record.ratios = fields.floats("ratios")?;
    record.weights = fields.floats("weights")?;
    record.scales_px = both(&mut fields, ["scales1", "scales2"])?;
    record.angles_deg = both(&mut fields, ["angles1", "angles2"])?;
    let cameras = [intrinsics(&mut fields, "camera1")?, intrinsics(&mut fields, "camera2")?];
    let (threshold_px, seed) = (fields.number("thresholdPx")?, fields.seed("seed")?.unwrap_or(0));
    fields.finish()?;
    record.check_lengths().map_err(thrown)?;
    CameraSet::for_model(kind, cameras).map_err(thrown)?.put_into(&mut record);
    Ok((kind, OwnedProblem::new(record, threshold_px, seed)))
}

/// The model that is asked for.
pub(crate) fn model(fields: &mut Fields<'_>) -> Result<ModelKind> {
    let names = "essential, fundamental, homography, pose or rigid";
    fields.named("model")?.ok_or_else(|| bad_input(&format!("model: expected {names}, but there is none")))
}

fn matches(fields: &mut Fields<'_>, kind: ModelKind) -> Result<Matches> {
    Ok(match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => Matches::TwoView {
            points1_px: points(fields, "points1", DVec2::from_array)?,
            points2_px: points(fields, "points2", DVec2::from_array)?,
            cameras: None,
        },
        ModelKind::Pose => Matches::ImageWorld {
            points_px: points(fields, "points1", DVec2::from_array)?,
            points_world: points(fields, "points2", DVec3::from_array)?,
            camera: None,
        },
        ModelKind::Rigid => Matches::WorldWorld {
            points1: points(fields, "points1", DVec3::from_array)?,
            points2: points(fields, "points2", DVec3::from_array)?,
        },
    })
}

/// Points, their coordinates one after the other.
fn points<P, const N: usize>(fields: &mut Fields<'_>, name: &'static str, point: fn([f64; N]) -> P) -> Result<Vec<P>> {
    let numbers = fields.numbers(name)?;
    let numbers = numbers.ok_or_else(|| bad_input(&format!("{name}: expected points, but there are none")))?;
    let (rows, rest) = numbers.as_chunks();
    if rest.is_empty() {
        return Ok(rows.iter().copied().map(point).collect());
    }
    let found = numbers.len();
    Err(bad_input(&format!("{name}: expected {N} numbers a point, one after the other, but there are {found} in all")))
}

fn both(fields: &mut Fields<'_>, names: [&'static str; 2]) -> Result<Option<[Vec<f32>; 2]>> {
    match (fields.floats(names[0])?, fields.floats(names[1])?) {
        (Some(first), Some(second)) => Ok(Some([first, second])),
        (None, None) => Ok(None),
        _ => Err(bad_input(&format!("{} and {}: expected both or none, but there is one", names[0], names[1]))),
    }
}
