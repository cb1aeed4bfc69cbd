//! The file formats users have, read and written.

pub(crate) mod array;
pub(crate) mod camera;
pub(crate) mod csv;
pub(crate) mod fields;
pub(crate) mod npz;
pub(crate) mod ply;
pub(crate) mod record;
pub(crate) mod safetensors;
pub(crate) mod scene;
pub(crate) mod write;
