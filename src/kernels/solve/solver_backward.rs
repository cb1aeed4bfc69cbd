//! What the launchers of the gradients of all minimal solvers share: one invocation a hypothesis, buffers as in
//! `shaders/shared/solver/solver_backward`.

use super::{run_solver::Rows, solver::WORKGROUP};
use crate::Result;
use crate::gpu::{Context, Kernel, Shader, TypedBuffer};

/// The gradient of a minimal solver with the buffers it works on.
#[derive(Clone, Debug)]
pub struct SolverBackwardKernel {
    kernel: Kernel,
    bindings: wgpu::BindGroup,
}

/// The buffers of a solver's gradient; sizes in elements for `n` hypotheses.
#[derive(Clone, Copy, Debug)]
pub struct SolverBackwardBuffers<'a> {
    /// u32, at least one: how many hypotheses there are. Of a weighted fit also the first match of each hypothesis and how
    /// many: 1 + 2n.
    pub params: &'a wgpu::Buffer,
    /// `vec4<f32>`, n × sample size × 1 (two views) or 2 (3-D points): normalised samples; of a weighted fit the matches of
    /// all.
    pub points: &'a wgpu::Buffer,
    /// `vec4<f32>`, n × 3: the rows of one model of each.
    pub models: &'a wgpu::Buffer,
    /// `vec4<f32>`, n × 3: the gradient of the loss by these rows.
    pub model_gradients: &'a wgpu::Buffer,
    /// `vec4<f32>`, as `points`: the gradient of the loss by them; zero where there is no usable one.
    pub point_gradients: &'a wgpu::Buffer,
    /// u32, n: 1 where the gradient is usable, 0 where the sample is ill-conditioned or something is not finite.
    pub usable: &'a wgpu::Buffer,
    /// Of a weighted fit: f32 one a match, the weights and the gradient of the loss by them.
    pub weights: Option<[&'a wgpu::Buffer; 2]>,
}

impl SolverBackwardKernel {
    /// Compiles the shader and binds its buffers.
    pub fn new(context: &Context, shader: &Shader<'_>, buffers: SolverBackwardBuffers<'_>) -> Self {
        let kernel = Kernel::new(context, shader);
        let SolverBackwardBuffers { params, points, models, model_gradients, point_gradients, usable, weights } =
            buffers;
        let mut bound = vec![params, points, models, model_gradients, point_gradients, usable];
        bound.extend(weights.into_iter().flatten());
        let bindings = kernel.bind(context, &bound);
        Self { kernel, bindings }
    }

    /// Takes the gradients of so many hypotheses at most; the first of `params` says how many there are.
    pub fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, hypotheses: u32) {
        self.kernel.dispatch(pass, &self.bindings, hypotheses.div_ceil(WORKGROUP));
    }
}

/// Samples with one model each and the gradient of a loss by its rows, on the CPU.
#[derive(Clone, Copy, Debug)]
pub struct BackwardInput<'a> {
    /// As in [`SolverBackwardBuffers`].
    pub points: &'a [[f32; 4]],
    /// One a hypothesis.
    pub models: &'a [Rows],
    /// One a hypothesis.
    pub model_gradients: &'a [Rows],
    /// Of a weighted fit: a weight a match, and the first match of each hypothesis and how many.
    pub weighted: Option<(&'a [f32], &'a [[u32; 2]])>,
}

/// The gradients that came back, as in [`SolverBackwardBuffers`].
#[derive(Clone, Debug)]
pub struct BackwardOutput {
    /// As the points.
    pub points: Vec<[f32; 4]>,
    /// As the weights; empty without.
    pub weights: Vec<f32>,
    /// One a hypothesis.
    pub usable: Vec<bool>,
}

/// Runs the gradient of a solver on samples from the CPU, for tests and measurements; blocks. What the shader does not
/// write comes back as −12345.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device).
pub fn run_backward(context: &Context, shader: &Shader<'_>, input: BackwardInput<'_>) -> Result<BackwardOutput> {
    const UNWRITTEN: f32 = -12345.0;
    let count = input.models.len();
    let (weights, ranges) = input.weighted.unwrap_or_default();
    let mut params = vec![count as u32];
    params.extend(ranges.iter().flatten());
    let params = TypedBuffer::from_slice(context, "params", &params);
    let points = TypedBuffer::from_slice(context, "points", input.points);
    let models = TypedBuffer::from_slice(context, "models", input.models);
    let model_gradients = TypedBuffer::from_slice(context, "model gradients", input.model_gradients);
    let point_gradients =
        TypedBuffer::from_slice(context, "point gradients", &vec![[UNWRITTEN; 4]; input.points.len()]);
    let usable = TypedBuffer::from_slice(context, "usable", &vec![2u32; count]);
    let weight_buffer = TypedBuffer::from_slice(context, "weights", weights);
    let weight_gradients = TypedBuffer::from_slice(context, "weight gradients", &vec![UNWRITTEN; weights.len()]);
    context.catch_blocking(|| {
        let buffers = SolverBackwardBuffers {
            params: &params,
            points: &points,
            models: &models,
            model_gradients: &model_gradients,
            point_gradients: &point_gradients,
            usable: &usable,
            weights: input.weighted.map(|_| [&*weight_buffer, &*weight_gradients]),
        };
        let kernel = SolverBackwardKernel::new(context, shader, buffers);
        let mut encoder = context.encoder("solver gradients");
        kernel.dispatch(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()), count as u32);
        context.queue().submit([encoder.finish()]);
    })?;
    Ok(BackwardOutput {
        points: point_gradients.read_blocking(context)?,
        weights: weight_gradients.read_blocking(context)?,
        usable: usable.read_blocking(context)?.into_iter().map(|flag| flag == 1).collect(),
    })
}
