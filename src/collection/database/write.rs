use super::{Database, Image, StoredCamera, blobs, pair_id, sqlite};
use crate::Result;
use crate::geometry::CameraModel;
use rusqlite::params;

impl Database {
    /// Runs `work`, all of it or nothing.
    ///
    /// # Errors
    /// Those of `work`, and [`Error::File`](crate::Error::File).
    pub fn transact<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(self.fail())?;
        let done = work(self).and_then(|done| {
            self.connection.execute_batch("COMMIT").map_err(self.fail())?;
            Ok(done)
        });
        if done.is_err() {
            // nothing is left to be told where even this fails
            drop(self.connection.execute_batch("ROLLBACK"));
            self.cameras = self.read_cameras()?;
            self.images = self.read_images()?;
        }
        done
    }

    /// Adds a camera; its number.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn add_camera(&mut self, model: &CameraModel, has_prior_focal_length: bool) -> Result<u32> {
        let [width, height] = model.size_px.map(|side| i64::try_from(side).unwrap_or(i64::MAX));
        let parameters = blobs::bytes_of_floats(model.parameters().iter().copied());
        let values = params![model.id(), width, height, parameters, has_prior_focal_length];
        let insert =
            "INSERT INTO cameras (model, width, height, params, prior_focal_length) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection.execute(insert, values).map_err(self.fail())?;
        let id = self.last_id();
        let camera = StoredCamera { model: Ok(model.clone()), size_px: model.size_px, has_prior_focal_length };
        self.cameras.insert(id, camera);
        Ok(id)
    }

    /// Adds an image; its number.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File), for a name that is taken among others.
    pub fn add_image(&mut self, name: &str, camera_id: u32) -> Result<u32> {
        let insert = "INSERT INTO images (name, camera_id) VALUES (?1, ?2)";
        self.connection.execute(insert, params![name, camera_id]).map_err(self.fail())?;
        let id = self.last_id();
        self.images.insert(id, Image { name: name.to_owned(), camera_id });
        Ok(id)
    }

    /// Puts the key points of an image into the table: `columns` numbers each, x and y first, pixels.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn write_key_points(&mut self, image_id: u32, columns: usize, numbers: &[f32]) -> Result<()> {
        let rows = numbers.len().checked_div(columns).unwrap_or(0);
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let insert = "INSERT OR REPLACE INTO keypoints (image_id, rows, cols, data) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = self.connection.prepare_cached(insert).map_err(|error| sqlite(&self.path, &error))?;
        statement.execute(params![image_id, rows as i64, columns as i64, bytes]).map_err(self.fail())?;
        Ok(())
    }

    /// Puts the matches from one image to another into the table, the image of the lower number first.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File).
    pub fn write_matches(&mut self, image1: u32, image2: u32, matches: &[[u32; 2]]) -> Result<()> {
        let in_order = matches.iter().map(|&[a, b]| if image1 < image2 { [a, b] } else { [b, a] });
        let bytes = blobs::bytes_of_matches(in_order);
        let insert = "INSERT OR REPLACE INTO matches (pair_id, rows, cols, data) VALUES (?1, ?2, 2, ?3)";
        let mut statement = self.connection.prepare_cached(insert).map_err(self.fail())?;
        statement.execute(params![pair_id(image1, image2), matches.len() as i64, bytes]).map_err(self.fail())?;
        Ok(())
    }

    fn last_id(&self) -> u32 {
        u32::try_from(self.connection.last_insert_rowid()).unwrap_or(u32::MAX)
    }
}
