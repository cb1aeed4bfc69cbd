//! How a pose is best selected of 64 hypotheses at test: the highest score, one drawn by the softmax of the scores, or their mean.
//!
//! `cargo run --release --features train --example localise_selection -- SCENE MAP.safetensors`
//!
//! SCENE is a folder of photographs with their poses, in any of the layouts of docs/data-formats.md, MAP the map of its scene. With neither a
//! room is rendered, and a map built of it. The estimator, which goes on drawing until it is sure, refines the best of each round and
//! polishes the winner, is there to compare with.
#![expect(clippy::print_stdout, reason = "an example prints")]

use burn::tensor::{Device, Tensor, TensorData};
use nabla_ransac::cpu::localise::recall_points::sampling_weight;
use nabla_ransac::cpu::search::normalize_matches::pose_of;
use nabla_ransac::data::synthetic::room::{RoomOptions, write_room};
use nabla_ransac::data::{Frame, FrameOptions, FrameSet};
use nabla_ransac::geometry::Intrinsics;
use nabla_ransac::geometry::accuracy::{median, position_error, rotation_error_deg};
use nabla_ransac::localise::{CellGrid, LocaliseOptions, Localiser, MapBuilder, MapOptions, SceneMap, ScenePoints};
use nabla_ransac::train::ops::{
    Drawing, Packing, Refining, SoftInliers, average_poses, draw_hypotheses, refine_poses, select_hypotheses,
    sharpness_for_entropy, soft_inlier_scores,
};
use nabla_ransac::{Backend, Model, ModelKind, Options, Pose};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::path::Path;

const THRESHOLD_PX: f64 = 5.0;
const HYPOTHESES: usize = 64;
const ENTROPY_BITS: f64 = 4.0;
const WAYS: [&str; 4] = ["highest score", "drawn", "mean (SoftAM)", "estimator"];

fn main() -> anyhow::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let folder = tempfile::tempdir()?;
    let (frames, map) = match &given[..] {
        [] => room(folder.path())?,
        [scene, map] => {
            (FrameSet::open(Path::new(scene), &FrameOptions::default())?.frames, SceneMap::read(Path::new(map))?)
        }
        _ => anyhow::bail!("expected SCENE MAP.safetensors, or nothing, but got {given:?}"),
    };
    let default = LocaliseOptions::default();
    let estimator = Options { backend: Backend::Cpu, ..default.estimator.clone() };
    let localiser = Localiser::new(map, LocaliseOptions { estimator, ..default })?;
    let mut errors: [Vec<[f64; 2]>; 4] = Default::default();
    for (index, frame) in frames.iter().enumerate() {
        let Some(truth) = frame.camera_from_world else { continue };
        for (errors, pose) in errors.iter_mut().zip(poses(&localiser, frame, index as u64)?) {
            errors.push(pose.map_or([f64::INFINITY; 2], |pose| {
                [100.0 * position_error(&pose, &truth), rotation_error_deg(&pose.rotation, &truth.rotation)]
            }));
        }
    }
    println!(
        "{} photographs, {HYPOTHESES} hypotheses, refined; median cm, median degrees, % within 5 cm 5°",
        frames.len()
    );
    for (way, errors) in WAYS.iter().zip(&errors) {
        let middle = |k: usize| median(&errors.iter().map(|error| error[k]).collect::<Vec<_>>()).unwrap_or(f64::NAN);
        let within = errors.iter().filter(|[cm, degrees]| *cm < 5.0 && *degrees < 5.0).count();
        let share = 100.0 * within as f64 / errors.len().max(1) as f64;
        println!("{way:15} {:6.2} {:6.3} {share:6.1}", middle(0), middle(1));
    }
    Ok(())
}

/// The pose of a photograph in each of the ways.
fn poses(localiser: &Localiser, frame: &Frame, seed: u64) -> anyhow::Result<[Option<Pose>; 4]> {
    let points = localiser.scene_points(&frame.image()?);
    let camera = frame.camera_at(points.grid.size_px)?;
    let focal = (THRESHOLD_PX / camera.pinhole().focal_px).as_vec2();
    let doubtful_spread = LocaliseOptions::default().doubtful_share * localiser.map().config().extent;
    let (rows, weights) = rows(&points, &camera, doubtful_spread as f32);
    let count = weights.len();
    let device = Device::flex();
    let rows = Tensor::<2>::from_data(TensorData::new(rows, [count, 5]), &device);
    let weights = Tensor::<1>::from_data(TensorData::new(weights, [count]), &device);
    let packing = Packing::new(&[count], &[[1.0, 1.0, focal.x, focal.y]])?;

    let drawing = Drawing { hypotheses: HYPOTHESES, seed, ..Drawing::default() };
    let drawn = draw_hypotheses(ModelKind::Pose, rows.clone(), Some(weights), &packing, &drawing)?;
    let (models, valid) = (drawn.models, drawn.valid);
    let scores = soft_inlier_scores(ModelKind::Pose, models.clone(), rows.clone(), &packing, &SoftInliers::default())?;
    let sharpness = sharpness_for_entropy(scores.clone(), valid.clone(), &packing, ENTROPY_BITS)?;
    let selection = select_hypotheses(scores, valid, &packing, sharpness)?;
    let refined = refine_poses(ModelKind::Pose, models, rows, &packing, &Refining::default())?;
    let average = average_poses(refined.models.clone(), selection.probabilities.clone(), &packing)?;

    let numbers = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
    let probabilities: Vec<f32> = selection.probabilities.into_data().iter::<f32>().collect();
    let refined = numbers(refined.models);
    let highest = (0..HYPOTHESES).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap_or(0);
    let mut left = StdRng::seed_from_u64(seed).random_range(0.0..1.0_f32);
    let by_chance = probabilities.iter().position(|p| {
        left -= p;
        left <= 0.0
    });
    let any = probabilities.iter().any(|&p| p > 0.0);
    let found = localiser.locate(points, &camera, seed)?.outcome.estimate;
    let estimated = found.and_then(|estimate| match estimate.model {
        Model::Pose(pose) => Some(pose),
        _ => None,
    });
    let of = |model: &[f32]| pose_of(&std::array::from_fn(|i| std::array::from_fn(|k| f64::from(model[4 * i + k]))));
    let chosen = |index: Option<usize>| index.filter(|_| any).map(|index| of(&refined[12 * index..]));
    Ok([chosen(Some(highest)), chosen(by_chance), any.then(|| of(&numbers(average.models))), estimated])
}

/// Points with the rays of their cells, and how often each is drawn.
fn rows(points: &ScenePoints, camera: &Intrinsics, doubtful_spread: f32) -> (Vec<f32>, Vec<f32>) {
    let (mut rows, mut weights) = (Vec::new(), Vec::new());
    for (cell, centre) in points.grid.centres_px().enumerate() {
        if let Some(ray) = camera.undistort(centre) {
            let point = points.points_world[cell].as_vec3();
            rows.extend([point.x, point.y, point.z, ray.x as f32, ray.y as f32]);
            weights.push(sampling_weight(points.spreads[cell] as f32, doubtful_spread));
        }
    }
    (rows, weights)
}

/// A room's photographs to test on, and the map of the others.
fn room(folder: &Path) -> anyhow::Result<(Vec<Frame>, SceneMap)> {
    write_room(folder, &RoomOptions { frames: 120, test_frames: 20, seed: 1, ..RoomOptions::default() })?;
    let frames = |name: &str| FrameSet::open(&folder.join(name), &FrameOptions::default()).map(|set| set.frames);
    let train = frames("train")?;
    let mut builder = MapBuilder::new(MapOptions::default(), train.len())?;
    for frame in &train {
        let image = frame.image()?;
        let points = frame.depth_points(&CellGrid::new(image.size_px))?;
        if let (Some(pose), Some(points)) = (&frame.camera_from_world, points) {
            builder.add(&image, pose, &points)?;
        }
    }
    Ok((frames("test")?, builder.build("m", None, serde_json::Value::Null)?))
}
