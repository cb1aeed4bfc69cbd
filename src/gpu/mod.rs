//! wgpu plumbing: context, shader text, kernel, typed buffers, read-back. Knows nothing of geometry.
