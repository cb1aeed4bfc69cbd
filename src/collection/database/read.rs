use super::{Database, Image, StoredCamera, blobs};
use crate::Result;
use crate::collection::View;
use crate::geometry::CameraModel;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};
use std::collections::BTreeMap;

/// Matches of a pair as they are stored.
#[derive(Debug)]
pub struct StoredPair {
    /// Its number: see [`pair_id`](super::pair_id).
    pub id: i64,
    /// Indices of key points in both images, or what is wrong with the row.
    pub matches: std::result::Result<Vec<[u32; 2]>, String>,
}

/// Key points as they are stored.
pub(crate) struct StoredKeyPoints {
    shape: [i64; 2],
    bytes: Vec<u8>,
}

impl Database {
    pub(super) fn read_cameras(&self) -> Result<BTreeMap<u32, StoredCamera>> {
        let query = "SELECT camera_id, model, width, height, params, prior_focal_length FROM cameras";
        let mut statement = self.connection.prepare(query).map_err(self.fail())?;
        let mut rows = statement.query([]).map_err(self.fail())?;
        let mut cameras = BTreeMap::new();
        while let Some(row) = rows.next().map_err(self.fail())? {
            let id: u32 = self.column(row, 0, "cameras")?;
            let name = format!("cameras {id}");
            let size_px = [self.column::<i64>(row, 2, &name)?, self.column(row, 3, &name)?];
            let size_px = size_px.map(|side| u64::try_from(side).unwrap_or(0));
            let number: i32 = self.column(row, 1, &name)?;
            let model =
                blob(row, 4).and_then(|bytes| blobs::floats64(bytes.unwrap_or_default())).and_then(|parameters| {
                    CameraModel::new(number, size_px, parameters).map_err(|error| error.to_string())
                });
            let has_prior_focal_length = self.column::<i64>(row, 5, &name)? != 0;
            cameras.insert(id, StoredCamera { model, size_px, has_prior_focal_length });
        }
        Ok(cameras)
    }

    pub(super) fn read_images(&self) -> Result<BTreeMap<u32, Image>> {
        let mut statement =
            self.connection.prepare("SELECT image_id, name, camera_id FROM images").map_err(self.fail())?;
        let mut rows = statement.query([]).map_err(self.fail())?;
        let mut images = BTreeMap::new();
        while let Some(row) = rows.next().map_err(self.fail())? {
            let id: u32 = self.column(row, 0, "images")?;
            let name = format!("images {id}");
            let image = Image { name: self.column(row, 1, &name)?, camera_id: self.column(row, 2, &name)? };
            images.insert(id, image);
        }
        Ok(images)
    }

    /// How many pairs have matches, and how many of those no geometry yet.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn count_pairs(&self) -> Result<[u64; 2]> {
        let count = |query: &str| self.connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(self.fail());
        let all = count("SELECT COUNT(*) FROM matches")?;
        let verified = count("SELECT COUNT(*) FROM matches JOIN two_view_geometries USING (pair_id)")?;
        Ok([all, all - verified].map(|count| u64::try_from(count).unwrap_or(0)))
    }

    /// Matches of the next pairs with a higher number than `after`, by number, at most `limit` of them and about `most_matches` matches;
    /// all, or those without a geometry.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn pairs_after(&self, after: i64, limit: usize, most_matches: usize, all: bool) -> Result<Vec<StoredPair>> {
        let unverified = "AND NOT EXISTS (SELECT 1 FROM two_view_geometries t WHERE t.pair_id = matches.pair_id)";
        let which = if all { "" } else { unverified };
        let query = format!(
            "SELECT pair_id, rows, cols, data FROM matches WHERE pair_id > ?1 {which} ORDER BY pair_id LIMIT ?2"
        );
        let mut statement = self.connection.prepare_cached(&query).map_err(self.fail())?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query((after, limit)).map_err(self.fail())?;
        let (mut pairs, mut count) = (Vec::new(), 0);
        while count < most_matches
            && let Some(row) = rows.next().map_err(self.fail())?
        {
            let id: i64 = self.column(row, 0, "matches")?;
            let matches = || {
                let shape = [integer(row, 1)?, integer(row, 2)?];
                blobs::matches(blob(row, 3)?.unwrap_or_default(), shape)
            };
            let matches = matches();
            count += matches.as_ref().map_or(0, Vec::len);
            pairs.push(StoredPair { id, matches });
        }
        Ok(pairs)
    }

    /// The key points of an image with its camera, if its focal length is known before.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row): there is no such image or camera, its model is not known, or its key points are not what their row says;
    /// [`Error::File`](crate::Error::File).
    pub fn view(&self, image_id: u32) -> Result<View> {
        let stored = self.stored_key_points(image_id)?;
        self.lens().view(image_id, &stored).map_err(|[row, message]| self.row(row, message))
    }

    pub(crate) fn stored_key_points(&self, image_id: u32) -> Result<StoredKeyPoints> {
        if !self.images.contains_key(&image_id) {
            return Err(
                self.row(format!("images {image_id}"), "expected an image, as a pair names it, but there is none")
            );
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT rows, cols, data FROM keypoints WHERE image_id = ?1")
            .map_err(self.fail())?;
        let read = |row: &Row<'_>| {
            let stored = || {
                let bytes = blob(row, 2)?.unwrap_or_default().to_vec();
                Ok(StoredKeyPoints { shape: [integer(row, 0)?, integer(row, 1)?], bytes })
            };
            Ok(stored())
        };
        let found = statement.query_row([image_id], read).optional().map_err(self.fail())?;
        let found = found.unwrap_or_else(|| Err("expected the image's key points, but it has none".to_owned()));
        found.map_err(|message: String| self.row(self.lens().key_points_of(image_id), message))
    }

    /// What makes views of key points, on any thread.
    pub(crate) const fn lens(&self) -> Lens<'_> {
        Lens { images: &self.images, cameras: &self.cameras }
    }

    fn column<T: rusqlite::types::FromSql>(&self, row: &Row<'_>, index: usize, name: &str) -> Result<T> {
        row.get(index).map_err(|error| self.row(name.to_owned(), error))
    }
}

/// The images and cameras of a database.
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    images: &'a BTreeMap<u32, Image>,
    cameras: &'a BTreeMap<u32, StoredCamera>,
}

impl Lens<'_> {
    /// The view of stored key points, which takes time where there is distortion; or the row that is wrong, and why.
    pub(crate) fn view(&self, image_id: u32, stored: &StoredKeyPoints) -> std::result::Result<View, [String; 2]> {
        let camera_id = self.images.get(&image_id).map_or(0, |image| image.camera_id);
        let name = format!("cameras {camera_id}");
        let Some(camera) = self.cameras.get(&camera_id) else {
            return Err([name, format!("expected a camera, as image {image_id} names it, but there is none")]);
        };
        let model = match &camera.model {
            _ if !camera.has_prior_focal_length => None,
            Ok(model) => Some(model.clone()),
            Err(message) => return Err([name, message.clone()]),
        };
        let view = blobs::view(&stored.bytes, stored.shape, model);
        let view = view.map_err(|message| [self.key_points_of(image_id), message])?;
        Ok(view.with_size(camera.size_px))
    }

    fn key_points_of(&self, image_id: u32) -> String {
        let name = self.images.get(&image_id).map_or("", |image| image.name.as_str());
        format!("keypoints {image_id} ({name})")
    }
}

fn integer(row: &Row<'_>, index: usize) -> std::result::Result<i64, String> {
    row.get(index).map_err(|error| error.to_string())
}

fn blob<'a>(row: &'a Row<'_>, index: usize) -> std::result::Result<Option<&'a [u8]>, String> {
    match row.get_ref(index).map_err(|error| error.to_string())? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => Ok(Some(bytes)),
        other => Err(format!("expected a blob, but got {}", other.data_type())),
    }
}
