//! A frame loop on a host's device: nothing is allocated from frame to frame, whatever their sizes, and a lost device is replaced.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "an allocator that counts")]

#[path = "common/scenes.rs"]
mod scenes;

use nabla_ransac::gpu::{Context, ReadBack};
use nabla_ransac::kernels::{HostBuffers, Priors, layout::PairResult};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{Error, Model, ModelKind, Options};
use scenes::Scene;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

/// The system's, with the allocations of each thread counted.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count_one() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: all is left to the system's allocator; the count is a cell of the thread that needs no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

struct Host {
    instance: wgpu::Instance,
    context: Context,
}

impl Host {
    fn new() -> Self {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
            .expect("an adapter; a software one on Debian: apt-get install mesa-vulkan-drivers");
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap();
        device.on_uncaptured_error(Arc::new(|_| {}));
        Self { instance, context: Context::from_device(device, queue) }
    }

    fn buffers(&self) -> usize {
        self.instance.generate_report().unwrap().hub_report().buffers.num_allocated
    }

    fn pipeline(&self, kind: ModelKind) -> GpuPipeline {
        let options = Options { threshold_px: 2.0, max_iterations: 512, ..Options::default() };
        let host = HostBuffers { priors: Priors::LastResults, ..HostBuffers::default() };
        GpuPipeline::new_blocking(self.context.clone(), kind, &options, [2, 1000], host).unwrap()
    }

    fn finish(&self, encoder: wgpu::CommandEncoder) {
        self.context.queue().submit([encoder.finish()]);
        let _ = self.context.device().poll(wgpu::PollType::wait_indefinitely());
    }
}

/// What a host would have to do itself: the same commands, each with nothing to do.
struct Bare {
    buffer: wgpu::Buffer,
    workgroups: wgpu::Buffer,
    pipeline: wgpu::ComputePipeline,
    bindings: Vec<wgpu::BindGroup>,
}

impl Bare {
    fn new(context: &Context, dispatches: usize) -> Self {
        let device = context.device();
        let source = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;
            @compute @workgroup_size(1) fn main() { x[0] = 1u; }";
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: Default::default(),
            cache: None,
        });
        let make = |usage| {
            let usage = usage | wgpu::BufferUsages::COPY_DST;
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 1024, usage, mapped_at_creation: false })
        };
        let [buffer, workgroups] = [wgpu::BufferUsages::STORAGE, wgpu::BufferUsages::INDIRECT].map(make);
        let of_group = wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        };
        let bindings = (0..dispatches).map(|_| device.create_bind_group(&of_group)).collect();
        Self { buffer, workgroups, pipeline, bindings }
    }

    /// Two writes, three buffers cleared, one pass.
    fn encode(&self, context: &Context, encoder: &mut wgpu::CommandEncoder) {
        for _ in 0..2 {
            context.queue().write_buffer(&self.buffer, 0, &[0; 256]);
        }
        for _ in 0..3 {
            encoder.clear_buffer(&self.buffer, 0, None);
        }
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("ransac"), ..Default::default() });
        for bindings in &self.bindings {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, bindings, &[]);
            pass.dispatch_workgroups_indirect(&self.workgroups, 0);
        }
    }
}

#[test]
fn frames_of_any_size_allocate_nothing_of_ours() {
    let host = Host::new();
    let context = &host.context;
    for kind in [ModelKind::Homography, ModelKind::Pose] {
        let pipeline = host.pipeline(kind);
        let mut dispatches = 0;
        let mut encoder = context.encoder("count");
        pipeline.encode_observed(&mut encoder, |_, name| dispatches += usize::from(name != "end"));
        drop(encoder);
        let bare = Bare::new(context, dispatches);
        let mut counts = Vec::new();
        let buffers = host.buffers();
        for (frame, &size) in [200, 1000, 60, 7, 500, 999, 300, 200].iter().enumerate() {
            let scene = Scene::new(kind, frame as u64, size, 0.5, 0.5);
            let (raw, pairs) = (scene.raw_matches(), [scene.input(2.0, 1, 0)]);
            let mut encoder = context.encoder("frame");
            let ours = allocations(|| {
                pipeline.write_pairs(&pairs).unwrap();
                pipeline.encode(&mut encoder);
            });
            pipeline.raw_matches().write(context, 0, &raw);
            assert_eq!(host.buffers(), buffers, "frame {frame}");
            host.finish(encoder);
            let mut encoder = context.encoder("bare");
            let bare = allocations(|| bare.encode(context, &mut encoder));
            host.finish(encoder);
            counts.push((ours, bare));
        }
        // what wgpu itself allocates for these commands; now and then one of its queues grows
        let median = |mut counts: Vec<usize>| {
            counts.sort_unstable();
            counts[counts.len() / 2]
        };
        let (ours, bare): (Vec<_>, Vec<_>) = counts.into_iter().unzip();
        let most = ours.iter().max().copied();
        let [ours, bare] = [ours, bare].map(median);
        assert!(ours <= bare && most <= Some(bare + 2), "{kind:?}: {ours}, at most {most:?}, of {bare}");
    }
}

/// The result of a scene as the next frame of a pipeline.
fn frame(context: &Context, pipeline: &GpuPipeline, scene: &Scene) -> nabla_ransac::Result<PairResult> {
    pipeline.raw_matches().write(context, 0, &scene.raw_matches());
    pipeline.write_pairs(&[scene.input(2.0, 1, 0)])?;
    let mut encoder = context.encoder("frame");
    pipeline.encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    Ok(pipeline.results().read_blocking(context)?[0])
}

#[test]
fn a_frame_does_not_see_the_matches_of_larger_ones_before() {
    let host = Host::new();
    for kind in [ModelKind::Homography, ModelKind::Pose] {
        let worn = host.pipeline(kind);
        for size in [900, 60, 300] {
            let scene = Scene::new(kind, size, size as usize, 0.7, 0.5);
            let mut encoder = host.context.encoder("forget");
            encoder.clear_buffer(worn.results(), 0, None);
            host.finish(encoder);
            let found = frame(&host.context, &worn, &scene).unwrap();
            assert_eq!(found, frame(&host.context, &host.pipeline(kind), &scene).unwrap(), "{kind:?} {size}");
            assert_eq!(found.status, 0);
        }
    }
}

#[test]
fn results_are_read_frames_later_without_waiting() {
    let host = Host::new();
    let context = &host.context;
    let pipeline = host.pipeline(ModelKind::Homography);
    let scene = Scene::new(ModelKind::Homography, 1, 400, 0.5, 0.5);
    let expected = frame(context, &pipeline, &scene).unwrap();
    let mut encoder = context.encoder("frame");
    pipeline.encode(&mut encoder);
    let copied = [(&**pipeline.results(), size_of::<PairResult>() as u64)];
    let mut read_back = ReadBack::encode(context, &mut encoder, &copied).submit(context, encoder);
    let start = std::time::Instant::now();
    let bytes = loop {
        if let Some(bytes) = read_back.try_read(context).unwrap() {
            break bytes;
        }
        assert!(start.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(1));
    };
    assert_eq!(bytemuck::pod_read_unaligned::<PairResult>(&bytes[0]), expected);
}

#[test]
fn on_another_device_the_app_goes_on_from_what_it_knew() {
    let kind = ModelKind::Homography;
    let scene = Scene::new(kind, 1, 400, 0.15, 0.5);
    let host = Host::new();
    let pipeline = host.pipeline(kind);
    let known = PairResult::of_model(&Model::Homography(scene.homography));
    pipeline.results().write(&host.context, 0, &[known]);
    let last = frame(&host.context, &pipeline, &scene).unwrap();
    assert!(scene.error(&last.model(kind).unwrap()) < 3.0);
    host.context.device().destroy();
    let lost = frame(&host.context, &pipeline, &scene);
    assert!(matches!(lost, Err(Error::Device(_))), "{lost:?}");
    let next = Host::new();
    let pipeline = next.pipeline(kind);
    pipeline.results().write(&next.context, 0, &[last]);
    let found = frame(&next.context, &pipeline, &scene).unwrap();
    assert!(scene.error(&found.model(kind).unwrap()) < 3.0);
}
