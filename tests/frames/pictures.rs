//! Pixels of every kind become grey.

use crate::scene::{color, folder, pinhole};
use image::{DynamicImage, ImageBuffer, Luma, LumaA, Rgb, Rgba};
use nabla_ransac::data::{FrameOptions, FrameSet};
use nabla_ransac::localise::GreyImage;

fn read(image: impl Into<DynamicImage>, name: &str) -> GreyImage {
    let folder = folder();
    let path = folder.path().join(name);
    image.into().save(&path).unwrap();
    let options = FrameOptions { camera: pinhole(color()), ..FrameOptions::default() };
    FrameSet::open(&path, &options).unwrap().frames[0].image().unwrap()
}

#[track_caller]
fn is(found: &GreyImage, expected: f32) {
    assert_eq!((found.size_px, found.values.len()), ([5, 3], 15));
    assert!(found.values.iter().all(|value| (value - expected).abs() < 1e-6), "{:?}, not {expected}", found.values);
}

#[test]
fn every_kind_of_pixel_becomes_grey() {
    let of = |[r, g, b]: [f32; 3], most: f32| (0.299 * r + 0.587 * g + 0.114 * b) / most;
    is(&read(ImageBuffer::from_pixel(5, 3, Luma([51_u8])), "a.png"), 0.2);
    is(&read(ImageBuffer::from_pixel(5, 3, LumaA([51_u8, 0])), "a.png"), 0.2);
    is(&read(ImageBuffer::from_pixel(5, 3, Luma([13107_u16])), "a.png"), 0.2);
    is(&read(ImageBuffer::from_pixel(5, 3, Rgb([250_u8, 100, 20])), "a.png"), of([250.0, 100.0, 20.0], 255.0));
    is(&read(ImageBuffer::from_pixel(5, 3, Rgba([250_u8, 100, 20, 0])), "a.png"), of([250.0, 100.0, 20.0], 255.0));
    is(&read(ImageBuffer::from_pixel(5, 3, Rgb([60000_u16, 500, 9])), "a.png"), of([60000.0, 500.0, 9.0], 65535.0));
    is(&read(ImageBuffer::from_pixel(5, 3, Rgba([60000_u16, 500, 9, 1])), "a.png"), of([60000.0, 500.0, 9.0], 65535.0));
    is(&read(ImageBuffer::from_pixel(5, 3, Luma([51_u8])), "a.jpg"), 0.2);
    is(&read(ImageBuffer::from_pixel(5, 3, Rgb([255_u8; 3])), "a.jpeg"), 1.0);
}

#[test]
fn rows_are_rows() {
    let image = ImageBuffer::from_fn(5, 3, |x, y| Luma([(x + 10 * y) as u8]));
    let found = read(image, "a.png");
    assert!((found.values[7] * 255.0 - 12.0).abs() < 1e-4);
}
