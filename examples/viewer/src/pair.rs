//! Two photographs and their matches.

use crate::error::{Error, Result};
use glam::DVec2;
use image::{DynamicImage, ImageError, ImageReader, RgbaImage, imageops::FilterType};
use nabla_ransac::data::PairRecord;
use nabla_ransac::geometry::Matches;
use nabla_ransac::{Camera, ModelKind};
use std::path::{Path, PathBuf};

/// A focal length that is likely where none is known, in longer sides of the image, as COLMAP takes it.
const LIKELY_FOCAL: f64 = 1.2;
/// Larger photographs are shown at this size, pixels of their longer side.
const SHOWN_PX: u32 = 2048;
/// The ratio of width and height of a photograph may be so far off that of the matches' image.
const SIMILAR: f64 = 0.02;

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) file: String,
    pub(crate) record: PairRecord,
    pub(crate) points_px: [Vec<DVec2>; 2],
    /// Where the file, or the user, names them.
    pub(crate) cameras: Option<[Camera; 2]>,
    /// Width and height of the images that the points are of.
    pub(crate) sizes_px: [[u32; 2]; 2],
    /// Of both cameras where none are known, pixels, until the user says otherwise.
    pub(crate) likely_focal_px: f64,
    /// As far as they are given, not larger than they can be shown.
    pub(crate) photographs: [Option<RgbaImage>; 2],
}

impl Pair {
    /// Of matches and the files of no or two photographs.
    pub(crate) fn new(record: PairRecord, file: &str, images: &[PathBuf]) -> Result<Self> {
        Self::with_photographs(record, file, images.iter().map(|path| (path.clone(), decode(path))))
    }

    pub(crate) fn with_photographs(
        record: PairRecord,
        file: &str,
        decoded: impl Iterator<Item = (PathBuf, std::result::Result<DynamicImage, ImageError>)>,
    ) -> Result<Self> {
        record.check_lengths()?;
        let not_two = |found| Error::NotTwoImages { file: file.to_owned(), found };
        let (points_px, cameras) = match &record.matches {
            Matches::TwoView { points1_px, points2_px, cameras } => {
                ([points1_px.clone(), points2_px.clone()], *cameras)
            }
            Matches::ImageWorld { .. } => return Err(not_two("matches of an image with 3-D points")),
            Matches::WorldWorld { .. } => return Err(not_two("matches of two 3-D point sets")),
        };
        let known = |size: [u32; 2]| (!size.contains(&0)).then_some(size);
        let mut sizes = record.sizes_px.map_or([None; 2], |sizes| sizes.map(known));
        let mut photographs = [None, None];
        for (side, (path, photograph)) in decoded.enumerate().take(2) {
            let photograph = photograph.map_err(|source| Error::Photograph { path: path.clone(), source })?;
            let found_px = [photograph.width(), photograph.height()];
            let expected_px = *sizes[side].get_or_insert(found_px);
            check_shape(path, expected_px, found_px)?;
            photographs[side] = Some(shown(&photograph));
        }
        let sizes_px = [0, 1].map(|side| sizes[side].unwrap_or_else(|| size_of_points(&points_px[side])));
        let longest = sizes_px.as_flattened().iter().max().copied().unwrap_or(1);
        let likely_focal_px = LIKELY_FOCAL * f64::from(longest);
        Ok(Self { file: file.to_owned(), record, points_px, cameras, sizes_px, likely_focal_px, photographs })
    }

    /// Whether there are enough matches for a sample.
    pub(crate) fn check_count(&self, kind: ModelKind) -> Result<()> {
        let (model, needed, found) = (kind.name(), kind.sample_size(), self.record.usable().len());
        if found < needed {
            return Err(nabla_ransac::Error::TooFewMatches { model, needed, found }.into());
        }
        Ok(())
    }

    pub(crate) const fn has_ratios(&self) -> bool {
        self.record.ratios.is_some()
    }

    /// The cameras that are known, else those of this focal length.
    pub(crate) fn cameras_or(&self, focal_px: f64) -> [Camera; 2] {
        self.cameras.unwrap_or_else(|| {
            self.sizes_px.map(|size| Camera {
                focal_px: DVec2::splat(focal_px),
                principal_point_px: 0.5 * (DVec2::from(size.map(f64::from)) - 1.0),
                skew_px: 0.0,
            })
        })
    }
}

fn decode(path: &Path) -> std::result::Result<DynamicImage, ImageError> {
    ImageReader::open(path)?.with_guessed_format()?.decode()
}

fn shown(photograph: &DynamicImage) -> RgbaImage {
    if photograph.width().max(photograph.height()) <= SHOWN_PX {
        return photograph.to_rgba8();
    }
    photograph.resize(SHOWN_PX, SHOWN_PX, FilterType::Triangle).to_rgba8()
}

fn check_shape(path: PathBuf, expected_px: [u32; 2], found_px: [u32; 2]) -> Result<()> {
    let [expected, found] = [expected_px, found_px].map(|[width, height]| f64::from(width) / f64::from(height));
    if (found / expected - 1.0).abs() < SIMILAR {
        return Ok(());
    }
    Err(Error::OtherPhotograph { path, expected_px, found_px })
}

/// Of an image that holds all points.
fn size_of_points(points_px: &[DVec2]) -> [u32; 2] {
    let finite = points_px.iter().filter(|point| point.is_finite());
    finite.fold(DVec2::ONE, |size, &point| size.max(point + 1.0)).to_array().map(|side| side.ceil() as u32)
}
