//! Nearly degenerate samples, and input that breaks arithmetic.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use crate::gradients::{Case, Sample, Task, random_rows, tasks};
use crate::minimal::Rows;
use glam::DVec4;
use nabla_ransac::data::synthetic::problems::{Scene, generator};
use rand::{RngExt, rngs::StdRng};

/// A kind of nearly degenerate samples, of the solvers that it concerns.
pub(crate) struct Adversary {
    pub(crate) name: &'static str,
    pub(crate) concerns: fn(&Case) -> bool,
    pub(crate) draw: fn(&Case, &mut StdRng) -> Sample,
}

pub(crate) const ADVERSARIES: [Adversary; 5] = [
    Adversary { name: "near-double root", concerns: Case::has_many_models, draw: near_double_root },
    Adversary { name: "two matches nearly equal", concerns: |_| true, draw: nearly_repeated },
    Adversary { name: "nearly on a line", concerns: |_| true, draw: nearly_collinear },
    Adversary { name: "nearly on a plane", concerns: |case| case.sides() == 1, draw: nearly_planar },
    Adversary { name: "in a corner", concerns: |_| true, draw: in_a_corner },
];

/// Two models less than 0.05 apart (radians, or relative).
fn near_double_root(case: &Case, rng: &mut StdRng) -> Sample {
    loop {
        let sample = (case.draw)(rng);
        let models = (case.solve)(&sample);
        let near = |a: &Rows, b: &Rows| (case.distance)(a, b) < 0.05;
        if models.iter().enumerate().any(|(k, a)| models[..k].iter().any(|b| near(a, b))) {
            return sample;
        }
    }
}

fn nearly_repeated(case: &Case, rng: &mut StdRng) -> Sample {
    let mut sample = (case.draw)(rng);
    let sides = case.sides();
    for k in 0..sides {
        let shift = DVec4::from_array(std::array::from_fn(|_| rng.random_range(-1e-2..1e-2)));
        sample.points[sides + k] = case.masked(k, sample.points[k] + shift);
    }
    sample
}

/// Of the first side.
fn nearly_collinear(case: &Case, rng: &mut StdRng) -> Sample {
    let mut sample = (case.draw)(rng);
    for point in sample.points.iter_mut().step_by(case.sides()) {
        (point.y, point.z) = match case.sides() {
            1 => (0.3 * point.x + 1e-2 * point.y, point.z),
            _ => (0.3 * point.x + 1e-2 * point.y, 0.5 * point.x + 1e-2 * point.z),
        };
    }
    sample
}

fn nearly_planar(case: &Case, rng: &mut StdRng) -> Sample {
    let mut sample = (case.draw)(rng);
    let scene = Scene::planar(rng, sample.points.len());
    let (points1, points2) = (scene.points1(), scene.points2());
    for (point, (p, q)) in sample.points.iter_mut().zip(points1.iter().zip(points2)) {
        let mut noise = || rng.random_range(-1e-2..1e-2);
        *point = DVec4::new(p.x, p.y, q.x + noise(), q.y + noise());
    }
    sample
}

/// All in a fiftieth of the field of view.
fn in_a_corner(case: &Case, rng: &mut StdRng) -> Sample {
    let mut sample = (case.draw)(rng);
    for (k, point) in sample.points.iter_mut().enumerate() {
        *point = case.masked(k, *point * 0.02 + DVec4::new(0.7, 0.6, 0.8, -0.5));
    }
    sample
}

/// Values that break arithmetic.
const WILD: [f64; 10] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e30, -1e30, 1e-30, f64::MAX, f64::MIN_POSITIVE];

/// Tasks with wild values, repeated points, models of no sample and gradients of zero.
pub(crate) fn wild_tasks(case: &Case, count: usize, seed: u64) -> Vec<Task> {
    let mut rng = generator(seed);
    let usual: Vec<Task> = tasks(case, 500, seed);
    (0..count).map(|k| wild_task(case, &usual[k % usual.len()], &mut rng)).collect()
}

fn wild_task(case: &Case, usual: &Task, rng: &mut StdRng) -> Task {
    let Task { mut sample, mut model, mut gradient } = usual.clone();
    let often = [0.0, 0.0, 0.02, 0.3][rng.random_range(0..4)];
    let disturb = |value: &mut f64, rng: &mut StdRng| {
        if rng.random_bool(often) {
            *value = WILD[rng.random_range(0..WILD.len())];
        }
    };
    for k in 0..sample.points.len() {
        let mut point = sample.points[k].to_array();
        point.iter_mut().for_each(|value| disturb(value, rng));
        sample.points[k] = case.masked(k, DVec4::from_array(point));
    }
    sample.weights.iter_mut().for_each(|weight| disturb(weight, rng));
    for rows in [&mut model, &mut gradient] {
        for row in rows {
            let mut entries = row.to_array();
            entries.iter_mut().for_each(|value| disturb(value, rng));
            *row = DVec4::from_array(entries);
        }
    }
    let (last, sides) = (sample.points.len() / case.sides(), case.sides());
    match rng.random_range(0..10) {
        0 => model = random_rows(rng),
        1 => model = [DVec4::ZERO; 3],
        2 => gradient = [DVec4::ZERO; 3],
        3 => sample.points = (0..sample.points.len()).map(|k| sample.points[k % sides]).collect(),
        4 | 5 => {
            let (from, to) = (rng.random_range(0..last), rng.random_range(0..last));
            (0..sides).for_each(|k| sample.points[to * sides + k] = sample.points[from * sides + k]);
        }
        6 => sample.weights.iter_mut().for_each(|weight| *weight = 0.0),
        _ => {}
    }
    Task { sample, model, gradient }
}
