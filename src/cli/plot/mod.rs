//! Pictures.

pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod draw;
pub(crate) mod localise_plot;
#[cfg(feature = "train")]
pub(crate) mod train_plot;
pub(crate) mod views;
