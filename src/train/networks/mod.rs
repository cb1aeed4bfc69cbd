//! The ranking networks as Burn modules, and their fused operations.

pub(crate) mod batch_norm;
pub(crate) mod clnet;
pub(crate) mod import;
pub(crate) mod import_xfeat;
pub(crate) mod message_passing;
pub(crate) mod network;
pub mod ops;
pub(crate) mod parameters;
mod pytorch;
pub(crate) mod score_network;
