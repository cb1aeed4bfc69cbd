//! COLMAP's reconstructions are read as pycolmap writes them, and what is wrong with one is told.

#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use glam::{DMat3, DVec3};
use nabla_ransac::data::{Reconstruction, ReconstructionFormat};
use std::fs;
use std::path::{Path, PathBuf};

use ReconstructionFormat::{Binary, Text};

/// Made by `python benches/reconstruction.py tests/files/reconstruction`, with pycolmap 4.2.1.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/reconstruction")
}

fn file(name: &str) -> Vec<u8> {
    fs::read(fixture().join(name)).unwrap()
}

fn text(cameras: &str, images: &str) -> Result<Reconstruction, String> {
    Reconstruction::from_bytes(Text, cameras.as_bytes(), images.as_bytes()).map_err(|error| error.to_string())
}

#[track_caller]
fn says<T: std::fmt::Debug>(found: Result<T, String>, parts: &[&str]) {
    let message = found.unwrap_err();
    assert!(parts.iter().all(|part| message.contains(part)), "{message:?} does not say {parts:?}");
}

#[test]
fn what_pycolmap_wrote_is_read() {
    let reconstruction = Reconstruction::read(&fixture()).unwrap();
    assert_eq!((reconstruction.cameras.len(), reconstruction.images.len()), (4, 8));
    let camera = &reconstruction.cameras[&3];
    assert_eq!((camera.name(), camera.size_px), ("OPENCV", [1024, 768]));
    assert_eq!(camera.parameters(), [1280.0, 1281.0, 512.0, 384.0, 0.05, -0.01, 0.001, -0.002]);
    let image = &reconstruction.images[&6];
    assert_eq!((image.name.as_str(), image.camera_id), ("camera000004_frame000000.png", 4));
    let rows = [
        [0.7337706938113552, -0.4406314180158341, -0.5171310495038542],
        [-0.40596206946188, 0.3259697961069866, -0.853778946908506],
        [0.5447709308157239, 0.8364135612741612, 0.060307441123338856],
    ];
    let rotation = DMat3::from_cols_array_2d(&rows).transpose();
    assert!(image.camera_from_world.rotation.abs_diff_eq(rotation, 1e-12), "{:?}", image.camera_from_world);
    let translation = DVec3::new(-0.02414707270510113, 0.07515941993856952, 4.977273958955932);
    assert!(image.camera_from_world.translation.abs_diff_eq(translation, 1e-12));
}

#[test]
fn text_and_binary_are_the_same() {
    let binary = Reconstruction::from_bytes(Binary, &file("cameras.bin"), &file("images.bin")).unwrap();
    assert_eq!(binary, Reconstruction::from_bytes(Text, &file("cameras.txt"), &file("images.txt")).unwrap());
    let folder = tempfile::tempdir().unwrap();
    for name in ["cameras.txt", "images.txt"] {
        fs::copy(fixture().join(name), folder.path().join(name)).unwrap();
    }
    assert_eq!(Reconstruction::read(folder.path()).unwrap(), binary);
}

#[test]
fn points_are_where_the_images_see_them() {
    let reconstruction = Reconstruction::read(&fixture()).unwrap();
    let seen = Reconstruction::read_points(&fixture()).unwrap();
    assert_eq!(seen.keys().collect::<Vec<_>>(), reconstruction.images.keys().collect::<Vec<_>>());
    for (id, points) in &seen {
        let image = &reconstruction.images[id];
        assert_eq!(points.len(), 3, "and a key point without one");
        for point in points {
            let ray = image.camera_from_world.transform(point.world);
            let pixel = reconstruction.cameras[&image.camera_id].project(ray.truncate() / ray.z).unwrap();
            assert!(ray.z > 0.0 && pixel.distance(point.pixel) < 1e-6, "{pixel} {}", point.pixel);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let names = ["cameras.txt", "images.txt", "points3D.txt"];
    names.iter().for_each(|name| fs::write(folder.path().join(name), file(name)).unwrap());
    let read = || Reconstruction::read_points(folder.path()).map_err(|error| error.to_string());
    assert_eq!(read().unwrap(), seen);
    let text = String::from_utf8(file("points3D.txt")).unwrap();
    fs::write(folder.path().join("points3D.txt"), text.replacen("\n1 ", "\n9 ", 1)).unwrap();
    says(read(), &["images.txt", "image 1", "sees point 1"]);
    fs::write(folder.path().join("points3D.txt"), "1 2 3\n").unwrap();
    says(read(), &["points3D.txt", "line 1", "Z", "line ends"]);
    fs::remove_file(folder.path().join("points3D.txt")).unwrap();
    assert!(read().unwrap().is_empty());
    for end in 0..file("points3D.bin").len() {
        names.iter().for_each(|name| drop(fs::remove_file(folder.path().join(name))));
        for name in ["cameras.bin", "images.bin"] {
            fs::write(folder.path().join(name), file(name)).unwrap();
        }
        fs::write(folder.path().join("points3D.bin"), &file("points3D.bin")[..end]).unwrap();
        says(read(), &["points3D.bin", "the file ends"]);
    }
}

#[test]
fn lines_without_key_points_and_names_with_blanks_are_read() {
    let cameras = "# a comment\n\n7  SIMPLE_RADIAL 640 480 500 320 240 -0.1\r\n";
    let images = "# one\n3 2 0 0 0 1 2 3 7 left camera/a b.jpg\n\n\n4 0 0 0 -1 1 2 3 7 b.jpg\n10 20 -1 30 40 5\n5 1 0 0 0 0 0 0 7 c.jpg";
    let read = text(cameras, images).unwrap();
    assert_eq!(read.images.keys().copied().collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(read.images[&3].name, "left camera/a b.jpg");
    // a quaternion of any length
    assert_eq!(read.images[&3].camera_from_world.rotation, DMat3::IDENTITY);
    assert_eq!(read.images[&4].camera_from_world.rotation, DMat3::from_diagonal(DVec3::new(-1.0, -1.0, 1.0)));
    assert_eq!(text("", "").unwrap(), Reconstruction::default());
}

#[test]
fn what_is_wrong_with_text_is_told_by_its_line() {
    let camera = "1 SIMPLE_PINHOLE 640 480 500 320 240\n";
    says(text("1 SIMPLE_PINHOLE 640\n", ""), &["cameras", "line 1", "HEIGHT", "line ends"]);
    says(text("1 SIMPLE_PINHOLE 640 480 500 320\n", ""), &["line 1", "f, cx, cy"]);
    says(text("# c\n1 SIMPLE_PINHOLE 640 480 500 320 x\n", ""), &["line 2", "PARAMS", "\"x\""]);
    says(text("1 EUCM 640 480 1 1 1 1 1 1\n", ""), &["line 1", "EUCM"]);
    says(text(&camera.repeat(2), ""), &["line 2", "once"]);
    says(text(camera, "1 1 0 0 0 0 0 0 1\n\n"), &["images", "line 1", "NAME"]);
    says(text(camera, "1 1 0 0 0 0 0 x 1 a.jpg\n\n"), &["line 1", "TZ"]);
    says(text(camera, "1 0 0 0 0 0 0 0 1 a.jpg\n\n"), &["line 1", "quaternion"]);
    says(text(camera, "1 1 0 0 0 0 NaN 0 1 a.jpg\n\n"), &["line 1", "translation"]);
    says(text(camera, "1 1 0 0 0 0 0 0 2 a.jpg\n\n"), &["image 1", "cameras", "2"]);
    says(text(camera, "1 1 0 0 0 0 0 0 1 a.jpg\n2 1 0 0 0 0 0 0 1 b.jpg\n"), &["line 2", "key points", "10 words"]);
    let bytes = Reconstruction::from_bytes(Text, b"\xff", b"").map_err(|error| error.to_string());
    says(bytes, &["cameras", "UTF-8"]);
}

#[test]
fn a_truncated_file_is_told() {
    let (cameras, images) = (file("cameras.bin"), file("images.bin"));
    for end in 0..cameras.len() {
        assert!(Reconstruction::from_bytes(Binary, &cameras[..end], &images).is_err(), "{end} bytes of cameras");
    }
    for end in 0..images.len() {
        assert!(Reconstruction::from_bytes(Binary, &cameras, &images[..end]).is_err(), "{end} bytes of images");
    }
    let read = |cameras: &[u8], images: &[u8]| {
        Reconstruction::from_bytes(Binary, cameras, images).map_err(|error| error.to_string())
    };
    says(read(&cameras[..50], &images), &["cameras", "camera 1", "8 more bytes", "the file ends"]);
    says(read(&cameras, &[&images[..], &[0]].concat()), &["images", "8 images", "1 bytes follow"]);
    says(read(&u64::MAX.to_le_bytes(), &images), &["cameras", "camera 0 of 18446744073709551615"]);
    let mut model = cameras.clone();
    model[12] = 17;
    says(read(&model, &images), &["camera 1", "EQUIRECTANGULAR"]);
    let mut other = cameras;
    other[8] = 99;
    says(read(&other, &images), &["images", "image 1", "its camera is 1"]);
}

#[test]
fn a_folder_without_a_reconstruction_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let read = || Reconstruction::read(folder.path()).map_err(|error| error.to_string());
    says(read(), &["cameras.bin and images.bin or .txt", "none"]);
    fs::write(folder.path().join("cameras.bin"), 0_u64.to_le_bytes()).unwrap();
    says(read(), &["images.bin", "No such file"]);
    fs::write(folder.path().join("images.bin"), [1]).unwrap();
    says(read(), &["images.bin", "8 more bytes"]);
}
