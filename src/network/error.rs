use thiserror::Error;

/// What can be wrong with the weights of a network.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// Not a safetensors file, or one that was cut off.
    #[error("expected a safetensors file of network weights, but it is not one or is cut off: {0}")]
    NotSafetensors(String),
    /// A safetensors file of something else.
    #[error("expected the metadata {key:?} of network weights, but {found}")]
    Metadata {
        /// The key.
        key: &'static str,
        /// What is there.
        found: String,
    },
    /// A tensor that the architecture has and the file has not.
    #[error("expected a tensor {name:?} of shape {shape:?}, but there is none")]
    Missing {
        /// Its name.
        name: String,
        /// The shape it should have.
        shape: Vec<usize>,
    },
    /// A tensor that the architecture does not have.
    #[error("expected no tensor {name:?} in this architecture")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A tensor of another shape.
    #[error("tensor {name:?}: expected shape {expected:?}, but it is {found:?}")]
    Shape {
        /// Its name.
        name: String,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// A tensor whose numbers cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// A tensor that is not of floats.
    #[error("tensor {name:?}: expected f16, bf16 or f32, but it is {found}")]
    Type {
        /// Its name.
        name: String,
        /// Its element type.
        found: String,
    },
    /// A weight that is NaN or infinite.
    #[error("tensor {name:?}: all weights must be finite, but number {index} is {value}")]
    NotFinite {
        /// The tensor's name.
        name: String,
        /// The first such element.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A map without the encoder that it was made with.
    #[error("expected the encoder that the map was made with, {expected}, but it is {found}")]
    Encoder {
        /// What it was made with.
        expected: String,
        /// What it is given.
        found: String,
    },
    /// Weights for another model or architecture than the one asked for.
    #[error("expected weights for {expected}, but they are for {found}")]
    Other {
        /// What was asked for.
        expected: String,
        /// What they are for.
        found: String,
    },
}
