use super::{BufferPart, Context};
use bytemuck::Pod;
use std::marker::PhantomData;
use std::ops::Deref;

/// A storage buffer of `len` elements of one type; dereferences to the [`wgpu::Buffer`], that begins before its first element where
/// it is a part of someone else's.
#[derive(Clone, Debug)]
pub struct TypedBuffer<T> {
    buffer: wgpu::Buffer,
    /// Where the first element is, bytes.
    offset: u64,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Pod> TypedBuffer<T> {
    /// A zeroed buffer (of one element where `len` is 0), usable as storage and for copies.
    pub fn new(context: &Context, label: &str, len: usize) -> Self {
        Self::with_usage(context, label, len, wgpu::BufferUsages::empty())
    }

    /// The same, with more usages.
    pub fn with_usage(context: &Context, label: &str, len: usize, usage: wgpu::BufferUsages) -> Self {
        let buffer = context.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: Self::bytes(len.max(1)).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT),
            usage: usage | wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { buffer, offset: 0, len, element: PhantomData }
    }

    /// A buffer of someone else, with storage usage, of `len` elements.
    pub const fn from_buffer(buffer: wgpu::Buffer, len: usize) -> Self {
        Self { buffer, offset: 0, len, element: PhantomData }
    }

    /// `len` elements at the beginning of a part of a buffer.
    pub(crate) fn from_part(part: BufferPart, len: usize) -> Self {
        Self { offset: part.offset, ..Self::from_buffer(part.buffer, len) }
    }

    /// Its elements as a part of a buffer.
    pub fn part(&self) -> BufferPart {
        BufferPart { buffer: self.buffer.clone(), offset: self.offset, size: Self::bytes(self.len) }
    }

    /// Its elements as shaders bind them.
    pub fn binding(&self) -> wgpu::BindingResource<'_> {
        if self.offset == 0 {
            return self.buffer.as_entire_binding();
        }
        let size = std::num::NonZero::new(Self::bytes(self.len.max(1)).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT));
        wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: &self.buffer, offset: self.offset, size })
    }

    /// Where its first element is in the [`wgpu::Buffer`], bytes.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// One element that shaders read as a uniform.
    pub fn uniform(context: &Context, label: &str) -> Self {
        Self::with_usage(context, label, 1, wgpu::BufferUsages::UNIFORM)
    }

    /// A buffer that holds `data`.
    pub fn from_slice(context: &Context, label: &str, data: &[T]) -> Self {
        let buffer = Self::new(context, label, data.len());
        buffer.write(context, 0, data);
        buffer
    }

    /// Elements.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no elements.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of `len` elements.
    pub const fn bytes(len: usize) -> u64 {
        (len * size_of::<T>()) as u64
    }

    /// Writes elements from `first` on, ahead of the next submission.
    pub fn write(&self, context: &Context, first: usize, data: &[T]) {
        if !data.is_empty() {
            context.queue().write_buffer(&self.buffer, self.offset + Self::bytes(first), bytemuck::cast_slice(data));
        }
    }

    /// Reads all elements; blocks.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read_blocking(&self, context: &Context) -> crate::Result<Vec<T>> {
        let mut encoder = context.encoder("read back");
        let sources = [(&self.buffer, self.offset, Self::bytes(self.len))];
        let read_back = super::ReadBack::encode_parts(context, &mut encoder, &sources).submit(context, encoder);
        let bytes = read_back.wait_blocking(context)?;
        Ok(bytemuck::pod_collect_to_vec(bytes.first().map_or(&[][..], Vec::as_slice)))
    }
}

impl<T> Deref for TypedBuffer<T> {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}
