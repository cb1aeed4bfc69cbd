//! Pixels of image files: grey values, distances.

use crate::cpu::localise::read_texture::luma;
use crate::data::read_bytes;
use crate::localise::GreyImage;
use crate::{Error, Result};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb};
use std::io::Cursor;
use std::path::Path;

/// Images may have as many pixels: a file that says more is taken for broken.
pub const MAX_PIXELS: u64 = 100_000_000;
/// What decoding may take: as many pixels of 16 bytes.
const MAX_BYTES: u64 = 16 * MAX_PIXELS;

/// Distances as stored, row-major.
pub(super) struct Distances {
    pub(super) size_px: [u32; 2],
    pub(super) values: Vec<u16>,
}

/// Width and height.
pub(super) fn size_px(path: &Path) -> Result<[u32; 2]> {
    Ok(decoder(path, &read_bytes(path)?)?.dimensions().into())
}

/// The luma of Rec. 601, whatever the pixels are; transparency does not matter.
pub(super) fn grey(path: &Path) -> Result<GreyImage> {
    let image = decode(path)?;
    let size_px = [image.width(), image.height()];
    let values: Vec<f32> = if !image.color().has_color() {
        image.into_luma16().iter().map(|&value| f32::from(value) / f32::from(u16::MAX)).collect()
    } else if image.color().bytes_per_pixel() / image.color().channel_count() == 1 {
        image.into_rgb8().pixels().map(|Rgb(levels)| luma(levels.map(|level| f32::from(level) / 255.0))).collect()
    } else {
        let of_one = |level| f32::from(level) / f32::from(u16::MAX);
        image.into_rgb16().pixels().map(|Rgb(levels)| luma(levels.map(of_one))).collect()
    };
    GreyImage::new(size_px, values).map_err(|error| Error::file(path, error))
}

/// The 16-bit values of a depth image.
pub(super) fn distances(path: &Path) -> Result<Distances> {
    match decode(path)? {
        DynamicImage::ImageLuma16(image) => {
            Ok(Distances { size_px: image.dimensions().into(), values: image.into_raw() })
        }
        other => {
            let found = format!("its pixels are {:?}", other.color());
            Err(Error::file(path, format!("expected a depth image, grey with 16 bits a pixel, but {found}")))
        }
    }
}

fn decode(path: &Path) -> Result<DynamicImage> {
    let bytes = read_bytes(path)?;
    let image = DynamicImage::from_decoder(decoder(path, &bytes)?).map_err(|error| broken(path, error))?;
    // the decoder fills up what is missing
    if bytes.starts_with(&JPEG_START) && !jpeg_ends(&bytes) {
        return Err(broken(path, "the file ends within the image"));
    }
    Ok(image)
}

/// The decoder of a PNG or JPEG image of a size that can be.
fn decoder<'a>(path: &Path, bytes: &'a [u8]) -> Result<impl ImageDecoder + 'a> {
    let mut reader = ImageReader::new(Cursor::new(bytes));
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => reader.set_format(format),
        Ok(other) => return Err(broken(path, format!("it is {other:?}"))),
        Err(_) => return Err(broken(path, "its first bytes are those of none that is known")),
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| broken(path, error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::file(path, format!("expected at most {MAX_PIXELS} pixels, but they are {width}x{height}")));
    }
    Ok(decoder)
}

fn broken(path: &Path, found: impl std::fmt::Display) -> Error {
    Error::file(path, format!("expected a PNG or JPEG image: {found}"))
}

const JPEG_START: [u8; 2] = [0xff, 0xd8];

/// Whether the end of the image is reached from marker to marker: thumbnails have an end, too.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = JPEG_START.len();
    while let (Some(&first), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) {
        at += match (first, marker) {
            (0xff, 0xd9) => return true,
            // stuffing, restarts, and one without a length
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => 2,
            (0xff, 0xff) => 1,
            (0xff, _) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            _ => 1,
        };
    }
    false
}
