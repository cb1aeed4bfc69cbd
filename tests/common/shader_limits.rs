//! What a shader may use on every device of WebGPU.

use naga::{AddressSpace, GlobalVariable, Module, TypeInner};

/// The default limits of <https://www.w3.org/TR/webgpu/#limits>.
const BINDINGS_A_GROUP: u32 = 1000;
const GROUPS: u32 = 4;
const INVOCATIONS_A_WORKGROUP: u32 = 256;
const SAMPLED_TEXTURES: usize = 16;
const SAMPLERS: usize = 16;
const STORAGE_BUFFERS: usize = 8;
const STORAGE_TEXTURES: usize = 4;
const UNIFORM_BUFFERS: usize = 12;
const UNIFORM_BYTES: u32 = 64 * 1024;
const WORKGROUP_BYTES: u32 = 16 * 1024;
const WORKGROUP_SIZE: [u32; 3] = [256, 256, 64];

/// Fails where a shader is beyond them.
pub(crate) fn assert_within_default_limits(name: &str, module: &Module) {
    let [entry] = module.entry_points.as_slice() else { panic!("{name}: one entry point") };
    assert_eq!(entry.name, "main", "{name}");
    let size = entry.workgroup_size;
    assert!(size.iter().product::<u32>() <= INVOCATIONS_A_WORKGROUP, "{name}: {size:?}");
    assert!(size.iter().zip(WORKGROUP_SIZE).all(|(&side, most)| side <= most), "{name}: {size:?}");

    let bytes = |variable: &GlobalVariable| module.types[variable.ty].inner.size(module.to_ctx());
    let variables = || module.global_variables.iter().map(|(_, variable)| variable);
    let in_space = |wanted: fn(AddressSpace) -> bool| variables().filter(move |variable| wanted(variable.space));
    let bound = |wanted: fn(&TypeInner) -> bool| {
        variables().filter(|variable| wanted(&module.types[variable.ty].inner)).count()
    };
    let counted = [
        ("storage buffers", in_space(|space| matches!(space, AddressSpace::Storage { .. })).count(), STORAGE_BUFFERS),
        ("uniform buffers", in_space(|space| space == AddressSpace::Uniform).count(), UNIFORM_BUFFERS),
        ("samplers", bound(|ty| matches!(ty, TypeInner::Sampler { .. })), SAMPLERS),
        ("storage textures", bound(|ty| is_texture(ty, true)), STORAGE_TEXTURES),
        ("sampled textures", bound(|ty| is_texture(ty, false)), SAMPLED_TEXTURES),
    ];
    for (what, count, most) in counted {
        assert!(count <= most, "{name}: {count} {what} of {most}");
    }
    let in_reach = |binding: naga::ResourceBinding| binding.group < GROUPS && binding.binding < BINDINGS_A_GROUP;
    assert!(variables().filter_map(|variable| variable.binding).all(in_reach), "{name}: a binding out of reach");
    let uniform = in_space(|space| space == AddressSpace::Uniform).map(bytes).max().unwrap_or(0);
    assert!(uniform <= UNIFORM_BYTES, "{name}: {uniform} bytes in a uniform buffer");
    let workgroup: u32 =
        in_space(|space| space == AddressSpace::WorkGroup).map(|variable| bytes(variable).next_multiple_of(16)).sum();
    assert!(workgroup <= WORKGROUP_BYTES, "{name}: {workgroup} bytes of workgroup memory");
}

const fn is_texture(ty: &TypeInner, is_storage: bool) -> bool {
    match ty {
        TypeInner::Image { class, .. } => matches!(class, naga::ImageClass::Storage { .. }) == is_storage,
        _ => false,
    }
}
