//! What the launchers of the weighted fits share: one invocation a fit, buffers as in `shaders/shared/solver/fit_ranges`.

use super::solver::{SolverBuffers, WORKGROUP};
use crate::gpu::{Context, Kernel, Shader};

/// A weighted fit of any number of matches with the buffers it works on.
#[derive(Clone, Debug)]
pub struct FitKernel {
    kernel: Kernel,
    bindings: wgpu::BindGroup,
}

/// The buffers of `n` fits.
#[derive(Clone, Copy, Debug)]
pub struct FitBuffers<'a> {
    /// As for a solver of at most one model, with all matches of all fits as points.
    pub solver: SolverBuffers<'a>,
    /// f32, one a match: at least 0.
    pub weights: &'a wgpu::Buffer,
    /// 2 u32 a fit: its first match, and how many.
    pub ranges: &'a wgpu::Buffer,
}

impl FitKernel {
    /// Compiles the fit's shader and binds its buffers.
    pub fn new(context: &Context, shader: &Shader<'_>, buffers: FitBuffers<'_>) -> Self {
        let kernel = Kernel::new(context, shader);
        let FitBuffers { solver: SolverBuffers { params, points, models, model_counts }, weights, ranges } = buffers;
        let bindings = kernel.bind(context, &[params, points, models, model_counts, weights, ranges]);
        Self { kernel, bindings }
    }

    /// Makes so many fits at most; the first of `params` says how many there are.
    pub fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, fits: u32) {
        self.kernel.dispatch(pass, &self.bindings, fits.div_ceil(WORKGROUP));
    }
}
