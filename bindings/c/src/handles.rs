//! The estimators that are alive.
//!
//! A handle is a number in the guise of a pointer: never followed, and never given twice. So one that was freed, or that is none, is told
//! from those that are alive whatever it is; and an estimator at work when another thread frees it lives until that work is done.

use crate::border::{Failure, Result, nabla_status, null};
use nabla_ransac::network::{LearnedEstimator, Ranker};
use nabla_ransac::{ModelKind, Result as LibraryResult};
use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// An estimator: made once, used for any number of problems, from any number of threads.
pub struct nabla_estimator {
    _opaque: [u8; 0],
}

/// What a handle stands for.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) kind: ModelKind,
    pub(crate) estimator: LearnedEstimator,
    ranker: OnceLock<Ranker>,
}

static HELD: RwLock<BTreeMap<usize, Arc<Held>>> = RwLock::new(BTreeMap::new());
static NEXT: AtomicUsize = AtomicUsize::new(1);

impl Held {
    /// The network that ships for the model, read when it is first asked for.
    pub(crate) fn ranker(&self) -> LibraryResult<&Ranker> {
        if let Some(ranker) = self.ranker.get() {
            return Ok(ranker);
        }
        let ranker = Ranker::shipped(self.kind)?;
        Ok(self.ranker.get_or_init(|| ranker))
    }
}

pub(crate) fn hold(kind: ModelKind, estimator: LearnedEstimator) -> *mut nabla_estimator {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let held = Arc::new(Held { kind, estimator, ranker: OnceLock::new() });
    HELD.write().unwrap_or_else(PoisonError::into_inner).insert(number, held);
    ptr::without_provenance_mut(number)
}

pub(crate) fn held(handle: *const nabla_estimator) -> Result<Arc<Held>> {
    if handle.is_null() {
        return Err(null("estimator"));
    }
    HELD.read().unwrap_or_else(PoisonError::into_inner).get(&handle.addr()).cloned().ok_or_else(|| unknown(handle))
}

pub(crate) fn release(handle: *mut nabla_estimator) -> Result<()> {
    let held = HELD.write().unwrap_or_else(PoisonError::into_inner).remove(&handle.addr());
    held.map(drop).ok_or_else(|| unknown(handle))
}

fn unknown(handle: *const nabla_estimator) -> Failure {
    let text =
        format!("estimator: expected one that nabla_estimator_create made and nobody freed, but it is {handle:?}");
    Failure { status: nabla_status::BadHandle, text }
}
