use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A device with its queue, the host's or our own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Why the device was lost, once it was; seen only for a device of our own.
    lost: Arc<OnceLock<String>>,
    /// Compiled shaders, by their text.
    pipelines: Arc<Mutex<HashMap<String, wgpu::ComputePipeline>>>,
    /// What the driver made of shaders in earlier processes.
    cache: Option<wgpu::PipelineCache>,
}

impl Context {
    /// Works on the host's device; its callbacks are left alone.
    ///
    /// The device needs no feature, and no more than WebGPU's default limits.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self { device, queue, lost: Arc::default(), pipelines: Arc::default(), cache: None }
    }

    /// Compiles what is made from now on with a cache of the host's, who keeps its data from one process to the next
    /// (`docs/gpu.md`).
    #[must_use]
    pub fn with_pipeline_cache(self, cache: wgpu::PipelineCache) -> Self {
        Self { cache: Some(cache), ..self }
    }

    pub(super) const fn pipeline_cache(&self) -> Option<&wgpu::PipelineCache> {
        self.cache.as_ref()
    }

    /// A device of our own; `software` also accepts an adapter that runs on the CPU.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] when none fits; [`Error::Device`] when the driver refuses the device.
    pub async fn request(software: bool) -> Result<Self> {
        let context = one_at_a_time(Self::make(software)).await?;
        context.watch();
        Ok(context)
    }

    async fn make(software: bool) -> Result<Self> {
        let accepts = if software { is_usable } else { is_real_gpu };
        let adapter = pick(&enumerate().await, accepts).ok_or_else(|| no_adapter(software))?;
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("nabla-ransac"),
                required_limits: wanted_limits(&adapter.limits()),
                ..Default::default()
            })
            .await
            .map_err(|error| Error::Device(error.to_string()))?;
        tracing::debug!(adapter = adapter.get_info().name, "device made");
        Ok(Self::from_device(device, queue))
    }

    /// [`Self::request`], blocking.
    ///
    /// # Errors
    /// Those of [`Self::request`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn request_blocking(software: bool) -> Result<Self> {
        pollster::block_on(Self::request(software))
    }

    /// The device.
    pub const fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// Its queue.
    pub const fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// The adapter's name.
    pub fn name(&self) -> String {
        self.device.adapter_info().name
    }

    /// Bytes that one storage buffer may have.
    pub fn max_storage_bytes(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
    }

    /// A new encoder.
    pub fn encoder(&self, label: &str) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) })
    }

    /// The pipeline of a shader text, compiled once.
    pub(super) fn pipeline(
        &self,
        source: String,
        compile: impl FnOnce(&str) -> wgpu::ComputePipeline,
    ) -> wgpu::ComputePipeline {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = pipelines.entry(source);
        match compiled {
            std::collections::hash_map::Entry::Occupied(entry) => entry.get().clone(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let pipeline = compile(entry.key());
                entry.insert(pipeline).clone()
            }
        }
    }

    /// Runs `work` on the device and gives what it makes, or the first error the device reports for it.
    ///
    /// The scopes are closed before this returns, so that the future may move to another thread.
    ///
    /// # Errors
    /// [`Error::DeviceMemory`] where a buffer could not be had, on a device that works on; else [`Error::Device`].
    pub fn catch<T, W: FnOnce() -> T>(&self, work: W) -> impl Future<Output = Result<T>> + use<T, W> {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [Validation, OutOfMemory, Internal].map(|filter| self.device.push_error_scope(filter));
        let made = work();
        let [validation, memory, internal] = scopes;
        let popped = (internal.pop(), memory.pop(), validation.pop());
        let lost = Arc::clone(&self.lost);
        async move {
            let found = (popped.0.await, popped.1.await, popped.2.await);
            if let Some(reason) = lost.get() {
                return Err(Error::Device(reason.clone()));
            }
            match found.0.or(found.1).or(found.2) {
                Some(error @ wgpu::Error::OutOfMemory { .. }) => Err(Error::DeviceMemory(error.to_string())),
                Some(error) => Err(Error::Device(error.to_string())),
                None => Ok(made),
            }
        }
    }

    /// [`Self::catch`], blocking; not for browsers.
    ///
    /// # Errors
    /// Those of [`Self::catch`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn catch_blocking<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        pollster::block_on(self.catch(work))
    }

    /// # Errors
    /// [`Error::Device`] once the device was lost.
    pub fn check_lost(&self) -> Result<()> {
        self.lost.get().map_or(Ok(()), |reason| Err(Error::Device(reason.clone())))
    }

    fn watch(&self) {
        let lost = Arc::clone(&self.lost);
        self.device.set_device_lost_callback(move |reason, message| {
            // A device that we drop ourselves is reported too; the first reason stays.
            let _ = lost.set(format!("device lost ({reason:?}): {message}"));
        });
        self.device.on_uncaptured_error(Arc::new(|error: wgpu::Error| tracing::error!(%error, "uncaptured")));
    }
}

/// What makes a device, one thread after the other: NVIDIA's Vulkan driver (580) now and then locks up where several do so at
/// the same time. Elsewhere than in browsers such a future never waits for anything but the driver.
#[cfg(not(target_arch = "wasm32"))]
async fn one_at_a_time<T>(make: impl Future<Output = T>) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    pollster::block_on(make)
}

#[cfg(target_arch = "wasm32")]
async fn one_at_a_time<T>(make: impl Future<Output = T>) -> T {
    make.await
}

/// All adapters but those of OpenGL, which a host's wgpu may have: below WebGPU's limits.
pub(super) async fn enumerate() -> Vec<wgpu::Adapter> {
    let backends = wgpu::Backends::PRIMARY;
    let descriptor = wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    wgpu::Instance::new(descriptor).enumerate_adapters(backends).await
}

/// The first adapter accepted: discrete before integrated before others, software last.
pub(super) fn pick(found: &[wgpu::Adapter], accepts: fn(&wgpu::Adapter) -> bool) -> Option<wgpu::Adapter> {
    let accepted = found.iter().filter(|adapter| accepts(adapter));
    accepted.min_by_key(|adapter| rank(adapter.get_info().device_type)).cloned()
}

const fn rank(device_type: wgpu::DeviceType) -> u8 {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

pub(super) fn is_usable(adapter: &wgpu::Adapter) -> bool {
    wgpu::Limits::defaults().check_limits(&adapter.limits())
}

pub(super) fn is_real_gpu(adapter: &wgpu::Adapter) -> bool {
    is_usable(adapter) && adapter.get_info().device_type != wgpu::DeviceType::Cpu
}

/// WebGPU's defaults, with buffers as large as the adapter has them.
fn wanted_limits(offered: &wgpu::Limits) -> wgpu::Limits {
    wgpu::Limits {
        max_buffer_size: offered.max_buffer_size,
        max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
        ..wgpu::Limits::defaults()
    }
}

fn no_adapter(software: bool) -> Error {
    let details = if software { "no adapter meets WebGPU's default limits" } else { "only software or none" };
    Error::NoAdapter { details: details.to_owned() }
}
