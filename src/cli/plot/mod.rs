//! Pictures.

pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod draw;
#[cfg(feature = "train")]
pub(crate) mod train_plot;
