//! The gradients of the minimal solvers on the GPU agree with those of the CPU twins. Needs a Vulkan, Metal or DX12 adapter;
//! a software one will do (apt-get install mesa-vulkan-drivers).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/gradients.rs"]
mod gradients;
#[path = "common/minimal.rs"]
mod minimal;

use gradients::{CASES, measure_gpu, tasks};
use nabla_ransac::gpu::Context;

fn context() -> Context {
    Context::request_blocking(true).expect("a GPU adapter, software ones included: apt-get install mesa-vulkan-drivers")
}

#[test]
fn f32_gradients_agree_with_the_twin() {
    let context = context();
    for case in &CASES {
        let tasks = tasks(case, 3000, 21);
        let (mut found, disagreeing) = measure_gpu(&context, case, &tasks);
        let [median, most, nearly_all, largest] = found.summary();
        println!(
            "{:22} {:5} dropped {} disagree {disagreeing}  {median:.1e} {most:.1e} {nearly_all:.1e} {largest:.1e}",
            case.name,
            found.errors.len(),
            found.dropped
        );
    }
}
