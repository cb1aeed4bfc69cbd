use super::{Ranker, Weights};
use crate::{Error, ModelKind, Result};

/// The file of the weights that ship for a model, in the library itself; made as `configs/` says.
const fn shipped(model: ModelKind) -> Option<&'static [u8]> {
    match model {
        ModelKind::Essential => Some(include_bytes!("weights/essential.safetensors")),
        ModelKind::Fundamental => Some(include_bytes!("weights/fundamental.safetensors")),
        _ => None,
    }
}

impl Weights {
    /// The weights that ship for a model: essential or fundamental.
    ///
    /// # Errors
    /// [`Error::MissingInput`] when none ship for it.
    pub fn shipped(model: ModelKind) -> Result<Self> {
        match shipped(model) {
            Some(bytes) => Self::from_bytes(bytes),
            None => {
                Err(Error::MissingInput { option: "ranking without a file of weights", missing: "shipped weights" })
            }
        }
    }
}

impl Ranker {
    /// A ranker of the weights that ship for a model.
    ///
    /// # Errors
    /// Those of [`Weights::shipped`].
    pub fn shipped(model: ModelKind) -> Result<Self> {
        Weights::shipped(model).map(Self::new)
    }

    /// [`Self::shipped`], where any weights ship for the model.
    pub(crate) fn shipped_if_any(model: ModelKind) -> Result<Option<Self>> {
        match Self::shipped(model) {
            Err(Error::MissingInput { .. }) => Ok(None),
            found => found.map(Some),
        }
    }
}
