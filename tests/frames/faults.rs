//! What is wrong with a folder is told, and nothing panics.

use crate::layouts::{write_color_poses, write_poses};
use crate::mutations::{config, mutate, mutation};
use crate::scene::*;
use crate::{open, says};
use image::{DynamicImage, GrayImage, ImageFormat};
use nabla_ransac::data::{FrameOptions, FrameSet};
use nabla_ransac::localise::CellGrid;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::io::Cursor;
use std::path::Path;

fn opened(folder: &Path) -> nabla_ransac::Result<FrameSet> {
    FrameSet::open(folder, &FrameOptions::default())
}

#[test]
fn a_folder_without_frames_is_told() {
    let folder = folder();
    says(opened(folder.path()), &["frames.csv", "poses.json", "sparse/0", "seq-01", "none"]);
    says(opened(&folder.path().join("nowhere")), &["nowhere", "No such file"]);
    fs::write(folder.path().join("frames.csv"), "image,fx,fy,cx,cy\n").unwrap();
    says(opened(folder.path()), &["at least one image"]);
    fs::create_dir(folder.path().join("seq-01")).unwrap();
    fs::remove_file(folder.path().join("frames.csv")).unwrap();
    says(opened(folder.path()), &["at least one image"]);
}

#[test]
fn what_is_wrong_with_poses_json_is_told() {
    let folder = folder();
    let wrong = |key: &str, value: Value, parts: &[&str]| {
        write_poses(folder.path(), &[(key, value)]);
        says(opened(folder.path()), parts);
    };
    wrong("K_color", json!([[1, 0, 2], [0, 1, 2]]), &["poses.json", "K_color", "3 rows of 3 numbers"]);
    wrong("K_color", json!([[1, 0, 0], [0, 1, 0], [320, 240, 1]]), &["K_color", "transposed"]);
    wrong("K_depth", json!([[0, 0, 2], [0, 1, 2], [0, 0, 1]]), &["K_depth", "focal lengths positive"]);
    wrong("color_size", json!([160]), &["poses.json", "docs/data-formats.md", "length 1"]);
    wrong("frames", json!([]), &["at least one image"]);
    wrong("frames", json!([{"frame": 3, "T_world_from_camera": null}]), &["000003.color.jpg", "no such file"]);
    wrong("color_from_depth", json!([[1, 2], [3, 4]]), &["color_from_depth", "4 rows of 4 numbers", "[2, 2]"]);
    let frame = |rows: Value| json!([{"frame": 1, "T_world_from_camera": rows}]);
    wrong("frames", frame(json!([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])), &["frame 1", "4 rows of 4 numbers"]);
    let scaled = json!([[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]]);
    wrong("frames", frame(scaled), &["frame 1", "expected a rotation"]);
    let mirrored = json!([[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]);
    wrong("frames", frame(mirrored), &["frame 1", "expected a rotation"]);
    write_poses(folder.path(), &[]);
    write_color_poses(folder.path(), |_| color_from_depth());
    fs::write(folder.path().join("poses_color.json"), "{\"frames\": [{]").unwrap();
    says(opened(folder.path()), &["poses_color.json", "line 1"]);
    write_poses(folder.path(), &[("frames", frame(Value::Null))]);
    fs::remove_file(folder.path().join("poses_color.json")).unwrap();
    let unknown = open(folder.path());
    assert_eq!((unknown.frames.len(), unknown.frames[0].camera_from_world), (1, None));
}

#[test]
fn what_is_wrong_with_a_list_is_told_by_its_line() {
    let folder = folder();
    write_color(&folder.path().join("a.png"));
    let wrong = |text: &str, parts: &[&str]| {
        fs::write(folder.path().join("frames.csv"), text).unwrap();
        says(opened(folder.path()), parts);
    };
    let header = "image,fx,fy,cx,cy,qw,qx,qy,qz,tx,ty,tz,depth,depth_unit_m\n";
    wrong("name,fx\na.png,1\n", &["frames.csv", "columns image,fx", "name,fx"]);
    wrong(&format!("{header}a.png,1,1,1\n"), &["frames.csv", "CSV"]);
    wrong(&format!("{header},1,1,1,1,,,,,,,,,\n"), &["line 2", "name of an image"]);
    wrong(&format!("{header}a.png,,,,,,,,,,,,,\n"), &["line 2", "fx,fy,cx,cy"]);
    wrong(&format!("{header}a.png,0,1,1,1,,,,,,,,,\n"), &["line 2", "focal lengths positive"]);
    wrong(&format!("{header}a.png,1,1,1,x,,,,,,,,,\n"), &["line 2", "cy", "\"x\""]);
    wrong(&format!("{header}a.png,1,1,1,1,1,0,0,0,1,1,,,\n"), &["line 2", "tz", "\"\""]);
    wrong(&format!("{header}a.png,1,1,1,1,0,0,0,0,1,1,1,,\n"), &["line 2", "quaternion"]);
    wrong(&format!("{header}a.png,1,1,1,1,,,,,,,,d.png,0\n"), &["line 2", "depth_unit_m above 0"]);
    wrong(&format!("{header}a.png,1,1,1,1,,,,,,,,d.png,\n"), &["d.png", "line 2", "no such file"]);
    wrong(&format!("{header}b.png,1,1,1,1,,,,,,,,,\n"), &["b.png", "no such file"]);
}

/// Reads the first image and its depth.
fn first(folder: &Path) -> [nabla_ransac::Result<()>; 2] {
    let frame = &open(folder).frames[0];
    [frame.image().map(drop), frame.depth_points(&CellGrid::new(COLOR_PX)).map(drop)]
}

#[test]
fn images_that_are_broken_or_of_another_kind_or_size_are_told() {
    let folder = folder();
    write_poses(folder.path(), &[]);
    let [color, depth] = ["000000.color.jpg", "000000.depth.png"].map(|name| folder.path().join(name));
    let bytes = [&color, &depth].map(|path| fs::read(path).unwrap());
    for (at, path) in [&color, &depth].into_iter().enumerate() {
        // all but the end of a PNG, which has a name and a checksum only
        let least = if at == 0 { 1 } else { 13 };
        let ends = (0..bytes[at].len() - least).step_by(7).chain([bytes[at].len() - least]);
        for end in ends {
            fs::write(path, &bytes[at][..end]).unwrap();
            let [image, points] = first(folder.path());
            says(if at == 0 { image } else { points }, &[&*path.to_string_lossy(), "expected a PNG or JPEG image"]);
        }
        fs::write(path, &bytes[at]).unwrap();
    }
    assert!(first(folder.path()).iter().all(Result::is_ok));
    let reads = |which: usize| first(folder.path()).into_iter().nth(which).unwrap();
    write_8bit(&depth);
    says(reads(1), &["depth.png", "16 bits", "L8"]);
    DynamicImage::new_luma16(70, 60).save(&depth).unwrap();
    says(reads(1), &["depth.png", "80x60", "70x60"]);
    GrayImage::new(30, 20).save(&color).unwrap();
    says(reads(0), &["color.jpg", "160x120", "30x20"]);
    fs::write(&color, b"GIF89a, as it were").unwrap();
    says(reads(0), &["PNG or JPEG", "Gif"]);
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is in the files, there are frames or an error, images or an error.
    #[test]
    fn nothing_panics(changes in vec(mutation(), 1..5), which in 0..4_usize) {
        let folder = folder();
        write_poses(folder.path(), &[]);
        write_color_poses(folder.path(), |_| color_from_depth());
        let list = "image,fx,fy,cx,cy,qw,qx,qy,qz,tx,ty,tz,depth,depth_fx,depth_fy,depth_cx,depth_cy,depth_unit_m\n000000.color.jpg,100,100,80,60,1,0,0,0,1,2,3,000000.depth.png,73,73,40,30,0.001\n";
        let name = ["poses.json", "poses_color.json", "000000.depth.png", "frames.csv"][which];
        let path = folder.path().join(name);
        let bytes = if name == "frames.csv" { list.into() } else { fs::read(&path).unwrap() };
        fs::write(&path, mutate(bytes, &changes)).unwrap();
        if let Ok(set) = opened(folder.path()) {
            for frame in set.frames {
                drop(frame.image());
                drop(frame.depth_points(&CellGrid::new(frame.size_px)));
            }
        }
    }
}

#[test]
fn a_size_that_cannot_be_is_told_before_it_is_read() {
    let folder = folder();
    let mut bytes = Vec::new();
    DynamicImage::new_luma8(4, 4).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    // width and height of the header, and its checksum
    bytes[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let checksum = crc(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&checksum);
    let path = folder.path().join("a.png");
    fs::write(&path, bytes).unwrap();
    let options = FrameOptions { camera: pinhole(color()), ..FrameOptions::default() };
    says(FrameSet::open(&path, &options), &["a.png", "at most 100000000 pixels", "65536x65536"]);
}

fn crc(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), bit))
}
