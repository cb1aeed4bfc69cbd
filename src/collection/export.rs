//! The pairs of a database as pairs of a scene: to evaluate, to train on.

use super::candidates::Candidates;
use super::database::images_of_pair;
use super::verify_database::{MATCHES, PAIRS, Views, row_name};
use super::{Database, Pair};
use crate::data::{PairRecord, Reconstruction, RegisteredImage, TOP_LEFT_PX};
use crate::geometry::{Camera, Matches, ModelKind, Pose};
use crate::{Error, Result};
use glam::DVec2;
use std::collections::BTreeMap;

/// Cameras nearer than this share of their distances from the origin are at the same place.
const SAME_PLACE: f64 = 1e-9;

/// The pairs of a database, with the centre of the top-left pixel at (0, 0).
#[derive(Debug, Default)]
pub struct ExportedPairs {
    /// Pairs with matches, in the order of their images, each named `NAME1|NAME2`. Where both cameras are known the points are those of
    /// pinholes.
    pub records: Vec<PairRecord>,
    /// Pairs that are left out: of each the row that is wrong.
    pub failures: Vec<Error>,
    /// Matches that are left out because a point cannot be undistorted.
    pub lost_matches: usize,
}

/// The pairs of a database that have matches. A reconstruction of its images, found by their names, gives the true motion of the pairs that
/// are registered, and the intrinsics of their cameras. Other intrinsics are known where the database says that the focal length is.
///
/// # Errors
/// [`Error::File`]: the database cannot be read; none of the reconstruction's images is in it, or their cameras are not as in it. A pair
/// whose rows are wrong is among the failures.
pub fn export_pairs(mut database: Database, truth: Option<&Reconstruction>, threads: usize) -> Result<ExportedPairs> {
    let registered = truth.map(|truth| take_cameras(&mut database, truth)).transpose()?.unwrap_or_default();
    let (mut exported, mut views, mut after) = (ExportedPairs::default(), Views::default(), i64::MIN);
    loop {
        let stored = database.pairs_after(after, PAIRS, MATCHES, true)?;
        let Some(last) = stored.last() else { return Ok(exported) };
        after = last.id;
        let key_points = views.read_missing(&database, &stored)?;
        views.make(&database, key_points, threads);
        for row in &stored {
            let pair = views.pair(&database, row, 0);
            match pair.and_then(|pair| Ok((pair.matches.len(), record(&database, &registered, row.id, &pair)?))) {
                Ok((0, _)) => {}
                Ok((all, record)) => {
                    exported.lost_matches += all - record.matches.len();
                    exported.records.push(record);
                }
                Err(error) => exported.failures.push(error),
            }
        }
    }
}

/// The images that are registered, by their numbers in the database; their cameras become those of the reconstruction.
fn take_cameras<'a>(database: &mut Database, truth: &'a Reconstruction) -> Result<BTreeMap<u32, &'a RegisteredImage>> {
    let by_name: BTreeMap<&str, &RegisteredImage> =
        truth.images.values().map(|image| (image.name.as_str(), image)).collect();
    let find = |(&id, image): (&u32, &super::Image)| Some((id, *by_name.get(image.name.as_str())?));
    let registered: BTreeMap<u32, &RegisteredImage> = database.images().iter().filter_map(find).collect();
    if registered.is_empty() {
        let images = by_name.len();
        let message = format!("expected images of the reconstruction, by name, but there is none of its {images}");
        return Err(Error::file(database.path(), message));
    }
    let mut cameras = BTreeMap::new();
    for (id, image) in &registered {
        let (Some(own), Some(camera)) = (database.images().get(id), truth.cameras.get(&image.camera_id)) else {
            continue;
        };
        let own = own.camera_id;
        if cameras.insert(own, camera).is_some_and(|before| before != camera) {
            let message = "expected one camera of the reconstruction for all its images, but there are several";
            return Err(database.row(format!("cameras {own}"), message));
        }
    }
    cameras.into_iter().for_each(|(id, camera)| database.set_camera(id, camera.clone()));
    Ok(registered)
}

fn record(
    database: &Database,
    registered: &BTreeMap<u32, &RegisteredImage>,
    pair_id: i64,
    pair: &Pair<'_>,
) -> Result<PairRecord> {
    let images = images_of_pair(pair_id);
    let names = images.map(|image| database.images().get(&image).map_or("", |image| image.name.as_str()));
    let candidates = Candidates::new(pair, ModelKind::Essential);
    let Candidates { points_px, cameras, scales_px, angles_deg, ratios, .. } =
        candidates.map_err(|error| database.row(row_name(pair_id), error))?;
    let [points1_px, points2_px] = points_px.map(|points| points.into_iter().map(shifted).collect());
    let shift = |camera: Camera| Camera { principal_point_px: shifted(camera.principal_point_px), ..camera };
    let matches = Matches::TwoView { points1_px, points2_px, cameras: cameras.map(|cameras| cameras.map(shift)) };
    let [truth1, truth2] = images.map(|image| registered.get(&image).map(|image| image.camera_from_world));
    Ok(PairRecord {
        ratios,
        scales_px,
        angles_deg,
        sizes_px: sizes(pair),
        truth: truth1.zip(truth2).and_then(|(truth1, truth2)| motion(&truth1, &truth2)),
        ..PairRecord::new(names.join("|"), matches)
    })
}

/// From COLMAP's pixels.
fn shifted(pixel: DVec2) -> DVec2 {
    pixel - TOP_LEFT_PX
}

/// Camera2_from_camera1 with |t| = 1; `None` where both are at the same place.
fn motion(camera1_from_world: &Pose, camera2_from_world: &Pose) -> Option<Pose> {
    let world_from_camera1 = camera1_from_world.inverse();
    let translation = camera2_from_world.transform(world_from_camera1.translation);
    let rounding = SAME_PLACE * (camera1_from_world.translation.length() + camera2_from_world.translation.length());
    let translation = translation.try_normalize().filter(|_| translation.length() > rounding)?;
    Some(Pose { rotation: camera2_from_world.rotation * world_from_camera1.rotation, translation })
}

fn sizes(pair: &Pair<'_>) -> Option<[[u32; 2]; 2]> {
    let side = |side: u64| u32::try_from(side).ok().filter(|&side| side > 0);
    let size = |size_px: Option<[u64; 2]>| {
        let [width, height] = size_px?;
        Some([side(width)?, side(height)?])
    };
    let [size1, size2] = pair.views.map(|view| size(view.size_px()));
    Some([size1?, size2?])
}
