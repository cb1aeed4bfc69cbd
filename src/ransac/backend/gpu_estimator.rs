//! The estimator on the GPU from CPU slices to outcomes, for any number of problems of any kinds and sizes.

use super::{
    gpu_plan::{Batch, Key, Room},
    gpu_pool::{Pool, Slot, is_allowed, slot_bytes},
    gpu_ranking::Ranking,
    gpu_stream::{Stream, Wait},
    in_turns::estimate_in_turns,
};
use crate::ransac::{Options, Outcome, Problem};
use crate::{Result, gpu::Context};
use std::sync::Arc;

/// GPU memory that an estimator may take, unless told otherwise.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// The estimator on a GPU, with async and blocking forms; pipelines are made when a batch first needs them and kept.
///
/// A large batch is a stream of submissions: while one runs, the next is prepared by [`Options::threads`] and uploaded, and the
/// answers of the last are read.
#[derive(Debug)]
pub struct GpuEstimator {
    pub(super) context: Context,
    pub(super) options: Options,
    memory: u64,
    /// What ranks the matches of problems without weights.
    pub(super) ranking: Option<Arc<dyn Ranking>>,
    pub(super) pool: Pool,
}

impl GpuEstimator {
    /// On the host's or on our own device.
    ///
    /// # Errors
    /// [`Error::BadOption`](crate::Error::BadOption).
    pub fn new(context: Context, options: Options) -> Result<Self> {
        options.check()?;
        Ok(Self { context, options, memory: DEFAULT_MEMORY, ranking: None, pool: Pool::default() })
    }

    /// Bounds the GPU memory, bytes, of all that is kept and under way, staging buffers too; larger batches are split, and what was not
    /// used for the longest time is dropped. Of several calls at the same time each has one submission at least.
    #[must_use]
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// Ranks the matches of problems without weights first, in the same submission.
    #[cfg(feature = "network")]
    pub(crate) fn with_ranking(self, ranking: Arc<dyn Ranking>) -> Self {
        Self { ranking: Some(ranking), ..self }
    }

    /// The GPU memory that is in use, bytes.
    pub fn memory_in_use(&self) -> u64 {
        self.pool.bytes()
    }

    /// The bound on it.
    pub const fn memory(&self) -> u64 {
        self.memory
    }

    /// The device.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Estimates one model a problem; each has its own result. Never blocks on the GPU; each poll prepares one submission at most.
    /// [`Options::use_all`] is work for the CPU: each poll takes as many problems as there are threads.
    pub async fn estimate_batch_async(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        if self.options.use_all {
            return estimate_in_turns(problems, &self.options).await;
        }
        Stream::new(self, problems, Wait::Async).run().await
    }

    /// [`Self::estimate_batch_async`], blocking; not for browsers.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        if self.options.use_all {
            // one small least-squares problem a pair: nothing for a GPU
            return super::in_turns::estimate_on_threads(problems, &self.options);
        }
        pollster::block_on(Stream::new(self, problems, Wait::Blocking).run())
    }

    pub(super) fn key(&self, problem: &Problem<'_>) -> Key {
        Key::of(problem, &self.options, self.ranking.is_some())
    }

    /// The network that ranks problems of a key.
    pub(super) fn ranking(&self, key: Key) -> Option<&dyn Ranking> {
        self.ranking.as_deref().filter(|_| key.ranked)
    }

    pub(super) fn fits(&self, key: Key, room: Room) -> bool {
        is_allowed(&self.context, &self.options, key, self.ranking(key), room)
            && self.slot_bytes(key, room) <= self.memory
    }

    pub(super) fn slot_bytes(&self, key: Key, room: Room) -> u64 {
        slot_bytes(&self.options, key, self.ranking(key), room)
    }

    /// A slot that is kept, or a new one; none where there is no memory for it before submissions that are under way end.
    pub(super) async fn slot(&self, batch: &Batch, needed: Room, is_under_way: bool) -> Result<Option<Arc<Slot>>> {
        let key = batch.key;
        if let Some(kept) = self.pool.find(key, needed) {
            return Ok(Some(kept));
        }
        let room = self.room(key, batch.room.max(needed), needed);
        let bytes = self.slot_bytes(key, room);
        if !self.pool.make_room(key, bytes, self.memory) && is_under_way {
            return Ok(None);
        }
        let slot = Arc::new(Slot::new(&self.context, &self.options, key, self.ranking(key), room).await?);
        self.pool.keep(key, &slot, bytes);
        Ok(Some(slot))
    }

    /// The most room that there is memory for: what the kept slots of the key have beside what is wanted, that rounded up so that slightly
    /// larger batches find it kept, or what is needed.
    fn room(&self, key: Key, wanted: Room, needed: Room) -> Room {
        let rounded = Room { pairs: wanted.pairs, matches: wanted.matches.next_power_of_two() };
        [self.pool.room(key).max(rounded), rounded, wanted]
            .into_iter()
            .find(|&room| self.fits(key, room))
            .unwrap_or(needed)
    }
}
