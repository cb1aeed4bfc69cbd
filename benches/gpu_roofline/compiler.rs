//! Pipelines made as wgpu makes them, on a Vulkan device that need not be able to run anything, and asked what became of them
//! (`VK_KHR_pipeline_executable_properties`).
#![allow(unsafe_code, reason = "Vulkan itself; what is made here lives as long as the process")]

use ash::vk;
use naga::back::spv;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use std::ffi::CStr;

/// Parts of the names of what says nothing of registers, memory or occupancy.
const HIDDEN: [&str; 7] = ["hash", "Hash", "Copies", "Branches", "Clause", "Pre-Sched", "SGPRs"];

type Asked = ash::khr::pipeline_executable_properties::Device;

pub(crate) struct Compiler {
    device: ash::Device,
    asked: Asked,
    name: String,
    _entry: ash::Entry,
}

impl Compiler {
    /// The first device that tells of its pipelines.
    pub(crate) fn new() -> Result<Self, String> {
        // SAFETY: plain calls of Vulkan, in its order
        unsafe {
            let entry = ash::Entry::load().map_err(|error| error.to_string())?;
            let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
            let create = vk::InstanceCreateInfo::default().application_info(&application);
            let instance = entry.create_instance(&create, None).map_err(|error| error.to_string())?;
            let tells = |&device: &vk::PhysicalDevice| {
                let extensions = instance.enumerate_device_extension_properties(device).unwrap_or_default();
                let has = |wanted: &CStr| extensions.iter().any(|found| found.extension_name_as_c_str() == Ok(wanted));
                has(ash::khr::pipeline_executable_properties::NAME) && has(ash::ext::robustness2::NAME)
            };
            let found = instance.enumerate_physical_devices().unwrap_or_default().into_iter().find(tells);
            let physical = found.ok_or("no Vulkan device with VK_KHR_pipeline_executable_properties")?;
            let name = instance.get_physical_device_properties(physical).device_name_as_c_str().unwrap().to_owned();

            let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
            let extensions = [ash::khr::pipeline_executable_properties::NAME, ash::ext::robustness2::NAME];
            let extensions = extensions.map(CStr::as_ptr);
            // as wgpu has it
            let robust = vk::PhysicalDeviceFeatures::default().robust_buffer_access(true);
            let mut robust2 = vk::PhysicalDeviceRobustness2FeaturesEXT::default().robust_buffer_access2(true);
            let mut telling =
                vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default().pipeline_executable_info(true);
            let create = vk::DeviceCreateInfo::default()
                .queue_create_infos(&queues)
                .enabled_extension_names(&extensions)
                .enabled_features(&robust)
                .push_next(&mut robust2)
                .push_next(&mut telling);
            let device = instance.create_device(physical, &create, None).map_err(|error| error.to_string())?;
            let asked = Asked::new(&instance, &device);
            Ok(Self { device, asked, name: name.to_string_lossy().into_owned(), _entry: entry })
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the compiler says of a shader: names and numbers.
    pub(crate) fn statistics(&self, (module, info): (naga::Module, naga::valid::ModuleInfo)) -> Vec<[String; 2]> {
        let words = spv::write_vec(&module, &info, &options(), None).unwrap();
        // SAFETY: as above; names are of the lifetime of the literals
        unsafe {
            let create = vk::ShaderModuleCreateInfo::default().code(&words);
            let shader = self.device.create_shader_module(&create, None).unwrap();
            let stage = vk::PipelineShaderStageCreateInfo::default()
                .stage(vk::ShaderStageFlags::COMPUTE)
                .module(shader)
                .name(c"main");
            let create = vk::ComputePipelineCreateInfo::default()
                .flags(vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR)
                .stage(stage)
                .layout(self.layout(&module));
            let pipelines = self.device.create_compute_pipelines(vk::PipelineCache::null(), &[create], None);
            let executable = vk::PipelineExecutableInfoKHR::default().pipeline(pipelines.unwrap()[0]);
            let told = self.asked.get_pipeline_executable_statistics(&executable).unwrap();
            told.iter().filter_map(named).collect()
        }
    }

    /// The buffers of group 0.
    fn layout(&self, module: &naga::Module) -> vk::PipelineLayout {
        let bound = module.global_variables.iter().filter_map(|(_, variable)| {
            let kind = match variable.space {
                naga::AddressSpace::Uniform => vk::DescriptorType::UNIFORM_BUFFER,
                _ => vk::DescriptorType::STORAGE_BUFFER,
            };
            let binding = vk::DescriptorSetLayoutBinding::default().binding(variable.binding?.binding);
            Some(binding.descriptor_type(kind).descriptor_count(1).stage_flags(vk::ShaderStageFlags::COMPUTE))
        });
        let bound: Vec<_> = bound.collect();
        let create = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bound);
        // SAFETY: as above
        unsafe {
            let sets = [self.device.create_descriptor_set_layout(&create, None).unwrap()];
            let create = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets);
            self.device.create_pipeline_layout(&create, None).unwrap()
        }
    }
}

/// Name and number, where it is worth a column.
fn named(told: &vk::PipelineExecutableStatisticKHR<'_>) -> Option<[String; 2]> {
    let name = told.name_as_c_str().ok()?.to_string_lossy().into_owned();
    // SAFETY: all numbers have the size of a u64
    let number = match unsafe { (told.format, told.value.u64) } {
        (vk::PipelineExecutableStatisticFormatKHR::FLOAT64, bits) => f64::from_bits(bits).to_string(),
        (_, bits) => bits.to_string(),
    };
    (!HIDDEN.iter().any(|hidden| name.contains(hidden))).then_some([name, number])
}

/// As wgpu writes shaders for Vulkan 1.3, with all its checks.
fn options() -> spv::Options<'static> {
    spv::Options {
        lang_version: (1, 6),
        flags: spv::WriterFlags::empty(),
        bounds_check_policies: BoundsCheckPolicies {
            index: BoundsCheckPolicy::Restrict,
            buffer: BoundsCheckPolicy::Unchecked,
            ..BoundsCheckPolicies::default()
        },
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: true,
        ..spv::Options::default()
    }
}
