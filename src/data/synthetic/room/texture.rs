use super::canvas::{Canvas, TEXEL_M};
use glam::DVec2;

/// A painted rectangle, at full size and ever smaller by half, so that a pixel that sees much of it sees the mean of that.
#[derive(Clone, Debug)]
pub(super) struct Texture {
    levels: Vec<Level>,
}

#[derive(Clone, Debug)]
struct Level {
    size: [usize; 2],
    values: Vec<f32>,
}

impl Texture {
    pub(super) fn new(canvas: Canvas) -> Self {
        let mut levels = vec![Level { size: canvas.size, values: canvas.values }];
        while let Some(coarser) = levels.last().and_then(Level::halved) {
            levels.push(coarser);
        }
        Self { levels }
    }

    /// The mean about a place, of a square of such an edge.
    pub(super) fn value(&self, place_m: DVec2, edge_m: f64) -> f64 {
        let last = self.levels.len() - 1;
        let level = (edge_m / TEXEL_M).log2().clamp(0.0, last as f64);
        let (finer, part) = (level as usize, level.fract());
        let of = |level: usize| self.levels[level].value(place_m / (TEXEL_M * f64::from(1_u32 << level)) - 0.5);
        of(finer) * (1.0 - part) + of((finer + 1).min(last)) * part
    }
}

impl Level {
    /// Half as wide and high; `None` where it is as small as can be.
    fn halved(&self) -> Option<Self> {
        let [width, height] = self.size;
        let size = self.size.map(|side| side.div_ceil(2));
        if size == self.size || size.contains(&1) {
            return None;
        }
        let at = |x: usize, y: usize| self.values[y.min(height - 1) * width + x.min(width - 1)];
        let mean = |x: usize, y: usize| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0;
        let values = (0..size[0] * size[1]).map(|i| mean(2 * (i % size[0]), 2 * (i / size[0]))).collect();
        Some(Self { size, values })
    }

    /// Linear between texels, whose middles are at whole numbers.
    fn value(&self, place: DVec2) -> f64 {
        let [width, height] = self.size;
        let low = place.floor();
        let part = place - low;
        let clamped = |x: f64, side: usize| (x.max(0.0) as usize).min(side - 1);
        let [left, right] = [low.x, low.x + 1.0].map(|x| clamped(x, width));
        let row = |y: f64| {
            let row = &self.values[clamped(y, height) * width..][..width];
            f64::from(row[left]) * (1.0 - part.x) + f64::from(row[right]) * part.x
        };
        row(low.y) * (1.0 - part.y) + row(low.y + 1.0) * part.y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_afar_the_mean_is_seen_and_from_near_the_texels() {
        let mut canvas = Canvas::new(DVec2::new(0.5, 0.3), 0.0);
        canvas.paint_all(|place, _| 0.2 + place.x);
        canvas.rectangle(DVec2::new(0.1, 0.1), DVec2::new(0.2, 0.2), 0.9);
        let texture = Texture::new(canvas);
        for edge in [0.001, 0.004, 0.01, 0.02] {
            assert!((texture.value(DVec2::new(0.4, 0.15), edge) - 0.6).abs() < 1e-3, "{edge}");
            assert!((texture.value(DVec2::new(0.15, 0.15), edge) - 0.9).abs() < 1e-3, "{edge}");
        }
        // outside is what is at the border
        assert!((texture.value(DVec2::new(-1.0, 9.0), 0.001) - 0.202).abs() < 1e-3);
        assert!((0.3..0.7).contains(&texture.value(DVec2::new(0.15, 0.15), 10.0)));
    }
}
