//! DSAC on a toy: fitting a line to a noisy image, trained end to end through RANSAC, in three ways.
//!
//! `cargo run --release --features train --example dsac_line -- --steps 600 --seed 1 --out target/dsac_line`
//!
//! After DSACLine, the small example of DSAC (Brachmann et al., CVPR 2017). An image of 64×64 shows one segment in noise, among
//! two to five fainter circles that distract. A small network predicts 64 points, one for each cell of an 8×8 grid, which should
//! lie on the line where the cell sees enough of it. RANSAC draws 64 hypotheses of a line from two points each, and scores them by
//! a soft count of the points near them. It then takes the best one; but arg max has no gradient. Three ways around it, with the
//! same images, steps and trunk of the network:
//!
//! - `direct`: no RANSAC at all, the network regresses the line.
//! - `soft arg max`: the average of the hypotheses, weighted by softmax(α score), is refined, and its loss is minimised. It
//!   learns to make averages good, which RANSAC does not compute.
//! - `DSAC`: a hypothesis is selected with probability softmax(α score). The expected loss Σ p l has two gradients: by the losses
//!   of the hypotheses, which makes likely hypotheses better; and by the scores, α p (l − Σ p l), which makes better hypotheses
//!   likelier.
//!
//! As for scene coordinates in DSAC, the network of points is first trained without RANSAC: for two fifths of the steps all points
//! are pulled to the line, whether their cells see it or not. That says nothing of which points to trust; the rest does.
#![expect(clippy::print_stdout, reason = "an example prints")]

use anyhow::{Context, anyhow, bail};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Int, Tensor, TensorData};
use glam::{DVec2, dvec2};
use image::{Rgb, RgbImage};
use nabla_ransac::train::ops::{Packing, Selection, select_hypotheses};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::f64::consts::SQRT_2;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Pixels along a side; coordinates are in 0..=1.
const SIZE: usize = 64;
/// Points that the network predicts.
const POINTS: usize = 64;
const HYPOTHESES: usize = 64;
const BATCH: usize = 32;
const HELD_OUT: usize = 256;
/// A point so far from a line counts half an inlier, the steepness of the count, and that of the selection.
const THRESHOLD: f32 = 0.05;
const BETA: f32 = 100.0;
const ALPHA: f32 = 0.1;
/// The share of the steps that pull every point to the line.
const INITIAL: f64 = 0.4;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse()?;
    std::fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let held_out: Vec<Scene> = (0..HELD_OUT).map(|k| Scene::random(1_000_000 + k as u64)).collect();
    let runs = Way::ALL.map(|way| train(way, &arguments, &held_out)).into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    draw_curves(&runs, &arguments.out.join("losses.png"))?;
    draw_fits(&runs, &held_out[..6], &arguments.out.join("fits.png"))?;
    println!("pictures: {}", arguments.out.display());
    Ok(())
}

/// How the line of an image is found, and the gradient of its loss.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Direct,
    SoftArgMax,
    Dsac,
}

impl Way {
    const ALL: [Self; 3] = [Self::Direct, Self::SoftArgMax, Self::Dsac];

    const fn name(self) -> &'static str {
        ["direct", "soft arg max", "DSAC"][self as usize]
    }
}

/// What a training has led to.
struct Run {
    way: Way,
    /// Step and mean loss on the scenes held out.
    curve: Vec<(f64, f64)>,
    before: Found,
    after: Found,
}

fn train(way: Way, arguments: &Arguments, held_out: &[Scene]) -> anyhow::Result<Run> {
    let device = Device::flex().autodiff();
    device.seed(arguments.seed);
    let mut network = Network::new(way, &device);
    let clipping = GradientClippingConfig::Norm(1.0);
    let mut optimizer = AdamConfig::new().with_grad_clipping(Some(clipping)).init();
    let before = network.find(way, held_out, &device)?;
    let mut curve = vec![(0.0, before.mean_loss())];
    let start = Instant::now();
    for step in 0..arguments.steps {
        let seed = arguments.seed.wrapping_mul(100_000) + u64::from(step);
        let scenes: Vec<Scene> = (0..BATCH as u64).map(|k| Scene::random(seed * BATCH as u64 + k)).collect();
        let is_initial = way != Way::Direct && f64::from(step) < INITIAL * f64::from(arguments.steps);
        let loss = if is_initial {
            network.initial_loss(&scenes, &device)
        } else {
            network.loss(way, &scenes, seed, &device)?
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let rate = 2e-3 * 0.05_f64.powf(f64::from(step) / f64::from(arguments.steps));
        network = optimizer.step(rate, network, gradients);
        if (step + 1) % 25 == 0 || step + 1 == arguments.steps {
            curve.push((f64::from(step + 1), network.find(way, held_out, &device)?.mean_loss()));
        }
    }
    let after = network.find(way, held_out, &device)?;
    println!(
        "{:12}  held out: mean loss {:5.2} px before, {:5.2} px after, median {:.2} px; under 5 px {:2.0} %; {:.0} s",
        way.name(),
        before.mean_loss(),
        after.mean_loss(),
        after.median_loss(),
        100.0 * after.share_below(5.0),
        start.elapsed().as_secs_f64()
    );
    Ok(Run { way, curve, before, after })
}

/// Lines as tables [images, lines]: the unit vector (cos 2θ, sin 2θ) of twice the angle, which a line has but one of, and a point
/// on the line.
#[derive(Clone)]
struct Lines {
    cos2: Tensor<2>,
    sin2: Tensor<2>,
    x: Tensor<2>,
    y: Tensor<2>,
}

impl Lines {
    /// With any vector along that of twice the angle.
    fn new(along: [Tensor<2>; 2], [x, y]: [Tensor<2>; 2]) -> Self {
        let [c, s] = along;
        let length = (c.clone() * c.clone() + s.clone() * s.clone() + 1e-12).sqrt();
        Self { cos2: c / length.clone(), sin2: s / length, x, y }
    }

    /// Through two points.
    fn through([x1, y1]: [Tensor<2>; 2], [x2, y2]: [Tensor<2>; 2]) -> Self {
        let (dx, dy) = (x2 - x1.clone(), y2 - y1.clone());
        Self::new([dx.clone() * dx.clone() - dy.clone() * dy.clone(), dx * dy * 2.0], [x1, y1])
    }

    /// Distances [images, lines, points] of points [images, points]: with the normal n, n nᵀ = ½ (I − [cos 2θ, sin 2θ; sin 2θ,
    /// −cos 2θ]), and the squared distance is dᵀ n nᵀ d.
    fn distances(&self, [x, y]: &[Tensor<2>; 2]) -> Tensor<3> {
        let dx = x.clone().unsqueeze_dim::<3>(1) - self.x.clone().unsqueeze_dim(2);
        let dy = y.clone().unsqueeze_dim::<3>(1) - self.y.clone().unsqueeze_dim(2);
        let (c, s) = (self.cos2.clone().unsqueeze_dim::<3>(2), self.sin2.clone().unsqueeze_dim::<3>(2));
        let (xx, yy) = (dx.clone() * dx.clone(), dy.clone() * dy.clone());
        let squares = (xx.clone() + yy.clone() - (xx - yy) * c - dx * dy * s * 2.0) * 0.5;
        (squares.clamp_min(0.0) + 1e-8).sqrt()
    }

    /// How much of an inlier each point is to each line: 1 − σ(β (d − τ)).
    fn inliers(&self, points: &[Tensor<2>; 2]) -> Tensor<3> {
        sigmoid((self.distances(points) - THRESHOLD) * -BETA)
    }

    /// Refinement: of each line that of least weighted squared distance to the points near it (Deming regression). With the
    /// weighted variances u = Sxx, q = Syy and covariance p = Sxy its slope is (q − u + √((u − q)² + 4p²)) / 2p, the tangent
    /// of half the angle of (u − q, 2p).
    fn refined(&self, points: &[Tensor<2>; 2]) -> Self {
        let weights = self.inliers(points);
        let total = weights.clone().sum_dim(2).clamp_min(1e-3);
        let mean = |of: Tensor<3>| (of * weights.clone()).sum_dim(2) / total.clone();
        let [x, y] = points.clone().map(|column| column.unsqueeze_dim::<3>(1).expand(weights.dims()));
        let [mean_x, mean_y] = [mean(x.clone()), mean(y.clone())];
        let (dx, dy) = (x - mean_x.clone(), y - mean_y.clone());
        let (u, q, p) = (mean(dx.clone() * dx.clone()), mean(dy.clone() * dy.clone()), mean(dx * dy));
        let table = |column: Tensor<3>| column.squeeze_dim::<2>(2);
        Self::new([table(u - q), table(p) * 2.0], [table(mean_x), table(mean_y)])
    }

    /// The average line of each image with weights [images, lines] that sum to 1: of the vectors of twice the angle, and of the
    /// points nearest to the image's middle. Of all weight on one line it is that line.
    fn average(&self, weights: &Tensor<2>) -> Self {
        let (dx, dy) = (self.x.clone() - 0.5, self.y.clone() - 0.5);
        let (c, s) = (self.cos2.clone(), self.sin2.clone());
        let foot_x = (dx.clone() - c.clone() * dx.clone() - s.clone() * dy.clone()) * 0.5 + 0.5;
        let foot_y = (dy.clone() + c.clone() * dy - s.clone() * dx) * 0.5 + 0.5;
        let mean = |of: Tensor<2>| (of * weights.clone()).sum_dim(1);
        Self::new([mean(c), mean(s)], [mean(foot_x), mean(foot_y)])
    }

    /// The larger distance of the two intersections with the border to those of the true lines, pixels, [images, lines]: at the
    /// left and right of the image for true lines that are rather flat, else at its top and bottom. Above 20 px its growth is
    /// that of the square root, so that hopeless lines do not drown the others.
    fn losses(&self, scenes: &[Scene], device: &Device) -> Tensor<2> {
        let lines = self.x.dims()[1];
        let column = |of: fn(&Scene) -> f64| per_scene(scenes, of, device).expand([scenes.len(), lines]);
        // steep ones are mirrored at the diagonal
        let steep = column(|scene| f64::from(u8::from(scene.is_steep()))).greater_elem(0.5);
        let x = self.x.clone().mask_where(steep.clone(), self.y.clone());
        let y = self.y.clone().mask_where(steep.clone(), self.x.clone());
        let cos2 = self.cos2.clone().mask_where(steep, -self.cos2.clone());
        let slope = self.sin2.clone() / (cos2 + 1.0).clamp_min(0.1);
        let first = y.clone() - slope.clone() * x.clone() - column(|scene| scene.border()[0]);
        let second = y + slope * (-x + 1.0) - column(|scene| scene.border()[1]);
        let pixels = first.abs().max_pair(second.abs()) * SIZE as f32;
        let far = pixels.clone().greater_elem(20.0);
        pixels.clone().mask_where(far, (pixels.clamp_min(1.0) * 20.0).sqrt())
    }
}

/// A number a scene as a column.
fn per_scene(scenes: &[Scene], of: fn(&Scene) -> f64, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = scenes.iter().map(|scene| of(scene) as f32).collect();
    Tensor::from_data(TensorData::new(values, [scenes.len(), 1]), device)
}

/// Convolutions down to 8×8 cells, and a point for each; or, for the direct regression, a line from all of them.
#[derive(Module, Debug)]
struct Network {
    trunk: Vec<Conv2d>,
    point: Conv2d,
    hidden: Linear,
    line: Linear,
}

impl Network {
    fn new(way: Way, device: &Device) -> Self {
        let layer = |from: usize, to: usize, stride: usize| {
            let config = Conv2dConfig::new([from, to], [3, 3]).with_stride([stride, stride]);
            // keeps the variance through ReLUs; Burn's default loses most of it in five layers
            let config = config.with_initializer(Initializer::KaimingNormal { gain: SQRT_2, fan_out_only: false });
            config.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device)
        };
        let trunk = vec![layer(1, 16, 2), layer(16, 32, 2), layer(32, 64, 2), layer(64, 64, 1), layer(64, 64, 1)];
        let hidden = if way == Way::Direct { 64 } else { 1 };
        Self {
            trunk,
            point: Conv2dConfig::new([64, 2], [1, 1]).init(device),
            hidden: LinearConfig::new(64 * POINTS, hidden).init(device),
            line: LinearConfig::new(hidden, 4).init(device),
        }
    }

    fn features(&self, scenes: &[Scene], device: &Device) -> Tensor<4> {
        let pixels: Vec<f32> = scenes.iter().flat_map(|scene| scene.pixels.iter().copied()).collect();
        let mut seen = Tensor::from_data(TensorData::new(pixels, [scenes.len(), 1, SIZE, SIZE]), device);
        for convolution in &self.trunk {
            seen = relu(convolution.forward(seen));
        }
        seen
    }

    /// The points x and y [images, 64]: the middles of the cells, moved.
    fn points(&self, scenes: &[Scene], device: &Device) -> [Tensor<2>; 2] {
        let moved = self.point.forward(self.features(scenes, device));
        let middles = |of: fn(usize) -> usize| -> Tensor<2> {
            let values: Vec<f32> = (0..POINTS).map(|k| (of(k) as f32 + 0.5) / 8.0).collect();
            Tensor::<1>::from_data(TensorData::new(values, [POINTS]), device).unsqueeze()
        };
        let column = |k: usize| moved.clone().narrow(1, k, 1).reshape([scenes.len(), POINTS]);
        [column(0) + middles(|k| k % 8), column(1) + middles(|k| k / 8)]
    }

    /// The line of each image at once.
    fn direct(&self, scenes: &[Scene], device: &Device) -> Lines {
        let features = self.features(scenes, device).reshape([scenes.len(), 64 * POINTS]);
        let output = self.line.forward(relu(self.hidden.forward(features)));
        let column = |k: usize| output.clone().narrow(1, k, 1);
        Lines::new([column(0), column(1)], [column(2) + 0.5, column(3) + 0.5])
    }

    /// The mean distance of the points to the true lines, pixels.
    fn initial_loss(&self, scenes: &[Scene], device: &Device) -> Tensor<1> {
        let column = |of: fn(&Scene) -> f64| per_scene(scenes, of, device);
        let truth = Lines::through(
            [column(|scene| scene.ends[0].x), column(|scene| scene.ends[0].y)],
            [column(|scene| scene.ends[1].x), column(|scene| scene.ends[1].y)],
        );
        truth.distances(&self.points(scenes, device)).mean() * SIZE as f32
    }

    /// The mean loss of a batch.
    fn loss(&self, way: Way, scenes: &[Scene], seed: u64, device: &Device) -> anyhow::Result<Tensor<1>> {
        if way == Way::Direct {
            return Ok(self.direct(scenes, device).losses(scenes, device).mean());
        }
        let points = self.points(scenes, device);
        let (hypotheses, selection) = hypothesize(&points, seed)?;
        if way == Way::SoftArgMax {
            return Ok(soft_arg_max(&hypotheses, &selection, &points).losses(scenes, device).mean());
        }
        let losses = hypotheses.refined(&points).losses(scenes, device).reshape([scenes.len() * HYPOTHESES]);
        Ok(selection.expected_loss(losses)?.mean())
    }

    /// As it would be used: the line, the points, and the loss of each scene.
    fn find(&self, way: Way, scenes: &[Scene], device: &Device) -> anyhow::Result<Found> {
        let points = self.points(scenes, device);
        let lines = if way == Way::Direct {
            self.direct(scenes, device)
        } else {
            let (hypotheses, selection) = hypothesize(&points, 0)?;
            let probabilities = selection.probabilities.clone().reshape([scenes.len(), HYPOTHESES]);
            if way == Way::SoftArgMax {
                soft_arg_max(&hypotheses, &selection, &points)
            } else {
                // RANSAC: the best hypothesis, refined
                let best = probabilities.argmax(1);
                let pick = |of: Tensor<2>| of.gather(1, best.clone());
                let Lines { cos2, sin2, x, y } = hypotheses;
                Lines { cos2: pick(cos2), sin2: pick(sin2), x: pick(x), y: pick(y) }.refined(&points)
            }
        };
        let losses = values(lines.losses(scenes, device));
        let (lines, points) = ([lines.cos2, lines.sin2, lines.x, lines.y].map(values), points.map(values));
        Ok(Found { lines, points, losses })
    }
}

/// Lines through two random points, and how likely each is selected. The generic part of DSAC: scores in, probabilities out.
fn hypothesize(points: &[Tensor<2>; 2], seed: u64) -> anyhow::Result<(Lines, Selection)> {
    let (images, device) = (points[0].dims()[0], points[0].device());
    let mut rng = StdRng::seed_from_u64(seed);
    let pairs: Vec<[i32; 2]> = (0..images * HYPOTHESES)
        .map(|_| {
            let first = rng.random_range(0..POINTS as i32);
            [first, (first + rng.random_range(1..POINTS as i32)) % POINTS as i32]
        })
        .collect();
    let drawn = |k: usize| {
        let places: Vec<i32> = pairs.iter().map(|pair| pair[k]).collect();
        let places = Tensor::<2, Int>::from_data(TensorData::new(places, [images, HYPOTHESES]), &device);
        points.clone().map(|column| column.gather(1, places.clone()))
    };
    let hypotheses = Lines::through(drawn(0), drawn(1));
    let rows = images * HYPOTHESES;
    let scores = hypotheses.inliers(points).sum_dim(2).reshape([rows]);
    // two points in one place are no line
    let length = |of: &Tensor<2>| of.clone() * of.clone();
    let valid = (length(&hypotheses.cos2) + length(&hypotheses.sin2)).greater_elem(0.5).float().reshape([rows]);
    let packing = Packing::new(&vec![POINTS; images], &vec![[THRESHOLD; 4]; images])?;
    let selection = select_hypotheses(scores, valid, &packing, ALPHA)?;
    Ok((hypotheses, selection))
}

/// The average hypothesis, refined. The gradient reaches the lines and, through the probabilities, the scores.
fn soft_arg_max(hypotheses: &Lines, selection: &Selection, points: &[Tensor<2>; 2]) -> Lines {
    let images = points[0].dims()[0];
    hypotheses.average(&selection.probabilities.clone().reshape([images, HYPOTHESES])).refined(points)
}

fn values(table: Tensor<2>) -> Vec<f32> {
    table.into_data().iter::<f32>().collect()
}

/// What was found in the scenes held out.
struct Found {
    /// cos 2θ, sin 2θ, x, y.
    lines: [Vec<f32>; 4],
    points: [Vec<f32>; 2],
    losses: Vec<f32>,
}

impl Found {
    fn mean_loss(&self) -> f64 {
        self.losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / self.losses.len() as f64
    }

    fn median_loss(&self) -> f32 {
        let mut sorted = self.losses.clone();
        sorted.sort_by(f32::total_cmp);
        sorted[sorted.len() / 2]
    }

    fn share_below(&self, limit_px: f32) -> f64 {
        self.losses.iter().filter(|&&loss| loss < limit_px).count() as f64 / self.losses.len() as f64
    }

    /// A point on the line of a scene, and its direction.
    fn line(&self, scene: usize) -> [DVec2; 2] {
        let [c, s, x, y] = self.lines.each_ref().map(|column| f64::from(column[scene]));
        [dvec2(x, y), DVec2::from_angle(0.5 * s.atan2(c))]
    }
}

/// An image with the segment that it shows.
struct Scene {
    pixels: Vec<f32>,
    ends: [DVec2; 2],
}

impl Scene {
    fn random(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let point = |rng: &mut StdRng| dvec2(rng.random_range(0.05..0.95), rng.random_range(0.05..0.95));
        let mut ends = [point(&mut rng), point(&mut rng)];
        while ends[0].distance(ends[1]) < 0.4 {
            ends = [point(&mut rng), point(&mut rng)];
        }
        let circles: Vec<(DVec2, f64, f64)> = (0..rng.random_range(2..=5))
            .map(|_| (point(&mut rng), rng.random_range(0.06..0.25), rng.random_range(0.2..0.6)))
            .collect();
        let brightness = rng.random_range(0.8..1.0);
        let segment = ends[1] - ends[0];
        let pixel = |k: usize| {
            let at = dvec2((k % SIZE) as f64 + 0.5, (k / SIZE) as f64 + 0.5) / SIZE as f64;
            let along = ((at - ends[0]).dot(segment) / segment.length_squared()).clamp(0.0, 1.0);
            // a stroke of two pixels
            let stroke = |distance: f64| (1.5 - distance * SIZE as f64).clamp(0.0, 1.0);
            let of_segment = brightness * stroke(at.distance(ends[0] + segment * along));
            let of_circles = circles.iter().map(|(c, radius, b)| b * stroke((at.distance(*c) - radius).abs()));
            let noise = rng.random_range(-0.15..0.15);
            // about standardised
            (4.0 * (of_circles.fold(of_segment, f64::max) + noise - 0.15)) as f32
        };
        Self { pixels: (0..SIZE * SIZE).map(pixel).collect(), ends }
    }

    fn is_steep(&self) -> bool {
        let along = self.ends[1] - self.ends[0];
        along.y.abs() > along.x.abs()
    }

    /// Where the line crosses the left and the right side of the image; if it is steep, the top and the bottom.
    fn border(&self) -> [f64; 2] {
        let [a, b] = if self.is_steep() { self.ends.map(|end| dvec2(end.y, end.x)) } else { self.ends };
        let slope = (b.y - a.y) / (b.x - a.x);
        [a.y - slope * a.x, a.y + slope * (1.0 - a.x)]
    }
}

/// Colours that stay apart with every kind of colour blindness (Okabe and Ito 2008).
const COLOURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(230, 159, 0), RGBColor(0, 158, 115)];
const TRUTH: RGBColor = RGBColor(86, 180, 233);
const FIT: RGBColor = RGBColor(213, 94, 0);
const POINT: RGBColor = RGBColor(240, 228, 66);

/// Saves what is drawn on a white picture.
fn save(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<BitMapBackend<'_>, plotters::coord::Shift>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let font = dejavu::sans::regular();
    register_font("sans-serif", FontStyle::Normal, font).map_err(|_| anyhow!("the embedded font is bad"))?;
    let mut picture = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    let area = BitMapBackend::with_buffer(&mut picture, size).into_drawing_area();
    draw(&area)?;
    area.present()?;
    drop(area);
    picture.save(path).with_context(|| path.display().to_string())
}

fn draw_curves(runs: &[Run], path: &Path) -> anyhow::Result<()> {
    save(path, (760, 480), |area| {
        let ends = runs.iter().flat_map(|run| &run.curve);
        let (last, most) = ends.fold((1.0, 1.0), |(last, most), (x, y)| (f64::max(last, *x), f64::max(most, *y)));
        let mut chart = ChartBuilder::on(area)
            .caption("Loss on 256 images held out", ("sans-serif", 20))
            .margin(14)
            .margin_right(30)
            .x_label_area_size(46)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..last, 0.0..most * 1.05)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc("step").y_desc("mean distance at the border, pixels").light_line_style(WHITE);
        mesh.x_label_formatter(&|step| format!("{step:.0}")).y_label_formatter(&|loss| format!("{loss:.0}"));
        mesh.label_style(("sans-serif", 14)).axis_desc_style(("sans-serif", 15)).draw()?;
        let initial = INITIAL * last;
        let grey = RGBColor(120, 120, 120);
        chart.draw_series([PathElement::new([(initial, 0.0), (initial, most * 1.05)], grey)])?;
        let style = ("sans-serif", 14).into_font().color(&grey);
        chart.draw_series([Text::new("points: end to end from here", (initial + 0.01 * last, most), style)])?;
        for (run, colour) in runs.iter().zip(COLOURS) {
            chart
                .draw_series(LineSeries::new(run.curve.iter().copied(), colour.stroke_width(3)))?
                .label(format!("{}: {:.1} px", run.way.name(), run.after.mean_loss()))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
        }
        let mut labels = chart.configure_series_labels();
        labels.position(SeriesLabelPosition::UpperRight).label_font(("sans-serif", 15));
        Ok(labels.background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3)).draw()?)
    })
}

/// Pixels along a side of an image in the picture, beside each other with a gap.
const TILE: i32 = 192;
const STEP: i32 = TILE + 8;

/// A row for each way after training, above them DSAC before it: the fit, the points of the network, and what goes on from the
/// ends of the true segment.
fn draw_fits(runs: &[Run], scenes: &[Scene], path: &Path) -> anyhow::Result<()> {
    let last = runs.last().context("nothing was trained")?;
    let mut rows = vec![(format!("{}, before", last.way.name()), &last.before, true)];
    rows.extend(runs.iter().map(|run| (run.way.name().to_owned(), &run.after, run.way != Way::Direct)));
    let size = (scenes.len() as u32 * STEP as u32 + 8, rows.len() as u32 * (STEP as u32 + 26) + 8);
    save(path, size, |area| {
        for (row, (title, found, has_points)) in rows.iter().enumerate() {
            let top = row as i32 * (STEP + 26) + 8;
            area.draw(&Text::new(title.as_str(), (10, top), ("sans-serif", 18)))?;
            for (k, scene) in scenes.iter().enumerate() {
                let tile = area.clone().shrink((k as i32 * STEP + 8, top + 24), (TILE, TILE));
                draw_fit(&tile, scene, found, k, *has_points)?;
            }
        }
        Ok(())
    })
}

fn draw_fit(
    tile: &DrawingArea<BitMapBackend<'_>, plotters::coord::Shift>,
    scene: &Scene,
    found: &Found,
    k: usize,
    has_points: bool,
) -> anyhow::Result<()> {
    let scale = TILE / SIZE as i32;
    for (place, value) in scene.pixels.iter().enumerate() {
        let grey = (60.0 + 40.0 * value).clamp(0.0, 255.0) as u8;
        let corner = ((place % SIZE) as i32 * scale, (place / SIZE) as i32 * scale);
        let shade = RGBColor(grey, grey, grey).filled();
        tile.draw(&Rectangle::new([corner, (corner.0 + scale, corner.1 + scale)], shade))?;
    }
    let pixel = |at: DVec2| ((at.x * f64::from(TILE)) as i32, (at.y * f64::from(TILE)) as i32);
    let is_inside = |at: &DVec2| at.cmpge(DVec2::ZERO).all() && at.cmple(DVec2::ONE).all();
    // from a point on, as far as the image goes
    let draw_ray = |[from, along]: [DVec2; 2], colour: RGBColor| {
        let steps = (0..=1000).map(|step| from + along.normalize() * (f64::from(step) * 0.002));
        let inside: Vec<_> = steps.filter(is_inside).map(pixel).collect();
        tile.draw(&PathElement::new(inside, colour.stroke_width(2)))
    };
    // the segment is seen; what it leaves open is drawn
    let [start, end] = scene.ends;
    draw_ray([start, start - end], TRUTH)?;
    draw_ray([end, end - start], TRUTH)?;
    let [at, along] = found.line(k);
    draw_ray([at, along], FIT)?;
    draw_ray([at, -along], FIT)?;
    if has_points {
        for place in k * POINTS..(k + 1) * POINTS {
            let at = dvec2(f64::from(found.points[0][place]), f64::from(found.points[1][place]));
            if is_inside(&at) {
                tile.draw(&Circle::new(pixel(at), 2, POINT.filled()))?;
            }
        }
    }
    let label = format!("{:.1} px", found.losses[k]);
    tile.draw(&Rectangle::new([(0, TILE - 22), (60, TILE)], BLACK.mix(0.6).filled()))?;
    tile.draw(&Text::new(label, (6, TILE - 20), ("sans-serif", 15).into_font().color(&WHITE)))?;
    Ok(())
}

struct Arguments {
    steps: u32,
    seed: u64,
    out: PathBuf,
}

impl Arguments {
    fn parse() -> anyhow::Result<Self> {
        let mut arguments = Self { steps: 600, seed: 1, out: "target/dsac_line".into() };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let mut value = || given.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--steps" => arguments.steps = value()?.parse()?,
                "--seed" => arguments.seed = value()?.parse()?,
                "--out" => arguments.out = value()?.into(),
                _ => bail!("{name}: expected --steps, --seed or --out"),
            }
        }
        Ok(arguments)
    }
}
