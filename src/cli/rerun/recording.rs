//! The messages of a file of rerun's.

use re_chunk::external::re_log_types::{LogMsg, SetStoreInfo, StoreId, StoreInfo, StoreKind, StoreSource};
use re_chunk::{Chunk, ChunkResult, RowId, TimePoint, Timeline};
use re_sdk_types::AsComponents;

/// By which the viewer tells the files of programs apart.
const APPLICATION: &str = "nabla_ransac";

/// Messages of one store, the first of which says so.
pub(super) struct Recording {
    store: StoreId,
    time: TimePoint,
    messages: Vec<LogMsg>,
}

impl Recording {
    /// Of what is the same at all times.
    pub(super) fn new() -> Self {
        Self::of(StoreKind::Recording, TimePoint::STATIC)
    }

    /// Of how the viewer lays it out, which has a timeline of its own.
    pub(super) fn blueprint() -> Self {
        Self::of(StoreKind::Blueprint, TimePoint::default().with(Timeline::new_sequence("blueprint"), 0))
    }

    fn of(kind: StoreKind, time: TimePoint) -> Self {
        let store = StoreId::random(kind, APPLICATION);
        let info = StoreInfo::new(store.clone(), StoreSource::Other(env!("CARGO_PKG_NAME").to_owned()));
        let first = SetStoreInfo { row_id: *RowId::new(), info };
        Self { store, time, messages: vec![LogMsg::SetStoreInfo(first)] }
    }

    pub(super) fn log(&mut self, entity: &str, what: &dyn AsComponents) -> ChunkResult<()> {
        let chunk = Chunk::builder(entity).with_archetype_auto_row(self.time.clone(), what).build()?;
        self.messages.push(LogMsg::ArrowMsg(self.store.clone(), chunk.to_arrow_msg()?));
        Ok(())
    }

    pub(super) const fn store(&self) -> &StoreId {
        &self.store
    }

    pub(super) fn into_messages(self) -> Vec<LogMsg> {
        self.messages
    }
}
