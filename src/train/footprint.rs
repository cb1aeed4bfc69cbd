//! What a part of a step takes of a device's memory, and how a step is split so that it fits.

use super::ops::Solver;
use crate::network::{Architecture, NetworkConfig};
use crate::{Error, Result};
use burn::backend::{BackendTensor, DispatchTensorKind};
use burn::tensor::{Device, Tensor};
use std::ops::Range;

/// Bytes that a device has, or that a step needs of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The largest buffer.
    pub buffer: u64,
    /// All buffers together.
    pub total: u64,
}

impl Memory {
    /// No limit.
    pub const UNLIMITED: Self = Self { buffer: u64::MAX, total: u64::MAX };

    /// What the device says it has: of a GPU the largest buffer that a shader can be given, and its memory where the driver
    /// tells. A CPU has no limit.
    pub fn of_device(device: &Device) -> Self {
        match Tensor::<1>::zeros([1], device).into_dispatch().kind {
            DispatchTensorKind::Cube(BackendTensor::Float(tensor)) => {
                let memory = &tensor.client.properties().memory;
                Self { buffer: memory.max_page_size, total: memory.max_memory().unwrap_or(u64::MAX) }
            }
            _ => Self::UNLIMITED,
        }
    }

    const fn holds(&self, needed: &Self) -> bool {
        needed.buffer <= self.buffer && needed.total <= self.total
    }
}

/// What takes memory in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Workload {
    pub(super) network: NetworkConfig,
    /// The solver and the hypotheses of a pair; of the initialisation none.
    pub(super) sampled: Option<(Solver, usize)>,
}

/// Numbers of a match and channel that training keeps of a block, and that pass by besides.
const KEPT: [usize; 2] = [12, 12];
/// The same of a residual block of CLNet, whose batch norm is made of Burn's operations.
const KEPT_CLNET: [usize; 2] = [24, 24];
/// Arrays of the size of the largest ones that pass by.
const PASSING: usize = 4;

impl Workload {
    /// Of pairs with so many matches together; of the total an estimate, on the safe side.
    pub(super) fn needs(&self, pairs: usize, matches: usize) -> Memory {
        let NetworkConfig { channels, blocks, neighbours, architecture, .. } = self.network;
        let (largest, [kept, passing], blocks) = match architecture {
            Architecture::Neighbours => ((neighbours * self.network.edges()).max(2 * channels), KEPT, blocks),
            // the products of all neighbours; blocks before and after them, and a last one
            Architecture::Clnet => (neighbours * channels, KEPT_CLNET, 2 * blocks + 1),
        };
        let largest = largest.max(self.network.inputs());
        let of_match = (kept * blocks + passing) * channels + PASSING * largest;
        let (models, drawn) = self.sampled.map_or((0, 0), |(solver, hypotheses)| {
            let samples = pairs * hypotheses;
            (samples * 12 * solver.max_solutions(), samples * 8 * solver.sample_size())
        });
        let bytes = |numbers: usize| 4 * numbers as u64;
        Memory {
            buffer: bytes((matches * largest).max(models).max(drawn)),
            total: bytes(matches * of_match + PASSING * (models + drawn)),
        }
    }

    /// The pairs of a step, by their numbers of matches, in parts of at most so many pairs that fit each.
    ///
    /// # Errors
    /// [`Error::DeviceTooSmall`] for a pair that does not fit alone.
    pub(super) fn parts(&self, matches: &[usize], most: usize, device: &Memory) -> Result<Vec<Range<usize>>> {
        let mut parts = Vec::new();
        let mut start = 0;
        while start < matches.len() {
            let fits = |end: &usize| device.holds(&self.needs(end - start, matches[start..*end].iter().sum()));
            let last = matches.len().min(start + most.max(1));
            let Some(end) = (start + 1..=last).take_while(fits).last() else {
                return Err(self.too_small(matches[start], device));
            };
            parts.push(start..end);
            start = end;
        }
        Ok(parts)
    }

    /// Where a device could not take a step in these parts: less memory than its largest part of more than one pair needs, namely
    /// half of it, or what its largest pair needs. `None` where every part is a pair.
    pub(super) fn less_than(&self, parts: &[Range<usize>], matches: &[usize]) -> Option<u64> {
        let needed = |part: &Range<usize>| self.needs(part.len(), matches[part.clone()].iter().sum()).total;
        let largest = parts.iter().filter(|part| part.len() > 1).max_by_key(|part| needed(part))?;
        let alone = matches[largest.clone()].iter().map(|&matches| self.needs(1, matches).total).max()?;
        Some(alone.max(needed(largest) / 2).min(needed(largest) - 1))
    }

    /// The error of a pair that does not fit, with what would.
    fn too_small(&self, matches: usize, device: &Memory) -> Error {
        let hypotheses = self.sampled.map_or(0, |(_, hypotheses)| hypotheses);
        let with_hypotheses = |hypotheses| Self { sampled: self.sampled.map(|(s, _)| (s, hypotheses)), ..*self };
        Error::DeviceTooSmall {
            matches,
            hypotheses,
            needed: self.needs(1, matches).total,
            available: device.total,
            buffer_needed: self.needs(1, matches).buffer,
            buffer_available: device.buffer,
            most_matches: most(matches, |matches| device.holds(&self.needs(1, matches))),
            most_hypotheses: most(hypotheses, |count| device.holds(&with_hypotheses(count).needs(1, matches))),
        }
    }
}

/// The largest number up to `limit` that fits; 0 where none does.
fn most(limit: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, limit);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}
