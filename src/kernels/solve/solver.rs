//! What the launchers of all minimal solvers share: buffers as in `shaders/shared/solver/solver`.

use crate::constants::SAMPLES_A_WORKGROUP;
use crate::gpu::{Context, Kernel, Shader};

/// Invocations of a workgroup of the solvers, and of their gradients, that take an invocation a hypothesis.
pub const WORKGROUP: u32 = 64;

/// A minimal solver with the buffers it works on.
#[derive(Clone, Debug)]
pub struct SolverKernel {
    kernel: Kernel,
    bindings: wgpu::BindGroup,
    hypotheses_a_workgroup: u32,
}

/// The buffers of a solver; sizes in elements for `n` hypotheses.
#[derive(Clone, Copy, Debug)]
pub struct SolverBuffers<'a> {
    /// u32, at least one: how many hypotheses there are to solve.
    pub params: &'a wgpu::Buffer,
    /// `vec4<f32>`, n × sample size × 1 (two views) or 2 (3-D points): normalised samples.
    pub points: &'a wgpu::Buffer,
    /// `vec4<f32>`, n × most solutions × 3: the rows of the models.
    pub models: &'a wgpu::Buffer,
    /// u32, n: valid models of each hypothesis, the first ones.
    pub model_counts: &'a wgpu::Buffer,
}

impl SolverKernel {
    /// Compiles the solver's shader and binds its buffers.
    pub fn new(context: &Context, shader: &Shader, buffers: SolverBuffers<'_>) -> Self {
        let kernel = Kernel::new(context, shader);
        let SolverBuffers { params, points, models, model_counts } = buffers;
        let bindings = kernel.bind(context, &[params, points, models, model_counts]);
        Self { kernel, bindings, hypotheses_a_workgroup: hypotheses_a_workgroup(shader) }
    }

    /// Solves so many hypotheses at most; the first of `params` says how many there are.
    pub fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, hypotheses: u32) {
        self.kernel.dispatch(pass, &self.bindings, hypotheses.div_ceil(self.hypotheses_a_workgroup));
    }
}

/// Hypotheses that one workgroup of a minimal solver takes.
pub fn hypotheses_a_workgroup(shader: &Shader<'_>) -> u32 {
    if shader.name == super::solve_essential_5pt::SHADER.name { SAMPLES_A_WORKGROUP } else { WORKGROUP }
}

/// The minimal solver of a kind of models.
pub const fn shader(kind: crate::ModelKind) -> Shader<'static> {
    use crate::ModelKind::{Essential, Fundamental, Homography, Pose, Rigid};
    match kind {
        Essential => super::solve_essential_5pt::SHADER,
        Fundamental => super::solve_fundamental_7pt::SHADER,
        Homography => super::solve_homography_4pt::SHADER,
        Pose => super::solve_pose_p3p::SHADER,
        Rigid => super::solve_rigid_3pt::SHADER,
    }
}
