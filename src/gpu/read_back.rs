use super::Context;
use crate::{Error, Result};
use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Another thread that polls the device may have taken the answer of a mapping, and be about to hand it out.
#[cfg(not(target_arch = "wasm32"))]
const HANDED_OUT: std::time::Duration = std::time::Duration::from_secs(5);

#[cfg(not(target_arch = "wasm32"))]
const NEVER: &str = "the read-back never finished";

/// Copies of buffers on their way to the CPU, through one staging buffer.
#[derive(Debug)]
pub struct ReadBack {
    staging: wgpu::Buffer,
    sizes: Vec<u64>,
    #[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "browsers poll by themselves"))]
    submission: Option<wgpu::SubmissionIndex>,
    /// Once [`Self::try_read`] has asked.
    asked: Option<Arc<Mapped>>,
}

impl ReadBack {
    /// Encodes the copies of the first bytes of each buffer (multiples of 4); to be submitted before it is waited for.
    pub fn encode(context: &Context, encoder: &mut wgpu::CommandEncoder, sources: &[(&wgpu::Buffer, u64)]) -> Self {
        let parts: Vec<_> = sources.iter().map(|&(buffer, size)| (buffer, 0, size)).collect();
        Self::encode_parts(context, encoder, &parts)
    }

    /// The same of parts of buffers: their offsets and sizes, bytes (multiples of 4).
    pub fn encode_parts(
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        sources: &[(&wgpu::Buffer, u64, u64)],
    ) -> Self {
        let sizes: Vec<u64> = sources.iter().map(|&(_, _, size)| size).collect();
        let staging = context.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size: sizes.iter().sum::<u64>().max(4),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut offset = 0;
        for &(buffer, from, size) in sources.iter().filter(|&&(_, _, size)| size > 0) {
            encoder.copy_buffer_to_buffer(buffer, from, &staging, offset, size);
            offset += size;
        }
        Self { staging, sizes, submission: None, asked: None }
    }

    /// Submits what was encoded, so that this submission alone is waited for and none after it.
    #[must_use]
    pub fn submit(self, context: &Context, encoder: wgpu::CommandEncoder) -> Self {
        let submission = Some(context.queue().submit([encoder.finish()]));
        Self { submission, ..self }
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
            let (device, until, answer) = (context.device().clone(), self.poll_type(), Arc::clone(&mapped));
            let wait = move || answer.drive(&device, until);
            let waits = std::thread::Builder::new().name("read back".to_owned()).spawn(wait);
            waits.map_err(|error| Error::Device(format!("no thread to wait for it: {error}")))?;
        }
        poll_fn(|task| mapped.poll(task.waker())).await.map_err(|error| lost(context, &error))?;
        self.bytes()
    }

    /// [`Self::wait`], blocking; not for browsers.
    ///
    /// # Errors
    /// Those of [`Self::wait`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn wait_blocking(self, context: &Context) -> Result<Vec<Vec<u8>>> {
        let mapped = self.map();
        mapped.drive(context.device(), self.poll_type());
        match mapped.poll(Waker::noop()) {
            Poll::Ready(result) => result.map_err(|error| lost(context, &error))?,
            Poll::Pending => return Err(lost(context, &NEVER)),
        }
        self.bytes()
    }

    /// Each buffer's bytes as soon as they are there, else `None`; never waits. For a frame loop, which asks after the submission and from
    /// then on in each frame, until it has the bytes.
    ///
    /// # Errors
    /// Those of [`Self::wait`].
    pub fn try_read(&mut self, context: &Context) -> Result<Option<Vec<Vec<u8>>>> {
        let mapped = self.asked.take().unwrap_or_else(|| self.map());
        context.device().poll(wgpu::PollType::Poll).map_err(|error| lost(context, &error))?;
        let answer = mapped.poll(Waker::noop());
        self.asked = Some(mapped);
        match answer {
            Poll::Ready(result) => result.map_err(|error| lost(context, &error)).and_then(|()| self.bytes()).map(Some),
            Poll::Pending => Ok(None),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn poll_type(&self) -> wgpu::PollType {
        wgpu::PollType::Wait { submission_index: self.submission.clone(), timeout: None }
    }

    fn map(&self) -> Arc<Mapped> {
        let mapped = Arc::new(Mapped::default());
        let answer = Arc::clone(&mapped);
        self.staging.map_async(wgpu::MapMode::Read, .., move |result| answer.set(result.map_err(|e| e.to_string())));
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

type Answer = std::result::Result<(), String>;

/// The answer of a mapping, and who waits for it.
#[derive(Debug, Default)]
struct Mapped {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answered: bool,
    answer: Option<Answer>,
    waker: Option<Waker>,
}

impl Mapped {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first answer stays.
    fn set(&self, result: Answer) {
        let mut state = self.state();
        if state.answered {
            return;
        }
        (state.answered, state.answer) = (true, Some(result));
        self.answered.notify_all();
        if let Some(waker) = state.waker.take() {
            drop(state);
            waker.wake();
        }
    }

    /// Waits for the device until the answer is there; that it fails, or says nothing, is an answer too.
    #[cfg(not(target_arch = "wasm32"))]
    fn drive(&self, device: &wgpu::Device, until: wgpu::PollType) {
        if let Err(error) = device.poll(until) {
            return self.set(Err(error.to_string()));
        }
        let waited = self.answered.wait_timeout_while(self.state(), HANDED_OUT, |state| !state.answered);
        drop(waited);
        self.set(Err(NEVER.to_owned()));
    }

    fn poll(&self, waker: &Waker) -> Poll<Answer> {
        let mut state = self.state();
        match state.answer.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }
}
