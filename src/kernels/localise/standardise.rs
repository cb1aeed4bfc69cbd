//! A plane with mean 0 and variance 1, by one workgroup: launcher. Twin: [`cpu::standardise`](crate::cpu::localise::standardise).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "standardise",
    parts: &[constants::LOCALISE, shader_part!("shared/layout/plane_types"), shader_part!("localise/standardise")],
};

/// The step on its buffers: shape, plane, the plane written.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
