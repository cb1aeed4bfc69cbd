//! Rows of geometries: made of results, and read to be put into a database.

use super::columns::{Cell, Columns, Lists, Source};
use super::schema::{
    AMBIGUOUS, CONFIGURATION, ERROR, INLIERS, ITERATIONS, MATCH_COUNT, MATRICES, PAIR_ID, ROTATION, SCORE, TRANSLATION,
    geometries_schema,
};
use crate::collection::{Configuration, TwoViewGeometry};
use crate::{Pose, Result};
use arrow_array::builder::{Float64Builder, Int32Builder, ListBuilder};
use arrow_array::types::{Float64Type, Int8Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use glam::{DMat3, DQuat, DVec3};
use std::sync::Arc;

/// What became of a pair.
pub(super) struct GeometryRow {
    pub(super) match_count: usize,
    /// Or why there is none.
    pub(super) geometry: Cell<TwoViewGeometry>,
}

/// The record batch of some results.
pub(super) fn record_batch(ids: &[i64], rows: &[GeometryRow], source: Source<'_>) -> Result<RecordBatch> {
    let none = TwoViewGeometry::default();
    let geometries: Vec<&TwoViewGeometry> = rows.iter().map(|row| row.geometry.as_ref().unwrap_or(&none)).collect();
    let each = || geometries.iter().copied();
    let matrix = |matrix: &DMat3| matrix.transpose().to_cols_array().to_vec();
    let integers = |numbers: &mut dyn Iterator<Item = usize>| -> ArrayRef {
        Arc::new(numbers.map(|number| i32::try_from(number).unwrap_or(i32::MAX)).collect::<Int32Array>())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(ids.to_vec())),
        Arc::new(each().map(|found| found.configuration.id() as i8).collect::<Int8Array>()),
        floats(each().map(|found| found.fundamental.as_ref().map(matrix))),
        floats(each().map(|found| found.essential.as_ref().map(matrix))),
        floats(each().map(|found| found.homography.as_ref().map(matrix))),
        floats(each().map(|found| found.camera2_from_camera1.map(|motion| motion.quaternion().to_vec()))),
        floats(each().map(|found| found.camera2_from_camera1.map(|motion| motion.translation.to_array().to_vec()))),
        inliers(&geometries),
        integers(&mut each().map(|found| found.inliers.len())),
        integers(&mut rows.iter().map(|row| row.match_count)),
        Arc::new(each().map(|found| found.score).collect::<Float64Array>()),
        integers(&mut each().map(|found| found.iterations as usize)),
        Arc::new(each().map(|found| Some(found.ambiguous)).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| row.geometry.as_ref().err()).collect::<StringArray>()),
    ];
    RecordBatch::try_new(geometries_schema(), columns).map_err(|error| source.error(None, error))
}

fn floats(rows: impl Iterator<Item = Option<Vec<f64>>>) -> ArrayRef {
    let mut lists = ListBuilder::new(Float64Builder::new());
    for row in rows {
        lists.append_option(row.map(|numbers| numbers.into_iter().map(Some)));
    }
    Arc::new(lists.finish())
}

fn inliers(geometries: &[&TwoViewGeometry]) -> ArrayRef {
    let mut lists = ListBuilder::new(Int32Builder::new());
    for geometry in geometries {
        lists.append_value(geometry.inliers.iter().map(|&place| Some(place as i32)));
    }
    Arc::new(lists.finish())
}

/// The geometries of a record batch.
pub(super) struct GeometryRows<'a> {
    ids: &'a [i64],
    configurations: &'a [i8],
    matrices: [Option<Lists<'a>>; 3],
    rotation: Option<Lists<'a>>,
    translation: Option<Lists<'a>>,
    inliers: Lists<'a>,
    match_counts: &'a [i32],
    scores: &'a [f64],
    iterations: &'a [i32],
    ambiguous: &'a BooleanArray,
    errors: Option<&'a StringArray>,
}

impl<'a> GeometryRows<'a> {
    /// # Errors
    /// [`Error::Row`](crate::Error::Row): a column is missing, has nulls, or is of another type.
    pub(super) fn new(batch: &'a RecordBatch, source: Source<'a>) -> Result<Self> {
        let columns = Columns { batch, source };
        let [f, e, h] = MATRICES.map(|name| columns.optional_lists::<Float64Type>(name));
        Ok(Self {
            ids: columns.numbers::<Int64Type>(PAIR_ID)?.values(),
            configurations: columns.numbers::<Int8Type>(CONFIGURATION)?.values(),
            matrices: [f?, e?, h?],
            rotation: columns.optional_lists::<Float64Type>(ROTATION)?,
            translation: columns.optional_lists::<Float64Type>(TRANSLATION)?,
            inliers: columns.lists::<Int32Type>(INLIERS)?,
            match_counts: columns.numbers::<Int32Type>(MATCH_COUNT)?.values(),
            scores: columns.numbers::<Float64Type>(SCORE)?.values(),
            iterations: columns.numbers::<Int32Type>(ITERATIONS)?.values(),
            ambiguous: columns.booleans(AMBIGUOUS)?,
            errors: columns.optional_text(ERROR)?,
        })
    }

    pub(super) fn ids(&self) -> &'a [i64] {
        self.ids
    }

    /// The result of one pair, or the column that is wrong with it, and why.
    pub(super) fn row(&self, row: usize) -> Cell<GeometryRow> {
        let count = |name: &str, count: i32| {
            usize::try_from(count).map_err(|_| format!("{name}: expected a count, but it is {count}"))
        };
        let match_count = count(MATCH_COUNT, self.match_counts[row])?;
        if let Some(errors) = self.errors.filter(|errors| errors.is_valid(row)) {
            return Ok(GeometryRow { match_count, geometry: Err(errors.value(row).to_owned()) });
        }
        let number = self.configurations[row];
        let configuration = Configuration::from_id(number.into()).ok_or_else(|| {
            format!("{CONFIGURATION}: expected a number of COLMAP's configurations, but it is {number}")
        })?;
        let matrix = |which: usize| {
            let numbers =
                finite::<9>(self.matrices[which], row).map_err(|message| format!("{}: {message}", MATRICES[which]));
            Ok::<_, String>(numbers?.map(|numbers| DMat3::from_cols_array(&numbers).transpose()))
        };
        let rotation = finite::<4>(self.rotation, row).map_err(|message| format!("{ROTATION}: {message}"))?;
        let translation = finite::<3>(self.translation, row).map_err(|message| format!("{TRANSLATION}: {message}"))?;
        let motion = |[w, x, y, z]: [f64; 4], translation: [f64; 3]| Pose {
            rotation: DMat3::from_quat(DQuat::from_xyzw(x, y, z, w).normalize()),
            translation: DVec3::from_array(translation),
        };
        let geometry = TwoViewGeometry {
            configuration,
            fundamental: matrix(0)?,
            essential: matrix(1)?,
            homography: matrix(2)?,
            camera2_from_camera1: rotation
                .zip(translation)
                .map(|(rotation, translation)| motion(rotation, translation)),
            inliers: self.inliers_of(row, match_count)?,
            score: self.scores[row],
            iterations: count(ITERATIONS, self.iterations[row])? as u32,
            ambiguous: self.ambiguous.value(row),
        };
        Ok(GeometryRow { match_count, geometry: Ok(geometry) })
    }

    fn inliers_of(&self, row: usize, match_count: usize) -> Cell<Vec<u32>> {
        let places = self.inliers.numbers::<Int32Type>(row).map_err(|message| format!("{INLIERS}: {message}"))?;
        let mut least = 0;
        for &place in places {
            if !(least..match_count as i64).contains(&i64::from(place)) {
                return Err(format!(
                    "{INLIERS}: expected ascending places among {match_count} matches, but one is {place}"
                ));
            }
            least = i64::from(place) + 1;
        }
        Ok(places.iter().map(|&place| place as u32).collect())
    }
}

/// So many finite numbers, where there are any.
fn finite<const COUNT: usize>(lists: Option<Lists<'_>>, row: usize) -> Cell<Option<[f64; COUNT]>> {
    let Some(lists) = lists.filter(|lists| !lists.is_null(row)) else { return Ok(None) };
    let numbers = lists.numbers::<Float64Type>(row)?;
    let found = <[f64; COUNT]>::try_from(numbers);
    let found = found.map_err(|_| format!("expected {COUNT} numbers, but there are {}", numbers.len()))?;
    match found.iter().find(|number| !number.is_finite()) {
        Some(number) => Err(format!("expected finite numbers, but one is {number}")),
        None => Ok(Some(found)),
    }
}
