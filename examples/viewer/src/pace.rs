//! How long frames and estimations take.

use nabla_ransac::geometry::accuracy::median;
use std::collections::VecDeque;
use std::time::Instant;

/// The median is over so many.
const LATEST: usize = 60;

#[derive(Default)]
pub(crate) struct Pace {
    last: Option<Instant>,
    /// From frame to frame, milliseconds.
    intervals: Latest,
    /// On the CPU, milliseconds.
    on_cpu: Latest,
    estimations: Latest,
}

impl Pace {
    /// At the beginning of each; with the seconds that the last one took on the CPU.
    pub(crate) fn frame(&mut self, cpu_seconds: Option<f32>) {
        let now = Instant::now();
        self.intervals.push(self.last.map(|last| 1e3 * now.duration_since(last).as_secs_f64()));
        self.on_cpu.push(cpu_seconds.map(|seconds| 1e3 * f64::from(seconds)));
        self.last = Some(now);
    }

    /// By the GPU's clock, where there is one.
    pub(crate) fn estimated(&mut self, milliseconds: Option<f64>) {
        self.estimations.push(milliseconds);
    }

    /// From frame to frame, of use only where frames follow one another at once.
    pub(crate) fn interval_ms(&self) -> Option<f64> {
        self.intervals.median()
    }

    pub(crate) fn cpu_ms(&self) -> Option<f64> {
        self.on_cpu.median()
    }

    pub(crate) fn estimation_ms(&self) -> Option<f64> {
        self.estimations.median()
    }

    /// Other settings take other times.
    pub(crate) fn forget(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }
}

#[derive(Default)]
struct Latest(VecDeque<f64>);

impl Latest {
    fn push(&mut self, value: Option<f64>) {
        self.0.extend(value);
        self.0.drain(..self.0.len().saturating_sub(LATEST));
    }

    fn median(&self) -> Option<f64> {
        median(&self.0.iter().copied().collect::<Vec<_>>())
    }
}
