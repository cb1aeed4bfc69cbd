use crate::geometry::{Matches, ModelKind, Pose, pick};
use crate::network::RankInput;
use crate::{Error, Problem, Result};

/// One image pair or query of a file, with what the file has of each match.
#[derive(Clone, Debug, PartialEq)]
pub struct PairRecord {
    /// Its name in the file.
    pub id: String,
    /// The matches, with the cameras where they are known.
    pub matches: Matches,
    /// SNN ratio of each match.
    pub ratios: Option<Vec<f32>>,
    /// Weight of each match.
    pub weights: Option<Vec<f32>>,
    /// Whether each match is also the nearest neighbour from image 2 to image 1.
    pub mutual: Option<Vec<bool>>,
    /// Key-point diameters in image 1 and 2, pixels.
    pub scales_px: Option<[Vec<f32>; 2]>,
    /// Key-point orientations in image 1 and 2, degrees.
    pub angles_deg: Option<[Vec<f32>; 2]>,
    /// Plane that each match lies on, from 1; 0 is an outlier. Of hand-labelled sets.
    pub labels: Option<Vec<i32>>,
    /// Width and height of image 1 and 2 (of the one image in a query: the first), pixels.
    pub sizes_px: Option<[[u32; 2]; 2]>,
    /// The true motion camera2_from_camera1 (|t| = 1), or camera_from_world.
    pub truth: Option<Pose>,
    /// Whether the points of each match could be undistorted by the cameras given beside the file. Where one could not it is NaN, the
    /// match is none of [`Self::usable`] and never an inlier. `None` where all are points of the pinholes.
    pub undistorted: Option<Vec<bool>>,
    /// What the reader of the file took for granted, in sentences for its user.
    pub warnings: Vec<String>,
}

impl PairRecord {
    /// A record of matches of which nothing more is known.
    pub const fn new(id: String, matches: Matches) -> Self {
        Self {
            id,
            matches,
            ratios: None,
            weights: None,
            mutual: None,
            scales_px: None,
            angles_deg: None,
            labels: None,
            sizes_px: None,
            truth: None,
            undistorted: None,
            warnings: Vec::new(),
        }
    }

    /// Checks that every per-match array has an entry a match.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] with the first that has not.
    pub fn check_lengths(&self) -> Result<()> {
        let expected = self.matches.len();
        let [scale1, scale2] = both_lengths(&self.scales_px);
        let [angle1, angle2] = both_lengths(&self.angles_deg);
        let lengths = [
            ("points of image 2 or of the world", Some(self.matches.second_len())),
            ("ratio", self.ratios.as_ref().map(Vec::len)),
            ("weight", self.weights.as_ref().map(Vec::len)),
            ("mutual", self.mutual.as_ref().map(Vec::len)),
            ("scale1", scale1),
            ("scale2", scale2),
            ("angle1", angle1),
            ("angle2", angle2),
            ("label", self.labels.as_ref().map(Vec::len)),
            ("undistorted", self.undistorted.as_ref().map(Vec::len)),
        ];
        match lengths.into_iter().find_map(|(what, length)| Some((what, length.filter(|&found| found != expected)?))) {
            Some((what, found)) => Err(Error::LengthMismatch { what, expected, found }),
            None => Ok(()),
        }
    }

    /// The problem to estimate a model of this kind.
    ///
    /// # Errors
    /// [`Error::MissingInput`](crate::Error::MissingInput) when the matches are not of this kind, or a camera is missing.
    pub fn problem(&self, kind: ModelKind, seed: u64) -> Result<Problem<'_>> {
        let ratios = self.ratios.as_deref();
        let scales_px = self.scales_px.as_ref().map(slices);
        let angles_deg = self.angles_deg.as_ref().map(slices);
        let weights = self.weights.as_deref();
        Ok(Problem { ratios, weights, scales_px, angles_deg, seed, ..Problem::new(self.matches.view(kind)?) })
    }

    /// What a network that ranks matches for this model sees.
    ///
    /// # Errors
    /// [`Error::MissingInput`](crate::Error::MissingInput) when the matches are not of this kind, or a camera is missing.
    pub fn rank_input(&self, kind: ModelKind) -> Result<RankInput<'_>> {
        Ok(RankInput {
            sizes_px: self.sizes_px,
            ratios: self.ratios.as_deref(),
            scales_px: self.scales_px.as_ref().map(slices),
            angles_deg: self.angles_deg.as_ref().map(slices),
            ..RankInput::new(self.matches.view(kind)?)
        })
    }

    /// The record with the matches at these indices only, in this order; indices out of range are left out.
    pub fn select(&self, indices: &[usize]) -> Self {
        let floats = |values: &Option<Vec<f32>>| values.as_ref().map(|values| pick(values, indices));
        let both = |values: &Option<[Vec<f32>; 2]>| values.as_ref().map(|[a, b]| [pick(a, indices), pick(b, indices)]);
        Self {
            id: self.id.clone(),
            matches: self.matches.select(indices),
            ratios: floats(&self.ratios),
            weights: floats(&self.weights),
            mutual: self.mutual.as_ref().map(|values| pick(values, indices)),
            scales_px: both(&self.scales_px),
            angles_deg: both(&self.angles_deg),
            labels: self.labels.as_ref().map(|values| pick(values, indices)),
            sizes_px: self.sizes_px,
            truth: self.truth,
            undistorted: self.undistorted.as_ref().map(|values| pick(values, indices)),
            warnings: self.warnings.clone(),
        }
    }

    /// Indices of the matches whose points are all those of a pinhole.
    pub fn usable(&self) -> Vec<usize> {
        let is_usable = |index: &usize| self.undistorted.as_ref().is_none_or(|flags| flags.get(*index) == Some(&true));
        (0..self.matches.len()).filter(is_usable).collect()
    }

    /// Indices of the [usable](Self::usable) matches with an SNN ratio below `ratio_below`, best first, at most `at_most`; where fewer than
    /// `at_least` have one, the best `at_least`. All usable ones of a record without ratios.
    pub fn best_by_ratio(&self, ratio_below: f32, at_least: usize, at_most: usize) -> Vec<usize> {
        let mut order = self.usable();
        let Some(ratios) = &self.ratios else { return order };
        let ratio = |index: usize| ratios.get(index).copied().unwrap_or(f32::NAN);
        order.sort_by(|&a, &b| ratio(a).total_cmp(&ratio(b)));
        let below = order.iter().filter(|&&index| ratio(index) < ratio_below).count();
        order.truncate(below.min(at_most).max(at_least));
        order
    }
}

fn slices(lists: &[Vec<f32>; 2]) -> [&[f32]; 2] {
    lists.each_ref().map(Vec::as_slice)
}

fn both_lengths(arrays: &Option<[Vec<f32>; 2]>) -> [Option<usize>; 2] {
    arrays.as_ref().map_or([None; 2], |arrays| arrays.each_ref().map(|array| Some(array.len())))
}
