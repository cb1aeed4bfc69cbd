//! HLSL, by the options of wgpu-hal's DirectX 12 device: shader model 5.1 for the compiler that comes with Windows, 6.0 for the newer one.

use crate::shader::{ENTRY_POINT, Shader};
use naga::back::hlsl::{self, BindTarget, ShaderModel};

pub(crate) fn write_5_1(shader: &Shader) -> Result<(), String> {
    write(shader, ShaderModel::V5_1)
}

pub(crate) fn write_6_0(shader: &Shader) -> Result<(), String> {
    write(shader, ShaderModel::V6_0)
}

fn write(shader: &Shader, shader_model: ShaderModel) -> Result<(), String> {
    let target = |slot: u8| BindTarget { register: slot.into(), restrict_indexing: true, ..BindTarget::default() };
    let options = hlsl::Options {
        shader_model,
        binding_map: shader.bindings().map(|(slot, binding, _)| (binding, target(slot))).collect(),
        fake_missing_bindings: false,
        ..hlsl::Options::default()
    };
    let (stage, name) = ENTRY_POINT;
    let pipeline = hlsl::PipelineOptions { entry_point: Some((stage, name.to_owned())) };
    let mut text = String::new();
    let written = hlsl::Writer::new(&mut text, &options, &pipeline).write(&shader.module, &shader.info, None);
    let names = written.map_err(|error| error.to_string())?.entry_point_names;
    names.into_iter().try_for_each(|name| name.map(drop)).map_err(|error| error.to_string())
}
