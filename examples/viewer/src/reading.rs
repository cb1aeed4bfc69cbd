//! What text and the 3-D view need of an estimate, read back frames later without waiting.

use crate::clock::Clock;
use crate::error::Result;
use crate::estimation::Estimation;
use crate::settings::Settings;
use eframe::wgpu;
use nabla_ransac::gpu::{Context, ReadBack};
use nabla_ransac::kernels::layout::{PairDiagnosis, PairResult};
use std::sync::Arc;

/// What an estimation was given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// Counts the estimations.
    pub(crate) number: u32,
    pub(crate) is_timed: bool,
    pub(crate) settings: Settings,
    /// Indices in the pair of the matches that were used.
    pub(crate) used: Arc<Vec<usize>>,
}

/// What it found.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) given: Given,
    pub(crate) result: PairResult,
    pub(crate) diagnosis: PairDiagnosis,
    /// One entry a match that was used.
    pub(crate) inliers: Vec<bool>,
    /// By the GPU's clock, where there is one and it was to be timed.
    pub(crate) milliseconds: Option<f64>,
}

/// An answer on its way.
pub(crate) struct Reading {
    given: Given,
    read_back: ReadBack,
}

impl Reading {
    /// Encodes the copies, behind the estimation.
    pub(crate) fn encode(
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        estimation: &Estimation,
        clock: Option<&Clock>,
        given: Given,
    ) -> Self {
        let pipeline = &estimation.pipeline;
        let mask_bytes = size_of::<u32>() as u64 * given.used.len() as u64;
        let mut copied: Vec<(&wgpu::Buffer, u64)> = vec![
            (pipeline.results(), size_of::<PairResult>() as u64),
            (&pipeline.buffers().diagnoses, size_of::<PairDiagnosis>() as u64),
            (pipeline.inlier_mask(), mask_bytes),
        ];
        copied.extend(clock.map(|clock| (clock.ticks(), Clock::BYTES)));
        Self { given, read_back: ReadBack::encode(context, encoder, &copied) }
    }

    /// The answer once it is there; to be asked after the submission.
    pub(crate) fn try_read(&mut self, context: &Context, clock: Option<&Clock>) -> Result<Option<Answer>> {
        let Some(bytes) = self.read_back.try_read(context)? else { return Ok(None) };
        let [result, diagnosis, mask, ticks @ ..] = &bytes[..] else { return Ok(None) };
        let clock = clock.filter(|_| self.given.is_timed);
        let words = mask.as_chunks().0.iter().map(|&word| u32::from_ne_bytes(word));
        Ok(Some(Answer {
            given: self.given.clone(),
            result: bytemuck::pod_read_unaligned(result),
            diagnosis: bytemuck::pod_read_unaligned(diagnosis),
            inliers: words.map(|word| word != 0).collect(),
            milliseconds: clock
                .zip(ticks.first())
                .map(|(clock, ticks)| clock.milliseconds(bytemuck::pod_read_unaligned(ticks))),
        }))
    }
}
