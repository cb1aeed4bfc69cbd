//! The command line of nabla-ransac; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    quieten_device_selection();
    nabla_ransac::cli::run()
}

/// Mesa's Vulkan layer that orders the devices asks the Wayland session for its own; where there is no session, on servers and in
/// containers, the Wayland library complains on standard error. Without the layer devices come as the drivers list them.
#[cfg(target_os = "linux")]
fn quieten_device_selection() {
    let of_session = std::env::var_os("XDG_RUNTIME_DIR");
    let has_session = of_session.is_some_and(|folder| std::path::Path::new(&folder).is_absolute());
    if has_session || std::env::var_os("MESA_VK_DEVICE_SELECT").is_some() {
        return;
    }
    #[expect(unsafe_code, reason = "the first thing that the program does, on its only thread")]
    unsafe {
        std::env::set_var("NODEVICE_SELECT", "1");
    }
}
