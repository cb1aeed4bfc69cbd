//! Pipelines that are kept for the next batches, within a bound on their memory.

use super::{
    gpu_batch::{Prepared, upload, upload_bytes},
    gpu_pipeline::GpuPipeline,
    gpu_plan::{Key, Room},
    gpu_ranking::{BatchRanker, Ranking},
    gpu_settings::capacity_for,
};
use crate::ransac::{Options, stages::weights::Given};
use crate::{
    Result,
    gpu::{Context, ReadBack, TypedBuffer},
    kernels::{
        Capacity, HostBuffers, Priors, Stage, Workgroups,
        layout::{Candidate, Pair, PairDiagnosis, PairResult},
        search::pack_mask,
    },
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Submissions in flight at most: one runs, the next waits for it.
pub(super) const IN_FLIGHT: usize = 2;

/// A pipeline with what its submissions need beside it. They may overlap: each carries its input and its results away, and a queue
/// runs them one after the other.
#[derive(Debug)]
pub(super) struct Slot {
    ranker: Option<Box<dyn BatchRanker>>,
    pipeline: GpuPipeline,
    pack_mask: Stage,
    mask_bits: TypedBuffer<u32>,
    diagnose: bool,
}

impl Slot {
    pub(super) async fn new(
        context: &Context,
        options: &Options,
        Key { kind, given, .. }: Key,
        ranking: Option<&dyn Ranking>,
        room: Room,
    ) -> Result<Self> {
        let make = |ranking: &dyn Ranking| ranking.ranker(context, room);
        let ranker = context.catch(|| ranking.map(make).transpose()).await??;
        let host = ranker.as_deref().map(BatchRanker::buffers).unwrap_or_default();
        let host = HostBuffers {
            ratios: host.ratios.filter(|_| given.ratios),
            key_points: host.key_points.filter(|_| given.key_points),
            priors: if given.prior { Priors::Written } else { Priors::None },
            ..host
        };
        let capacity = capacity(options, given, room);
        let pipeline = GpuPipeline::with_given(context.clone(), kind, options, capacity, given, host).await?;
        let made = context.catch(|| {
            let mask_bits = TypedBuffer::new(context, "mask bits", pack_mask::words(room.matches));
            (pack_mask::stage(context, pipeline.buffers(), &mask_bits), mask_bits)
        });
        let (pack_mask, mask_bits) = made.await?;
        Ok(Self { ranker, pipeline, pack_mask, mask_bits, diagnose: options.diagnose })
    }

    /// Uploads the batch, estimates and copies back, in one submission.
    pub(super) fn submit(&self, context: &Context, batch: &mut [Prepared<'_>]) -> Result<ReadBack> {
        let mut encoder = context.encoder("ransac");
        upload(context, &self.pipeline, self.ranker.as_deref(), batch)?.encode(&mut encoder);
        let [pairs, matches] = [batch.len(), batch.iter().map(Prepared::match_count).sum()];
        let used = Capacity { pairs: pairs as u32, matches: matches as u32, ..self.pipeline.capacity() };
        if let Some(ranker) = &self.ranker {
            ranker.encode(&mut encoder, Room { pairs, matches });
        }
        self.pipeline.encode_sized(&mut encoder, used, |_, _| {});
        let descriptor = wgpu::ComputePassDescriptor { label: Some("pack mask"), ..Default::default() };
        self.pack_mask
            .encode(&mut encoder.begin_compute_pass(&descriptor), Workgroups::Count(pack_mask::workgroups(matches)));
        let b = self.pipeline.buffers();
        let sources = [&*b.results, &*b.best, &*b.pairs, &*self.mask_bits, &*b.diagnoses];
        let sizes = read_back_sizes(self.diagnose, pairs, matches);
        let sources: Vec<_> = sources.into_iter().zip(sizes).collect();
        Ok(ReadBack::encode(context, &mut encoder, &sources).submit(context, encoder))
    }

    fn room(&self) -> Room {
        let Capacity { pairs, matches, .. } = self.pipeline.capacity();
        Room { pairs: pairs as usize, matches: matches as usize }
    }
}

const fn read_back_sizes(diagnose: bool, pairs: usize, matches: usize) -> [u64; 5] {
    [
        TypedBuffer::<PairResult>::bytes(pairs),
        TypedBuffer::<Candidate>::bytes(pairs),
        TypedBuffer::<Pair>::bytes(pairs),
        TypedBuffer::<u32>::bytes(pack_mask::words(matches)),
        if diagnose { TypedBuffer::<PairDiagnosis>::bytes(pairs) } else { 0 },
    ]
}

pub(super) fn capacity(options: &Options, given: Given, room: Room) -> Capacity {
    Capacity { pairs: room.pairs as u32, matches: room.matches as u32, ..capacity_for(options, given) }
}

/// Bytes of a slot of so much room, with the staging buffers of its submissions in flight.
pub(super) fn slot_bytes(options: &Options, key: Key, ranking: Option<&dyn Ranking>, room: Room) -> u64 {
    let Room { pairs, matches } = room;
    let bits = TypedBuffer::<u32>::bytes(pack_mask::words(matches));
    let read_back: u64 = read_back_sizes(options.diagnose, pairs, matches).iter().sum();
    let staging = upload_bytes(key, pairs, matches) + read_back;
    let ranker = ranking.map_or(0, |ranking| ranking.bytes(room));
    ranker + capacity(options, key.given, room).bytes(key.kind) + bits + IN_FLIGHT as u64 * staging
}

/// Whether the device allows buffers as large as a slot of so much room has.
pub(super) fn is_allowed(
    context: &Context,
    options: &Options,
    key: Key,
    ranking: Option<&dyn Ranking>,
    room: Room,
) -> bool {
    let is_counted = [room.pairs, room.matches].iter().all(|&size| size <= u32::MAX as usize / 4);
    is_counted
        && largest_buffer(options, key, ranking, room) <= context.max_storage_bytes()
        && upload_bytes(key, room.pairs, room.matches) <= context.device().limits().max_buffer_size
}

pub(super) fn largest_buffer(options: &Options, key: Key, ranking: Option<&dyn Ranking>, room: Room) -> u64 {
    let of_ranker = ranking.map_or(0, |ranking| ranking.largest_buffer(room.matches));
    of_ranker.max(capacity(options, key.given, room).largest_buffer(key.kind))
}

/// The slots, that of the last use at the end.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    key: Key,
    slot: Arc<Slot>,
    bytes: u64,
}

impl Kept {
    /// Whether no submission of it is under way.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.slot) == 1
    }
}

impl Pool {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all.
    pub(super) fn bytes(&self) -> u64 {
        self.kept().iter().map(|kept| kept.bytes).sum()
    }

    /// One that has the room.
    pub(super) fn find(&self, key: Key, room: Room) -> Option<Arc<Slot>> {
        let mut kept = self.kept();
        let place = kept.iter().position(|kept| kept.key == key && kept.slot.room().holds(room))?;
        let found = kept.remove(place);
        let slot = Arc::clone(&found.slot);
        kept.push(found);
        Some(slot)
    }

    /// What those of the key have.
    pub(super) fn room(&self, key: Key) -> Room {
        let kept = self.kept();
        let of_key = kept.iter().filter(|kept| kept.key == key).map(|kept| kept.slot.room());
        of_key.fold(Room::default(), Room::max)
    }

    /// Drops idle ones, first those of the key, that are too small, then those of the longest time without use, until as many bytes as
    /// these are left of the bound; whether they are.
    pub(super) fn make_room(&self, key: Key, bytes: u64, bound: u64) -> bool {
        let mut kept = self.kept();
        kept.retain(|kept| kept.key != key || !kept.is_idle());
        loop {
            if kept.iter().map(|kept| kept.bytes).sum::<u64>() + bytes <= bound {
                return true;
            }
            match kept.iter().position(Kept::is_idle) {
                Some(idle) => kept.remove(idle),
                None => return false,
            };
        }
    }

    pub(super) fn keep(&self, key: Key, slot: &Arc<Slot>, bytes: u64) {
        self.kept().push(Kept { key, slot: Arc::clone(slot), bytes });
    }

    pub(super) fn drop_idle(&self) {
        self.kept().retain(|kept| !kept.is_idle());
    }
}
