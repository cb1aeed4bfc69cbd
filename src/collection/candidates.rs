use super::Pair;
use super::chance::Chance;
use crate::geometry::{Camera, MatchesView, ModelKind};
use crate::{Error, Problem, Result};
use glam::DVec2;

/// The matches of a pair that a model of one kind can have as inliers: all but those of points that cannot be undistorted.
pub(super) struct Candidates {
    /// Their indices in the list of matches.
    pub(super) places: Vec<u32>,
    pub(super) points_px: [Vec<DVec2>; 2],
    /// Without their distortion, where they are for an essential matrix.
    pub(super) cameras: Option<[Camera; 2]>,
    sizes_px: [Option<DVec2>; 2],
    pub(super) ratios: Option<Vec<f32>>,
    pub(super) scales_px: Option<[Vec<f32>; 2]>,
    pub(super) angles_deg: Option<[Vec<f32>; 2]>,
    seed: u64,
}

impl Candidates {
    /// For an essential matrix the points are those of cameras without distortion, for a fundamental matrix as they were measured.
    ///
    /// # Errors
    /// [`Error::NoSuchKeyPoint`], [`Error::NotFinite`], [`Error::LengthMismatch`].
    pub(super) fn new(pair: &Pair<'_>, kind: ModelKind) -> Result<Self> {
        pair.check()?;
        let cameras = if kind == ModelKind::Essential { pair.cameras() } else { None };
        let points = pair.views.map(|view| if cameras.is_some() { view.undistorted_px() } else { view.points_px() });
        let is_point = |&place: &u32| {
            let [a, b] = pair.matches[place as usize].map(|key_point| key_point as usize);
            points[0][a].is_finite() && points[1][b].is_finite()
        };
        let places: Vec<u32> = (0..pair.matches.len() as u32).filter(is_point).collect();
        let of = |side: usize| move |&place: &u32| pair.matches[place as usize][side] as usize;
        let shapes = |lists: [Option<&[f32]>; 2]| match lists {
            [Some(list1), Some(list2)] => {
                let list = |side: usize, list: &[f32]| places.iter().map(of(side)).map(|index| list[index]).collect();
                Some([list(0, list1), list(1, list2)])
            }
            _ => None,
        };
        Ok(Self {
            points_px: [0, 1].map(|side| places.iter().map(of(side)).map(|index| points[side][index]).collect()),
            cameras,
            sizes_px: pair
                .views
                .map(|view| view.size_px().map(|[width, height]| DVec2::new(width as f64, height as f64))),
            ratios: pair.ratios.map(|ratios| places.iter().map(|&place| ratios[place as usize]).collect()),
            scales_px: shapes(pair.views.map(|view| view.scales_px())),
            angles_deg: shapes(pair.views.map(|view| view.angles_deg())),
            seed: pair.seed,
            places,
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether they are for an essential matrix.
    pub(super) const fn is_calibrated(&self) -> bool {
        self.cameras.is_some()
    }

    pub(super) fn chance(&self) -> Chance<'_> {
        Chance::new(self.points_px.each_ref().map(Vec::as_slice), self.sizes_px)
    }

    /// Indices in the list of matches of those that are marked.
    pub(super) fn marked(&self, marks: &[bool]) -> Vec<u32> {
        self.places.iter().zip(marks).filter(|(_, mark)| **mark).map(|(&place, _)| place).collect()
    }

    pub(super) fn problem(&self) -> Problem<'_> {
        let [points1_px, points2_px] = &self.points_px;
        let matches = match self.cameras {
            Some([camera1, camera2]) => MatchesView::Essential { points1_px, points2_px, camera1, camera2 },
            None => MatchesView::Fundamental { points1_px, points2_px },
        };
        Problem {
            ratios: self.ratios.as_deref(),
            scales_px: self.scales_px.as_ref().map(|[a, b]| [a.as_slice(), b]),
            angles_deg: self.angles_deg.as_ref().map(|[a, b]| [a.as_slice(), b]),
            seed: self.seed,
            ..Problem::new(matches)
        }
    }

    /// The same points for a fundamental matrix.
    pub(super) fn uncalibrated(&self) -> MatchesView<'_> {
        let [points1_px, points2_px] = &self.points_px;
        MatchesView::Fundamental { points1_px, points2_px }
    }
}

impl Pair<'_> {
    /// The cameras without their distortion, where both are known.
    pub(super) fn cameras(&self) -> Option<[Camera; 2]> {
        let [camera1, camera2] = self.views.map(|view| Some(view.camera()?.pinhole()));
        Some([camera1?, camera2?])
    }

    /// The points of some matches, pixels as they were measured.
    pub(super) fn points_of(&self, places: &[u32]) -> Vec<[DVec2; 2]> {
        let points = |&place: &u32| {
            let [a, b] = self.matches[place as usize];
            [self.views[0].points_px()[a as usize], self.views[1].points_px()[b as usize]]
        };
        places.iter().map(points).collect()
    }

    pub(super) fn check(&self) -> Result<()> {
        let expected = self.matches.len();
        if let Some(found) = self.ratios.map(<[f32]>::len).filter(|&found| found != expected) {
            return Err(Error::LengthMismatch { what: "ratio", expected, found });
        }
        for (index, key_points) in self.matches.iter().enumerate() {
            for (side, what) in [(0, "image 1"), (1, "image 2")] {
                let (found, points) = (key_points[side], self.views[side].points_px());
                let Some(point) = points.get(found as usize) else {
                    return Err(Error::NoSuchKeyPoint { image: what, index, found, count: points.len() });
                };
                if !point.is_finite() {
                    let value = if point.x.is_finite() { point.y } else { point.x };
                    return Err(Error::BadKeyPoint { image: what, key_point: found, value });
                }
            }
        }
        Ok(())
    }
}
