//! Two-view pairs to a safetensors file: the inverse of `fields` and `safetensors`.

use crate::data::PairRecord;
use crate::geometry::Matches;
use crate::write_whole::write_whole;
use crate::{Error, Result};
use ::safetensors::tensor::{Dtype, TensorView, serialize};
use glam::{DMat3, DVec2};
use std::collections::HashMap;
use std::path::Path;

/// Value of the key `format` in the metadata.
const FORMAT: &str = "two-view-correspondences-1";

struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Writes image pairs as `docs/data-formats.md` says, with these notes in the file's metadata. A file of this name is
/// replaced only once the new one is complete.
///
/// # Errors
/// [`Error::File`]: the file cannot be written; [`Error::MissingInput`]: a record has no matches of two views.
pub fn write_scene(path: &Path, records: &[PairRecord], notes: &[(&str, String)]) -> Result<()> {
    let tensors = records.iter().map(tensors).collect::<Result<Vec<_>>>()?;
    let mut metadata: HashMap<String, String> =
        notes.iter().map(|(key, note)| ((*key).to_owned(), note.clone())).collect();
    metadata.insert("format".to_owned(), FORMAT.to_owned());
    metadata.insert("num_pairs".to_owned(), records.len().to_string());
    let views = tensors.iter().flatten().map(|tensor| {
        TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes).map(|view| (&tensor.name, view))
    });
    let views = views.collect::<std::result::Result<Vec<_>, _>>().map_err(|error| Error::file(path, error))?;
    let bytes = serialize(views, Some(metadata)).map_err(|error| Error::file(path, error))?;
    write_whole(path, &bytes)
}

fn tensors(record: &PairRecord) -> Result<Vec<Tensor>> {
    let Matches::TwoView { points1_px, points2_px, cameras } = &record.matches else {
        return Err(Error::MissingInput { option: "a file of image pairs", missing: "2-D to 2-D matches" });
    };
    let count = points1_px.len();
    let mut tensors = Vec::new();
    let mut push = |name: &str, dtype, shape: &[usize], bytes| {
        tensors.push(Tensor { name: format!("{}/{name}", record.id), dtype, shape: shape.to_vec(), bytes });
    };
    for (name, points) in [("points1", points1_px), ("points2", points2_px)] {
        push(name, Dtype::F32, &[count, 2], points.iter().flat_map(point).collect());
    }
    let both = |values: &'_ Option<[Vec<f32>; 2]>| values.clone().map_or([None, None], |lists| lists.map(Some));
    let [scale1, scale2] = both(&record.scales_px);
    let [angle1, angle2] = both(&record.angles_deg);
    let lists = [
        ("ratio", record.ratios.clone()),
        ("weight", record.weights.clone()),
        ("scale1", scale1),
        ("scale2", scale2),
        ("angle1", angle1),
        ("angle2", angle2),
    ];
    for (name, list) in lists.iter().filter_map(|(name, list)| Some((name, list.as_ref()?))) {
        push(name, Dtype::F32, &[count], list.iter().flat_map(|value| value.to_le_bytes()).collect());
    }
    if let Some(mutual) = &record.mutual {
        push("mutual", Dtype::U8, &[count], mutual.iter().map(|&flag| u8::from(flag)).collect());
    }
    if let Some(labels) = &record.labels {
        push("label", Dtype::I32, &[count], labels.iter().flat_map(|label| label.to_le_bytes()).collect());
    }
    if let Some([camera1, camera2]) = cameras {
        push("K1", Dtype::F64, &[3, 3], matrix(&camera1.matrix()));
        push("K2", Dtype::F64, &[3, 3], matrix(&camera2.matrix()));
    }
    if let Some(truth) = &record.truth {
        push("R", Dtype::F64, &[3, 3], matrix(&truth.rotation));
        push("t", Dtype::F64, &[3], truth.translation.to_array().into_iter().flat_map(f64::to_le_bytes).collect());
    }
    if let Some(sizes) = &record.sizes_px {
        push("sizes", Dtype::I32, &[4], sizes.as_flattened().iter().flat_map(|side| side.to_le_bytes()).collect());
    }
    Ok(tensors)
}

fn point(point: &DVec2) -> Vec<u8> {
    point.as_vec2().to_array().into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Row-major.
fn matrix(matrix: &DMat3) -> Vec<u8> {
    matrix.transpose().to_cols_array().into_iter().flat_map(f64::to_le_bytes).collect()
}
