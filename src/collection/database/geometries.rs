use super::schema::OPTIONAL;
use super::{Database, blobs};
use crate::Result;
use crate::collection::TwoViewGeometry;
use rusqlite::ToSql;

/// A pair's result, and the matches that its inliers are of.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedRow<'a> {
    /// The pair's number.
    pub pair_id: i64,
    /// Its matches.
    pub matches: &'a [[u32; 2]],
    /// Its geometry.
    pub geometry: &'a TwoViewGeometry,
}

impl Database {
    /// Puts geometries into the table, all or none; those that are there are replaced.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) when the database is locked, cannot be written, or the disk is full: nothing has changed then.
    pub fn write_geometries(&mut self, rows: &[VerifiedRow<'_>]) -> Result<()> {
        if self.connection.is_autocommit() {
            return self.transact(|database| database.insert_geometries(rows));
        }
        self.insert_geometries(rows)
    }

    fn insert_geometries(&self, rows: &[VerifiedRow<'_>]) -> Result<()> {
        let columns = &self.layout.geometry_columns;
        let names: String = columns.iter().map(|name| format!(", {name}")).collect();
        let places: String = (0..columns.len()).map(|index| format!(", ?{}", index + 6)).collect();
        let statement = format!(
            "INSERT OR REPLACE INTO two_view_geometries (pair_id, rows, cols, data, config{names}) VALUES (?1, ?2, ?3, ?4, ?5{places})"
        );
        let mut insert = self.connection.prepare_cached(&statement).map_err(self.fail())?;
        for VerifiedRow { pair_id, matches, geometry } in rows {
            let inliers = geometry.inliers.iter().filter_map(|&place| matches.get(place as usize).copied());
            let data = blobs::bytes_of_matches(inliers);
            let count = geometry.inliers.len() as i64;
            let all = optional_columns(geometry, self.layout.has_zeros);
            let configuration = geometry.configuration.id();
            let mut values: Vec<&dyn ToSql> = vec![pair_id, &count, &2, &data, &configuration];
            let is_there = |(name, _): &(&&str, &Option<Vec<u8>>)| columns.contains(name);
            values.extend(OPTIONAL.iter().zip(&all).filter(is_there).map(|(_, value)| value as &dyn ToSql));
            insert.execute(values.as_slice()).map_err(self.fail())?;
        }
        Ok(())
    }

    /// Checks that the database can be written to now, before work is done in vain.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn check_writable(&mut self) -> Result<()> {
        self.write_geometries(&[])
    }
}

/// The columns beside those that all versions have, in the order of [`OPTIONAL`].
fn optional_columns(geometry: &TwoViewGeometry, has_zeros: bool) -> [Option<Vec<u8>>; OPTIONAL.len()] {
    let or_zeros = |bytes: Option<Vec<u8>>, zeros: &[f64]| {
        bytes.or_else(|| has_zeros.then(|| blobs::bytes_of_floats(zeros.iter().copied())))
    };
    let matrices = [&geometry.fundamental, &geometry.essential, &geometry.homography];
    let [f, e, h] = matrices.map(|matrix| or_zeros(matrix.as_ref().map(blobs::bytes_of_matrix), &[0.0; 9]));
    let motion = geometry.camera2_from_camera1;
    let rotation = motion.map(|motion| blobs::bytes_of_floats(motion.quaternion()));
    let translation = motion.map(|motion| blobs::bytes_of_vector(motion.translation));
    let (q, t) = (or_zeros(rotation, &[1.0, 0.0, 0.0, 0.0]), or_zeros(translation, &[0.0; 3]));
    // the intrinsics of an uncalibrated pair are not found here
    [f, e, h, q, t, None, None]
}
