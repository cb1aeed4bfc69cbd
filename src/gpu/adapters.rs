use super::context::{enumerate, is_real_gpu, is_usable, pick};

/// What an adapter is and offers.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterReport {
    /// Name given by the driver.
    pub name: String,
    /// Vulkan, Metal, DX12 or WebGPU.
    pub backend: String,
    /// Discrete, integrated, virtual, software (`Cpu`) or unknown (`Other`).
    pub device_type: String,
    /// Driver and its version.
    pub driver: String,
    /// Bytes of the largest buffer.
    pub max_buffer_size: u64,
    /// Bytes that one binding may cover.
    pub max_storage_binding_size: u64,
    /// Invocations a workgroup.
    pub max_workgroup_invocations: u32,
    /// Bytes of workgroup memory.
    pub max_workgroup_memory: u32,
    /// Whether it meets WebGPU's default limits, which is all that is asked of it.
    pub usable: bool,
    /// Whether [`Backend::Auto`](crate::Backend::Auto) takes this one.
    pub taken_by_auto: bool,
}

/// The adapters of this machine; blocks while the drivers answer.
#[cfg(not(target_arch = "wasm32"))]
pub fn adapters() -> Vec<AdapterReport> {
    pollster::block_on(adapters_async())
}

/// The adapters of this machine.
pub async fn adapters_async() -> Vec<AdapterReport> {
    let found = enumerate().await;
    let auto = pick(&found, is_real_gpu).map(|adapter| adapter.get_info());
    found.iter().map(|adapter| report(adapter, auto.as_ref())).collect()
}

fn report(adapter: &wgpu::Adapter, auto: Option<&wgpu::AdapterInfo>) -> AdapterReport {
    let info = adapter.get_info();
    let limits = adapter.limits();
    AdapterReport {
        taken_by_auto: auto == Some(&info),
        backend: info.backend.to_string(),
        device_type: format!("{:?}", info.device_type),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        name: info.name,
        max_buffer_size: limits.max_buffer_size,
        max_storage_binding_size: limits.max_storage_buffer_binding_size,
        max_workgroup_invocations: limits.max_compute_invocations_per_workgroup,
        max_workgroup_memory: limits.max_compute_workgroup_storage_size,
        usable: is_usable(adapter),
    }
}
