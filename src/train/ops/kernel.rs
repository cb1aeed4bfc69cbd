//! One numeric step on flat arrays of f32, written twice: as a CPU twin and as a shader.

use crate::gpu::Shader;
use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;
use rayon::prelude::*;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

/// A step from arrays to arrays, and the steps that give its gradient; what Burn runs on either backend.
pub(super) trait Kernel: Debug + Send + Sync {
    /// The shapes of the outputs. The gradient is that of the first one.
    fn outputs(&self) -> Vec<Shape>;
    /// The CPU twin; `outputs` have the lengths of their shapes and hold zeros.
    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]);
    /// The shader; it writes every entry of every output.
    fn launch(&self) -> Launch;
    /// The gradients of the first inputs, as many as can have one.
    fn gradients(&self) -> Vec<Gradient> {
        Vec::new()
    }
}

/// A shader with its parameters. Its bindings are those parameters, the inputs, the outputs, all in group 0, unless `order`
/// names some of these, by their places in that list.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) source: Source,
    pub(super) params: Vec<u32>,
    pub(super) workgroups: u32,
    pub(super) order: &'static [usize],
}

impl Launch {
    /// With all buffers bound in their natural order.
    pub(super) fn new(source: impl Into<Source>, params: Vec<u32>, workgroups: u32) -> Self {
        Self { source: source.into(), params, workgroups, order: &[] }
    }
}

/// A shader whose parts are chosen at run time.
#[derive(Clone, Debug)]
pub(in crate::train) struct Source {
    pub(super) name: &'static str,
    pub(super) parts: Vec<&'static str>,
}

impl Source {
    /// The text, with every buffer bound for reading and writing, as CubeCL does.
    pub(super) fn text(&self) -> String {
        self.parts.join("\n").replace("var<storage, read>", "var<storage, read_write>")
    }
}

impl From<Shader<'static>> for Source {
    fn from(Shader { name, parts }: Shader<'static>) -> Self {
        Self { name, parts: parts.to_vec() }
    }
}

/// The gradient of an input: what the kernel makes of the operands and, last, of the gradient of the first output.
#[derive(Clone, Debug)]
pub(super) struct Gradient {
    pub(super) kernel: Arc<dyn Kernel>,
    pub(super) operands: Vec<Operand>,
    /// Where the number of entries of the second output that are not 0 goes.
    pub(super) report: Option<Report>,
}

/// What a backward step reads of its forward step; nothing else is kept until then.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Input(usize),
    Output(usize),
}

type Count = Box<dyn FnOnce() -> usize + Send>;

/// A count that is known once the backward pass has run, and read from the device when it is asked for.
#[derive(Clone, Default)]
pub(super) struct Report(Arc<Mutex<Option<Count>>>);

impl Report {
    pub(super) fn keep<B: Backend>(&self, flags: FloatTensor<B>) {
        let count = move || {
            let data = pollster::block_on(B::float_into_data(flags));
            data.map_or(0, |data| data.iter::<f32>().filter(|flag| *flag != 0.0).count())
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(count));
    }

    /// The count, the first time it is asked for after the backward pass.
    pub(super) fn take(&self) -> Option<usize> {
        let count = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        count.map(|count| count())
    }
}

impl Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Report")
    }
}

/// Invocations of a workgroup in all these shaders.
pub(super) const WORKGROUP: u32 = 64;

/// Calls `body(i, chunk)` for the chunks of so many entries of a row, on all cores.
pub(super) fn each_row<T: Send>(rows: &mut [T], width: usize, body: impl Fn(usize, &mut [T]) + Sync) {
    rows.par_chunks_mut(width.max(1)).enumerate().for_each(|(i, row)| body(i, row));
}

/// The columns of rows one after the other: `widths` entries of each row go to each output.
pub(super) fn split_columns(rows: &[f32], widths: &[usize], outputs: &mut [Vec<f32>]) {
    let width = widths.iter().sum::<usize>().max(1);
    for (i, row) in rows.chunks(width).enumerate() {
        let mut rest = row;
        for (output, &w) in outputs.iter_mut().zip(widths) {
            let (head, tail) = rest.split_at(w);
            output[i * w..(i + 1) * w].copy_from_slice(head);
            rest = tail;
        }
    }
}
