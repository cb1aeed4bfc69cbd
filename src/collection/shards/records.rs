use super::columns::Source;
use super::pairs::{PairRow, PairRows};
use crate::collection::View;
use crate::data::synthetic::problems::pair_seed;
use crate::data::{CameraSet, Intrinsics, PairRecord};
use crate::geometry::{Matches, ModelKind};
use crate::{Error, Result};
use arrow_array::RecordBatch;

/// A pair of a record batch, to estimate one model of it.
#[derive(Debug)]
pub struct RecordOfPair {
    /// Its matches and what is known of them, or what is wrong with its row.
    pub record: Result<PairRecord>,
    /// The seed of its samples, which follows from its number.
    pub seed: u64,
}

/// The pairs of a record batch of [`pairs_schema`](super::pairs_schema), in their order, to estimate a model of this kind. For an essential
/// matrix the points become those of the pinholes, for others they stay as they were measured.
///
/// # Errors
/// [`Error::Row`]: a column is missing or of another type, or a pair has no number.
pub fn records(batch: &RecordBatch, kind: ModelKind, seed: u64) -> Result<Vec<RecordOfPair>> {
    let source = Source { path: "record batch", first_row: 0 };
    let pairs = PairRows::new(batch, source)?;
    let record = |(row, &id): (usize, &i64)| {
        let error = |message: String| -> Error { source.error(Some(row), message) };
        let record = pairs.pair(row).map(|pair| record_of(id, pair, kind)).map_err(error);
        RecordOfPair { record, seed: pair_seed(seed, id as usize) }
    };
    Ok(pairs.ids().iter().enumerate().map(record).collect())
}

fn record_of(pair_id: i64, PairRow { views, ratios }: PairRow, kind: ModelKind) -> PairRecord {
    let [points1_px, points2_px] = views.each_ref().map(|view| view.points_px().to_vec());
    let matches = Matches::TwoView { points1_px, points2_px, cameras: None };
    let mut record = PairRecord::new(pair_id.to_string(), matches);
    record.ratios = ratios;
    record.scales_px = both(views.each_ref().map(View::scales_px));
    record.angles_deg = both(views.each_ref().map(View::angles_deg));
    if let (ModelKind::Essential, [Some(camera1), Some(camera2)]) = (kind, views.each_ref().map(View::camera)) {
        let [camera1, camera2] = [camera1, camera2].map(|camera| Some(Intrinsics::Model(camera.clone())));
        CameraSet { camera1, camera2 }.put_into(&mut record);
    }
    record
}

fn both(lists: [Option<&[f32]>; 2]) -> Option<[Vec<f32>; 2]> {
    let [list1, list2] = lists;
    Some([list1?.to_vec(), list2?.to_vec()])
}
