//! What a map recalls at cells. Twin: [`cpu::attend_memory`](crate::cpu::train::attend_memory).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Operand, WORKGROUP};
use crate::constants::{self, MEMORY_COLUMNS, QUERY_COLUMNS};
use crate::cpu::train::attend_memory::{Attended, AttendedMemory, MemoryRow};
use crate::gpu::{Shader, shader_part};
use crate::{Error, Result};
use burn::tensor::{Shape, Tensor};
use rayon::prelude::*;
use std::sync::Arc;

/// The points of the scene that a map's memory recalls at queries \[B, [`QUERY_COLUMNS`]\], with their spreads, as \[B, 4\].
///
/// A row of the memory \[M, [`MEMORY_COLUMNS`]\] is a key, its bias and its point: the shares of the points are the softmax of
/// query · key + bias. Queries are taken as they are; those of a map have length 1. The gradient reaches queries and memory; that
/// of queries that are not finite is 0, as are their point and spread. There is never a table of queries × keys.
///
/// # Errors
/// [`Error::LengthMismatch`] for queries or rows of another length; [`Error::BadOption`] for a memory without rows.
pub fn attend_memory(queries: Tensor<2>, memory: Tensor<2>) -> Result<Tensor<2>> {
    let ([cells, columns], [keys, entries]) = (queries.dims(), memory.dims());
    for (what, expected, found) in
        [("numbers of a query", QUERY_COLUMNS, columns), ("numbers of a memory's row", MEMORY_COLUMNS, entries)]
    {
        if found != expected as usize {
            return Err(Error::LengthMismatch { what, expected: expected as usize, found });
        }
    }
    if keys == 0 {
        return Err(Error::BadOption { name: "memory", expected: "at least one row", found: "none".to_owned() });
    }
    let inputs = vec![queries.into_dispatch(), memory.into_dispatch()];
    Ok(Tensor::from_dispatch(run(AttendMemory { cells, keys }, inputs)?.swap_remove(0)))
}

/// Queries and memory → points with spreads, and ln Σ exp of the logits.
#[derive(Clone, Copy, Debug)]
struct AttendMemory {
    cells: usize,
    keys: usize,
}

const QUERY: usize = QUERY_COLUMNS as usize;
/// Queries that a thread takes at a time.
const CHUNK: usize = 64;

impl AttendMemory {
    fn launch_of(self, shader: Shader<'static>, workgroups: usize) -> Launch {
        Launch::new(shader, vec![self.cells as u32, self.keys as u32], workgroups as u32)
    }

    fn gradient(self, by: By) -> Gradient {
        let operands = vec![Operand::Input(0), Operand::Input(1), Operand::Output(0), Operand::Output(1)];
        Gradient { kernel: Arc::new(AttendMemoryBackward { forward: self, by }), operands, report: None }
    }
}

impl Kernel for AttendMemory {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.cells, 4]), Shape::from([self.cells])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let memory = AttendedMemory::new(rows(inputs[1]));
        let found: Vec<_> =
            inputs[0].par_chunks(CHUNK * QUERY).flat_map_iter(|queries| memory.attend(queries)).collect();
        let [attended, log_sums] = outputs else { return };
        for ((attended, log_sum), (row, of_row)) in attended.as_chunks_mut().0.iter_mut().zip(log_sums).zip(found) {
            (*attended, *log_sum) = (row, of_row);
        }
    }

    fn launch(&self) -> Launch {
        self.launch_of(FORWARD, self.cells)
    }

    fn gradients(&self) -> Vec<Gradient> {
        vec![self.gradient(By::Queries), self.gradient(By::Memory)]
    }
}

/// Which gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Queries,
    Memory,
}

/// Queries, memory, points with spreads, ln Σ exp, and the gradient by the points and spreads → that by the queries or the memory.
#[derive(Debug)]
struct AttendMemoryBackward {
    forward: AttendMemory,
    by: By,
}

impl Kernel for AttendMemoryBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![match self.by {
            By::Queries => Shape::from([self.forward.cells, QUERY]),
            By::Memory => Shape::from([self.forward.keys, MEMORY_COLUMNS as usize]),
        }]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let &[queries, memory, attended, log_sums, by_attended] = inputs else { return };
        let memory = AttendedMemory::new(rows(memory));
        let (attended, by_attended): (&[Attended], &[Attended]) = (attended.as_chunks().0, by_attended.as_chunks().0);
        let chunks = |size: usize| {
            let queries = queries.par_chunks(size * QUERY).zip(attended.par_chunks(size));
            queries.zip(log_sums.par_chunks(size).zip(by_attended.par_chunks(size)))
        };
        match self.by {
            By::Queries => {
                let out = outputs[0].par_chunks_mut(CHUNK * QUERY);
                chunks(CHUNK).zip(out).for_each(|(((queries, attended), (log_sums, by_attended)), out)| {
                    memory.by_queries(queries, attended, log_sums, by_attended, out);
                });
            }
            By::Memory => {
                // a fixed number of sums, so that the result does not depend on the threads
                let size = self.forward.cells.div_ceil(SUMS).max(1);
                let sums = chunks(size).map(|((queries, attended), (log_sums, by_attended))| {
                    let mut sum = vec![[0.0; MEMORY_COLUMNS as usize]; self.forward.keys];
                    memory.by_memory(queries, attended, log_sums, by_attended, &mut sum);
                    sum
                });
                for sum in sums.collect::<Vec<_>>() {
                    outputs[0].iter_mut().zip(sum.as_flattened()).for_each(|(out, x)| *out += x);
                }
            }
        }
    }

    fn launch(&self) -> Launch {
        match self.by {
            By::Queries => self.forward.launch_of(BY_QUERIES, self.forward.cells),
            By::Memory => self.forward.launch_of(BY_MEMORY, self.forward.keys.div_ceil(WORKGROUP as usize)),
        }
    }
}

/// Parts that the gradient by the memory is summed up in.
const SUMS: usize = 4;

fn rows(memory: &[f32]) -> &[MemoryRow] {
    memory.as_chunks().0
}

/// A query a workgroup.
pub(super) const FORWARD: Shader = Shader {
    name: "attend_memory",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/memory"),
        shader_part!("shared/algebra/workgroup_sum"),
        shader_part!("train/attend_memory"),
    ],
};

/// The same.
pub(super) const BY_QUERIES: Shader = Shader {
    name: "attend_memory_queries_backward",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/memory"),
        shader_part!("shared/algebra/workgroup_sum"),
        shader_part!("train/attend_memory_queries_backward"),
    ],
};

/// A key an invocation.
pub(super) const BY_MEMORY: Shader = Shader {
    name: "attend_memory_rows_backward",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/memory"),
        shader_part!("train/attend_memory_rows_backward"),
    ],
};
