//! Pictures.

pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod draw;
#[cfg_attr(not(test), expect(dead_code, reason = "drawn by localise eval"))]
pub(crate) mod localise_plot;
#[cfg(feature = "train")]
pub(crate) mod train_plot;
