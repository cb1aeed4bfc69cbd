//! Cameras and points in space: x right, y down, z forward.

use super::Shown;
use super::recording::Recording;
use super::view::{HALF_PIXEL, LoggedView, MARKS, colour_of, with_mark};
use crate::Pose;
use crate::cli::plot::views::Mark;
use crate::geometry::{Camera, Matches, Model, triangulate_midpoint};
use glam::{DVec2, DVec3};
use re_chunk::ChunkResult;
use re_sdk_types::archetypes::{Pinhole, Points3D, Transform3D, ViewCoordinates};
use re_sdk_types::components::TransformRelation;

/// What has a view of its own.
pub(super) struct World {
    /// The entity above all its others.
    pub(super) root: &'static str,
    /// Frame and unit, for people.
    pub(super) units: &'static str,
}

const TWO_VIEWS: &str =
    "world: the frame of camera 1. The cameras are 1 apart: two images do not tell how far they truly are.";
const ONE_VIEW: &str = "world: the frame and the unit of the 3-D points.";
const TWO_SETS: &str = "world: the frame and the unit of point set 2.";

/// The worlds that the estimate has: none for fundamental matrices and homographies.
pub(super) fn log(recording: &mut Recording, views: &[LoggedView<'_>], shown: &Shown<'_>) -> ChunkResult<Vec<World>> {
    let Some(estimate) = shown.estimate else { return Ok(Vec::new()) };
    let marks = shown.marks;
    let mut worlds = Vec::new();
    match (&estimate.model, &shown.record.matches, views) {
        (
            Model::Essential(motion),
            Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) },
            [view1, view2],
        ) => {
            let second = estimate.diagnosis.second_motion.filter(|_| estimate.diagnosis.ambiguous);
            let motions = [Some(("world", *motion)), second.map(|(motion, _)| ("second_motion", motion))];
            for (root, camera2_from_camera1) in motions.into_iter().flatten() {
                let pair = Pair { points_px: [points1_px, points2_px], cameras, views: [view1, view2], marks };
                pair.log(recording, root, &camera2_from_camera1)?;
                worlds.push(World { root, units: TWO_VIEWS });
            }
        }
        (Model::Pose(camera_from_world), Matches::ImageWorld { points_world, camera: Some(camera), .. }, [view]) => {
            log_camera(recording, "world/camera", camera_from_world, camera, view, marks)?;
            log_points(recording, "world/points", points_world, marks)?;
            worlds.push(World { root: "world", units: ONE_VIEW });
        }
        (Model::Rigid(points2_from_points1), Matches::WorldWorld { points1, points2 }, _) => {
            recording.log("world/points1", &transform(points2_from_points1, TransformRelation::ParentFromChild))?;
            log_points(recording, "world/points1", points1, marks)?;
            log_points(recording, "world/points2", points2, marks)?;
            worlds.push(World { root: "world", units: TWO_SETS });
        }
        _ => {}
    }
    for world in &worlds {
        recording.log(world.root, &ViewCoordinates::RDF())?;
    }
    Ok(worlds)
}

/// Two views of points to be triangulated.
struct Pair<'a> {
    points_px: [&'a [DVec2]; 2],
    cameras: &'a [Camera; 2],
    views: [&'a LoggedView<'a>; 2],
    marks: &'a [Mark],
}

impl Pair<'_> {
    fn log(&self, recording: &mut Recording, root: &str, camera2_from_camera1: &Pose) -> ChunkResult<()> {
        let poses = [Pose::IDENTITY, *camera2_from_camera1];
        for (index, camera_from_camera1) in poses.iter().enumerate() {
            let entity = format!("{root}/camera{}", index + 1);
            let (camera, view) = (&self.cameras[index], self.views[index]);
            log_camera(recording, &entity, camera_from_camera1, camera, view, self.marks)?;
        }
        let ray = |side: usize, index: usize| self.cameras[side].normalize(self.points_px[side][index]).extend(1.0);
        let meeting = |index| triangulate_midpoint(camera2_from_camera1, ray(0, index), ray(1, index));
        let points = with_mark(self.marks, Mark::Inlier).filter_map(meeting).map(coordinates);
        let points = Points3D::new(points).with_colors([colour_of(Mark::Inlier)]);
        recording.log(&format!("{root}/points"), &points)
    }
}

fn log_camera(
    recording: &mut Recording,
    entity: &str,
    camera_from_world: &Pose,
    camera: &Camera,
    view: &LoggedView<'_>,
    marks: &[Mark],
) -> ChunkResult<()> {
    recording.log(entity, &transform(camera_from_world, TransformRelation::ChildFromParent))?;
    let image = format!("{entity}/image");
    let shifted = Camera { principal_point_px: camera.principal_point_px + HALF_PIXEL, ..*camera };
    let pinhole = Pinhole::new(shifted.matrix().as_mat3().to_cols_array_2d());
    recording.log(&image, &pinhole.with_resolution(view.size_px().as_vec2().to_array()))?;
    view.log(recording, &image, marks)
}

fn log_points(recording: &mut Recording, entity: &str, points: &[DVec3], marks: &[Mark]) -> ChunkResult<()> {
    for (mark, name) in MARKS {
        let points: Vec<_> = with_mark(marks, mark).map(|index| coordinates(points[index])).collect();
        if !points.is_empty() {
            let points = Points3D::new(points).with_colors([colour_of(mark)]);
            recording.log(&format!("{entity}/{name}"), &points)?;
        }
    }
    Ok(())
}

fn transform(pose: &Pose, relation: TransformRelation) -> Transform3D {
    let translation = pose.translation.as_vec3().to_array();
    Transform3D::from_translation_mat3x3(translation, pose.rotation.as_mat3().to_cols_array_2d())
        .with_relation(relation)
}

fn coordinates(point: DVec3) -> [f32; 3] {
    point.as_vec3().to_array()
}
