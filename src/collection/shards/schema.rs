//! Which columns there are, in Parquet files and in Arrow's record batches alike. No whole number is unsigned and no result is in a
//! list of fixed size: Spark has neither.

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use std::sync::Arc;

pub(super) const PAIR_ID: &str = "pair_id";
pub(super) const IMAGE_IDS: [&str; 2] = ["image_id1", "image_id2"];
pub(super) const CAMERAS: [&str; 2] = ["camera1", "camera2"];
pub(super) const POINTS: [&str; 2] = ["points1", "points2"];
pub(super) const RATIOS: &str = "ratios";
pub(super) const SCALES: [&str; 2] = ["scales1", "scales2"];
pub(super) const ANGLES: [&str; 2] = ["angles1", "angles2"];

pub(super) const CONFIGURATION: &str = "config";
pub(super) const MATRICES: [&str; 3] = ["F", "E", "H"];
pub(super) const ROTATION: &str = "qvec";
pub(super) const TRANSLATION: &str = "tvec";
pub(super) const INLIERS: &str = "inliers";
pub(super) const INLIER_COUNT: &str = "num_inliers";
pub(super) const MATCH_COUNT: &str = "num_matches";
pub(super) const SCORE: &str = "score";
pub(super) const ITERATIONS: &str = "iterations";
pub(super) const AMBIGUOUS: &str = "ambiguous";
pub(super) const ERROR: &str = "error";

/// Parts of a camera: COLMAP's number of its model, the size of its images in pixels, the parameters in COLMAP's order, and whether the
/// focal length is known before; if not, only the size is used.
pub(super) fn camera_fields() -> Fields {
    Fields::from(vec![
        Field::new("model", DataType::Int32, false),
        Field::new("width", DataType::Int64, false),
        Field::new("height", DataType::Int64, false),
        Field::new("params", list(DataType::Float64), false),
        Field::new("prior", DataType::Boolean, false),
    ])
}

/// A pair a row, with all that its verification takes. Pixels are COLMAP's: the centre of the top-left pixel is at (0.5, 0.5).
///
/// | column | type | |
/// |---|---|---|
/// | `pair_id` | `int64` | COLMAP's number of the pair |
/// | `image_id1`, `image_id2` | `int32` | for joins; not used here |
/// | `camera1`, `camera2` | `struct<model: int32, width: int64, height: int64, params: list<double>, prior: bool>` | null or no such column: nothing is known |
/// | `points1`, `points2` | `list<fixed_size_list<float, 2>>` | the two ends of each match |
/// | `ratios` | `list<float>` | SNN ratio of each match; may be null or not there, as all below |
/// | `scales1`, `scales2`, `angles1`, `angles2` | `list<float>` | diameters in pixels and degrees from x to y of the key points, a match each |
///
/// Read are also lists of other kinds: `large_list`, `list` in place of `fixed_size_list`. Other columns are left alone.
pub fn pairs_schema() -> SchemaRef {
    let pixel = DataType::new_fixed_size_list(DataType::Float32, 2, true);
    let mut fields = vec![Field::new(PAIR_ID, DataType::Int64, false)];
    fields.extend(IMAGE_IDS.map(|name| Field::new(name, DataType::Int32, false)));
    fields.extend(CAMERAS.map(|name| Field::new(name, DataType::Struct(camera_fields()), true)));
    fields.extend(POINTS.map(|name| Field::new(name, list(pixel.clone()), false)));
    fields.push(Field::new(RATIOS, list(DataType::Float32), true));
    fields.extend(SCALES.iter().chain(&ANGLES).map(|name| Field::new(*name, list(DataType::Float32), true)));
    Arc::new(Schema::new(fields))
}

/// The geometry of a pair a row, in the order of the pairs.
///
/// | column | type | |
/// |---|---|---|
/// | `pair_id` | `int64` | that of the pair |
/// | `config` | `int8` | [`Configuration`](crate::collection::Configuration) |
/// | `F`, `E`, `H` | `list<double>` | 3×3, row by row; null where there is none |
/// | `qvec`, `tvec` | `list<double>` | camera2_from_camera1: quaternion w x y z, translation |
/// | `inliers` | `list<int32>` | places in the list of matches, ascending |
/// | `num_inliers`, `num_matches` | `int32` | |
/// | `score` | `double` | in matches |
/// | `iterations` | `int32` | hypotheses drawn |
/// | `ambiguous` | `bool` | another motion explains the matches nearly as well |
/// | `error` | `string` | why the pair has no geometry; else null |
pub fn geometries_schema() -> SchemaRef {
    let mut fields =
        vec![Field::new(PAIR_ID, DataType::Int64, false), Field::new(CONFIGURATION, DataType::Int8, false)];
    let floats = MATRICES.iter().chain([&ROTATION, &TRANSLATION]);
    fields.extend(floats.map(|name| Field::new(*name, list(DataType::Float64), true)));
    fields.push(Field::new(INLIERS, list(DataType::Int32), false));
    fields.extend([INLIER_COUNT, MATCH_COUNT].map(|name| Field::new(name, DataType::Int32, false)));
    fields.push(Field::new(SCORE, DataType::Float64, false));
    fields.push(Field::new(ITERATIONS, DataType::Int32, false));
    fields.push(Field::new(AMBIGUOUS, DataType::Boolean, false));
    fields.push(Field::new(ERROR, DataType::Utf8, true));
    Arc::new(Schema::new(fields))
}

fn list(of: DataType) -> DataType {
    DataType::new_list(of, true)
}
