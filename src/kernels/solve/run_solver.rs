//! Minimal solvers and fits run on matches from the CPU, with their models read back: for tests and measurements.

use super::fit::{FitBuffers, FitKernel};
use super::solver::{SolverBuffers, SolverKernel};
use crate::Result;
use crate::gpu::{Context, Shader, TypedBuffer};

/// A model as the shaders write it: three rows of four.
pub type Rows = [[f32; 4]; 3];

/// The models of each sample; blocks.
///
/// `points` has `vec4s_per_sample` entries a sample, as `shaders/shared/solver/solver` lays them out; `most_models` is what
/// one sample gives at most.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device).
pub fn run_solver(
    context: &Context,
    shader: &Shader<'_>,
    points: &[[f32; 4]],
    vec4s_per_sample: usize,
    most_models: usize,
) -> Result<Vec<Vec<Rows>>> {
    let samples = points.len() / vec4s_per_sample.max(1);
    let storage = Storage::new(context, points, samples, most_models);
    context.catch_blocking(|| {
        let kernel = SolverKernel::new(context, shader, storage.buffers());
        submit(context, |pass| kernel.dispatch(pass, samples as u32));
    })?;
    storage.read(context, most_models)
}

/// The model of each fit, where there is one; blocks.
///
/// `points` holds the matches of all fits as `shaders/shared/solver/solver` lays them out, `weights` one weight a match, `ranges`
/// the first match of each fit and how many.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device).
pub fn run_fit(
    context: &Context,
    shader: &Shader<'_>,
    points: &[[f32; 4]],
    weights: &[f32],
    ranges: &[[u32; 2]],
) -> Result<Vec<Option<Rows>>> {
    let storage = Storage::new(context, points, ranges.len(), 1);
    let weights = TypedBuffer::from_slice(context, "weights", weights);
    let range_buffer = TypedBuffer::from_slice(context, "ranges", ranges);
    context.catch_blocking(|| {
        let buffers = FitBuffers { solver: storage.buffers(), weights: &weights, ranges: &range_buffer };
        let kernel = FitKernel::new(context, shader, buffers);
        submit(context, |pass| kernel.dispatch(pass, ranges.len() as u32));
    })?;
    Ok(storage.read(context, 1)?.into_iter().map(|models| models.first().copied()).collect())
}

struct Storage {
    params: TypedBuffer<u32>,
    points: TypedBuffer<[f32; 4]>,
    models: TypedBuffer<Rows>,
    counts: TypedBuffer<u32>,
}

impl Storage {
    fn new(context: &Context, points: &[[f32; 4]], samples: usize, most_models: usize) -> Self {
        Self {
            params: TypedBuffer::from_slice(context, "params", &[samples as u32]),
            points: TypedBuffer::from_slice(context, "points", points),
            models: TypedBuffer::new(context, "models", samples * most_models),
            counts: TypedBuffer::new(context, "model counts", samples),
        }
    }

    fn buffers(&self) -> SolverBuffers<'_> {
        SolverBuffers { params: &self.params, points: &self.points, models: &self.models, model_counts: &self.counts }
    }

    fn read(&self, context: &Context, most_models: usize) -> Result<Vec<Vec<Rows>>> {
        let models = self.models.read_blocking(context)?;
        let counts = self.counts.read_blocking(context)?;
        let taken = |(slots, count): (&[Rows], u32)| slots[..most_models.min(count as usize)].to_vec();
        Ok(models.chunks(most_models.max(1)).zip(counts).map(taken).collect())
    }
}

fn submit(context: &Context, encode: impl FnOnce(&mut wgpu::ComputePass<'_>)) {
    let mut encoder = context.encoder("run solver");
    encode(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
    context.queue().submit([encoder.finish()]);
}
