//! The gradient of every minimal solver on the CPU, with random samples of it: what the tests and the table of examples/
//! share.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use crate::minimal::{self, Minimal, Rows, SOLVERS, Solver, matrix_error, matrix_rows, pose_error};
use glam::{DVec2, DVec4};
use nabla_ransac::cpu;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::gpu::Shader;
use nabla_ransac::kernels;
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
        shader: kernels::solve::solve_essential_5pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| exact(&SOLVERS[0], rng),
        solve: |sample| (SOLVERS[0].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve::solve_essential_5pt_backward::solve_essential_5pt_backward, sample, model, gradient)
        },
        distance: pose_error,
    },
    Case {
        name: "fundamental 7-point",
        shader: kernels::solve::solve_fundamental_7pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| exact(&SOLVERS[1], rng),
        solve: |sample| (SOLVERS[1].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve::solve_fundamental_7pt_backward::solve_fundamental_7pt_backward, sample, model, gradient)
        },
        distance: matrix_error,
    },
    Case {
        name: "fundamental 8-point",
        shader: kernels::solve::solve_fundamental_8pt_backward::SHADER,
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
        shader: kernels::solve::solve_fundamental_8pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| {
            let Minimal { points, .. } = minimal::fundamental(rng, WEIGHTED_MATCHES);
            let weights = points.iter().map(|_| rng.random_range(0.2..2.0)).collect();
            with_noise(Sample { points, weights }, rng, 3e-3)
        },
        solve: |sample| {
            let (points1, points2) = views(&sample.points);
            let model =
                cpu::solve::solve_fundamental_8pt::solve_fundamental_8pt(&points1, &points2, Some(&sample.weights));
            model.iter().map(matrix_rows).collect()
        },
        backward: |sample, model, gradient| fundamental_8pt(sample, Some(&sample.weights), model, gradient),
        distance: matrix_error,
    },
    Case {
        name: "homography 4-point",
        shader: kernels::solve::solve_homography_4pt_backward::SHADER,
        lanes: &[4],
        draw: |rng| exact(&SOLVERS[3], rng),
        solve: |sample| (SOLVERS[3].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve::solve_homography_4pt_backward::solve_homography_4pt_backward, sample, model, gradient)
        },
        distance: matrix_error,
    },
    Case {
        name: "pose P3P",
        shader: kernels::solve::solve_pose_p3p_backward::SHADER,
        lanes: &[3, 2],
        draw: |rng| exact(&SOLVERS[4], rng),
        solve: |sample| (SOLVERS[4].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve::solve_pose_p3p_backward::solve_pose_p3p_backward, sample, model, gradient)
        },
        distance: pose_error,
    },
    Case {
        name: "rigid 3-point",
        shader: kernels::solve::solve_rigid_3pt_backward::SHADER,
        lanes: &[3],
        draw: |rng| with_noise(exact(&SOLVERS[5], rng), rng, 1e-2),
        solve: |sample| (SOLVERS[5].twin)(&sample.points),
        backward: |sample, model, gradient| {
            fixed(cpu::solve::solve_rigid_3pt_backward::solve_rigid_3pt_backward, sample, model, gradient)
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

type Backward<const N: usize> = fn(&[[f64; 4]; N], &ModelRows, &ModelRows) -> Option<[[f64; 4]; N]>;

fn fixed<const N: usize>(backward: Backward<N>, sample: &Sample, model: &Rows, gradient: &Rows) -> Option<Sample> {
    let found = backward(&arrays(&sample.points), &rows(model), &rows(gradient))?;
    Some(Sample { points: found.map(DVec4::from_array).to_vec(), weights: vec![] })
}

fn fundamental_8pt(sample: &Sample, weights: Option<&[f64]>, model: &Rows, gradient: &Rows) -> Option<Sample> {
    let points: Vec<_> = sample.points.iter().map(|point| point.to_array()).collect();
    let found = cpu::solve::solve_fundamental_8pt_backward::solve_fundamental_8pt_backward(
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
    pub(crate) fn moved(&self, case: &Case, mut index: usize, step: f64) -> Self {
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

impl Case {
    /// Entries of the points a match.
    pub(crate) fn sides(&self) -> usize {
        if self.lanes == [4] { 1 } else { 2 }
    }

    /// Point k of a sample with zeros where it has no coordinates.
    pub(crate) fn masked(&self, k: usize, point: DVec4) -> DVec4 {
        let lanes = self.lanes[k % self.lanes.len()];
        DVec4::from_array(std::array::from_fn(|lane| if lane < lanes { point[lane] } else { 0.0 }))
    }

    /// Whether a sample can have more than one model.
    pub(crate) fn has_many_models(&self) -> bool {
        ["essential 5-point", "fundamental 7-point", "pose P3P"].contains(&self.name)
    }
}

/// A random ∂L/∂rows.
pub(crate) fn random_rows(rng: &mut StdRng) -> Rows {
    std::array::from_fn(|_| DVec4::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0))))
}

/// A model of a sample with a gradient of the loss by its rows.
#[derive(Clone)]
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
