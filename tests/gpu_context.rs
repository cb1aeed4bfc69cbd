//! The plumbing: adapters, errors that are typed, large dispatches, read-back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use nabla_ransac::Error;
use nabla_ransac::gpu::{Context, Kernel, Shader, TypedBuffer, adapters};

fn context() -> Context {
    Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"))
}

const NUMBER: &str = "
@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
    let index = workgroup_index(id, count);
    if (index < 70001u) { numbers[index] = index + 1u; }
}";

#[test]
fn auto_takes_at_most_one_adapter_and_no_software_one() {
    let found = adapters();
    assert!(!found.is_empty(), "no adapter; a software one on Debian: apt-get install mesa-vulkan-drivers");
    let taken: Vec<_> = found.iter().filter(|adapter| adapter.taken_by_auto).collect();
    assert!(taken.len() <= 1);
    assert!(taken.iter().all(|adapter| adapter.usable && adapter.device_type != "Cpu"));
    let real = Context::request_blocking(false);
    assert_eq!(real.is_ok(), !taken.is_empty());
    if let Err(error) = real {
        assert!(matches!(error, Error::NoAdapter { .. }));
        assert!(error.to_string().contains("mesa-vulkan-drivers"));
    }
}

#[test]
fn our_own_device_asks_for_no_feature() {
    assert_eq!(context().device().features(), wgpu::Features::empty());
}

#[test]
fn more_workgroups_than_one_dimension_holds_are_all_run() {
    let context = context();
    let numbers = TypedBuffer::<u32>::new(&context, "numbers", 70_001);
    let parts = [include_str!("../shaders/shared/layout/dispatch.wgsl"), NUMBER];
    context
        .catch_blocking(|| {
            let kernel = Kernel::new(&context, &Shader { name: "numbers", parts: &parts });
            let bindings = kernel.bind(&context, &[&numbers]);
            let mut encoder = context.encoder("test");
            kernel.dispatch(
                &mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()),
                &bindings,
                70_001,
            );
            context.queue().submit([encoder.finish()]);
        })
        .unwrap();
    let found = numbers.read_blocking(&context).unwrap();
    assert!(found.iter().zip(1..).all(|(&number, expected)| number == expected));
}

/// Where there is none on this adapter, nothing is left to test.
#[test]
#[expect(unsafe_code, reason = "wgpu trusts the data of a cache; here they are its own")]
fn pipelines_are_compiled_with_the_hosts_cache() {
    let plain = context();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let Some(adapter) = adapters.iter().find(|adapter| {
        adapter.get_info().name == plain.name() && adapter.features().contains(wgpu::Features::PIPELINE_CACHE)
    }) else {
        return;
    };
    let with_cache = |data: Option<&[u8]>| {
        let required_features = wgpu::Features::PIPELINE_CACHE;
        let descriptor = wgpu::DeviceDescriptor { required_features, ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
        let descriptor = wgpu::PipelineCacheDescriptor { label: None, data, fallback: true };
        // SAFETY: the data, if any, are from get_data
        let cache = unsafe { device.create_pipeline_cache(&descriptor) };
        let context = Context::from_device(device, queue).with_pipeline_cache(cache.clone());
        let parts = [include_str!("../shaders/shared/layout/dispatch.wgsl"), NUMBER];
        context.catch_blocking(|| Kernel::new(&context, &Shader { name: "numbers", parts: &parts })).unwrap();
        cache.get_data().unwrap()
    };
    let first = with_cache(None);
    assert!(!first.is_empty());
    assert_eq!(with_cache(Some(&first)).len(), first.len());
}

#[test]
fn a_broken_shader_is_an_error() {
    let context = context();
    let error = context.catch_blocking(|| Kernel::new(&context, &Shader { name: "broken", parts: &["fn main( {"] }));
    assert!(matches!(error, Err(Error::Device(_))));
}

#[test]
fn a_buffer_beyond_the_limit_is_an_error() {
    let context = context();
    let limit = context.device().limits().max_buffer_size;
    let error = context.catch_blocking(|| TypedBuffer::<u8>::new(&context, "huge", limit as usize + 16));
    assert!(matches!(error, Err(Error::Device(_))));
}

#[test]
fn reading_from_a_destroyed_device_is_an_error() {
    let context = context();
    let numbers = TypedBuffer::from_slice(&context, "numbers", &[1u32, 2, 3]);
    assert_eq!(numbers.read_blocking(&context).unwrap(), [1, 2, 3]);
    context.device().destroy();
    assert!(matches!(numbers.read_blocking(&context), Err(Error::Device(_))));
}
