//! A frame loop as AR has it: a planar target is tracked by its homography and the camera relocalised by P3P, both in the host's own command
//! encoder, on the host's own device, each from the last frame's answer where that still holds. The vertex shader that draws the
//! target's outline reads the homography where it is found; only this example reads results, to print them. Halfway the device is
//! lost, and the app goes on with another one.
#![allow(clippy::print_stdout, reason = "an example prints")]

use bytemuck::Zeroable;
use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::gpu::{Context, ReadBack};
use nabla_ransac::kernels::layout::{PairInput, PairResult};
use nabla_ransac::kernels::{HostBuffers, Priors};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{Camera, Model, ModelKind, Options, Pose};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::Instant;

const FRAMES: u32 = 12;
const LOST_AT: u32 = 6;
/// Matches of a frame at most.
const CAPACITY: u32 = 600;
const KINDS: [ModelKind; 2] = [ModelKind::Homography, ModelKind::Pose];
const IMAGE_PX: [u32; 2] = [640, 480];
const TARGET_PX: [f64; 2] = [600.0, 400.0];
const TARGET_PX_A_METRE: f64 = 500.0;
/// In the order of a line around the target.
const CORNERS: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
const RESULT_BYTES: u64 = size_of::<PairResult>() as u64;
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut gpu = Gpu::new()?;
    println!("on {}", gpu.context.name());
    // what the app keeps of each frame, as far as it knows it
    let mut last = [PairResult::zeroed(); 2];
    for frame in 0..FRAMES {
        let view = View::at(frame);
        if frame == LOST_AT {
            gpu.context.device().destroy();
        }
        let found = match gpu.frame(frame, &view) {
            Ok(found) => found,
            Err(error) => {
                println!("frame {frame}: {error}; another device");
                gpu = Gpu::new()?;
                gpu.expect(&last);
                gpu.frame(frame, &view)?
            }
        };
        last = found.results;
        print_frame(frame, &view, &found);
    }
    let view = View::at(FRAMES - 1);
    let [on_line, drawn] = gpu.count_drawn(&view)?;
    println!("outline drawn by the vertex shader: {on_line} of {drawn} pixels are on the true one");
    Ok(())
}

/// What lives as long as the device.
struct Gpu {
    context: Context,
    /// Of the target, then of the camera.
    pipelines: [GpuPipeline; 2],
    outline: Outline,
    clock: Option<Clock>,
}

/// What is read to be printed.
struct Found {
    results: [PairResult; 2],
    counts: [usize; 2],
    latency_ms: f64,
    gpu_ms: Option<f64>,
}

impl Gpu {
    /// Shaders are compiled and all buffers allocated once.
    fn new() -> Outcome<Self> {
        let (device, queue) = pollster::block_on(host_device())?;
        // a frame on a lost device ends in an error of its read-back: the app need not panic before that
        device.on_uncaptured_error(std::sync::Arc::new(|_| {}));
        let context = Context::from_device(device, queue);
        // a budget that finds the target in two frames of three by chance alone: once found, the prior holds it
        let options = Options { threshold_px: 2.0, max_iterations: 128, min_inliers: 20, ..Options::default() };
        let pipeline = |kind| {
            let host = HostBuffers { priors: Priors::LastResults, ..HostBuffers::default() };
            GpuPipeline::new_blocking(context.clone(), kind, &options, [1, CAPACITY], host)
        };
        let pipelines = [pipeline(KINDS[0])?, pipeline(KINDS[1])?];
        let outline = Outline::new(context.device(), pipelines[0].results());
        let clock = Clock::new(context.device());
        Ok(Self { context, pipelines, outline, clock })
    }

    /// Takes over what the app knew before: what was found last is the next frame's prior.
    fn expect(&self, last: &[PairResult; 2]) {
        for (pipeline, last) in self.pipelines.iter().zip(last) {
            pipeline.results().write(&self.context, 0, &[*last]);
        }
    }

    fn frame(&self, frame: u32, view: &View) -> Outcome<Found> {
        let matches = [view.target_matches(frame), view.point_matches(frame)];
        let mut counts = [0; 2];
        for (k, (pipeline, raw)) in self.pipelines.iter().zip(&matches).enumerate() {
            counts[k] = if KINDS[k] == ModelKind::Pose { raw.len() / 2 } else { raw.len() };
            pipeline.raw_matches().write(&self.context, 0, raw);
            pipeline.write_pairs(&[pair(frame, counts[k])])?;
        }
        let mut encoder = self.context.encoder("frame");
        // … the host's own passes before …
        self.stamp(&mut encoder, 0);
        self.pipelines.iter().for_each(|pipeline| pipeline.encode(&mut encoder));
        self.stamp(&mut encoder, 1);
        self.outline.draw(&mut encoder);
        // … and after
        let mut copies: Vec<(&wgpu::Buffer, u64)> =
            self.pipelines.iter().map(|pipeline| (&**pipeline.results(), RESULT_BYTES)).collect();
        if let Some(clock) = &self.clock {
            encoder.resolve_query_set(&clock.queries, 0..2, &clock.ticks, 0);
            copies.push((&clock.ticks, 16));
        }
        let read_back = ReadBack::encode(&self.context, &mut encoder, &copies);
        let encoded = Instant::now();
        let bytes = read_back.submit(&self.context, encoder).wait_blocking(&self.context)?;
        let latency_ms = encoded.elapsed().as_secs_f64() * 1e3;
        let ticks = bytes.get(2).map(|bytes| bytemuck::pod_read_unaligned::<[u64; 2]>(bytes));
        let tick_ms = f64::from(self.context.queue().get_timestamp_period()) * 1e-6;
        let gpu_ms = ticks.map(|[start, end]| end.wrapping_sub(start) as f64 * tick_ms);
        let results = [0, 1].map(|k| bytemuck::pod_read_unaligned(&bytes[k]));
        Ok(Found { results, counts, latency_ms, gpu_ms })
    }

    fn stamp(&self, encoder: &mut wgpu::CommandEncoder, place: u32) {
        if let Some(clock) = &self.clock {
            encoder.write_timestamp(&clock.queries, place);
        }
    }

    /// Pixels drawn that are within two of the true outline, and all that are drawn.
    fn count_drawn(&self, view: &View) -> Outcome<[usize; 2]> {
        let [width, height] = IMAGE_PX;
        let bytes = u64::from(4 * width * height);
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffer = self.context.device().create_buffer(&buffer(bytes, usage));
        let mut encoder = self.context.encoder("picture");
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: Some(height) };
        let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
        encoder.copy_texture_to_buffer(self.outline.picture.as_image_copy(), to, self.outline.picture.size());
        let read_back = ReadBack::encode(&self.context, &mut encoder, &[(&buffer, bytes)]);
        let picture = read_back.submit(&self.context, encoder).wait_blocking(&self.context)?.remove(0);
        let drawn: Vec<DVec2> = (0..width * height)
            .filter(|&k| picture[4 * k as usize] > 0)
            .map(|k| DVec2::new(f64::from(k % width), f64::from(k / width)))
            .collect();
        let corners = CORNERS.map(|corner| view.corner_px(&view.frame_from_target(), corner));
        let is_near = |p: &&DVec2| (0..4).any(|k| distance_from_line(**p, corners[k], corners[(k + 1) % 4]) < 2.0);
        Ok([drawn.iter().filter(is_near).count(), drawn.len()])
    }
}

/// A device as any graphics application has it, with timestamps where there are any.
async fn host_device() -> Outcome<(wgpu::Device, wgpu::Queue)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    let required_features =
        if adapter.features().contains(Clock::FEATURES) { Clock::FEATURES } else { wgpu::Features::empty() };
    Ok(adapter.request_device(&wgpu::DeviceDescriptor { required_features, ..Default::default() }).await?)
}

const fn buffer(size: u64, usage: wgpu::BufferUsages) -> wgpu::BufferDescriptor<'static> {
    wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false }
}

struct Clock {
    queries: wgpu::QuerySet,
    ticks: wgpu::Buffer,
}

impl Clock {
    const FEATURES: wgpu::Features =
        wgpu::Features::TIMESTAMP_QUERY.union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);

    fn new(device: &wgpu::Device) -> Option<Self> {
        let of_set = wgpu::QuerySetDescriptor { label: None, ty: wgpu::QueryType::Timestamp, count: 2 };
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        device.features().contains(Self::FEATURES).then(|| Self {
            queries: device.create_query_set(&of_set),
            ticks: device.create_buffer(&buffer(16, usage)),
        })
    }
}

/// The host's own drawing.
struct Outline {
    pipeline: wgpu::RenderPipeline,
    bindings: wgpu::BindGroup,
    picture: wgpu::Texture,
}

/// Reads a [`PairResult`] as a uniform.
const OUTLINE_WGSL: &str = "
struct PairResult {
    rows: array<vec4<f32>, 3>,
    score: f32,
    inliers: u32,
    iterations: u32,
    status: u32, // 0: found
    log_rest: f32,
}
@group(0) @binding(0) var<uniform> found: PairResult;

@vertex
fn vertex(@builtin(vertex_index) k: u32) -> @builtin(position) vec4<f32> {
    let corner = TARGET * vec2<f32>(vec2<u32>((k + 1u) / 2u % 2u, k / 2u % 2u));
    let target_px = vec3<f32>(corner - 0.5, 1.0);
    let p = vec3<f32>(dot(found.rows[0].xyz, target_px), dot(found.rows[1].xyz, target_px), dot(found.rows[2].xyz, target_px));
    let clip = (2.0 * p.xy + p.z) / IMAGE - p.z;
    return select(vec4<f32>(2.0, 2.0, 2.0, 1.0), vec4<f32>(clip.x, -clip.y, 0.0, p.z), found.status == 0u);
}

@fragment
fn fragment() -> @location(0) vec4<f32> {
    return vec4<f32>(1.0);
}
";

impl Outline {
    fn new(device: &wgpu::Device, result: &wgpu::Buffer) -> Self {
        let [image, target] = [IMAGE_PX.map(f64::from), TARGET_PX];
        let constants = [("IMAGE", image), ("TARGET", target)]
            .map(|(name, [x, y])| format!("const {name} = vec2<f32>({x:.1}, {y:.1});\n"));
        let source = wgpu::ShaderSource::Wgsl((constants.concat() + OUTLINE_WGSL).into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("outline"), source });
        let [width, height] = IMAGE_PX;
        let picture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("the host's picture"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("outline"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState { topology: wgpu::PrimitiveTopology::LineStrip, ..Default::default() },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: None,
                compilation_options: Default::default(),
                targets: &[Some(picture.format().into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("the result"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: result.as_entire_binding() }],
        });
        Self { pipeline, bindings, picture }
    }

    fn draw(&self, encoder: &mut wgpu::CommandEncoder) {
        let view = self.picture.create_view(&wgpu::TextureViewDescriptor::default());
        let attachment = wgpu::RenderPassColorAttachment {
            view: &view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Store },
        };
        let descriptor = wgpu::RenderPassDescriptor { color_attachments: &[Some(attachment)], ..Default::default() };
        let mut pass = encoder.begin_render_pass(&descriptor);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.draw(0..5, 0..1);
    }
}

/// Where the camera is.
struct View {
    camera: Camera,
    camera_from_world: Pose,
}

impl View {
    /// In a walk in front of the target, whose centre is the world's origin, x to its right and y down, in metres.
    fn at(frame: u32) -> Self {
        let t = 0.08 * f64::from(frame);
        let rotation = DMat3::from_rotation_y(0.3 * t.sin()) * DMat3::from_rotation_z(0.2 * t);
        let place = DVec3::new(0.4 * t.sin(), 0.2 * t, -1.8 + 0.3 * t);
        let camera =
            Camera { focal_px: DVec2::splat(500.0), principal_point_px: DVec2::new(319.5, 239.5), skew_px: 0.0 };
        Self { camera, camera_from_world: Pose { rotation, translation: -(rotation * place) } }
    }

    fn project(&self, point: DVec3) -> DVec2 {
        let seen = self.camera_from_world.transform(point);
        self.camera.project(seen.truncate() / seen.z)
    }

    /// The true homography from the target's pixels to the frame's.
    fn frame_from_target(&self) -> DMat3 {
        let Pose { rotation, translation } = self.camera_from_world;
        let metre = 1.0 / TARGET_PX_A_METRE;
        let corner = DVec2::from(TARGET_PX.map(|size| 0.5 - 0.5 * size)) * metre;
        let plane_from_target = DMat3::from_cols(DVec3::X * metre, DVec3::Y * metre, corner.extend(1.0));
        self.camera.matrix() * DMat3::from_cols(rotation.x_axis, rotation.y_axis, translation) * plane_from_target
    }

    fn corner_px(&self, frame_from_target: &DMat3, corner: [f64; 2]) -> DVec2 {
        let p = *frame_from_target * (DVec2::from(corner) * DVec2::from(TARGET_PX) - 0.5).extend(1.0);
        p.truncate() / p.z
    }

    /// Matches of the target with the frame, `x1 y1 x2 y2`; more or fewer from frame to frame, three in ten right.
    fn target_matches(&self, frame: u32) -> Vec<[f32; 4]> {
        let mut rng = StdRng::seed_from_u64(frame.into());
        let mut uniform = |size: f64| rng.random_range(0.0..size);
        let frame_from_target = self.frame_from_target();
        let of = |k: u32| {
            let corner = [uniform(1.0), uniform(1.0)];
            let anywhere = DVec2::new(uniform(640.0), uniform(480.0));
            let seen = self.corner_px(&frame_from_target, corner) + DVec2::new(uniform(1.0), uniform(1.0)) - 0.5;
            let p = DVec2::from(corner) * DVec2::from(TARGET_PX) - 0.5;
            let q = if k % 10 < 3 { seen } else { anywhere };
            [p.x, p.y, q.x, q.y].map(|x| x as f32)
        };
        (0..120 + frame * 97 % 280).map(of).collect()
    }

    /// Points of the world in the frame, `X Y Z 0, x y 0 0`; one in four right.
    fn point_matches(&self, frame: u32) -> Vec<[f32; 4]> {
        let mut rng = StdRng::seed_from_u64(u64::from(frame) << 32);
        let mut uniform = |size: f64| rng.random_range(0.0..size);
        let of = |k: u32| {
            let point = DVec3::new(uniform(3.0) - 1.5, uniform(2.0) - 1.0, uniform(2.0));
            let anywhere = DVec2::new(uniform(640.0), uniform(480.0));
            let seen = self.project(point) + DVec2::new(uniform(1.0), uniform(1.0)) - 0.5;
            let pixel = if k.is_multiple_of(4) { seen } else { anywhere };
            [point.extend(0.0), pixel.extend(0.0).extend(0.0)].map(|v| v.as_vec4().to_array())
        };
        (0..200 + frame * 131 % 400).flat_map(of).collect()
    }
}

fn pair(frame: u32, matches: usize) -> PairInput {
    let camera = [500.0, 500.0, 319.5, 239.5];
    PairInput {
        camera1: camera,
        camera2: camera,
        skew: [0.0; 2],
        threshold: 2.0,
        match_start: 0,
        match_count: matches as u32,
        seed_low: frame,
        seed_high: 0,
        enabled: 1,
    }
}

fn print_frame(frame: u32, view: &View, Found { results, counts, latency_ms, gpu_ms }: &Found) {
    let gpu = gpu_ms.map_or_else(String::new, |ms| format!(", {ms:.1} by the GPU's clock"));
    println!("frame {frame}: encoded → result {latency_ms:.1} ms{gpu}");
    for ((result, kind), count) in results.iter().zip(KINDS).zip(counts) {
        let off = match result.model(kind) {
            Some(Model::Homography(found)) => {
                let off = |at| view.corner_px(&found, at).distance(view.corner_px(&view.frame_from_target(), at));
                format!("corners {:.2} px off", CORNERS.map(off).into_iter().fold(0.0, f64::max))
            }
            Some(Model::Pose(found)) => {
                let Pose { rotation, translation } = found * view.camera_from_world.inverse();
                let degrees = DQuat::from_mat3(&rotation).to_axis_angle().1.to_degrees();
                format!("{:.1} mm, {degrees:.2}° off", 1e3 * translation.length())
            }
            _ => "not found".to_owned(),
        };
        println!("  {}: {off}, {} of {count} inliers, {} hypotheses", kind.name(), result.inliers, result.iterations);
    }
}

fn distance_from_line(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    ((b - a).perp_dot(p - a) / a.distance(b)).abs()
}
