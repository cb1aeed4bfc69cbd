//! What each process makes for itself.

use nabla_ransac::Result;
use std::mem;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

/// A value that is made when it is first needed, and once more in a process that was forked from the one that made it: a
/// device and its threads do not come along.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    made: Mutex<Option<(u32, Arc<T>)>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { made: Mutex::new(None) }
    }

    /// The value of this process. Two threads may both make it at first; one of theirs is kept.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let process = process::id();
        if let Some((maker, value)) = &*self.made.lock().unwrap_or_else(PoisonError::into_inner)
            && *maker == process
        {
            return Ok(value.clone());
        }
        let value = Arc::new(make()?);
        let before = self.made.lock().unwrap_or_else(PoisonError::into_inner).replace((process, value.clone()));
        if let Some((maker, other)) = before
            && maker != process
        {
            // the other process's device is not this one's to close
            mem::forget(other);
        }
        Ok(value)
    }
}
