//! Ctrl-c: what is under way is ended well.

use super::{INTERRUPTED, complain};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// From now on ctrl-c is a wish.
pub(super) fn listen() -> anyhow::Result<()> {
    Ok(ctrlc::set_handler(|| IS_ASKED.store(true, Ordering::Relaxed))?)
}

pub(super) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::Relaxed)
}

/// Whether to go on.
pub(super) fn flow() -> ControlFlow<()> {
    if is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Ends the program as the interrupted do.
pub(super) fn exit(line: &str) -> ! {
    complain(line);
    std::process::exit(INTERRUPTED);
}
