//! The window, on a device that has what the clock takes, where there is one.

use crate::app::App;
use crate::arguments::Start;
use crate::clock::Clock;
use crate::error::{Error, Result};
use eframe::egui::ViewportBuilder;
use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};
use eframe::{NativeOptions, wgpu};
use std::sync::{Arc, mpsc};

const SIZE: [f32; 2] = [1440.0, 860.0];

/// Shows it until it is closed; what it showed at last, where it was to close by itself.
pub(crate) fn show(start: Start) -> Result<Option<serde_json::Value>> {
    let closes_itself = start.ends.is_some();
    let (sender, receiver) = mpsc::channel();
    let options = NativeOptions {
        viewport: ViewportBuilder::default().with_inner_size(SIZE),
        wgpu_options: wgpu_options(),
        ..NativeOptions::default()
    };
    eframe::run_native(
        "nabla-ransac",
        options,
        Box::new(move |creation| Ok(Box::new(App::new(creation, start, sender)?))),
    )?;
    match receiver.try_recv() {
        Ok(ended) => ended.map(Some),
        Err(_) if closes_itself => Err(Error::Closed),
        Err(_) => Ok(None),
    }
}

fn wgpu_options() -> WgpuConfiguration {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    // OpenGL is below WebGPU's limits
    setup.instance_descriptor.backends = wgpu::Backends::PRIMARY;
    setup.device_descriptor = Arc::new(|adapter| wgpu::DeviceDescriptor {
        label: Some("viewer"),
        required_features: if adapter.features().contains(Clock::FEATURES) {
            Clock::FEATURES
        } else {
            wgpu::Features::empty()
        },
        ..Default::default()
    });
    WgpuConfiguration { wgpu_setup: WgpuSetup::CreateNew(setup), ..WgpuConfiguration::default() }
}
