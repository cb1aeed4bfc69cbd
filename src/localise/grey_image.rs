use crate::cpu::localise::read_texture::{read_texture, resize};
use crate::{Error, Result};
use glam::DVec2;

/// A grey image.
#[derive(Clone, Debug, PartialEq)]
pub struct GreyImage {
    /// Width and height, pixels.
    pub size_px: [u32; 2],
    /// Row-major, from 0, black, to 1, white.
    pub values: Vec<f32>,
}

impl GreyImage {
    /// The image of a width, a height, and the values of its pixels, row-major.
    ///
    /// # Errors
    /// [`Error::BadImage`]: there is no pixel, another number of values, or one that is not from 0 to 1.
    pub fn new(size_px: [u32; 2], values: Vec<f32>) -> Result<Self> {
        let bad = |found: String| Err(Error::BadImage { width: size_px[0], height: size_px[1], found });
        if size_px.contains(&0) || u64::from(size_px[0]) * u64::from(size_px[1]) != values.len() as u64 {
            return bad(format!("there are {} values", values.len()));
        }
        match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
            Some(at) => bad(format!("value {at} is {}", values[at])),
            None => Ok(Self { size_px, values }),
        }
    }

    /// The luma of Rec. 601 of pixels of red, green, blue and opacity, row-major, as a texture has them; opacity does not matter.
    ///
    /// # Errors
    /// [`Error::BadImage`]: there is no pixel, or another number of bytes.
    pub fn from_rgba(size_px: [u32; 2], bytes: &[u8]) -> Result<Self> {
        let (pixels, rest) = bytes.as_chunks();
        if size_px.contains(&0)
            || u64::from(size_px[0]) * u64::from(size_px[1]) != pixels.len() as u64
            || !rest.is_empty()
        {
            let found = format!("there are {} bytes of red, green, blue and opacity", bytes.len());
            return Err(Error::BadImage { width: size_px[0], height: size_px[1], found });
        }
        Ok(Self { size_px, values: read_texture(pixels, size_px, size_px) })
    }

    /// The value of the pixel at or nearest to a place.
    pub fn at(&self, pixel: DVec2) -> f32 {
        let [width, height] = self.size_px.map(|side| f64::from(side - 1));
        let nearest = pixel.round().clamp(DVec2::ZERO, DVec2::new(width, height));
        self.values[nearest.y as usize * self.size_px[0] as usize + nearest.x as usize]
    }

    /// The image at another size, each value the mean of those that it covers: by a triangle as wide as two pixels of the coarser image.
    ///
    /// The corners of the images coincide, so that [`Camera::scaled`](crate::Camera::scaled) by the ratio of the sizes gives the camera. A width
    /// or height of 0 is taken for 1.
    pub fn resized(&self, size_px: [u32; 2]) -> Self {
        let size_px = size_px.map(|side| side.max(1));
        if size_px == self.size_px {
            return self.clone();
        }
        Self { size_px, values: resize(&self.values, self.size_px, size_px) }
    }
}

/// The value between four pixels; beyond the image that of its border.
pub(crate) fn bilinear(values: &[f32], [width, height]: [usize; 2], x: f32, y: f32) -> f32 {
    let (x, y) = (x.clamp(0.0, (width - 1) as f32), y.clamp(0.0, (height - 1) as f32));
    let (left, top) = (x as usize, y as usize);
    let (right, below) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (dx, dy) = (x - left as f32, y - top as f32);
    let row = |y: usize| {
        let (a, b) = (values[y * width + left], values[y * width + right]);
        a + dx * (b - a)
    };
    let (upper, lower) = (row(top), row(below));
    upper + dy * (lower - upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Camera;

    #[test]
    fn what_is_no_image_is_told() {
        let says = |size_px, values, what: &str| {
            let message = GreyImage::new(size_px, values).unwrap_err().to_string();
            assert!(message.contains(what), "{message}");
        };
        says([0, 2], vec![], "0x2");
        says([2, 2], vec![0.5; 3], "3 values");
        says([u32::MAX, u32::MAX], vec![0.5; 3], "3 values");
        says([2, 1], vec![0.5, f32::NAN], "value 1 is NaN");
        says([2, 1], vec![137.0, 0.5], "value 0 is 137");
    }

    #[test]
    fn a_slope_stays_where_its_camera_sees_it() {
        let camera = Camera { focal_px: DVec2::splat(90.0), principal_point_px: DVec2::new(40.2, 22.7), skew_px: 0.0 };
        let sizes = [[96, 54], [48, 27], [37, 20], [12, 6], [150, 80]];
        // brightness is the place along x in focal lengths
        let value = |camera: &Camera, x: u32| 0.5 + camera.normalize(DVec2::new(x.into(), 0.0)).x * 0.5;
        let [width, height] = sizes[0];
        let values = (0..width * height).map(|at| value(&camera, at % width) as f32).collect();
        let image = GreyImage::new(sizes[0], values).unwrap();
        for size_px in sizes {
            let resized = image.resized(size_px);
            let scale = DVec2::new(f64::from(size_px[0]) / 96.0, f64::from(size_px[1]) / 54.0);
            let scaled = camera.scaled(scale);
            // at the sides the triangle is cut off; elsewhere it is right to a tenth of a pixel
            for x in 1..size_px[0] - 1 {
                let found = resized.values[(size_px[0] * (size_px[1] / 2) + x) as usize];
                assert!((f64::from(found) - value(&scaled, x)).abs() < 4e-4, "{size_px:?} {x}: {found}");
            }
        }
    }

    #[test]
    fn a_mean_stays_what_it_is_and_one_pixel_is_an_image() {
        let image = GreyImage::new([64, 48], (0..64 * 48).map(|at| (at % 2) as f32).collect()).unwrap();
        assert!(image.resized([16, 12]).values.iter().all(|value| (value - 0.5).abs() < 0.05));
        assert_eq!(image.resized([0, 1]).size_px, [1, 1]);
        let one = GreyImage::new([1, 1], vec![0.25]).unwrap();
        assert_eq!(one.resized([3, 2]).values, [0.25; 6]);
    }
}
