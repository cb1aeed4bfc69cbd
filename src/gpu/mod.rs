//! wgpu plumbing: context, shader text, kernel, typed buffers, read-back. Independent of geometry.

mod adapters;
mod buffers;
mod context;
mod kernel;
mod part;
mod read_back;
mod shader;
mod upload;

#[cfg(not(target_arch = "wasm32"))]
pub use adapters::adapters;
pub use adapters::{AdapterReport, adapters_async};
pub use buffers::TypedBuffer;
pub use context::Context;
pub use kernel::Kernel;
#[cfg(feature = "train")]
pub(crate) use kernel::spread;
pub use part::BufferPart;
pub use read_back::ReadBack;
pub use shader::Shader;
pub(crate) use shader::shader_part;
pub use upload::Upload;
