//! XFeat's checkpoint becomes an encoder that says what the network says, and other files are refused.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/pytorch.rs"]
mod pytorch;

use nabla_ransac::Error;
use nabla_ransac::localise::Encoder;
use nabla_ransac::network::WeightsError;
use nabla_ransac::train::import_xfeat;
use pytorch::{Saved, checkpoint};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

/// Layers with a batch norm: name, channels, side, stride.
const NORMED: [(&str, [usize; 2], usize, usize); 19] = [
    ("block1.0", [1, 4], 3, 1),
    ("block1.1", [4, 8], 3, 2),
    ("block1.2", [8, 8], 3, 1),
    ("block1.3", [8, 24], 3, 2),
    ("block2.0", [24, 24], 3, 1),
    ("block2.1", [24, 24], 3, 1),
    ("block3.0", [24, 64], 3, 2),
    ("block3.1", [64, 64], 3, 1),
    ("block3.2", [64, 64], 1, 1),
    ("block4.0", [64, 64], 3, 2),
    ("block4.1", [64, 64], 3, 1),
    ("block4.2", [64, 64], 3, 1),
    ("block5.0", [64, 128], 3, 2),
    ("block5.1", [128, 128], 3, 1),
    ("block5.2", [128, 128], 3, 1),
    ("block5.3", [128, 64], 1, 1),
    ("block_fusion.0", [64, 64], 3, 1),
    ("block_fusion.1", [64, 64], 3, 1),
    ("block_fusion.2", [64, 64], 1, 1),
];
const WITH_BIAS: [&str; 2] = ["skip1.1", "block_fusion.2"];

struct Tensors(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Tensors {
    /// Random ones that keep numbers about as large as they are.
    fn random() -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let mut tensors = BTreeMap::new();
        let mut add = |name: String, shape: Vec<usize>, [low, high]: [f32; 2]| {
            let values = (0..shape.iter().product()).map(|_| rng.random_range(low..high)).collect();
            tensors.insert(name, (shape, values));
        };
        for (name, [inputs, outputs], side, _) in NORMED.into_iter().chain([("skip1.1", [1, 24], 1, 1)]) {
            let most = (6.0 / (inputs * side * side) as f32).sqrt();
            let (shape, range) = (vec![outputs, inputs, side, side], [-most, most]);
            if WITH_BIAS.contains(&name) {
                add(format!("{name}.weight"), shape, range);
                add(format!("{name}.bias"), vec![outputs], [-0.5, 0.5]);
            } else {
                add(format!("{name}.layer.0.weight"), shape, range);
                add(format!("{name}.layer.1.running_mean"), vec![outputs], [-0.3, 0.3]);
                add(format!("{name}.layer.1.running_var"), vec![outputs], [0.5, 2.0]);
            }
        }
        // a head, which is left out
        add("heatmap_head.2.weight".to_owned(), vec![1, 64, 1, 1], [-1.0, 1.0]);
        Self(tensors)
    }

    fn values(&self, name: &str) -> &[f32] {
        &self.0[name].1
    }

    fn checkpoint(&self) -> Vec<u8> {
        let saved = self.0.iter().map(|(name, (shape, values))| Saved::floats(name.clone(), shape.clone(), values));
        checkpoint(&saved.collect::<Vec<_>>())
    }
}

/// Channel × row × column.
type Planes = Vec<Vec<Vec<f64>>>;

fn convolved(planes: &Planes, weight: &[f32], outputs: usize, side: usize, stride: usize) -> Planes {
    let (rows, columns, inputs) = (planes[0].len(), planes[0][0].len(), planes.len());
    let at = |i: usize, y: isize, x: isize| {
        let inside = (0..rows as isize).contains(&y) && (0..columns as isize).contains(&x);
        if inside { planes[i][y as usize][x as usize] } else { 0.0 }
    };
    let half = (side / 2) as isize;
    let sum = |o: usize, y: usize, x: usize| {
        let mut sum = 0.0;
        for i in 0..inputs {
            for (k, w) in weight[(o * inputs + i) * side * side..][..side * side].iter().enumerate() {
                let (down, right) = ((k / side) as isize - half, (k % side) as isize - half);
                sum += f64::from(*w) * at(i, (y * stride) as isize + down, (x * stride) as isize + right);
            }
        }
        sum
    };
    let row = |o: usize, y: usize| (0..columns.div_ceil(stride)).map(|x| sum(o, y, x)).collect();
    (0..outputs).map(|o| (0..rows.div_ceil(stride)).map(|y| row(o, y)).collect()).collect()
}

fn each(planes: &Planes, change: impl Fn(usize, f64) -> f64) -> Planes {
    let changed = planes.iter().enumerate();
    changed.map(|(c, plane)| plane.iter().map(|row| row.iter().map(|&x| change(c, x)).collect()).collect()).collect()
}

fn sum(a: &Planes, b: &Planes) -> Planes {
    let rows = |a: &Vec<Vec<f64>>, b: &Vec<Vec<f64>>| {
        a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
    };
    a.iter().zip(b).map(|(a, b)| rows(a, b)).collect()
}

/// Bilinear, with the outer borders of the pixels together.
fn enlarged(planes: &Planes, times: usize) -> Planes {
    let (rows, columns) = (planes[0].len(), planes[0][0].len());
    let place = |large: usize, side: usize| {
        let place = ((large as f64 + 0.5) / times as f64 - 0.5).clamp(0.0, side as f64 - 1.0);
        (place as usize, (place as usize + 1).min(side - 1), place.fract())
    };
    let value = |plane: &Vec<Vec<f64>>, y: usize, x: usize| {
        let ((top, bottom, down), (left, right, along)) = (place(y, rows), place(x, columns));
        let row = |y: usize| plane[y][left] * (1.0 - along) + plane[y][right] * along;
        row(top) * (1.0 - down) + row(bottom) * down
    };
    let row = |plane: &Vec<Vec<f64>>, y: usize| (0..columns * times).map(|x| value(plane, y, x)).collect();
    planes.iter().map(|plane| (0..rows * times).map(|y| row(plane, y)).collect()).collect()
}

/// The network as PyTorch runs it, step by step.
fn expected(tensors: &Tensors, image: &Planes) -> Planes {
    let layer = |name: &str, planes: &Planes| {
        let (_, [_, outputs], side, stride) = NORMED.into_iter().find(|(layer, ..)| *layer == name).unwrap();
        let sums = convolved(planes, tensors.values(&format!("{name}.layer.0.weight")), outputs, side, stride);
        let [mean, variance] = ["mean", "var"].map(|part| tensors.values(&format!("{name}.layer.1.running_{part}")));
        each(&sums, |c, x| ((x - f64::from(mean[c])) / (f64::from(variance[c]) + 1e-5).sqrt()).max(0.0))
    };
    let block = |name: &str, count: usize, planes: &Planes| {
        (0..count).fold(planes.clone(), |planes, number| layer(&format!("{name}.{number}"), &planes))
    };
    let plain = |name: &str, planes: &Planes, outputs: usize| {
        let sums = convolved(planes, tensors.values(&format!("{name}.weight")), outputs, 1, 1);
        let bias = tensors.values(&format!("{name}.bias"));
        each(&sums, |c, x| x + f64::from(bias[c]))
    };
    let values: Vec<f64> = image[0].iter().flatten().copied().collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
    let image = each(image, |_, x| (x - mean) / (variance + 1e-5).sqrt());
    let block_mean = |y: usize, x: usize| (0..16).map(|k| image[0][4 * y + k / 4][4 * x + k % 4]).sum::<f64>() / 16.0;
    let quarter =
        vec![(0..image[0].len() / 4).map(|y| (0..image[0][0].len() / 4).map(|x| block_mean(y, x)).collect()).collect()];
    let x1 = sum(&block("block1", 4, &image), &plain("skip1.1", &quarter, 24));
    let x3 = block("block3", 3, &block("block2", 2, &x1));
    let x4 = block("block4", 3, &x3);
    let x5 = block("block5", 4, &x4);
    let fused = sum(&sum(&x3, &enlarged(&x4, 2)), &enlarged(&x5, 4));
    plain("block_fusion.2", &block("block_fusion", 2, &fused), 64)
}

fn import(bytes: &[u8]) -> nabla_ransac::Result<Encoder> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("xfeat.pt");
    std::fs::write(&path, bytes).unwrap();
    import_xfeat(&path)
}

#[test]
fn an_imported_encoder_says_what_the_network_says() {
    let tensors = Tensors::random();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder.safetensors");
    import(&tensors.checkpoint()).unwrap().write(&path).unwrap();
    let encoder = Encoder::read(&path).unwrap();
    let (width, height) = (96, 64);
    let value =
        |x: usize, y: usize| 0.5 + 0.3 * (x as f64 * 0.31).sin() * (y as f64 * 0.17 + 0.01 * (x * y) as f64).cos();
    let image = vec![(0..height).map(|y| (0..width).map(|x| value(x, y)).collect()).collect::<Vec<Vec<f64>>>()];
    let expected = expected(&tensors, &image);
    let values = image[0].iter().flatten().map(|&x| x as f32).collect();
    let found = encoder.network().unwrap().run(values, width);
    assert_eq!([found.size.columns, found.size.rows, found.size.channels], [12, 8, 64]);
    let largest = expected.iter().flatten().flatten().fold(0.0_f64, |a, b| a.max(b.abs()));
    assert!(largest > 0.1);
    for (c, plane) in expected.iter().enumerate() {
        for (y, row) in plane.iter().enumerate() {
            for (x, &value) in row.iter().enumerate() {
                let found = f64::from(found.pixel(x, y)[c]);
                assert!((found - value).abs() < 1e-4 * largest, "{c} {y} {x}: {found} {value}");
            }
        }
    }
}

#[test]
fn what_is_not_xfeats_is_told() {
    let mut tensors = Tensors::random();
    let whole = tensors.checkpoint();
    for length in [0, 10, whole.len() / 2] {
        assert!(matches!(import(&whole[..length]), Err(Error::File { .. } | Error::Weights { .. })), "{length}");
    }
    let weights = |error: Error| match error {
        Error::Weights { error, .. } => error,
        other => panic!("{other}"),
    };
    tensors.0.get_mut("block2.1.layer.1.running_var").unwrap().1[3] = f32::NAN;
    assert!(matches!(weights(import(&tensors.checkpoint()).unwrap_err()), WeightsError::NotFinite { .. }));
    tensors.0.remove("block3.2.layer.0.weight");
    let error = weights(import(&tensors.checkpoint()).unwrap_err());
    assert!(matches!(&error, WeightsError::Missing { name, .. } if name == "block3.2.layer.0.weight"), "{error}");
    let mut tensors = Tensors::random();
    tensors.0.get_mut("skip1.1.weight").unwrap().0 = vec![24, 1];
    assert!(matches!(weights(import(&tensors.checkpoint()).unwrap_err()), WeightsError::Shape { .. }));
}
