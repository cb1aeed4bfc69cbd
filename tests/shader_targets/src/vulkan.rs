//! SPIR-V, by the options of wgpu-hal's Vulkan adapter: those of a device of Vulkan 1.1 without its features.

use crate::shader::{ENTRY_POINT, Shader};
use naga::back::spv::{self, BindingInfo, Capability};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};

/// What wgpu takes for granted of every device.
const CAPABILITIES: [Capability; 7] = [
    Capability::Shader,
    Capability::Matrix,
    Capability::Sampled1D,
    Capability::Image1D,
    Capability::ImageQuery,
    Capability::DerivativeControl,
    Capability::StorageImageExtendedFormats,
];

pub(crate) fn write(shader: &Shader) -> Result<(), String> {
    let checked = BoundsCheckPolicy::Restrict;
    let target = |slot: u8| BindingInfo { descriptor_set: 0, binding: slot.into(), binding_array_size: None };
    let options = spv::Options {
        lang_version: (1, 3),
        capabilities: Some(CAPABILITIES.into_iter().collect()),
        bounds_check_policies: BoundsCheckPolicies {
            index: checked,
            buffer: checked,
            image_load: checked,
            binding_array: BoundsCheckPolicy::Unchecked,
        },
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::Polyfill,
        fake_missing_bindings: false,
        binding_map: shader.bindings().map(|(slot, binding, _)| (binding, target(slot))).collect(),
        ..spv::Options::default()
    };
    let (shader_stage, name) = ENTRY_POINT;
    let pipeline = spv::PipelineOptions { shader_stage, entry_point: name.to_owned() };
    let words = spv::write_vec(&shader.module, &shader.info, &options, Some(&pipeline));
    words.map(drop).map_err(|error| error.to_string())
}
