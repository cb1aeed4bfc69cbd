//! The grey image at the map's height of a colour image of any size: the luma of Rec. 601, averaged by a triangle as wide as two
//! pixels of the coarser image. The corners of the images coincide.

/// The values, row-major, at the size `to`, of the pixels of an image of the size `from`; no size is 0.
pub fn read_texture(pixels: &[[u8; 4]], from: [u32; 2], to: [u32; 2]) -> Vec<f32> {
    let grey: Vec<f32> = pixels
        .iter()
        .map(|&[red, green, blue, _]| luma([red, green, blue].map(|level| f32::from(level) / 255.0)))
        .collect();
    if from == to { grey } else { resize(&grey, from, to) }
}

/// The luma of Rec. 601 of red, green and blue.
pub(crate) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    (0.299 * red + 0.587 * green + 0.114 * blue).min(1.0)
}

/// Grey values at another size.
pub(crate) fn resize(values: &[f32], from: [u32; 2], to: [u32; 2]) -> Vec<f32> {
    let [width, height] = from.map(|side| side as usize);
    let [columns, rows] = [0, 1].map(|axis| filter(from[axis], to[axis]));
    let mut narrowed = Vec::with_capacity(columns.len() * height);
    for row in values.chunks_exact(width) {
        narrowed.extend(columns.iter().map(|taps| taps.sum(|column| row[column])));
    }
    let mut resized = Vec::with_capacity(columns.len() * rows.len());
    for taps in &rows {
        resized.extend((0..columns.len()).map(|column| taps.sum(|row| narrowed[row * columns.len() + column])));
    }
    resized
}

/// What a pixel takes along an axis: weights, of the pixel `first` and those after it.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Taps {
    fn sum(&self, value: impl Fn(usize) -> f32) -> f32 {
        // rounding alone brings it beyond the values that it is the mean of
        (self.first..).zip(&self.weights).map(|(at, weight)| weight * value(at)).sum::<f32>().clamp(0.0, 1.0)
    }
}

/// The taps of each pixel of `to`.
fn filter(from: u32, to: u32) -> Vec<Taps> {
    let step = f64::from(from) / f64::from(to);
    let reach = step.max(1.0);
    let taps = |at: u32| {
        let centre = (f64::from(at) + 0.5) * step - 0.5;
        let first = (centre - reach).ceil().max(0.0) as u32;
        let last = ((centre + reach).floor() as u32).min(from - 1);
        let weights: Vec<f64> = (first..=last).map(|at| 1.0 - (f64::from(at) - centre).abs() / reach).collect();
        let total: f64 = weights.iter().sum();
        Taps { first: first as usize, weights: weights.iter().map(|weight| (weight / total) as f32).collect() }
    };
    (0..to).map(taps).collect()
}
