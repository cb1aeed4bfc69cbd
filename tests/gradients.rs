//! The gradients of the minimal solvers agree with central differences of the solvers, in f64, and nothing that is not
//! finite leaves them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking")]

#[path = "common/gradients.rs"]
mod gradients;
#[path = "common/minimal.rs"]
mod minimal;

use gradients::{ADVERSARIAL, CASES, measure};

#[test]
fn gradients_agree_with_central_differences() {
    for case in &CASES {
        let mut found = measure(case, 1000, 11, case.draw);
        let [median, most, nearly_all, largest] = found.summary();
        println!(
            "{:22} {:5} {} {} {median:.1e} {most:.1e} {nearly_all:.1e} {largest:.1e}",
            case.name,
            found.errors.len(),
            found.dropped,
            found.unsteady
        );
    }
}

#[test]
fn gradients_of_nearly_degenerate_samples_agree_too() {
    for case in &CASES {
        for (kind, draw) in ADVERSARIAL {
            if kind == "near-double root" && !case.has_many_models() {
                continue;
            }
            if kind == "nearly on a plane" && case.sides() == 2 {
                continue;
            }
            let mut found = measure(case, 300, 12, |rng| draw(case, rng));
            let [median, most, nearly_all, largest] = found.summary();
            println!(
                "{:22} {kind:25} {:5} {} {} {median:.1e} {most:.1e} {nearly_all:.1e} {largest:.1e}",
                case.name,
                found.errors.len(),
                found.dropped,
                found.unsteady
            );
        }
    }
}
