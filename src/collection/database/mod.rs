//! COLMAP's database (SQLite), of its versions 3.8 to 4.2: what verification reads and writes. Columns are found by their names, not by
//! the version.

mod blobs;
mod geometries;
mod read;
mod schema;
mod write;

use crate::geometry::CameraModel;
use crate::{Error, Result};
pub use geometries::VerifiedRow;
pub(super) use read::StoredKeyPoints;
pub use read::StoredPair;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How long another program may hold the database before it counts as locked.
const PATIENCE: Duration = Duration::from_secs(5);
/// Image numbers are below this, and pairs are numbered by it.
const MAX_IMAGES: i64 = 2_147_483_647;

/// The number of a pair of images in COLMAP's tables, where the image of the lower number comes first.
pub const fn pair_id(image1: u32, image2: u32) -> i64 {
    let (low, high) = if image1 < image2 { (image1, image2) } else { (image2, image1) };
    MAX_IMAGES * low as i64 + high as i64
}

/// The images of a pair, the lower number first.
pub const fn images_of_pair(pair_id: i64) -> [u32; 2] {
    [(pair_id / MAX_IMAGES) as u32, (pair_id % MAX_IMAGES) as u32]
}

/// An image's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name: the path of its file below the folder of images.
    pub name: String,
    /// The camera that took it.
    pub camera_id: u32,
}

/// A camera's row.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCamera {
    /// Its model; the reason where that is none that is known.
    pub model: std::result::Result<CameraModel, String>,
    /// Width and height of its images, pixels.
    pub size_px: [u64; 2],
    /// Whether the focal length is known before, from EXIF or a calibration; else it is a guess.
    pub has_prior_focal_length: bool,
}

/// An open database. The rows of cameras and images are in memory, all else stays in the file.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Connection,
    layout: schema::Layout,
    images: BTreeMap<u32, Image>,
    cameras: BTreeMap<u32, StoredCamera>,
}

impl Database {
    /// Opens a database to read and to write.
    ///
    /// # Errors
    /// [`Error::File`]: it is no database of COLMAP's, or cannot be read; [`Error::Row`]: a row of its cameras or images is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        check_magic(path)?;
        Self::read(path)
    }

    /// Makes a database with empty tables, as COLMAP 4.2 has them.
    ///
    /// # Errors
    /// [`Error::File`] when there is a file of this name, or none can be made.
    pub fn create(path: &Path) -> Result<Self> {
        File::create_new(path).map_err(|error| Error::file(path, error))?;
        let connection = connect(path)?;
        connection.execute_batch(schema::TABLES).map_err(|error| sqlite(path, &error))?;
        drop(connection);
        Self::read(path)
    }

    fn read(path: &Path) -> Result<Self> {
        let connection = connect(path)?;
        let layout = schema::Layout::read(&connection, path)?;
        let mut database =
            Self { path: path.to_owned(), connection, layout, images: BTreeMap::new(), cameras: BTreeMap::new() };
        database.cameras = database.read_cameras()?;
        database.images = database.read_images()?;
        Ok(database)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The images, by number.
    pub const fn images(&self) -> &BTreeMap<u32, Image> {
        &self.images
    }

    /// The cameras, by number.
    pub const fn cameras(&self) -> &BTreeMap<u32, StoredCamera> {
        &self.cameras
    }

    /// Has another model for a camera, of known focal length, in memory: the file stays.
    pub(super) fn set_camera(&mut self, id: u32, model: CameraModel) {
        let size_px = model.size_px;
        self.cameras.insert(id, StoredCamera { model: Ok(model), size_px, has_prior_focal_length: true });
    }

    fn fail(&self) -> impl Fn(rusqlite::Error) -> Error {
        |error| sqlite(&self.path, &error)
    }

    /// What is wrong with a row.
    pub(super) fn row(&self, row: String, message: impl ToString) -> Error {
        Error::Row { path: self.path.display().to_string(), row, message: message.to_string() }
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags);
    let connection = connection.map_err(|error| sqlite(path, &error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| sqlite(path, &error))?;
    Ok(connection)
}

fn check_magic(path: &Path) -> Result<()> {
    let mut start = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| {
        if !file.metadata()?.is_file() {
            return Ok(false);
        }
        Ok(file.read_exact(&mut start).is_ok())
    });
    match read {
        Ok(true) if start == *MAGIC => Ok(()),
        Ok(_) => Err(Error::file(path, "expected a database of COLMAP's (SQLite 3), but the file is none")),
        Err(error) => Err(Error::file(path, error)),
    }
}

/// What SQLite says, in words that tell what to do.
fn sqlite(path: &Path, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "the database is locked: another program writes to it; try again when that has ended".to_owned()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            format!("expected a database in a folder that can be written to: {error}")
        }
        Some(ErrorCode::DiskFull) => "the disk is full; what was written before is kept".to_owned(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => format!("the database is damaged: {error}"),
        _ => error.to_string(),
    };
    Error::file(path, message)
}
