//! The same scene in every layout.

use crate::scene::*;
use crate::{open, says};
use glam::{DMat3, DQuat, DVec3, dvec2};
use nabla_ransac::data::{FrameOptions, FrameSet, Intrinsics, Split, Truth, read_motion};
use nabla_ransac::{Camera, Pose};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A world of structure from motion: another than that of the depth camera.
fn sfm_from_world() -> Pose {
    Pose { rotation: DMat3::from_rotation_y(1.0), translation: DVec3::new(5.0, 6.0, 7.0) }
}

fn poses_json(changes: &[(&str, Value)]) -> Value {
    let frames = [0, 1, 7].map(|frame| json!({"frame": frame, "T_world_from_camera": rows(&world_from_depth(frame))}));
    let mut json = json!({
        "color_size": COLOR_PX, "depth_size": DEPTH_PX, "frames": frames,
        "K_color": intrinsic_rows(&color()), "K_depth": intrinsic_rows(&depth()),
    });
    changes.iter().for_each(|(key, value)| json[key] = value.clone());
    json
}

pub(crate) fn write_poses(folder: &Path, changes: &[(&str, Value)]) {
    fs::write(folder.join("poses.json"), poses_json(changes).to_string()).unwrap();
    for frame in [0, 1, 7] {
        write_color(&folder.join(format!("{frame:06}.color.jpg")));
        write_depth_of(&folder.join(format!("{frame:06}.depth.png")), frame);
    }
}

pub(crate) fn write_color_poses(folder: &Path, color_from_depth: impl Fn(usize) -> Pose) {
    let frames = [0, 1].map(|frame| {
        let world_from_color = (color_from_depth(frame) * world_from_depth(frame).inverse()).inverse();
        let sfm = sfm_from_world() * world_from_color;
        json!({"frame": frame, "T_world_from_color_depthslam": rows(&world_from_color), "T_world_from_color_sfm": rows(&sfm)})
    });
    let k = Camera { focal_px: color().focal_px * 1.001, ..color() };
    let json = json!({"K_color_sfm": intrinsic_rows(&k), "frames": frames});
    fs::write(folder.join("poses_color.json"), json.to_string()).unwrap();
}

#[test]
fn colour_poses_of_both_kinds_are_read_and_say_where_depth_is() {
    let folder = folder();
    write_poses(folder.path(), &[]);
    write_color_poses(folder.path(), |_| color_from_depth());
    let open = |truth| FrameSet::open(folder.path(), &FrameOptions { truth, ..FrameOptions::default() }).unwrap();
    let slam = open(Some(Truth::DepthSlam));
    assert_eq!(slam.frames.iter().map(|frame| frame.name.as_str()).collect::<Vec<_>>(), ["000000", "000001", "000007"]);
    assert_eq!((slam.truth, &slam.warnings[..]), (Some(Truth::DepthSlam), &[][..]));
    for (frame, number) in slam.frames.iter().zip([0, 1, 7]) {
        // the last has no colour pose of its own
        assert!(same(&frame.camera_from_world.unwrap(), &camera_from_world(number)));
        assert_eq!(frame.camera, Intrinsics::Pinhole(color()));
        sees_the_plane(frame);
    }
    for sfm in [open(None), open(Some(Truth::Sfm))] {
        assert_eq!((sfm.truth, sfm.warnings), (Some(Truth::Sfm), vec!["1 of 3 frames have no pose".to_owned()]));
        assert!((sfm.frames[0].camera.pinhole().focal_px.x - 1.001 * color().focal_px.x).abs() < 1e-9);
        let expected = camera_from_world(1) * sfm_from_world().inverse();
        assert!(same(&sfm.frames[1].camera_from_world.unwrap(), &expected));
        assert_eq!(sfm.frames[2].camera_from_world, None);
    }
}

#[test]
fn colour_poses_follow_from_those_of_the_depth_camera() {
    let given = |folder: &Path, color_from_depth| {
        FrameSet::open(folder, &FrameOptions { color_from_depth, ..FrameOptions::default() }).unwrap()
    };
    let [plain, with_key] = [folder(), folder()];
    write_poses(plain.path(), &[]);
    write_poses(with_key.path(), &[("color_from_depth", json!(rows(&color_from_depth())))]);
    for set in [given(plain.path(), Some(color_from_depth())), open(with_key.path())] {
        assert_eq!((set.truth, set.warnings.len()), (Some(Truth::DepthSlam), 0));
        assert!(same(&set.frames[2].camera_from_world.unwrap(), &camera_from_world(7)));
        set.frames.iter().for_each(sees_the_plane);
    }
    let assumed = open(plain.path());
    assert!(assumed.warnings[0].contains("color_from_depth") && assumed.warnings.len() == 1);
    assert!(same(&assumed.frames[1].camera_from_world.unwrap(), &world_from_depth(1).inverse()));
    says(
        FrameSet::open(plain.path(), &FrameOptions { truth: Some(Truth::Sfm), ..FrameOptions::default() }),
        &["poses_color.json", "structure from motion"],
    );
    // a camera that moves on its rig
    write_color_poses(plain.path(), |frame| Pose { translation: DVec3::X * 0.03 * frame as f64, ..color_from_depth() });
    says(FrameSet::open(plain.path(), &FrameOptions::default()), &["poses.json", "000000", "0.015 m"]);
}

fn write_sequence(folder: &Path, frames: &[usize]) {
    fs::create_dir_all(folder).unwrap();
    for &frame in frames {
        let file = |ending: &str| folder.join(format!("frame-{frame:06}.{ending}"));
        write_color(&file("color.png"));
        write_depth_of(&file("depth.png"), frame);
        fs::write(file("pose.txt"), matrix_text(&world_from_depth(frame))).unwrap();
    }
}

fn seven_options() -> FrameOptions {
    FrameOptions {
        camera: pinhole(color()),
        depth_camera: pinhole(depth()),
        color_from_depth: Some(color_from_depth()),
        ..FrameOptions::default()
    }
}

#[test]
fn sequences_of_7_scenes_are_read() {
    let folder = folder();
    write_sequence(&folder.path().join("seq-01"), &[0, 1, 2]);
    write_sequence(&folder.path().join("seq-03"), &[3, 4]);
    fs::write(folder.path().join("TrainSplit.txt"), "sequence1 \r\n\n").unwrap();
    fs::write(folder.path().join("TestSplit.txt"), "sequence3\nsequence4\n").unwrap();
    let lost = |frame: &str, text: &str| {
        fs::write(folder.path().join(format!("seq-01/frame-{frame}.pose.txt")), text).unwrap();
    };
    lost("000001", &"NaN NaN -inf 0\n".repeat(4));
    lost("000002", &"0 0 0 0\n".repeat(4));
    fs::remove_file(folder.path().join("seq-03/frame-000004.depth.png")).unwrap();
    let all = FrameSet::open(folder.path(), &seven_options()).unwrap();
    assert_eq!(all.warnings, ["2 of 5 frames have no pose", "1 of 5 frames have no depth image"]);
    assert_eq!(all.frames[3].name, "seq-03/frame-000003");
    assert!(same(&all.frames[3].camera_from_world.unwrap(), &camera_from_world(3)));
    [0, 3].iter().for_each(|&frame| sees_the_plane(&all.frames[frame]));
    let train = FrameSet::open(folder.path(), &FrameOptions { split: Some(Split::Train), ..seven_options() }).unwrap();
    assert_eq!((train.frames.len(), train.truth), (3, Some(Truth::DepthSlam)));
    let test = FrameOptions { split: Some(Split::Test), ..seven_options() };
    says(FrameSet::open(folder.path(), &test), &["seq-04", "sequence4"]);
    fs::write(folder.path().join("TestSplit.txt"), "no number\n").unwrap();
    says(FrameSet::open(folder.path(), &test), &["TestSplit.txt", "sequence1", "no number"]);
    let one = FrameSet::open(&folder.path().join("seq-03"), &seven_options()).unwrap();
    assert_eq!((one.name.as_str(), one.frames[0].name.as_str()), ("seq-03", "frame-000003"));
}

#[test]
fn cameras_of_7_scenes_are_the_stated_ones_unless_given() {
    let folder = folder();
    write_sequence(folder.path(), &[0]);
    let set = open(folder.path());
    assert!(set.warnings[0].contains("585 px") && set.warnings[1].contains("color_from_depth"), "{:?}", set.warnings);
    assert_eq!(set.frames[0].camera.pinhole().principal_point_px, dvec2(320.0, 240.0));
    // these are of 640x480
    says(set.frames[0].image(), &["color.png", "640x480", "160x120"]);
}

fn write_colmap(folder: &Path, with_points: bool) -> [DVec3; 2] {
    let Camera { focal_px, principal_point_px, .. } = color();
    let (centre, [width, height]) = (principal_point_px + 0.5, COLOR_PX);
    let camera = format!("5 PINHOLE {width} {height} {} {} {} {}\n", focal_px.x, focal_px.y, centre.x, centre.y);
    fs::write(folder.join("cameras.txt"), camera).unwrap();
    let world = [DVec3::new(0.1, 0.2, 2.5), DVec3::new(-0.3, 0.1, 2.2)];
    let mut images = String::new();
    for frame in [1, 0] {
        let pose = camera_from_world(frame);
        let (DQuat { x, y, z, w }, t) = (DQuat::from_mat3(&pose.rotation), pose.translation);
        images += &format!("{} {w} {x} {y} {z} {} {} {} 5 left/{frame}.png\n", 9 - frame, t.x, t.y, t.z);
        for (id, point) in (3..).zip(world) {
            let ray = pose.transform(point);
            let pixel = color().project(ray.truncate() / ray.z) + 0.5;
            images += &format!("{} {} {id} 1.5 2.5 -1 ", pixel.x, pixel.y);
        }
        images += "\n";
    }
    fs::write(folder.join("images.txt"), images).unwrap();
    if with_points {
        let lines = (3..).zip(world).map(|(id, p)| format!("{id} {} {} {} 0 0 0 0.5 9 0 8 0\n", p.x, p.y, p.z));
        fs::write(folder.join("points3D.txt"), lines.collect::<String>()).unwrap();
    }
    world
}

#[test]
fn colmap_models_are_read_where_they_are() {
    for (model, images, given) in [("sparse/0", "images", false), (".", ".", false), ("elsewhere", "images", true)] {
        let folder = folder();
        let [model, images] = [model, images].map(|inside| folder.path().join(inside));
        fs::create_dir_all(&model).unwrap();
        fs::create_dir_all(images.join("left")).unwrap();
        [0, 1].iter().for_each(|frame| write_color(&images.join(format!("left/{frame}.png"))));
        let world = write_colmap(&model, !given);
        let options = FrameOptions { colmap_model: given.then_some(model), ..FrameOptions::default() };
        let set = FrameSet::open(folder.path(), &options).unwrap();
        assert_eq!((set.truth, set.frames.len(), set.warnings.len()), (Some(Truth::Sfm), 2, 0));
        for (number, frame) in set.frames.iter().enumerate() {
            assert_eq!((frame.name.clone(), frame.size_px), (format!("left/{number}.png"), COLOR_PX));
            assert!(same(&frame.camera_from_world.unwrap(), &camera_from_world(number)));
            // half a pixel is taken off
            assert_eq!(frame.camera.pinhole(), color());
            assert_eq!(frame.points.len(), if given { 0 } else { 2 });
            for (point, world) in frame.points.iter().zip(world) {
                let ray = frame.camera_from_world.unwrap().transform(point.world);
                let pixel = frame.camera.project(ray.truncate() / ray.z).unwrap();
                assert!(point.world == world && pixel.distance(point.pixel) < 1e-9);
            }
            assert!(frame.image().is_ok() && !frame.has_depth());
        }
        fs::remove_file(images.join("left/1.png")).unwrap();
        says(FrameSet::open(folder.path(), &options), &["1.png", "no such file"]);
    }
}

#[test]
fn a_list_of_files_is_read() {
    let folder = folder();
    let pose = |frame| {
        let Pose { rotation, translation: t } = camera_from_world(frame);
        let q = DQuat::from_mat3(&rotation);
        format!("{},{},{},{},{},{},{}", q.w, q.x, q.y, q.z, t.x, t.y, t.z)
    };
    let columns = |camera: &Camera| {
        format!(
            "{},{},{},{}",
            camera.focal_px.x, camera.focal_px.y, camera.principal_point_px.x, camera.principal_point_px.y
        )
    };
    ["a.png", "b.jpg", "c.png"].iter().for_each(|name| write_color(&folder.path().join(name)));
    write_depth(&folder.path().join("a.depth.png"), &depth(), DEPTH_PX, &world_from_depth(0), 0.0002);
    // registered: of the colour camera, smaller
    let scaled = color().scaled(dvec2(0.5, 0.5));
    write_depth(&folder.path().join("b.depth.png"), &scaled, [80, 60], &camera_from_world(1).inverse(), 0.001);
    let header =
        "image,fx,fy,cx,cy,qw,qx,qy,qz,tx,ty,tz,depth,depth_fx,depth_fy,depth_cx,depth_cy,depth_unit_m,camera\n";
    let lines = [
        format!("a.png,{},{},a.depth.png,{},0.0002,\n", columns(&color()), pose(0), columns(&depth())),
        "# a comment\n".to_owned(),
        "c.png,,,,,,,,,,,,,,,,,,\"OPENCV:131,132,79,60.5,0.1,0,0,0\"\n".to_owned(),
        format!("b.jpg,{},NaN,nan,inf,1,0,0,0,,,,,,,\n", columns(&color())),
    ];
    fs::write(folder.path().join("frames.csv"), format!("{header}{}", lines.concat())).unwrap();
    let options = FrameOptions { color_from_depth: Some(color_from_depth()), ..FrameOptions::default() };
    let set = FrameSet::open(folder.path(), &options).unwrap();
    assert_eq!(set.warnings, ["2 of 3 frames have no pose", "2 of 3 frames have no depth image"]);
    sees_the_plane(&set.frames[0]);
    assert!(matches!(&set.frames[1].camera, Intrinsics::Model(model) if model.name() == "OPENCV"));
    assert!(open(folder.path()).warnings[0].contains("color_from_depth"));

    let line = format!("{header}b.jpg,{},{},b.depth.png,,,,,,\n", columns(&color()), pose(1));
    fs::write(folder.path().join("other.csv"), line).unwrap();
    let registered = open(&folder.path().join("other.csv"));
    assert_eq!((registered.name.as_str(), registered.warnings.len()), ("other", 0));
    sees_the_plane(&registered.frames[0]);
}

#[test]
fn images_alone_need_a_camera() {
    let folder = folder();
    ["b.JPG", "a.png"].iter().for_each(|name| write_color(&folder.path().join(name)));
    fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    says(FrameSet::open(folder.path(), &FrameOptions::default()), &["camera"]);
    let options = FrameOptions { camera: pinhole(color()), ..FrameOptions::default() };
    let set = FrameSet::open(folder.path(), &options).unwrap();
    assert_eq!(set.frames.iter().map(|frame| frame.name.as_str()).collect::<Vec<_>>(), ["a.png", "b.JPG"]);
    assert!(set.frames.iter().all(|frame| frame.size_px == COLOR_PX && frame.camera_from_world.is_none()));
    assert!(set.warnings.is_empty());
    let one = FrameSet::open(&folder.path().join("a.png"), &options).unwrap();
    assert_eq!((one.name.as_str(), one.frames.len()), ("a", 1));
}

#[test]
fn a_motion_is_read_from_a_file() {
    let folder = folder();
    let path = folder.path().join("color_from_depth.txt");
    fs::write(&path, matrix_text(&color_from_depth())).unwrap();
    assert!(same(&read_motion(&path).unwrap(), &color_from_depth()));
    fs::write(&path, "1 0 0 x\n").unwrap();
    says(read_motion(&path), &["color_from_depth.txt", "\"x\""]);
    fs::write(&path, "0 0 0 0\n".repeat(4)).unwrap();
    says(read_motion(&path), &["expected finite numbers and a rotation"]);
}
