//! A minimal solver run on samples from the CPU, with its models read back: for tests and measurements.

use super::solver::{SolverBuffers, SolverKernel};
use crate::Result;
use crate::gpu::{Context, Shader, TypedBuffer};

/// A model as the shaders write it: three rows of four.
pub type Rows = [[f32; 4]; 3];

/// The models of each sample; blocks.
///
/// `points` has `vec4s_per_sample` entries a sample, as `shaders/shared/solver` lays them out; `most_models` is what
/// one sample gives at most.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device).
pub fn run_solver(
    context: &Context,
    shader: &Shader,
    points: &[[f32; 4]],
    vec4s_per_sample: usize,
    most_models: usize,
) -> Result<Vec<Vec<Rows>>> {
    let hypotheses = points.len() / vec4s_per_sample.max(1);
    let params = TypedBuffer::from_slice(context, "params", &[hypotheses as u32]);
    let points = TypedBuffer::from_slice(context, "points", points);
    let models = TypedBuffer::<Rows>::new(context, "models", hypotheses * most_models);
    let counts = TypedBuffer::<u32>::new(context, "model counts", hypotheses);
    context.catch_blocking(|| {
        let buffers = SolverBuffers { params: &params, points: &points, models: &models, model_counts: &counts };
        let kernel = SolverKernel::new(context, shader, buffers);
        let mut encoder = context.encoder(shader.name);
        kernel.dispatch(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()), hypotheses as u32);
        context.queue().submit([encoder.finish()]);
    })?;
    let models = models.read_blocking(context)?;
    let counts = counts.read_blocking(context)?;
    let taken = |(slots, count): (&[Rows], u32)| slots[..most_models.min(count as usize)].to_vec();
    Ok(models.chunks(most_models.max(1)).zip(counts).map(taken).collect())
}
