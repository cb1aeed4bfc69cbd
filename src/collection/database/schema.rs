//! Which tables and columns a database has.

use super::sqlite;
use crate::{Error, Result};
use rusqlite::Connection;
use std::path::Path;

/// The tables that verification and the mappers need; COLMAP adds its others when it opens the file.
pub(super) const TABLES: &str = "
CREATE TABLE cameras (
    camera_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, model INTEGER NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, params BLOB, prior_focal_length INTEGER NOT NULL);
CREATE TABLE images (
    image_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL UNIQUE, camera_id INTEGER NOT NULL,
    CONSTRAINT image_id_check CHECK(image_id >= 0 and image_id < 2147483647),
    FOREIGN KEY(camera_id) REFERENCES cameras(camera_id));
CREATE UNIQUE INDEX index_name ON images(name);
CREATE TABLE keypoints (
    image_id INTEGER PRIMARY KEY NOT NULL, rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB,
    FOREIGN KEY(image_id) REFERENCES images(image_id) ON DELETE CASCADE);
CREATE TABLE matches (pair_id INTEGER PRIMARY KEY NOT NULL, rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB);
CREATE TABLE two_view_geometries (
    pair_id INTEGER PRIMARY KEY NOT NULL, rows INTEGER NOT NULL, cols INTEGER NOT NULL, data BLOB, config INTEGER NOT NULL,
    F BLOB, E BLOB, H BLOB, qvec BLOB, tvec BLOB, camera1 BLOB, camera2 BLOB);
PRAGMA user_version = 4020100;
";

/// The last version whose programs take zeros for what is not known; later ones take NULL.
const LAST_WITH_ZEROS: i64 = 3_140_000;
/// What each table must have for us.
const NEEDED: [(&str, &[&str]); 5] = [
    ("cameras", &["camera_id", "model", "width", "height", "params", "prior_focal_length"]),
    ("images", &["image_id", "name", "camera_id"]),
    ("keypoints", &["image_id", "rows", "cols", "data"]),
    ("matches", &["pair_id", "rows", "cols", "data"]),
    ("two_view_geometries", &["pair_id", "rows", "cols", "data", "config"]),
];
/// What `two_view_geometries` has besides, in some versions.
pub(super) const OPTIONAL: [&str; 7] = ["F", "E", "H", "qvec", "tvec", "camera1", "camera2"];

/// What differs between versions.
#[derive(Debug)]
pub(super) struct Layout {
    /// Columns of `two_view_geometries` beside those that all versions have, out of [`OPTIONAL`].
    pub(super) geometry_columns: Vec<&'static str>,
    /// Whether zeros stand for matrices and motions that are not known.
    pub(super) has_zeros: bool,
}

impl Layout {
    pub(super) fn read(connection: &Connection, path: &Path) -> Result<Self> {
        let fail = |error| sqlite(path, &error);
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
        let mut geometry_columns = Vec::new();
        for (table, needed) in NEEDED {
            let columns = columns(connection, table).map_err(fail)?;
            let has = |name: &str| columns.iter().any(|column| column.name == name);
            if let Some(missing) = needed.iter().find(|name| !has(name)) {
                let what = if columns.is_empty() { "the table is not there" } else { "the column is not there" };
                let message = format!("expected a database of COLMAP's with {table}.{missing}, but {what}");
                return Err(Error::file(path, message));
            }
            if table == "two_view_geometries" {
                let is_known = |name: &str| needed.contains(&name) || OPTIONAL.contains(&name);
                if let Some(column) = columns.iter().find(|column| column.is_required && !is_known(&column.name)) {
                    let name = &column.name;
                    let message = format!(
                        "expected a database of COLMAP 3.8 to 4.2, but this one is newer (version {version}): its two_view_geometries.{name} must be filled"
                    );
                    return Err(Error::file(path, message));
                }
                geometry_columns = OPTIONAL.into_iter().filter(|name| has(name)).collect();
            }
        }
        Ok(Self { geometry_columns, has_zeros: version <= LAST_WITH_ZEROS })
    }
}

struct Column {
    name: String,
    /// Whether each row must have a value of its own.
    is_required: bool,
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let mut statement =
        connection.prepare("SELECT name, \"notnull\" AND dflt_value IS NULL FROM pragma_table_info(?1)")?;
    let rows = statement.query_map([table], |row| Ok(Column { name: row.get(0)?, is_required: row.get(1)? }))?;
    rows.collect()
}
