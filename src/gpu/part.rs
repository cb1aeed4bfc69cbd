use super::Context;
use crate::{Error, Result};

/// A part of a buffer of someone else, with storage usage.
#[derive(Clone, Debug)]
pub struct BufferPart {
    /// The buffer.
    pub buffer: wgpu::Buffer,
    /// Where the part begins, bytes; a multiple of the device's `min_storage_buffer_offset_alignment`.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

impl From<wgpu::Buffer> for BufferPart {
    /// All of it.
    fn from(buffer: wgpu::Buffer) -> Self {
        let size = buffer.size();
        Self { buffer, offset: 0, size }
    }
}

impl BufferPart {
    /// # Errors
    /// [`Error::BadBuffer`] when shaders cannot have `needed` bytes of it.
    pub(crate) fn check(&self, context: &Context, what: &'static str, needed: u64) -> Result<()> {
        let alignment = u64::from(context.device().limits().min_storage_buffer_offset_alignment);
        let bad = |expected: String, found: String| Err(Error::BadBuffer { what, expected, found });
        if !self.buffer.usage().contains(wgpu::BufferUsages::STORAGE) {
            return bad("storage usage".to_owned(), format!("{:?}", self.buffer.usage()));
        }
        if !self.offset.is_multiple_of(alignment) {
            return bad(format!("an offset that is a multiple of {alignment} bytes"), self.offset.to_string());
        }
        if self.size < needed {
            return bad(format!("at least {needed} bytes"), self.size.to_string());
        }
        if self.offset.checked_add(self.size).is_none_or(|end| end > self.buffer.size()) {
            let found = format!("{} from {} on", self.size, self.offset);
            return bad(format!("bytes of a buffer of {}", self.buffer.size()), found);
        }
        Ok(())
    }
}
