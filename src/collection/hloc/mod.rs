//! hloc's files as a collection: key points of `features.h5` and matches of `matches.h5`, for the pairs of a list, into a COLMAP
//! database. Layout: Hierarchical-Localization, `hloc/utils/io.py` and `hloc/match_features.py`.

mod archive;
mod features;
mod matches;
mod pairs;

use super::Database;
use super::contained::contained_deep;
use crate::geometry::CameraModel;
use crate::{Error, Result};
use archive::{Archive, Message};
use features::Features;
pub use pairs::read_pairs;
use rustc_hash::FxHashMap;
use std::fs;
use std::path::Path;

/// COLMAP's number of the camera model that it gives to images it knows nothing of: one focal length, one coefficient of distortion.
const SIMPLE_RADIAL: i32 = 2;
/// COLMAP's guess of a focal length, in longest sides of the image.
const GUESSED_FOCAL_LENGTH: f64 = 1.2;

/// What was read.
#[derive(Debug, Default)]
pub struct Summary {
    /// Images whose key points are in the database now.
    pub images: usize,
    /// Pairs whose matches are in the database now.
    pub pairs: usize,
    /// Matches of those.
    pub matches: usize,
    /// Why the other pairs of the list are not.
    pub failed: Vec<Error>,
}

/// Puts the key points and matches of the pairs of a list into a database, in one transaction; those that are there for the same images
/// and pairs are replaced. The images of a pair must be in the database by their names. If it has no images at all they are
/// made, each with a camera of a focal length guessed as COLMAP does.
///
/// A pair whose entries are missing or wrong is left out, and the others go on.
///
/// # Errors
/// [`Error::File`]: a file cannot be opened, is no HDF5 file or breaks its reader, the list is none, the database cannot be written; and the
/// first failure when no pair could be read. The database is as it was then.
pub fn read_into(database: &mut Database, features: &Path, matches: &Path, pairs: &Path) -> Result<Summary> {
    let pairs = read_pairs(pairs)?;
    contained_deep(features, || {
        let files = [Archive::open(features)?, Archive::open(matches)?];
        database.transact(|database| {
            let mut import = Import::new(database, files);
            for names in &pairs {
                import.pair(names)?;
            }
            import.finish()
        })
    })
}

/// [`read_into`] the database of a path, which is made where there is none; unless that fails.
///
/// # Errors
/// Those of [`Database::open`], [`Database::create`] and [`read_into`].
pub fn open_with(path: &Path, features: &Path, matches: &Path, pairs: &Path) -> Result<(Database, Summary)> {
    let is_new = !path.exists();
    let mut database = if is_new { Database::create(path) } else { Database::open(path) }?;
    let summary = read_into(&mut database, features, matches, pairs).inspect_err(|_| {
        if is_new {
            // there is nothing in it
            drop(fs::remove_file(path));
        }
    })?;
    Ok((database, summary))
}

/// An image of the list, once it was met.
#[derive(Clone, Copy)]
struct Known {
    image_id: u32,
    key_points: usize,
}

struct Import<'a> {
    database: &'a mut Database,
    features: Archive,
    matches: Archive,
    ids: FxHashMap<String, u32>,
    makes_images: bool,
    /// Or why there is none.
    images: FxHashMap<String, Message<Known>>,
    summary: Summary,
}

impl<'a> Import<'a> {
    fn new(database: &'a mut Database, [features, matches]: [Archive; 2]) -> Self {
        let ids: FxHashMap<_, _> = database.images().iter().map(|(&id, image)| (image.name.clone(), id)).collect();
        let makes_images = ids.is_empty();
        Self {
            database,
            features,
            matches,
            ids,
            makes_images,
            images: FxHashMap::default(),
            summary: Summary::default(),
        }
    }

    fn pair(&mut self, names: &[String; 2]) -> Result<()> {
        let (first, second) = match (self.image(&names[0])?, self.image(&names[1])?) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(message), _) | (_, Err(message)) => {
                self.summary.failed.push(self.features.error(names, message));
                return Ok(());
            }
        };
        match matches::between(&self.matches, names, [first.key_points, second.key_points]) {
            Ok(matches) => {
                self.database.write_matches(first.image_id, second.image_id, &matches)?;
                self.summary.pairs += 1;
                self.summary.matches += matches.len();
            }
            Err(message) => self.summary.failed.push(self.matches.error(names, message)),
        }
        Ok(())
    }

    /// The image of a name; what is wrong with it is said of each of its pairs.
    fn image(&mut self, name: &str) -> Result<Message<Known>> {
        if let Some(known) = self.images.get(name) {
            return Ok(known.clone());
        }
        let known = match Features::read(&self.features, name) {
            Ok(features) => self.add(name, &features)?,
            Err(message) => Err(message),
        };
        self.images.insert(name.to_owned(), known.clone());
        Ok(known)
    }

    fn add(&mut self, name: &str, features: &Features) -> Result<Message<Known>> {
        let image_id = match (self.ids.get(name), features.size_px) {
            (Some(&id), _) => id,
            (None, Some(size_px)) if self.makes_images => {
                let camera_id = self.database.add_camera(&guessed_camera(size_px)?, false)?;
                self.database.add_image(name, camera_id)?
            }
            (None, None) if self.makes_images => {
                return Ok(Err(format!("expected {name}/image_size, width and height, to make an image of")));
            }
            _ => {
                return Ok(Err(format!(
                    "expected an image {name} in {}, but there is none",
                    self.database.path().display()
                )));
            }
        };
        let (columns, numbers) = features.rows();
        self.database.write_key_points(image_id, columns, &numbers)?;
        self.summary.images += 1;
        Ok(Ok(Known { image_id, key_points: features.points_px.len() }))
    }

    fn finish(mut self) -> Result<Summary> {
        if self.summary.pairs == 0 && !self.summary.failed.is_empty() {
            return Err(self.summary.failed.swap_remove(0));
        }
        Ok(self.summary)
    }
}

/// The camera that COLMAP takes where nothing is known of it.
fn guessed_camera(size_px: [u64; 2]) -> Result<CameraModel> {
    let [width, height] = size_px.map(|side| side as f64);
    let focal_px = GUESSED_FOCAL_LENGTH * width.max(height);
    CameraModel::new(SIMPLE_RADIAL, size_px, vec![focal_px, 0.5 * width, 0.5 * height, 0.0])
}
