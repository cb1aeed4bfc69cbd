//! The gradient of every minimal solver beside central differences of the solver itself: what the tests and the table of
//! examples/ share.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use crate::minimal::{self, Minimal, Rows, SOLVERS, Solver, matrix_error, matrix_rows, pose_error};
use glam::{DVec2, DVec4};
use nabla_ransac::cpu;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::data::synthetic::{Scene, generator};
use nabla_ransac::gpu::{Context, Shader};
use nabla_ransac::kernels;
use nabla_ransac::kernels::solver_backward::{BackwardInput, run_backward};
use rand::{RngExt, rngs::StdRng};

/// What a solver is given, or the gradient of it: points as the GPU takes them, and a weight a match where there are any.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) points: Vec<DVec4>,
    pub(crate) weights: Vec<f64>,
}

/// A solver with its gradient.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) shader: Shader<'static>,
    /// How many of the four entries of the points are coordinates, by turns.
    pub(crate) lanes: &'static [usize],
    pub(crate) draw: fn(&mut StdRng) -> Sample,
    pub(crate) solve: fn(&Sample) -> Vec<Rows>,
    pub(crate) backward: fn(&Sample, &Rows, &Rows) -> Option<Sample>,
    pub(crate) distance: fn(&Rows, &Rows) -> f64,
}

const WEIGHTED_MATCHES: usize = 12;

pub(crate) const CASES: [Case; 7] = [
    Case {
        name: "essential 5-point",
        shader: kernels::solve_essential_5pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| exact(&SOLVERS[0], rng),
        solve: |sample| (SOLVERS[0].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve_essential_5pt_backward::solve_essential_5pt_backward, sample, model, gradient)
        },
        distance: pose_error,
    },
    Case {
        name: "fundamental 7-point",
        shader: kernels::solve_fundamental_7pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| exact(&SOLVERS[1], rng),
        solve: |sample| (SOLVERS[1].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve_fundamental_7pt_backward::solve_fundamental_7pt_backward, sample, model, gradient)
        },
        distance: matrix_error,
    },
    Case {
        name: "fundamental 8-point",
        shader: kernels::solve_fundamental_8pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| with_noise(exact(&SOLVERS[2], rng), rng, 1e-3),
        solve: |sample| (SOLVERS[2].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fundamental_8pt(sample, None, model, gradient).map(|found| Sample { weights: vec![], ..found })
        },
        distance: matrix_error,
    },
    Case {
        name: "fundamental weighted",
        shader: kernels::solve_fundamental_8pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| {
            let Minimal { points, .. } = minimal::fundamental(rng, WEIGHTED_MATCHES);
            let weights = points.iter().map(|_| rng.random_range(0.2..2.0)).collect();
            with_noise(Sample { points, weights }, rng, 3e-3)
        },
        solve: |sample| {
            let (points1, points2) = views(&sample.points);
            let model = cpu::solve_fundamental_8pt::solve_fundamental_8pt(&points1, &points2, Some(&sample.weights));
            model.iter().map(matrix_rows).collect()
        },
        backward: |sample, model, gradient| fundamental_8pt(sample, Some(&sample.weights), model, gradient),
        distance: matrix_error,
    },
    Case {
        name: "homography 4-point",
        shader: kernels::solve_homography_4pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| exact(&SOLVERS[3], rng),
        solve: |sample| (SOLVERS[3].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve_homography_4pt_backward::solve_homography_4pt_backward, sample, model, gradient)
        },
        distance: matrix_error,
    },
    Case {
        name: "pose P3P",
        shader: kernels::solve_pose_p3p_backward::SHADER,
        lanes: &[3, 2],
        draw: |rng| exact(&SOLVERS[4], rng),
        solve: |sample| (SOLVERS[4].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve_pose_p3p_backward::solve_pose_p3p_backward, sample, model, gradient)
        },
        distance: pose_error,
    },
    Case {
        name: "rigid 3-point",
        shader: kernels::solve_rigid_3pt_backward::SHADER,
        lanes: &[3],
        draw: |rng| with_noise(exact(&SOLVERS[5], rng), rng, 1e-2),
        solve: |sample| (SOLVERS[5].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve_rigid_3pt_backward::solve_rigid_3pt_backward, sample, model, gradient)
        },
        distance: pose_error,
    },
];

fn exact(solver: &Solver, rng: &mut StdRng) -> Sample {
    Sample { points: (solver.draw)(rng).points, weights: vec![] }
}

/// Every coordinate of the second side moved by up to `size`.
fn with_noise(mut sample: Sample, rng: &mut StdRng, size: f64) -> Sample {
    let spatial = sample.points.iter().all(|point| point.w == 0.0);
    for (k, point) in sample.points.iter_mut().enumerate() {
        let mut noise = || rng.random_range(-size..size);
        match (spatial, k % 2) {
            (false, _) => *point += DVec4::new(0.0, 0.0, noise(), noise()),
            (true, 1) => *point += DVec4::new(noise(), noise(), noise(), 0.0),
            _ => {}
        }
    }
    sample
}

pub(crate) fn views(points: &[DVec4]) -> (Vec<DVec2>, Vec<DVec2>) {
    points.iter().map(|p| (DVec2::new(p.x, p.y), DVec2::new(p.z, p.w))).unzip()
}

fn arrays<const N: usize>(points: &[DVec4]) -> [[f64; 4]; N] {
    std::array::from_fn(|i| points[i].to_array())
}

pub(crate) fn rows(rows: &Rows) -> ModelRows {
    rows.map(|row| row.to_array())
}

fn fixed<const N: usize>(
    backward: fn(&[[f64; 4]; N], &ModelRows, &ModelRows) -> Option<[[f64; 4]; N]>,
    sample: &Sample,
    model: &Rows,
    gradient: &Rows,
) -> Option<Sample> {
    let found = backward(&arrays(&sample.points), &rows(model), &rows(gradient))?;
    Some(Sample { points: found.map(DVec4::from_array).to_vec(), weights: vec![] })
}

fn fundamental_8pt(sample: &Sample, weights: Option<&[f64]>, model: &Rows, gradient: &Rows) -> Option<Sample> {
    let points: Vec<_> = sample.points.iter().map(|point| point.to_array()).collect();
    let found = cpu::solve_fundamental_8pt_backward::solve_fundamental_8pt_backward(
        &points,
        weights,
        &rows(model),
        &rows(gradient),
    )?;
    Some(Sample { points: found.points.into_iter().map(DVec4::from_array).collect(), weights: found.weights })
}

impl Sample {
    /// With every value an f32.
    fn rounded(&self) -> Self {
        Self {
            points: self.points.iter().map(|p| p.as_vec4().as_dvec4()).collect(),
            weights: self.weights.iter().map(|&w| f64::from(w as f32)).collect(),
        }
    }

    /// Its coordinates, and then its weights.
    pub(crate) fn values(&self, case: &Case) -> Vec<f64> {
        let lanes = |k: usize| case.lanes[k % case.lanes.len()];
        let points = self.points.iter().enumerate().flat_map(|(k, point)| point.to_array().into_iter().take(lanes(k)));
        points.chain(self.weights.iter().copied()).collect()
    }

    /// With one of [`Self::values`] moved.
    fn moved(&self, case: &Case, mut index: usize, step: f64) -> Self {
        let mut sample = self.clone();
        for (k, point) in sample.points.iter_mut().enumerate() {
            let lanes = case.lanes[k % case.lanes.len()];
            if index < lanes {
                point[index] += step;
                return sample;
            }
            index -= lanes;
        }
        sample.weights[index] += step;
        sample
    }
}

/// The gradient of Σ G·rows and what central differences give; `None` where no difference can be taken.
pub(crate) struct Comparison {
    /// |found − differences| / |differences|, of vectors over all coordinates and weights.
    pub(crate) error: f64,
    /// How far the differences of two steps are apart, relative to them.
    pub(crate) uncertainty: f64,
}

/// A random ∂L/∂rows.
pub(crate) fn random_rows(rng: &mut StdRng) -> Rows {
    std::array::from_fn(|_| DVec4::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0))))
}

/// At most so many coordinates of a sample are moved.
const MOVED: usize = 24;
const STEPS: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

pub(crate) fn compare(
    case: &Case,
    sample: &Sample,
    model: &Rows,
    found: &Sample,
    gradient: &Rows,
) -> Option<Comparison> {
    let found = found.values(case);
    let stride = found.len().div_ceil(MOVED);
    let (mut error_sq, mut uncertainty_sq, mut norm_sq) = (0.0, 0.0, 0.0);
    for index in (0..found.len()).step_by(stride) {
        let (slope, uncertainty) = difference(case, sample, model, gradient, index)?;
        error_sq += (found[index] - slope).powi(2);
        uncertainty_sq += uncertainty * uncertainty;
        norm_sq += slope * slope;
    }
    let relative = |sum: f64| (sum / norm_sq).sqrt();
    Some(Comparison { error: relative(error_sq), uncertainty: relative(uncertainty_sq) })
}

/// The central difference of fourth order by one coordinate, with the step that agrees best with the one before; and how
/// well.
fn difference(case: &Case, sample: &Sample, model: &Rows, gradient: &Rows, index: usize) -> Option<(f64, f64)> {
    let loss = |step: f64| follow(case, &sample.moved(case, index, step), model).map(|rows| inner(gradient, &rows));
    let slopes = STEPS.map(|h| {
        let near = loss(h)? - loss(-h)?;
        let far = loss(2.0 * h)? - loss(-2.0 * h)?;
        Some((8.0 * near - far) / (12.0 * h))
    });
    let pairs = slopes.windows(2).filter_map(|pair| Some((pair[1]?, (pair[1]? - pair[0]?).abs())));
    pairs.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The solution of a moved sample that belongs to `model`: the closest, of its sign.
fn follow(case: &Case, moved: &Sample, model: &Rows) -> Option<Rows> {
    let solutions = (case.solve)(moved);
    let distance = |rows: &Rows| (case.distance)(rows, model);
    let closest = solutions.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    Some(if inner(&closest, model) < 0.0 { closest.map(|row| -row) } else { closest })
}

pub(crate) fn inner(a: &Rows, b: &Rows) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.dot(*b)).sum()
}

/// Errors over many samples.
#[derive(Default)]
pub(crate) struct Distribution {
    pub(crate) errors: Vec<f64>,
    /// Models with no usable gradient.
    pub(crate) dropped: usize,
    /// Models that central differences could not follow to within 1e-4 by any step.
    pub(crate) unsteady: usize,
}

impl Distribution {
    pub(crate) fn quantile(&mut self, share: f64) -> f64 {
        self.errors.sort_unstable_by(f64::total_cmp);
        let last = self.errors.len().saturating_sub(1);
        self.errors.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
    }

    /// Median, 90 %, 99 % and the largest.
    pub(crate) fn summary(&mut self) -> [f64; 4] {
        [0.5, 0.9, 0.99, 1.0].map(|share| self.quantile(share))
    }
}

/// Every model of `count` samples against central differences.
pub(crate) fn measure(case: &Case, count: usize, seed: u64, draw: impl Fn(&mut StdRng) -> Sample) -> Distribution {
    let mut rng = generator(seed);
    let mut distribution = Distribution::default();
    for _ in 0..count {
        let sample = draw(&mut rng);
        for model in (case.solve)(&sample) {
            let gradient = random_rows(&mut rng);
            let Some(found) = (case.backward)(&sample, &model, &gradient) else {
                distribution.dropped += 1;
                continue;
            };
            match compare(case, &sample, &model, &found, &gradient) {
                Some(comparison) if comparison.uncertainty < 1e-4 => distribution.errors.push(comparison.error),
                _ => distribution.unsteady += 1,
            }
        }
    }
    distribution
}

/// Samples that are nearly degenerate.
pub(crate) const ADVERSARIAL: [(&str, fn(&Case, &mut StdRng) -> Sample); 5] = [
    ("near-double root", |case, rng| {
        loop {
            let sample = (case.draw)(rng);
            let models = (case.solve)(&sample);
            let near = |a: &Rows, b: &Rows| (case.distance)(a, b) < 0.05;
            if models.iter().enumerate().any(|(k, a)| models[..k].iter().any(|b| near(a, b))) {
                return sample;
            }
        }
    }),
    ("two matches nearly equal", |case, rng| {
        let mut sample = (case.draw)(rng);
        let sides = case.sides();
        for k in 0..sides {
            let shift = DVec4::from_array(std::array::from_fn(|_| rng.random_range(-1e-2..1e-2)));
            sample.points[sides + k] = case.masked(k, sample.points[k] + shift);
        }
        sample
    }),
    ("nearly on a line", |case, rng| {
        let mut sample = (case.draw)(rng);
        for point in sample.points.iter_mut().step_by(case.sides()) {
            point.y = 0.3 * point.x + 1e-2 * point.y;
        }
        sample
    }),
    ("in a corner", |case, rng| {
        let mut sample = (case.draw)(rng);
        let lanes = case.lanes;
        for (k, point) in sample.points.iter_mut().enumerate() {
            let shrunk = *point * 0.02 + DVec4::new(0.7, 0.6, 0.8, -0.5);
            *point = masked(lanes[k % lanes.len()], shrunk);
        }
        sample
    }),
    ("nearly on a plane", |case, rng| {
        let mut sample = (case.draw)(rng);
        if case.sides() == 1 {
            let count = sample.points.len();
            let scene = Scene::planar(rng, count);
            let (points1, points2) = (scene.points1(), scene.points2());
            for (point, (p, q)) in sample.points.iter_mut().zip(points1.iter().zip(points2)) {
                let mut noise = || rng.random_range(-1e-2..1e-2);
                *point = DVec4::new(p.x, p.y, q.x + noise(), q.y + noise());
            }
        }
        sample
    }),
];

/// A model of a sample with a gradient of the loss by its rows.
pub(crate) struct Task {
    pub(crate) sample: Sample,
    pub(crate) model: Rows,
    pub(crate) gradient: Rows,
}

/// The models of `count` samples whose values are all f32; the models are not.
pub(crate) fn tasks(case: &Case, count: usize, seed: u64) -> Vec<Task> {
    let mut rng = generator(seed);
    let mut tasks = vec![];
    for _ in 0..count {
        let sample = (case.draw)(&mut rng).rounded();
        for model in (case.solve)(&sample) {
            let gradient = random_rows(&mut rng).map(|row| row.as_vec4().as_dvec4());
            tasks.push(Task { sample: sample.clone(), model, gradient });
        }
    }
    tasks
}

/// The gradients on the GPU, from the models rounded to f32.
pub(crate) fn on_gpu(context: &Context, case: &Case, tasks: &[Task]) -> Vec<Option<Sample>> {
    let as_f32 = |rows: &Rows| rows.map(|row| row.as_vec4().to_array());
    let points: Vec<_> = tasks.iter().flat_map(|t| &t.sample.points).map(|p| p.as_vec4().to_array()).collect();
    let models: Vec<_> = tasks.iter().map(|task| as_f32(&task.model)).collect();
    let model_gradients: Vec<_> = tasks.iter().map(|task| as_f32(&task.gradient)).collect();
    let weight = |task: &Task, i: usize| task.sample.weights.get(i).map_or(1.0, |&w| w as f32);
    let weights: Vec<_> = tasks.iter().flat_map(|t| (0..t.sample.points.len()).map(move |i| weight(t, i))).collect();
    let mut first = 0;
    let mut range = |task: &Task| {
        let count = task.sample.points.len() as u32;
        first += count;
        [first - count, count]
    };
    let ranges: Vec<_> = tasks.iter().map(&mut range).collect();
    let weighted = case.shader.name.contains("8pt").then_some((&weights[..], &ranges[..]));
    let input = BackwardInput { points: &points, models: &models, model_gradients: &model_gradients, weighted };
    let found = run_backward(context, &case.shader, input).unwrap();
    let taken = |(usable, &[first, count]): (&bool, &[u32; 2])| {
        let range = first as usize..(first + count) as usize;
        let points: Vec<_> = found.points[range.clone()].iter().map(|p| DVec4::from_array(p.map(f64::from))).collect();
        let weights: Vec<_> = found.weights.get(range).unwrap_or_default().iter().copied().map(f64::from).collect();
        assert!(points.iter().all(|p| p.is_finite()) && weights.iter().all(|w| w.is_finite()), "{}", case.name);
        assert!(*usable || points.iter().all(|&p| p == DVec4::ZERO) && weights.iter().all(|&w| w == 0.0));
        usable.then_some(Sample { points, weights })
    };
    found.usable.iter().zip(&ranges).map(taken).collect()
}

/// Of the GPU's gradients against those of the CPU twin, with the models that only one of them drops.
pub(crate) fn measure_gpu(context: &Context, case: &Case, tasks: &[Task]) -> (Distribution, usize) {
    let mut distribution = Distribution::default();
    let mut disagreeing = 0;
    for (task, found) in tasks.iter().zip(on_gpu(context, case, tasks)) {
        match (found, (case.backward)(&task.sample, &task.model, &task.gradient)) {
            (Some(found), Some(twin)) => distribution.errors.push(relative_error(case, &found, &twin)),
            (None, None) => distribution.dropped += 1,
            _ => disagreeing += 1,
        }
    }
    (distribution, disagreeing)
}

fn relative_error(case: &Case, found: &Sample, expected: &Sample) -> f64 {
    let (found, expected) = (found.values(case), expected.values(case));
    let error_sq: f64 = found.iter().zip(&expected).map(|(a, b)| (a - b).powi(2)).sum();
    (error_sq / expected.iter().map(|x| x * x).sum::<f64>()).sqrt()
}

fn masked(lanes: usize, point: DVec4) -> DVec4 {
    DVec4::from_array(std::array::from_fn(|lane| if lane < lanes { point[lane] } else { 0.0 }))
}

impl Case {
    /// Entries of the points a match.
    pub(crate) fn sides(&self) -> usize {
        if self.lanes == [4] { 1 } else { 2 }
    }

    fn masked(&self, k: usize, point: DVec4) -> DVec4 {
        masked(self.lanes[k % self.lanes.len()], point)
    }

    /// Whether a sample can have more than one model.
    pub(crate) fn has_many_models(&self) -> bool {
        ["essential 5-point", "fundamental 7-point", "pose P3P"].contains(&self.name)
    }
}
