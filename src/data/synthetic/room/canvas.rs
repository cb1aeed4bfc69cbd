use super::noise::fractal;
use glam::DVec2;

/// Edge of a square of a surface that has one brightness.
pub(super) const TEXEL_M: f64 = 0.004;

/// What a rectangle is painted like, from 0, black, to 1, white. Places are metres from its corner.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) size_m: DVec2,
    /// Texels in a row, rows.
    pub(super) size: [usize; 2],
    /// Row-major.
    pub(super) values: Vec<f32>,
}

impl Canvas {
    /// All of one brightness.
    pub(super) fn new(size_m: DVec2, value: f64) -> Self {
        let size = size_m.to_array().map(|side| (side / TEXEL_M).ceil().max(1.0) as usize);
        Self { size_m, size, values: vec![value as f32; size[0] * size[1]] }
    }

    /// Paints what is between two corners: `value` makes the new brightness of the place and the old one.
    pub(super) fn paint(&mut self, low_m: DVec2, high_m: DVec2, value: impl Fn(DVec2, f64) -> f64) {
        // those texels whose middle is within
        let [low, high] = [low_m, high_m].map(|corner| (corner / TEXEL_M - 0.5).ceil().max(DVec2::ZERO));
        let columns = low.x as usize..(high.x as usize).min(self.size[0]);
        for row in low.y as usize..(high.y as usize).min(self.size[1]) {
            for column in columns.clone() {
                let place = (DVec2::new(column as f64, row as f64) + 0.5) * TEXEL_M;
                let texel = &mut self.values[row * self.size[0] + column];
                *texel = value(place, f64::from(*texel)).clamp(0.02, 0.98) as f32;
            }
        }
    }

    /// Paints all of it.
    pub(super) fn paint_all(&mut self, value: impl Fn(DVec2, f64) -> f64) {
        self.paint(DVec2::ZERO, self.size_m + TEXEL_M, value);
    }

    /// One brightness between two corners.
    pub(super) fn rectangle(&mut self, low_m: DVec2, high_m: DVec2, value: f64) {
        self.paint(low_m, high_m, |_, _| value);
    }

    /// One brightness within an ellipse, and within two corners.
    pub(super) fn ellipse(&mut self, centre_m: DVec2, radii_m: DVec2, value: f64, [low_m, high_m]: [DVec2; 2]) {
        let [low, high] = [low_m.max(centre_m - radii_m), high_m.min(centre_m + radii_m)];
        self.paint(
            low,
            high,
            |place, there| {
                if ((place - centre_m) / radii_m).length_squared() < 1.0 { value } else { there }
            },
        );
    }

    /// Adds noise of many scales, from the largest down to a few texels. Along x it may be stretched, as grain is.
    pub(super) fn add_noise(&mut self, seed: u64, amplitude: f64, largest_m: f64, stretch: f64) {
        let octaves = (largest_m / (2.0 * TEXEL_M)).log2().floor().max(1.0) as u32;
        let scale = DVec2::new(1.0 / (largest_m * stretch), 1.0 / largest_m);
        self.paint_all(|place, there| there + amplitude * fractal(seed, place * scale, octaves, PERSISTENCE));
    }
}

/// Finer noise counts for less, but not as little as in clouds.
const PERSISTENCE: f64 = 0.75;
