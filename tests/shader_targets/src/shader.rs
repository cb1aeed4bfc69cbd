//! A composed shader, read and validated as wgpu does.

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, GlobalVariable, Module, ResourceBinding, ShaderStage, StorageAccess};
use std::path::Path;

/// The name and the kind of all our entry points.
pub(crate) const ENTRY_POINT: (ShaderStage, &str) = (ShaderStage::Compute, "main");

pub(crate) struct Shader {
    pub(crate) module: Module,
    pub(crate) info: ModuleInfo,
}

impl Shader {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        Self::parse(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
    }

    /// Without any feature that a device may lack.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let module = naga::front::wgsl::parse_str(text).map_err(|error| error.emit_to_string(text))?;
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
        let info = validator.validate(&module).map_err(|error| error.emit_to_string(text))?;
        Ok(Self { module, info })
    }

    /// What is bound, with its place among those: a slot of its own on targets that know no groups.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = (u8, ResourceBinding, &GlobalVariable)> {
        let variables = self.module.global_variables.iter();
        let bound = variables.filter_map(|(_, variable)| Some((variable.binding?, variable)));
        (0..).zip(bound).map(|(slot, (binding, variable))| (slot, binding, variable))
    }
}

/// Whether a shader writes to it.
pub(crate) fn is_written(variable: &GlobalVariable) -> bool {
    matches!(variable.space, AddressSpace::Storage { access } if access.contains(StorageAccess::STORE))
}
