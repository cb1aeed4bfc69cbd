//! A plane brought to the size of another one, and added to it.

use super::plane::{Plane, PlaneSize};

/// Adds `small`, at the size of `plane`, to it: between its pixels bilinearly, beyond the outermost as they are. The planes have
/// as many channels, and their outer borders coincide.
pub fn enlarge_plane(small: &Plane, plane: &mut Plane) {
    let PlaneSize { columns, rows, channels } = plane.size;
    let along_x: Vec<Between> = (0..columns).map(|x| between(x, columns, small.size.columns)).collect();
    for (y, row) in plane.values.chunks_exact_mut((columns * channels).max(1)).enumerate() {
        let down = between(y, rows, small.size.rows);
        for (x, pixel) in along_x.iter().zip(row.chunks_exact_mut(channels)) {
            let at = |x: usize, y: usize| small.pixel(x, y);
            let corners = [
                at(x.first, down.first),
                at(x.second, down.first),
                at(x.first, down.second),
                at(x.second, down.second),
            ];
            for (channel, value) in pixel.iter_mut().enumerate() {
                let [a, b, c, d] = corners.map(|corner| corner[channel]);
                let (above, below) = (a + (b - a) * x.share, c + (d - c) * x.share);
                *value += above + (below - above) * down.share;
            }
        }
    }
}

/// Two pixels, and the share of the second.
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// Where a pixel of a large side lies on a small one.
fn between(large: usize, large_side: usize, small_side: usize) -> Between {
    let place =
        ((large as f32 + 0.5) * (small_side as f32 / large_side as f32) - 0.5).clamp(0.0, (small_side - 1) as f32);
    let first = place as usize;
    Between { first, second: (first + 1).min(small_side - 1), share: place - first as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_stays_a_slope_and_is_added() {
        let size = PlaneSize { columns: 4, rows: 3, channels: 1 };
        let small = Plane { size, values: (0..12).map(|i| (i % 4) as f32 * 2.0 + (i / 4) as f32 * 8.0).collect() };
        let mut plane = Plane { size: PlaneSize { columns: 8, rows: 6, channels: 1 }, values: vec![100.0; 48] };
        enlarge_plane(&small, &mut plane);
        // a pixel at (x, y) lies at (x − 0.5) / 2, (y − 0.5) / 2 of the small one
        for (x, y) in [(1, 1), (3, 2), (6, 4)] {
            let expected = 100.0 + (x as f32 - 0.5) + (y as f32 - 0.5) * 4.0;
            assert!((plane.values[y * 8 + x] - expected).abs() < 1e-4);
        }
        assert_eq!(plane.values[0], 100.0);
        assert_eq!(plane.values[47], 122.0);
        let mut same = small.clone();
        enlarge_plane(&small, &mut same);
        assert!(same.values.iter().zip(&small.values).all(|(twice, once)| *twice == 2.0 * once));
    }
}
