//! The gradients of the minimal solvers agree with central differences of the solvers, in f64, and nothing that is not
//! finite leaves them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking")]

#[path = "common/gradient_errors.rs"]
mod gradient_errors;
#[path = "common/gradient_inputs.rs"]
mod gradient_inputs;
#[path = "common/gradients.rs"]
mod gradients;
#[path = "common/minimal.rs"]
mod minimal;

use glam::DVec4;
use gradient_errors::{Distribution, measure};
use gradient_inputs::{ADVERSARIES, wild_tasks};
use gradients::{CASES, random_rows};
use nabla_ransac::data::synthetic::problems::generator;

/// Median, 90 %, 99 % and largest relative error stay below the limits.
fn assert_errors(name: &str, found: &mut Distribution, limits: [f64; 4]) {
    println!("{name:48} {}", found.row());
    let holds = found.summary().iter().zip(limits).all(|(error, limit)| *error < limit);
    assert!(holds || found.errors.is_empty(), "{name}: {} above {limits:?}", found.row());
}

#[test]
fn gradients_agree_with_central_differences() {
    for case in &CASES {
        let mut found = measure(case, 1000, 11, case.draw);
        assert_errors(case.name, &mut found, [1e-7, 1e-6, 1e-5, 1e-4]);
        let models = found.errors.len() + found.dropped + found.unsteady;
        assert!(found.errors.len() >= 900, "{}", case.name);
        assert!(20 * found.dropped < models && 20 * found.unsteady < models, "{}", case.name);
    }
}

#[test]
fn gradients_of_nearly_degenerate_samples_agree_too() {
    for adversary in &ADVERSARIES {
        let mut compared = 0;
        for case in CASES.iter().filter(|case| (adversary.concerns)(case)) {
            let mut found = measure(case, 120, 12, |rng| (adversary.draw)(case, rng));
            assert_errors(&format!("{}, {}", case.name, adversary.name), &mut found, [1e-6, 1e-5, 1e-4, 1e-3]);
            compared += found.errors.len();
        }
        assert!(compared > 300, "{}", adversary.name);
    }
}

#[test]
fn wild_input_gives_finite_gradients_or_none() {
    for case in &CASES {
        let mut usable = 0;
        for task in wild_tasks(case, 100_000, 13) {
            let Some(found) = (case.backward)(&task.sample, &task.model, &task.gradient) else { continue };
            let values = found.values(case);
            assert!(values.iter().all(|x| x.is_finite()), "{}: {:?}", case.name, task.sample);
            let is_zero = task.gradient == [DVec4::ZERO; 3];
            assert!(!is_zero || values.iter().all(|&x| x == 0.0), "{}: a gradient from nothing", case.name);
            usable += 1;
        }
        println!("{}: {usable} usable", case.name);
        assert!((20_000..80_000).contains(&usable), "{}: {usable} usable", case.name);
    }
}

#[test]
fn repeated_matches_have_no_gradient() {
    // The fit of twelve matches is determined by eleven as well.
    for case in CASES.iter().filter(|case| case.name != "fundamental weighted") {
        let mut rng = generator(14);
        for _ in 0..50 {
            let mut sample = (case.draw)(&mut rng);
            let models = (case.solve)(&sample);
            let sides = case.sides();
            (0..sides).for_each(|k| sample.points[sides + k] = sample.points[k]);
            for model in models {
                assert!((case.backward)(&sample, &model, &random_rows(&mut rng)).is_none(), "{}", case.name);
            }
        }
    }
}
