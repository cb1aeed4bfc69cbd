//! Training the map of a scene: it helps, goes on where it was, and ends well whatever happens.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use burn::tensor::{Device, DeviceKind};
use nabla_ransac::data::synthetic::room::{Room, camera, path};
use nabla_ransac::geometry::accuracy::{median, position_error};
use nabla_ransac::geometry::{CellGrid, Intrinsics, Pose};
use nabla_ransac::localise::{GreyImage, LocaliseOptions, Localiser, MapBuilder, MapLayout, MapOptions, SceneMap};
use nabla_ransac::train::Ending;
use nabla_ransac::train::scene::{
    EndToEndPose, PoseSelection, SceneData, SceneEnding, SceneOptions, SceneStep, SceneTrainer, View,
};
use nabla_ransac::{Backend, Error, Model, Options};
use serde_json::json;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const SIZE_PX: [u32; 2] = [160, 120];

struct Scene {
    train: Vec<(GreyImage, Pose)>,
    test: Vec<(GreyImage, Pose)>,
    cells: MapBuilder,
    built: SceneMap,
}

fn intrinsics() -> Intrinsics {
    Intrinsics::Pinhole(camera(SIZE_PX))
}

/// Every fifth photograph of a walk is one to test on.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let room = Room::new(5);
        let options = MapOptions { keys: 1500, height_px: SIZE_PX[1], cells_a_key: 3, ..MapOptions::default() };
        let mut cells = MapBuilder::new(options, 60).unwrap();
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (frame, pose) in path(5, 60).into_iter().enumerate() {
            let view = room.render(&intrinsics(), &pose, SIZE_PX);
            let image = view.photograph(frame as u64);
            if frame % 5 == 2 {
                test.push((image, pose));
                continue;
            }
            let at = |centre: glam::DVec2| {
                let index = centre.y.round().min(119.0) as usize * 160 + centre.x.round().min(159.0) as usize;
                Some(camera(SIZE_PX).normalize(centre).extend(1.0) * f64::from(view.depth_m[index]))
            };
            let points: Vec<_> = CellGrid::new(SIZE_PX).centres_px().map(at).collect();
            cells.add(&image, &pose, &points).unwrap();
            train.push((image, pose));
        }
        let built = cells.build("m", None, json!({ "scene": "room" })).unwrap();
        Scene { train, test, cells, built }
    })
}

fn view(index: usize) -> nabla_ransac::Result<View> {
    let (image, pose) = &scene().train[index];
    Ok(View::new(&scene().built, image, &intrinsics(), *pose))
}

fn data() -> SceneData<'static> {
    let scene = scene();
    SceneData { cells: &scene.cells, photographs: scene.train.len(), view: &view, name: json!("room") }
}

fn options() -> SceneOptions {
    let end_to_end = EndToEndPose { hypotheses: 32, ..EndToEndPose::default() };
    SceneOptions {
        init_steps: 40,
        batch: 256,
        steps: 20,
        end_to_end,
        checkpoint_every: 1000,
        ..SceneOptions::default()
    }
}

/// Mean position error of the test photographs, metres, of which none counts for more than one.
fn error_m(map: &SceneMap) -> f64 {
    let default = LocaliseOptions::default();
    let estimator = Options { backend: Backend::Cpu, ..default.estimator.clone() };
    let localiser = Localiser::new(map.clone(), LocaliseOptions { estimator, ..default }).unwrap();
    let error = |(image, truth): &(GreyImage, Pose)| {
        let found = localiser.localise(image, &intrinsics(), 0).unwrap();
        match found.outcome.estimate.map(|estimate| estimate.model) {
            Some(Model::Pose(pose)) => position_error(&pose, truth).min(1.0),
            _ => 1.0,
        }
    };
    median(&scene().test.iter().map(error).collect::<Vec<_>>()).unwrap()
}

fn run(trainer: &mut SceneTrainer, checkpoint: &Path, stop_after: Option<usize>) -> (SceneEnding, Vec<SceneStep>) {
    let stop = AtomicBool::new(false);
    let mut steps = Vec::new();
    let ending = trainer.run(&data(), checkpoint, &stop, &mut |step| {
        stop.fetch_or(Some(step.step) == stop_after, Ordering::Relaxed);
        steps.push(step);
    });
    (ending.unwrap(), steps)
}

fn trainer(options: SceneOptions) -> SceneTrainer {
    SceneTrainer::new(options, scene().built.clone(), Device::flex()).unwrap()
}

#[test]
fn both_stages_lower_the_loss_and_the_map_localises_better() {
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = trainer(SceneOptions { init_steps: 300, steps: 100, ..options() });
    let (ending, steps) = run(&mut trainer, &folder.path().join("c.safetensors"), None);
    assert_eq!(ending, SceneEnding::Done(Ending::Finished));
    let mean = |steps: &[SceneStep]| steps.iter().map(|step| step.loss).sum::<f64>() / steps.len() as f64;
    let (points, poses) = steps.split_at(300);
    println!("{} {} | {} {}", mean(&points[..50]), mean(&points[250..]), mean(&poses[..25]), mean(&poses[75..]));
    assert!(mean(&points[250..]) < 0.7 * mean(&points[..50]));
    assert!(mean(&poses[75..]) < mean(&poses[..25]), "{} {}", mean(&poses[75..]), mean(&poses[..25]));
    assert!(poses.iter().all(|step| step.pose.is_some_and(|pose| pose.lost == 0 && pose.entropy_bits < 5.0)));
    let (before, after) = (error_m(&scene().built), error_m(&trainer.map(json!(null)).unwrap()));
    assert!(after < before && after < 0.1, "{before} {after}");
}

#[test]
fn a_training_that_was_stopped_goes_on_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    let mut whole = trainer(options());
    let (_, expected) = run(&mut whole, &folder.path().join("whole.safetensors"), None);
    for stop_after in [1, 25, 40, 47, 59] {
        let mut first = trainer(options());
        let (ending, mut told) = run(&mut first, &path, Some(stop_after));
        assert_eq!(ending, SceneEnding::Done(Ending::Stopped), "{stop_after}");
        drop(first);
        let mut second =
            SceneTrainer::resume(options(), scene().built.clone(), &data(), &path, Device::flex()).unwrap();
        assert_eq!(second.steps(), stop_after);
        let (ending, rest) = run(&mut second, &path, None);
        assert_eq!(ending, SceneEnding::Done(Ending::Finished));
        told.extend(rest);
        let losses = |steps: &[SceneStep]| steps.iter().map(|step| step.loss).collect::<Vec<_>>();
        assert_eq!(losses(&told), losses(&expected), "{stop_after}");
        assert_eq!(second.map(json!(1)).unwrap(), whole.map(json!(1)).unwrap(), "{stop_after}");
    }
}

/// Views of a map that says points by a network.
fn views<'a>(map: &'a SceneMap) -> impl Fn(usize) -> nabla_ransac::Result<View> + 'a {
    |index| {
        let (image, pose) = &scene().train[index];
        Ok(View::new(map, image, &intrinsics(), *pose))
    }
}

#[test]
fn networks_learn_to_say_points_and_go_on_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    let layouts = [MapLayout::Head { width: 32 }, MapLayout::DsacStar { channels: [4, 8, 8, 16, 16] }];
    for (layout, init_steps) in layouts.into_iter().zip([300, 120]) {
        let map = scene().cells.start(layout, 3, "m", None, json!(null)).unwrap();
        let view = views(&map);
        let data = SceneData { view: &view, ..data() };
        let options = SceneOptions { init_steps, steps: 4, ..SceneOptions { batch: 256, ..SceneOptions::of(&layout) } };
        let run = |trainer: &mut SceneTrainer, stop_after: Option<usize>| {
            let stop = AtomicBool::new(false);
            let mut losses = Vec::new();
            let ending = trainer.run(&data, &path, &stop, &mut |step| {
                stop.fetch_or(Some(step.step) == stop_after, Ordering::Relaxed);
                losses.push(step.loss);
            });
            assert!(matches!(ending.unwrap(), SceneEnding::Done(_)));
            losses
        };
        let mut whole = SceneTrainer::new(options.clone(), map.clone(), Device::flex()).unwrap();
        let expected = run(&mut whole, None);
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (first, last) = (mean(&expected[..20]), mean(&expected[init_steps - 20..init_steps]));
        println!("{layout:?}: {first} {last}");
        assert!(last < 0.7 * first, "{layout:?}: {first} {last}");
        for stop_after in [init_steps - 1, init_steps + 1] {
            let mut part = SceneTrainer::new(options.clone(), map.clone(), Device::flex()).unwrap();
            let mut told = run(&mut part, Some(stop_after));
            let mut rest = SceneTrainer::resume(options.clone(), map.clone(), &data, &path, Device::flex()).unwrap();
            told.extend(run(&mut rest, None));
            assert_eq!(told, expected, "{layout:?} {stop_after}");
            assert_eq!(rest.map(json!(1)).unwrap(), whole.map(json!(1)).unwrap(), "{layout:?} {stop_after}");
        }
        // what is written is what was learned, in half precision
        let file = folder.path().join("map.safetensors");
        whole.map(json!(null)).unwrap().write(&file).unwrap();
        let read = SceneMap::read(&file).unwrap();
        let localiser = |map: SceneMap| Localiser::new(map, LocaliseOptions::default()).unwrap();
        let image = &scene().test[0].0;
        let [a, b] = [whole.map(json!(null)).unwrap(), read].map(|map| localiser(map).scene_points(image).points_world);
        assert!(a.iter().zip(&b).all(|(a, b)| a.distance(*b) < 0.05), "{layout:?}");
    }
}

#[test]
fn views_of_another_layout_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let image = scene().cells.start(MapLayout::DsacStar { channels: [4; 5] }, 0, "m", None, json!(null)).unwrap();
    let head = scene().cells.start(MapLayout::Head { width: 8 }, 0, "m", None, json!(null)).unwrap();
    for (map, of) in [(&scene().built, &image), (&image, &head)] {
        let view = views(of);
        let data = SceneData { view: &view, ..data() };
        let options = SceneOptions { init_steps: 0, ..options() };
        let mut trainer = SceneTrainer::new(options, map.clone(), Device::flex()).unwrap();
        let stop = AtomicBool::new(false);
        let error = trainer.run(&data, &folder.path().join("c"), &stop, &mut |_| ()).unwrap_err();
        println!("{error}");
        assert!(matches!(error, Error::BadOption { .. } | Error::LengthMismatch { .. }), "{error}");
    }
}

#[test]
fn checkpoints_of_others_and_broken_ones_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    let resume = |options: SceneOptions, data: &SceneData<'_>| {
        SceneTrainer::resume(options, scene().built.clone(), data, &path, Device::flex()).map(|_| ()).unwrap_err()
    };
    assert!(matches!(resume(options(), &data()), Error::File { .. }));
    let mut trainer = trainer(options());
    run(&mut trainer, &path, Some(3));
    let other = SceneOptions { seed: 9, ..options() };
    assert!(resume(other, &data()).to_string().contains("it is of others"));
    let renamed = SceneData { name: json!("another room"), ..data() };
    assert!(resume(options(), &renamed).to_string().contains("it is of others"));
    let bytes = std::fs::read(&path).unwrap();
    for length in (0..bytes.len()).step_by(bytes.len() / 20) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(resume(options(), &data()).to_string().contains("cut off"), "{length}");
    }
}

#[test]
fn photographs_that_are_all_wrong_have_a_defined_loss_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let even = GreyImage::new(SIZE_PX, vec![0.5; 160 * 120]).unwrap();
    let grey = |_| Ok(View::new(&scene().built, &even, &intrinsics(), Pose::IDENTITY));
    let data = SceneData { view: &grey, ..data() };
    let mut trainer = trainer(SceneOptions { init_steps: 0, steps: 3, ..options() });
    let before = trainer.map(json!(null)).unwrap();
    let mut lost = 0;
    let stop = AtomicBool::new(false);
    let mut note = |step: SceneStep| {
        lost += step.pose.unwrap().lost;
        assert_eq!(step.loss, 0.0);
    };
    trainer.run(&data, &folder.path().join("c.safetensors"), &stop, &mut note).unwrap();
    assert_eq!(lost, 3);
    assert_eq!(trainer.map(json!(null)).unwrap(), before);
}

#[test]
fn a_rate_that_is_far_too_high_ends_with_the_best_map() {
    let folder = tempfile::tempdir().unwrap();
    let mut high = options();
    high.init_steps = 200;
    high.steps = 400;
    // right at first, then a thousand times too high
    high.optimizer.learning_rate = 0.3;
    high.optimizer.warm_up_part = 1.0;
    let mut trainer = trainer(high);
    let (ending, steps) = run(&mut trainer, &folder.path().join("c.safetensors"), None);
    assert_eq!(ending, SceneEnding::Exploded);
    assert!(steps.len() < 600);
    assert!(error_m(&trainer.map(json!(null)).unwrap()) < 0.15);
}

#[test]
fn soft_arg_max_and_the_gpu_train_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut soft = SceneOptions { init_steps: 3, steps: 4, ..options() };
    soft.end_to_end.selection = PoseSelection::SoftArgmax;
    let losses = |device: Device| {
        let mut trainer = SceneTrainer::new(soft.clone(), scene().built.clone(), device).unwrap();
        let (_, steps) = run(&mut trainer, &folder.path().join("c.safetensors"), None);
        steps.into_iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    let (cpu, gpu) = (losses(Device::flex()), losses(Device::wgpu(DeviceKind::DefaultDevice)));
    // the first steps; later ones differ by what rounding draws
    for (a, b) in cpu.iter().zip(&gpu).take(4) {
        assert!((a - b).abs() < 0.05 * a.abs() + 1e-4, "{cpu:?} {gpu:?}");
    }
}

#[test]
fn options_out_of_range_are_told() {
    let bad: [(&str, SceneOptions); 5] = [
        ("batch", SceneOptions { batch: 0, ..options() }),
        ("clamp", SceneOptions { clamp: [0.01, 0.1], ..options() }),
        ("noise", SceneOptions { noise: f64::NAN, ..options() }),
        ("hypotheses", SceneOptions { end_to_end: EndToEndPose { hypotheses: 0, ..Default::default() }, ..options() }),
        (
            "threshold_px",
            SceneOptions { end_to_end: EndToEndPose { threshold_px: -1.0, ..Default::default() }, ..options() },
        ),
    ];
    for (option, options) in bad {
        let error = SceneTrainer::new(options, scene().built.clone(), Device::flex()).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::BadOption { name, .. } if name == option), "{error}");
    }
}
