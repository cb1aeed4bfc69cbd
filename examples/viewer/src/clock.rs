//! How long the estimation takes by the GPU's own clock, where the device has one.

use eframe::wgpu;
use nabla_ransac::gpu::Context;

pub(crate) struct Clock {
    queries: wgpu::QuerySet,
    ticks: wgpu::Buffer,
    tick_ms: f64,
}

impl Clock {
    /// What it takes.
    pub(crate) const FEATURES: wgpu::Features =
        wgpu::Features::TIMESTAMP_QUERY.union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);
    /// What is read back of [`Self::ticks`].
    pub(crate) const BYTES: u64 = 16;

    pub(crate) fn new(context: &Context) -> Option<Self> {
        let device = context.device();
        let of_set = wgpu::QuerySetDescriptor { label: None, ty: wgpu::QueryType::Timestamp, count: 2 };
        let of_buffer = wgpu::BufferDescriptor {
            label: Some("ticks"),
            size: Self::BYTES,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        };
        device.features().contains(Self::FEATURES).then(|| Self {
            queries: device.create_query_set(&of_set),
            ticks: device.create_buffer(&of_buffer),
            tick_ms: f64::from(context.queue().get_timestamp_period()) * 1e-6,
        })
    }

    pub(crate) fn start(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.write_timestamp(&self.queries, 0);
    }

    pub(crate) fn stop(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.write_timestamp(&self.queries, 1);
        encoder.resolve_query_set(&self.queries, 0..2, &self.ticks, 0);
    }

    pub(crate) const fn ticks(&self) -> &wgpu::Buffer {
        &self.ticks
    }

    /// Of the bytes of [`Self::ticks`].
    pub(crate) fn milliseconds(&self, [start, stop]: [u64; 2]) -> f64 {
        stop.wrapping_sub(start) as f64 * self.tick_ms
    }
}
