//! The gradients of the minimal solvers on the GPU agree with those of the CPU twins. Needs a Vulkan, Metal or DX12 adapter;
//! a software one will do (apt-get install mesa-vulkan-drivers).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking")]

#[path = "common/gradient_errors.rs"]
mod gradient_errors;
#[path = "common/gradient_gpu.rs"]
mod gradient_gpu;
#[path = "common/gradient_inputs.rs"]
mod gradient_inputs;
#[path = "common/gradients.rs"]
mod gradients;
#[path = "common/minimal.rs"]
mod minimal;

use gradient_gpu::{measure_gpu, on_gpu};
use gradient_inputs::wild_tasks;
use gradients::{CASES, tasks};
use nabla_ransac::gpu::Context;

fn context() -> Context {
    Context::request_blocking(true).expect("a GPU adapter, software ones included: apt-get install mesa-vulkan-drivers")
}

#[test]
fn f32_gradients_agree_with_the_twin() {
    let context = context();
    for case in &CASES {
        let tasks = tasks(case, 2000, 21);
        let (mut found, disagreeing) = measure_gpu(&context, case, &tasks, &tasks);
        println!("{:22} {}", case.name, found.row());
        let limits = [1e-4, 1e-3, 1e-2, 1e-1];
        let holds = found.summary().iter().zip(limits).all(|(error, limit)| *error < limit);
        assert!(holds, "{}: {} above {limits:?}", case.name, found.row());
        // Only what lies at the limit of the condition number.
        assert!(500 * disagreeing <= tasks.len(), "{}: {disagreeing} dropped by one of the two", case.name);
        assert!(10 * found.errors.len() > 9 * tasks.len(), "{}", case.name);
    }
}

#[test]
fn wild_input_gives_finite_gradients_or_zero_and_a_flag() {
    let context = context();
    for case in &CASES {
        let tasks = wild_tasks(case, 100_000, 22);
        // Checks each one itself.
        let usable = on_gpu(&context, case, &tasks).iter().flatten().count();
        println!("{}: {usable} usable", case.name);
        assert!((20_000..80_000).contains(&usable), "{}: {usable} usable", case.name);
    }
}
