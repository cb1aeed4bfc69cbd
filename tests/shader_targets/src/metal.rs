//! The Metal Shading Language, by the options of wgpu-hal's Metal device, in the oldest version that it asks for.

use crate::shader::{ENTRY_POINT, Shader, is_written};
use naga::AddressSpace;
use naga::back::msl::{self, BindSamplerTarget, BindTarget, EntryPointResourceMap, EntryPointResources};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};

pub(crate) fn write(shader: &Shader) -> Result<(), String> {
    let checked = BoundsCheckPolicy::Restrict;
    let (stage, name) = ENTRY_POINT;
    let options = msl::Options {
        lang_version: (2, 0),
        per_entry_point_map: EntryPointResourceMap::from([(name.to_owned(), resources(shader))]),
        fake_missing_bindings: false,
        bounds_check_policies: BoundsCheckPolicies {
            index: checked,
            buffer: checked,
            image_load: checked,
            binding_array: BoundsCheckPolicy::Unchecked,
        },
        ..msl::Options::default()
    };
    let pipeline =
        msl::PipelineOptions { entry_point: Some((stage, name.to_owned())), ..msl::PipelineOptions::default() };
    let written = msl::write_string(&shader.module, &shader.info, &options, &pipeline);
    let (_, info) = written.map_err(|error| error.to_string())?;
    info.entry_point_names.into_iter().try_for_each(|name| name.map(drop)).map_err(|error| error.to_string())
}

/// A slot for each binding, and the next for the lengths of buffers.
fn resources(shader: &Shader) -> EntryPointResources {
    let target = |(slot, binding, variable): (u8, _, &naga::GlobalVariable)| {
        let is_buffer = matches!(variable.space, AddressSpace::Uniform | AddressSpace::Storage { .. });
        let is_sampler = matches!(shader.module.types[variable.ty].inner, naga::TypeInner::Sampler { .. });
        let target = BindTarget {
            buffer: is_buffer.then_some(slot),
            texture: (!is_buffer && !is_sampler).then_some(slot),
            sampler: is_sampler.then_some(BindSamplerTarget::Resource(slot)),
            external_texture: None,
            mutable: is_written(variable),
        };
        (binding, target)
    };
    EntryPointResources {
        resources: shader.bindings().map(target).collect(),
        immediates_buffer: None,
        sizes_buffer: Some(shader.bindings().count() as u8),
    }
}
