use super::Context;
use crate::{Error, Result};

/// Bytes on their way to buffers, through one staging buffer, as a part of the submission that needs them.
#[derive(Debug)]
pub struct Upload {
    staging: wgpu::Buffer,
    view: Option<wgpu::BufferViewMut>,
    copies: Vec<Copy>,
    used: u64,
}

#[derive(Debug)]
struct Copy {
    to: wgpu::Buffer,
    offset: u64,
    from: u64,
    size: u64,
}

impl Upload {
    /// Room for so many bytes.
    ///
    /// # Errors
    /// [`Error::DeviceMemory`] where the device has none.
    pub fn new(context: &Context, size: u64) -> Result<Self> {
        let staging = context.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("upload"),
            size: size.max(1).next_multiple_of(wgpu::MAP_ALIGNMENT),
            usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        });
        let view = staging.get_mapped_range_mut(..).map_err(|error| Error::DeviceMemory(error.to_string()))?;
        Ok(Self { staging, view: Some(view), copies: Vec::new(), used: 0 })
    }

    /// What follows goes to a buffer, from `offset` bytes on; multiples of 4.
    pub fn begin(&mut self, to: &wgpu::Buffer, offset: u64) {
        self.copies.push(Copy { to: to.clone(), offset, from: self.used, size: 0 });
    }

    /// Adds elements behind those before.
    ///
    /// # Panics
    /// Where there is no room.
    pub fn add<T: bytemuck::Pod>(&mut self, elements: &[T]) {
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        let [from, size] = [self.used, bytes.len() as u64];
        if let (Some(view), Some(copy)) = (&mut self.view, self.copies.last_mut()) {
            view.slice(from as usize..(from + size) as usize).copy_from_slice(bytes);
            copy.size += size;
            self.used += size;
        }
    }

    /// Encodes the copies.
    pub fn encode(mut self, encoder: &mut wgpu::CommandEncoder) {
        self.view = None;
        self.staging.unmap();
        for Copy { to, offset, from, size } in self.copies.iter().filter(|copy| copy.size > 0) {
            encoder.copy_buffer_to_buffer(&self.staging, *from, to, *offset, *size);
        }
    }
}
