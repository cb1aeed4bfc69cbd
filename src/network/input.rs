use crate::cpu::rank::prepare_rows::SideInformation;
use crate::geometry::MatchesView;
use crate::{Error, ModelKind, Problem, Result};
use glam::DVec2;

/// The matches of one image pair and what is known of each, for the network.
///
/// A ratio below 0 says that it is not known of this match; a scale of 0 in either image, that scale and angle are not.
#[derive(Clone, Copy, Debug)]
pub struct RankInput<'a> {
    /// The matches: essential or fundamental.
    pub matches: MatchesView<'a>,
    /// Width and height of image 1 and 2, pixels, of which CLNet makes use for a fundamental matrix; the bounding box of the
    /// points stands in for them.
    pub sizes_px: Option<[[u32; 2]; 2]>,
    /// SNN ratio of each match.
    pub ratios: Option<&'a [f32]>,
    /// Key-point diameters in image 1 and 2, pixels.
    pub scales_px: Option<[&'a [f32]; 2]>,
    /// Key-point orientations in image 1 and 2, degrees, from x to y.
    pub angles_deg: Option<[&'a [f32]; 2]>,
}

impl<'a> RankInput<'a> {
    /// Matches of which nothing more is known.
    pub const fn new(matches: MatchesView<'a>) -> Self {
        Self { matches, sizes_px: None, ratios: None, scales_px: None, angles_deg: None }
    }

    /// What a problem has for the network.
    pub const fn of(problem: &Problem<'a>) -> Self {
        let Problem { matches, ratios, scales_px, angles_deg, .. } = *problem;
        Self { ratios, scales_px, angles_deg, ..Self::new(matches) }
    }

    /// The model that the matches are for.
    pub const fn kind(&self) -> ModelKind {
        self.matches.kind()
    }

    /// The points of both images, pixels.
    ///
    /// # Errors
    /// [`Error::MissingInput`] for matches of which no network is known.
    pub(super) const fn points_px(&self) -> Result<[&'a [DVec2]; 2]> {
        match self.matches {
            MatchesView::Essential { points1_px, points2_px, .. }
            | MatchesView::Fundamental { points1_px, points2_px } => Ok([points1_px, points2_px]),
            _ => Err(Error::MissingInput {
                option: "ranking by a network",
                missing: "2-D to 2-D matches for an essential or fundamental matrix",
            }),
        }
    }

    /// What is known of the matches beside their points.
    pub(super) const fn side_information(&self) -> SideInformation<'a> {
        let Self { ratios, scales_px, angles_deg, .. } = *self;
        SideInformation { ratios, scales_px, angles_deg }
    }

    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::NotFinite`], [`Error::TooFewMatches`], [`Error::SingularCamera`] or
    /// [`Error::NegativeScale`] with the first fault.
    pub fn check(&self) -> Result<()> {
        let [points1, points2] = self.points_px()?;
        let expected = points1.len();
        let length = |what, found| {
            if found == expected { Ok(()) } else { Err(Error::LengthMismatch { what, expected, found }) }
        };
        length("points in image 2", points2.len())?;
        let (model, needed) = (self.kind().name(), self.kind().sample_size());
        if expected < needed {
            return Err(Error::TooFewMatches { model, needed, found: expected });
        }
        if let MatchesView::Essential { camera1, camera2, .. } = &self.matches {
            camera1.check("camera 1")?;
            camera2.check("camera 2")?;
        }
        finite("point in image 1", points1.iter().map(|p| coordinate(*p)))?;
        finite("point in image 2", points2.iter().map(|p| coordinate(*p)))?;
        let columns = [
            ("SNN ratio", self.ratios),
            ("scale in image 1", self.scales_px.map(|s| s[0])),
            ("scale in image 2", self.scales_px.map(|s| s[1])),
            ("angle in image 1", self.angles_deg.map(|a| a[0])),
            ("angle in image 2", self.angles_deg.map(|a| a[1])),
        ];
        for (what, column) in columns {
            let Some(values) = column else { continue };
            length(what, values.len())?;
            finite(what, values.iter().map(|&value| value.into()))?;
        }
        self.check_scales()
    }

    fn check_scales(&self) -> Result<()> {
        for (what, scales) in ["scale in image 1", "scale in image 2"].into_iter().zip(self.scales_px.iter().flatten())
        {
            if let Some((index, &value)) = scales.iter().enumerate().find(|(_, scale)| **scale < 0.0) {
                return Err(Error::NegativeScale { what, index, value });
            }
        }
        Ok(())
    }
}

/// Of a point the coordinate that is not finite in single precision, where there is one.
fn coordinate(point: DVec2) -> f64 {
    let [x, y] = point.to_array().map(|x| f64::from(x as f32));
    if x.is_finite() { y } else { x }
}

fn finite(what: &'static str, values: impl Iterator<Item = f64>) -> Result<()> {
    match values.enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(Error::NotFinite { what, index, value }),
        None => Ok(()),
    }
}
