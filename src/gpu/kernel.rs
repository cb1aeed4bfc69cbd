use super::{Context, Shader};

/// WebGPU's limit on workgroups in one dimension.
const MAX_WORKGROUPS: u32 = 65_535;

/// A compute pipeline made from a [`Shader`], with entry point `main` and its buffers in group 0.
#[derive(Clone, Debug)]
pub struct Kernel {
    pipeline: wgpu::ComputePipeline,
    name: &'static str,
}

impl Kernel {
    /// Compiles the shader, unless the context has; errors go to the error scope around it ([`Context::catch`]).
    pub fn new(context: &Context, shader: &Shader<'_>) -> Self {
        let pipeline = context.pipeline(shader.source(), |source| compile(context, shader.name, source));
        Self { pipeline, name: shader.name }
    }

    /// The name of the shader.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Binds buffers to bindings 0, 1, … of group 0; the shader must use every one of them.
    pub fn bind(&self, context: &Context, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        let resources: Vec<_> = buffers.iter().map(|buffer| buffer.as_entire_binding()).collect();
        self.bind_resources(context, &resources)
    }

    /// Binds resources of any kind, textures too, in the same way.
    pub fn bind_resources(&self, context: &Context, resources: &[wgpu::BindingResource<'_>]) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(resources)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource: resource.clone() })
            .collect();
        context.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.name),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    /// Dispatches `workgroups` of them; above 65 535 they are spread over y too, so that the shader takes its index from
    /// `workgroup_index` of `shared/layout/dispatch` and leaves when it is beyond the end.
    pub fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, bindings: &wgpu::BindGroup, workgroups: u32) {
        let [x, y] = spread(workgroups);
        self.dispatch_xyz(pass, bindings, [x, y, 1]);
    }

    /// Dispatches a box of workgroups.
    pub fn dispatch_xyz(&self, pass: &mut wgpu::ComputePass<'_>, bindings: &wgpu::BindGroup, [x, y, z]: [u32; 3]) {
        self.set(pass, bindings);
        pass.dispatch_workgroups(x, y, z);
    }

    /// Dispatches as many workgroups as the three u32 at `offset` bytes of `arguments` say.
    pub fn dispatch_indirect(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        bindings: &wgpu::BindGroup,
        arguments: &wgpu::Buffer,
        offset: u64,
    ) {
        self.set(pass, bindings);
        pass.dispatch_workgroups_indirect(arguments, offset);
    }

    fn set(&self, pass: &mut wgpu::ComputePass<'_>, bindings: &wgpu::BindGroup) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, bindings, &[]);
    }
}

/// So many workgroups in x and y, at least that many in all.
pub(crate) const fn spread(workgroups: u32) -> [u32; 2] {
    let rows = if workgroups > MAX_WORKGROUPS { workgroups.div_ceil(MAX_WORKGROUPS) } else { 1 };
    [workgroups.div_ceil(rows), rows]
}

fn compile(context: &Context, name: &str, source: &str) -> wgpu::ComputePipeline {
    let device = context.device();
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: None,
        module: &module,
        entry_point: Some("main"),
        // No shader relies on zeroed workgroup memory.
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: context.pipeline_cache(),
    })
}
