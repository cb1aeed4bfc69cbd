use crate::gpu::{Context, Kernel, Shader};

/// A shader with its buffers bound: one step of a pipeline.
#[derive(Clone, Debug)]
pub struct Stage {
    kernel: Kernel,
    bindings: wgpu::BindGroup,
}

/// How many workgroups a stage has.
#[derive(Clone, Copy, Debug)]
pub enum Workgroups<'a> {
    /// So many.
    Count(u32),
    /// As the three u32 at the byte offset say.
    Indirect(&'a wgpu::Buffer, u64),
}

impl Stage {
    /// Compiles the shader and binds its buffers 0, 1, …
    pub fn new(context: &Context, name: &'static str, parts: &[&'static str], buffers: &[&wgpu::Buffer]) -> Self {
        let kernel = Kernel::new(context, &Shader { name, parts });
        let bindings = kernel.bind(context, buffers);
        Self { kernel, bindings }
    }

    /// The same with resources that need not be buffers.
    pub fn with_resources(context: &Context, shader: &Shader<'_>, resources: &[wgpu::BindingResource<'_>]) -> Self {
        let kernel = Kernel::new(context, shader);
        let bindings = kernel.bind_resources(context, resources);
        Self { kernel, bindings }
    }

    /// The name of its shader.
    pub const fn name(&self) -> &'static str {
        self.kernel.name()
    }

    /// Encodes the step.
    pub fn encode(&self, pass: &mut wgpu::ComputePass<'_>, workgroups: Workgroups<'_>) {
        match workgroups {
            Workgroups::Count(count) => self.kernel.dispatch(pass, &self.bindings, count),
            Workgroups::Indirect(buffer, offset) => {
                self.kernel.dispatch_indirect(pass, &self.bindings, buffer, offset);
            }
        }
    }
}
