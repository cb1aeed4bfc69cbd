//! An answer as the window tells it: the motions with their inliers, and the points that they triangulate.

use crate::pair::Pair;
use crate::reading::Answer;
use bytemuck::Zeroable;
use eframe::egui::Color32;
use glam::{DVec2, DVec3};
use nabla_ransac::constants::{AMBIGUOUS, HAS_SECOND_MOTION};
use nabla_ransac::cpu::search::mark_inliers::mark_inliers;
use nabla_ransac::cpu::search::normalize_matches::{NormalizedMatches, rows_of_pose};
use nabla_ransac::cpu::search::score_models::Scorer;
use nabla_ransac::geometry::accuracy::motion_of_model;
use nabla_ransac::geometry::{EpipolarResidual, Score, triangulate_midpoint};
use nabla_ransac::kernels::layout::PairResult;
use nabla_ransac::{Camera, MatchesView, Model, ModelKind, Pose};

/// Of points whose place no photograph colours.
const GREY: Color32 = Color32::from_gray(190);

pub(crate) struct Scene {
    pub(crate) answer: Answer,
    pub(crate) model: Option<Model>,
    pub(crate) cameras: [Camera; 2],
    /// The winner, then the second motion where there is one; none of a homography.
    pub(crate) motions: [Option<Motion>; 2],
}

/// How the second camera stands to the first, and what follows.
pub(crate) struct Motion {
    pub(crate) camera2_from_camera1: Pose,
    /// One entry a match that was used.
    pub(crate) inliers: Vec<bool>,
    /// In the frame of camera 1; the cameras are at a distance of 1.
    pub(crate) points: Vec<(DVec3, Color32)>,
}

impl Scene {
    pub(crate) fn new(pair: &Pair, answer: Answer) -> Self {
        let settings = answer.given.settings;
        let model = answer.result.model(settings.plan.kind);
        let cameras = pair.cameras_or(settings.assumed_focal_px);
        let seen = Seen { pair, points_px: seen(pair, &answer), cameras };
        let [points1_px, points2_px] = &seen.points_px;
        let first =
            model.as_ref().and_then(|model| motion_of_model(model, &cameras, points1_px, points2_px, &answer.inliers));
        let first = first.map(|motion| seen.motion(motion, answer.inliers.clone()));
        let second = second_motion(&answer).map(|motion| {
            let inliers = seen.inliers(&motion, settings.threshold_px);
            seen.motion(motion, inliers)
        });
        Self { answer, model, cameras, motions: [first, second] }
    }

    pub(crate) const fn motion(&self, second: bool) -> Option<&Motion> {
        self.motions[second as usize].as_ref()
    }

    /// Whether either of two motions may be the right one.
    pub(crate) const fn is_ambiguous(&self) -> bool {
        self.answer.diagnosis.flags & AMBIGUOUS != 0
    }

    /// Inliers of the motion shown.
    pub(crate) fn inlier_count(&self, second: bool) -> usize {
        let inliers = match &self.motions[1] {
            Some(motion) if second => &motion.inliers,
            _ => &self.answer.inliers,
        };
        inliers.iter().filter(|&&inlier| inlier).count()
    }
}

fn second_motion(answer: &Answer) -> Option<Pose> {
    let diagnosis = &answer.diagnosis;
    let is_there = answer.result.status == 0 && diagnosis.flags & HAS_SECOND_MOTION != 0;
    let motion = PairResult { rows: diagnosis.second_motion, ..PairResult::zeroed() };
    match motion.model(ModelKind::Essential) {
        Some(Model::Essential(motion)) if is_there => Some(motion),
        _ => None,
    }
}

/// The matches that were used.
struct Seen<'a> {
    pair: &'a Pair,
    points_px: [Vec<DVec2>; 2],
    cameras: [Camera; 2],
}

fn seen(pair: &Pair, answer: &Answer) -> [Vec<DVec2>; 2] {
    pair.points_px.each_ref().map(|points| answer.given.used.iter().map(|&k| points[k]).collect())
}

impl Seen<'_> {
    fn motion(&self, camera2_from_camera1: Pose, inliers: Vec<bool>) -> Motion {
        let [points1_px, points2_px] = &self.points_px;
        let [camera1, camera2] = self.cameras;
        let matches = points1_px.iter().zip(points2_px).zip(&inliers).filter(|(_, inlier)| **inlier);
        let point = |((&p1, &p2), _): ((&DVec2, &DVec2), _)| {
            let [ray1, ray2] = [camera1.normalize(p1), camera2.normalize(p2)].map(|ray| ray.extend(1.0));
            Some((triangulate_midpoint(&camera2_from_camera1, ray1, ray2)?, self.colour(p1)))
        };
        let points = matches.filter_map(point).collect();
        Motion { camera2_from_camera1, inliers, points }
    }

    /// Those of a motion that the estimator made no mask of.
    fn inliers(&self, motion: &Pose, threshold_px: f64) -> Vec<bool> {
        let [points1_px, points2_px] = &self.points_px;
        let [camera1, camera2] = self.cameras;
        let view = MatchesView::Essential { points1_px, points2_px, camera1, camera2 };
        let scorer = Scorer::new(ModelKind::Essential, Score::default(), EpipolarResidual::default());
        mark_inliers(&scorer, &rows_of_pose(motion), &NormalizedMatches::new(&view, threshold_px, None, None))
    }

    /// Of the first photograph there.
    fn colour(&self, point_px: DVec2) -> Color32 {
        let Some(photograph) = &self.pair.photographs[0] else { return GREY };
        let shown = DVec2::new(photograph.width().into(), photograph.height().into());
        let pixel = (point_px + 0.5) * shown / DVec2::from(self.pair.sizes_px[0].map(f64::from));
        let pixel = pixel.as_ivec2().max(glam::IVec2::ZERO).as_uvec2();
        photograph.get_pixel_checked(pixel.x, pixel.y).map_or(GREY, |&image::Rgba([r, g, b, _])| paler([r, g, b]))
    }
}

/// Bright enough on a dark ground.
fn paler(rgb: [u8; 3]) -> Color32 {
    let [r, g, b] = rgb.map(|level| level + (255 - level) / 3);
    Color32::from_rgb(r, g, b)
}
