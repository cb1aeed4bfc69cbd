use super::Context;
use crate::{Error, Result};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Copies of buffers on their way to the CPU, through one staging buffer.
#[derive(Debug)]
pub struct ReadBack {
    staging: wgpu::Buffer,
    sizes: Vec<u64>,
}

impl ReadBack {
    /// Encodes the copies of the first bytes of each buffer (multiples of 4); to be submitted before it is waited for.
    pub fn encode(context: &Context, encoder: &mut wgpu::CommandEncoder, sources: &[(&wgpu::Buffer, u64)]) -> Self {
        let sizes: Vec<u64> = sources.iter().map(|&(_, size)| size).collect();
        let staging = context.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size: sizes.iter().sum::<u64>().max(4),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut offset = 0;
        for &(buffer, size) in sources.iter().filter(|&&(_, size)| size > 0) {
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, offset, size);
            offset += size;
        }
        Self { staging, sizes }
    }

    /// Waits for the copies and gives each buffer's bytes.
    ///
    /// # Errors
    /// [`Error::Device`] when the device was lost.
    pub async fn wait(self, context: &Context) -> Result<Vec<Vec<u8>>> {
        let mapped = self.map();
        // Browsers poll by themselves; elsewhere a thread waits, so that the executor is not held up.
        #[cfg(not(target_arch = "wasm32"))]
        {
            let device = context.device().clone();
            std::thread::spawn(move || device.poll(wgpu::PollType::wait_indefinitely()));
        }
        poll_fn(|task| mapped.poll(task.waker())).await.map_err(|error| lost(context, &error))?;
        self.bytes()
    }

    /// [`Self::wait`], blocking; not for browsers.
    ///
    /// # Errors
    /// Those of [`Self::wait`].
    pub fn wait_blocking(self, context: &Context) -> Result<Vec<Vec<u8>>> {
        let mapped = self.map();
        context.device().poll(wgpu::PollType::wait_indefinitely()).map_err(|error| lost(context, &error))?;
        match mapped.poll(Waker::noop()) {
            Poll::Ready(result) => result.map_err(|error| lost(context, &error))?,
            Poll::Pending => return Err(lost(context, &"the read-back never finished")),
        }
        self.bytes()
    }

    fn map(&self) -> Arc<Mapped> {
        let mapped = Arc::new(Mapped::default());
        let answer = Arc::clone(&mapped);
        self.staging.map_async(wgpu::MapMode::Read, .., move |result| answer.set(result));
        mapped
    }

    fn bytes(&self) -> Result<Vec<Vec<u8>>> {
        let view = self.staging.get_mapped_range(..).map_err(|error| Error::Device(error.to_string()))?;
        let mut rest: &[u8] = &view;
        let split = |&size: &u64| {
            let (part, after) = rest.split_at(size as usize);
            rest = after;
            part.to_vec()
        };
        Ok(self.sizes.iter().map(split).collect())
    }
}

fn lost(context: &Context, error: &dyn std::fmt::Display) -> Error {
    context.check_lost().err().unwrap_or_else(|| Error::Device(error.to_string()))
}

type Answer = std::result::Result<(), wgpu::BufferAsyncError>;

/// The answer of a mapping, and who waits for it.
#[derive(Debug, Default)]
struct Mapped(Mutex<(Option<Answer>, Option<Waker>)>);

impl Mapped {
    fn set(&self, result: Answer) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = Some(result);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    fn poll(&self, waker: &Waker) -> Poll<Answer> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.0.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.1 = Some(waker.clone());
                Poll::Pending
            }
        }
    }
}
