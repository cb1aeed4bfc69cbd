//! Readers of the formats users have. Each checks what it reads and says what was expected and what came.

pub mod synthetic;
