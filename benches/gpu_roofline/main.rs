//! What each shader asks of a card, known ahead of any run: `cargo bench --bench gpu_roofline [-- MODEL]`. Floating-point operations
//! loop by loop as the text has them, and what the driver's compiler makes of it: registers, spills, workgroup memory, code. Mesa's RADV
//! compiles without a card: RADV_FORCE_FAMILY=gfx1100 VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/radeon_icd.x86_64.json.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

mod compiler;
mod flops;
mod trips;

use compiler::Compiler;
use nabla_ransac::gpu::Shader;
use nabla_ransac::kernels::{RANK_SHADERS, Variant, solve::solver, stage_texts};
use nabla_ransac::{ModelKind, Options};
use naga::valid::{Capabilities, ValidationFlags, Validator};

fn main() {
    // as `cargo test` runs every bench
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let name = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let name = name.as_deref().unwrap_or("essential");
    let kind = ModelKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
    let options = Options::default();
    let stages = stage_texts(Variant { kind, residual: options.residual, score: options.score });
    let stages = stages.iter().map(|(name, parts)| Shader { name, parts });
    let shaders: Vec<_> = stages.chain([solver::shader(kind)]).chain(RANK_SHADERS).collect();

    println!(
        "## Floating-point operations, {name}\n\n| shader | an invocation, and each pass of its loops |\n|---|---|"
    );
    for shader in &shaders {
        println!("| {} | {} |", shader.name, flops::of(&parse(shader)));
    }
    trips::print(kind);
    let compiler = match Compiler::new() {
        Ok(compiler) => compiler,
        Err(why) => return println!("\nNo statistics of a compiler: {why}"),
    };
    println!("\n## {}\n", compiler.name());
    for (place, shader) in shaders.iter().enumerate() {
        let statistics = compiler.statistics(parse(shader));
        let column = |k: usize| statistics.iter().map(|one| one[k].as_str()).collect::<Vec<_>>().join(" | ");
        if place == 0 {
            println!("| shader | {} |\n|---|{}", column(0), "---:|".repeat(statistics.len()));
        }
        println!("| {} | {} |", shader.name, column(1));
    }
}

fn parse(shader: &Shader<'_>) -> (naga::Module, naga::valid::ModuleInfo) {
    let module = naga::front::wgsl::parse_str(&shader.source()).unwrap();
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module).unwrap();
    (module, info)
}
