//! A room, the map of its training frames, and its test frames; made once.

use nabla_ransac::data::synthetic::room::{RoomOptions, write_room};
use nabla_ransac::data::{Frame, FrameOptions, FrameSet, Intrinsics};
use nabla_ransac::geometry::CellGrid;
use nabla_ransac::geometry::accuracy::{median, position_error, rotation_error_deg};
use nabla_ransac::localise::{GreyImage, Localisation, LocaliseOptions, Localiser, MapBuilder, MapOptions, SceneMap};
use nabla_ransac::{Backend, Model, Options, Pose};
use std::path::Path;
use std::sync::OnceLock;

pub(crate) const SEED: u64 = 1;

pub(crate) struct Scene {
    pub(crate) map: SceneMap,
    pub(crate) test: Vec<TestFrame>,
}

pub(crate) struct TestFrame {
    pub(crate) image: GreyImage,
    pub(crate) camera: Intrinsics,
    pub(crate) truth: Pose,
}

pub(crate) fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        write_room(folder.path(), &RoomOptions { seed: SEED, ..RoomOptions::default() }).unwrap();
        let map = map_of(&frames(&folder.path().join("train")), MapOptions::default());
        let test = |frame: Frame| TestFrame {
            image: frame.image().unwrap(),
            camera: frame.camera.clone(),
            truth: frame.camera_from_world.unwrap(),
        };
        Scene { map, test: frames(&folder.path().join("test")).into_iter().map(test).collect() }
    })
}

pub(crate) fn frames(folder: &Path) -> Vec<Frame> {
    let set = FrameSet::open(folder, &FrameOptions::default()).unwrap();
    assert!(set.warnings.is_empty(), "{:?}", set.warnings);
    set.frames
}

fn map_of(frames: &[Frame], options: MapOptions) -> SceneMap {
    let mut builder = MapBuilder::new(options, frames.len()).unwrap();
    for frame in frames {
        let image = frame.image().unwrap();
        let points = frame.depth_points(&CellGrid::new(image.size_px)).unwrap().unwrap();
        builder.add(&image, &frame.camera_from_world.unwrap(), &points).unwrap();
    }
    builder.build("m", None, serde_json::json!({ "scene": "room" })).unwrap()
}

/// On the CPU, with so many threads.
pub(crate) fn localiser(map: &SceneMap, threads: usize) -> Localiser {
    let defaults = LocaliseOptions::default();
    let estimator = Options { backend: Backend::Cpu, threads, ..defaults.estimator.clone() };
    Localiser::new(map.clone(), LocaliseOptions { estimator, ..defaults }).unwrap()
}

pub(crate) fn pose_of(localisation: &Localisation) -> Option<Pose> {
    match &localisation.outcome.estimate.as_ref()?.model {
        Model::Pose(pose) => Some(*pose),
        other => panic!("{other:?} is no pose"),
    }
}

/// Median distance, metres, and median angle, degrees; frames without a pose are infinitely far off.
pub(crate) fn medians(localiser: &Localiser, frames: &[TestFrame]) -> [f64; 2] {
    let errors = frames.iter().map(|frame| {
        let localised = localiser.localise(&frame.image, &frame.camera, 0).unwrap();
        pose_of(&localised).map_or([f64::INFINITY; 2], |pose| {
            [position_error(&pose, &frame.truth), rotation_error_deg(&pose.rotation, &frame.truth.rotation)]
        })
    });
    let errors: Vec<[f64; 2]> = errors.collect();
    [0, 1].map(|of| median(&errors.iter().map(|error| error[of]).collect::<Vec<_>>()).unwrap())
}
